"""Questions about many users at once: lists that are filtered, sorted and paged by the database, and the numbers that
operators watch. Who asks is bounded by a `Reach`, which every question here takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from sync_tasks.state.models import (
    MAY_RUN,
    AdminAudit,
    ConflictRow,
    Connection,
    Credential,
    DecisionRow,
    Hold,
    Issue,
    ItemRetry,
    OperationRow,
    Organization,
    ProfileMember,
    ProfileRow,
    SyncRun,
    Unresolved,
    User,
)
from sync_tasks.state.records import LOOKING, UNSENT, DecisionView, RunState

STATUSES = (
    "enabled", "paused", "disabled", "suspended", "organization disabled", "organization paused", "deprovisioning",
)  # fmt: skip
SORTS = (
    "address", "organization", "profile", "mailbox", "status", "last", "next", "issues", "failures", "added",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom somebody may see: everybody, everybody of some organizations, or single users."""

    everybody: bool = False
    org_ids: frozenset[int] = field(default_factory=frozenset)
    user_ids: frozenset[int] = field(default_factory=frozenset)

    def holds(self, user_id: int, org_id: int) -> bool:
        return self.everybody or org_id in self.org_ids or user_id in self.user_ids


@dataclass(frozen=True, slots=True)
class Filter:
    """Which users of a reach. `text`: a part of the address. `status`: one of STATUSES. `profile`: the name of one.
    `mailbox`: the vendor."""

    text: str = ""
    status: str = ""
    org: str = ""
    troubled: bool = False  # only those with open issues or waiting holds
    profile: str = ""
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class UserRow:
    """`profile`: its name. `mailbox`: the vendor. Both are '' for none. `initialized`: the mailbox is set up."""

    id: int
    address: str
    org_name: str
    status: str
    suspended_code: str
    last_started_at: datetime | None
    next_sync_at: datetime
    failures: int
    issues: int
    held: bool
    crm_user_id: str
    profile: str
    mailbox: str
    initialized: bool
    added_at: datetime


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunRow:
    id: int
    address: str
    org_name: str
    trigger: str
    state: str
    stage: str
    started_at: datetime
    finished_at: datetime | None
    error_code: str
    counts: Mapping[str, int]

    @property
    def seconds(self) -> float | None:
        return None if self.finished_at is None else round((self.finished_at - self.started_at).total_seconds(), 1)


@dataclass(frozen=True, slots=True)
class EndedRun:
    id: int
    state: str
    seconds: float
    unsent: int  # mails to attendees that it kept from being sent


@dataclass(frozen=True, slots=True)
class Readings:
    """Users; those that may run; of these, those of whom both sides were read to the end since a moment, and those of
    whom one was (`partly`, the others among them). `newest` and `oldest`: up to when those that may run are read.
    `suspended`: by the engine."""

    users: int
    may_run: int
    fresh: int
    partly: int
    newest: datetime | None
    oldest: datetime | None
    suspended: int


_ENDED = (RunState.DONE, RunState.FAILED, RunState.HELD)

# as `UserView.status` tells it: the first cause that applies
_STATUS = case(
    (User.leaving_at.is_not(None), "deprovisioning"),
    (Organization.enabled.is_(False), "organization disabled"),
    (Organization.paused_at.is_not(None), "organization paused"),
    (User.disabled_at.is_not(None), "disabled"),
    (User.paused_at.is_not(None), "paused"),
    (User.suspended_at.is_not(None), "suspended"),
    else_="enabled",
)
_ISSUES = (
    select(func.count())
    .select_from(Issue)
    .where(Issue.user_id == User.id, Issue.closed_at.is_(None))
    .correlate(User)
    .scalar_subquery()
)
_PROFILE = func.coalesce(
    select(ProfileRow.name)
    .join(ProfileMember, ProfileMember.profile_id == ProfileRow.id)
    .where(ProfileMember.user_id == User.id)
    .correlate(User)
    .scalar_subquery(),
    "",
)
_MAILBOX = func.coalesce(  # his own connection outranks that of the organization
    select(Connection.vendor)
    .where(
        Connection.org_id == User.org_id, Connection.side == "mailbox",
        or_(Connection.user_id == User.id, Connection.user_id.is_(None)),
    )
    .order_by(Connection.user_id.is_(None))
    .limit(1)
    .correlate(User)
    .scalar_subquery(),
    "",
)  # fmt: skip
_ORDER: Mapping[str, Any] = {
    "address": User.address,
    "organization": Organization.name,
    "profile": _PROFILE,
    "mailbox": _MAILBOX,
    "status": _STATUS,
    "last": User.last_started_at,
    "next": User.next_sync_at,
    "issues": _ISSUES,
    "failures": User.failures,
    "added": User.activated_at,
}


class Overview:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- users

    def count(self, reach: Reach, which: Filter) -> int:
        query = select(func.count()).select_from(User).join(Organization, Organization.id == User.org_id)
        return self._session.scalar(query.where(*_within(reach), *_wanted(which))) or 0

    def users(
        self, reach: Reach, which: Filter, *, sort: str = "address", down: bool = False, offset: int = 0,
        limit: int | None = None,
    ) -> list[UserRow]:  # fmt: skip
        """A page of users, in the order of one of SORTS; users alike in it come by address."""
        order = _ORDER[sort]
        query = (
            select(User, Organization.name, _STATUS, _ISSUES, _PROFILE, _MAILBOX)
            .join(Organization, Organization.id == User.org_id)
            .where(*_within(reach), *_wanted(which))
            .order_by(order.desc().nulls_last() if down else order.asc().nulls_last(), User.address, User.id)
            .offset(offset)
            .limit(limit)
        )
        return [
            UserRow(
                user.id, user.address, org, status, user.suspended_code, user.last_started_at, user.next_sync_at,
                user.failures, issues, user.held_at is not None, user.crm_user_id, profile, mailbox,
                user.initialized_at is not None, user.activated_at,
            )
            for user, org, status, issues, profile, mailbox in self._session.execute(query)
        ]  # fmt: skip

    def user_ids(self, reach: Reach, which: Filter) -> list[int]:
        """All of them, for what is done to many at once."""
        query = select(User.id).join(Organization, Organization.id == User.org_id)
        return list(self._session.scalars(query.where(*_within(reach), *_wanted(which)).order_by(User.id)))

    def by_status(self, reach: Reach) -> dict[str, int]:
        query = (
            select(_STATUS, func.count())
            .select_from(User)
            .join(Organization, Organization.id == User.org_id)
            .where(*_within(reach))
            .group_by(_STATUS)
        )
        return dict(self._session.execute(query).tuples().all())

    def owner(self, table: str, number: int) -> int | None:
        """The user to whom a row belongs that is named by its number: a run, a hold, a conflict, an entry."""
        model: Any = {"run": SyncRun, "hold": Hold, "conflict": ConflictRow, "unresolved": Unresolved}[table]
        owner: int | None = self._session.scalars(select(model.user_id).where(model.id == number)).one_or_none()
        return owner

    def ids_at(self, address: str) -> list[int]:
        """Users with this very address: one in each organization at the most."""
        return list(self._session.scalars(select(User.id).where(User.address == address)))

    def waiting(self, reach: Reach) -> dict[str, int]:
        """How many holds, conflicts and unresolved people wait for somebody."""
        waits: Mapping[str, tuple[Any, ...]] = {
            "holds": (Hold, Hold.decided_at.is_(None)),
            "conflicts": (ConflictRow, ConflictRow.closed_at.is_(None), ConflictRow.resolution == ""),
            "unresolved": (Unresolved, Unresolved.closed_at.is_(None), Unresolved.state == "held"),
            "issues": (Issue, Issue.closed_at.is_(None)),
        }
        return {
            name: self._session.scalar(_of(reach, select(func.count()).select_from(model), model, *still)) or 0
            for name, (model, *still) in waits.items()
        }

    def holds_waiting(self, reach: Reach, limit: int) -> list[int]:
        """Numbers of the holds that wait for an answer, newest first."""
        query = _of(reach, select(Hold.id), Hold, Hold.decided_at.is_(None))
        return list(self._session.scalars(query.order_by(Hold.id.desc()).limit(limit)))

    # --- decisions

    def decisions(
        self, user_id: int, *, outcome: str = "", kind: str = "", before: int | None = None, limit: int = 50
    ) -> list[tuple[int, DecisionView]]:  # fmt: skip
        """The last word of each run on each of a user's items, with its number, newest first; `before` a number. What
        was only looked at is left out."""
        later = aliased(DecisionRow)
        spoke_again = select(later.id).where(
            later.run_id == DecisionRow.run_id, later.side == DecisionRow.side, later.kind == DecisionRow.kind,
            later.ref == DecisionRow.ref, later.id > DecisionRow.id,
        )  # fmt: skip
        looked = select(SyncRun.id).where(SyncRun.user_id == user_id, SyncRun.trigger.in_(LOOKING))
        where: list[ColumnElement[bool]] = [
            DecisionRow.user_id == user_id, ~spoke_again.exists(), DecisionRow.run_id.not_in(looked)
        ]  # fmt: skip
        where += [DecisionRow.outcome == outcome] if outcome else []
        where += [DecisionRow.kind == kind] if kind else []
        where += [DecisionRow.id < before] if before is not None else []
        rows = self._session.scalars(select(DecisionRow).where(*where).order_by(DecisionRow.id.desc()).limit(limit))
        return [
            (row.id, DecisionView(row.run_id, row.at, row.stage, row.side, row.kind, row.ref, row.key, row.outcome,
                                  row.reason, row.rule, dict(row.detail)))
            for row in rows
        ]  # fmt: skip

    # --- what administrators did

    def audit(self, reach: Reach, *, before: int | None = None, text: str = "", limit: int = 100) -> list[AuditRow]:
        """Acts, newest first. Somebody who may not see everybody sees those on users within reach."""
        where: list[ColumnElement[bool]] = []
        if not reach.everybody:
            known = select(User.address).join(Organization, Organization.id == User.org_id).where(*_within(reach))
            where.append(AdminAudit.subject.in_(known))
        where += [AdminAudit.id < before] if before is not None else []
        if text:
            where.append(or_(*(_contains(column, text) for column in (
                AdminAudit.actor, AdminAudit.action, AdminAudit.subject))))  # fmt: skip
        rows = self._session.scalars(select(AdminAudit).where(*where).order_by(AdminAudit.id.desc()).limit(limit))
        return [AuditRow(row.id, row.at, row.actor, row.action, row.subject, dict(row.detail)) for row in rows]

    # --- for operators

    def due(self, reach: Reach, now: datetime) -> tuple[int, datetime | None]:
        """How many users are due and not yet begun, and since when the one that has waited longest is."""
        query = (
            select(func.count(), func.min(User.next_sync_at))
            .select_from(User)
            .join(Organization, Organization.id == User.org_id)
            .where(
                *_within(reach), *MAY_RUN, User.next_sync_at <= now,
                ~select(SyncRun.id).where(SyncRun.user_id == User.id, SyncRun.state == RunState.OPEN).exists(),
            )
        )  # fmt: skip
        count, oldest = self._session.execute(query).one()
        return count, oldest

    def ended_since(self, reach: Reach, moment: datetime) -> list[tuple[datetime, str, str, float]]:
        """Runs that ended since then, as (when, state, error code, seconds)."""
        query = _of(
            reach, select(SyncRun.finished_at, SyncRun.state, SyncRun.error_code, SyncRun.started_at), SyncRun,
            SyncRun.state.in_(_ENDED), SyncRun.touched_at >= moment,
        ).order_by(SyncRun.touched_at)  # fmt: skip
        return [
            (ended, state, code, (ended - began).total_seconds())
            for ended, state, code, began in self._session.execute(query)
            if ended is not None
        ]

    def runs_since(self, reach: Reach, moment: datetime, limit: int) -> list[RunRow]:
        """Runs that began since then, newest first."""
        query = (
            select(SyncRun, User.address, Organization.name)
            .join(User, User.id == SyncRun.user_id)
            .join(Organization, Organization.id == User.org_id)
            .where(*_within(reach), SyncRun.started_at >= moment)
            .order_by(SyncRun.id.desc())
            .limit(limit)
        )
        return [
            RunRow(
                run.id, address, org, run.trigger, run.state, run.stage, run.started_at, run.finished_at,
                run.error_code, dict(run.counts),
            )
            for run, address, org in self._session.execute(query)
        ]  # fmt: skip

    def ended_between(self, after: datetime, until: datetime) -> list[EndedRun]:
        """Runs whose end was noted later than the one moment and no later than the other."""
        query = select(SyncRun).where(
            SyncRun.state.in_(_ENDED), SyncRun.touched_at > after, SyncRun.touched_at <= until
        )
        return [
            EndedRun(run.id, run.state, (run.touched_at - run.started_at).total_seconds(), _unsent(run))
            for run in self._session.scalars(query)
        ]

    def operations_of(self, run_ids: Collection[int]) -> dict[tuple[str, str, str], int]:
        """Operations of runs by (kind, act, state)."""
        columns = (OperationRow.kind, OperationRow.act, OperationRow.state)
        query = select(*columns, func.count()).where(OperationRow.run_id.in_(run_ids)).group_by(*columns)
        return {(kind, act, state): count for kind, act, state, count in self._session.execute(query)}

    def skips_of(self, run_ids: Collection[int]) -> dict[str, int]:
        """Items that these runs left alone, by reason; each item of a run once."""
        query = (
            select(DecisionRow.reason, func.count(distinct(DecisionRow.ref)))
            .where(DecisionRow.run_id.in_(run_ids), DecisionRow.outcome == "skip")
            .group_by(DecisionRow.reason)
        )
        return dict(self._session.execute(query).tuples().all())

    def lags(self, now: datetime) -> dict[str, datetime]:
        """Since when the user that has waited longest is due, or `now`, by the vendor of the mailbox."""
        vendor = func.coalesce(func.nullif(_MAILBOX, ""), "none")
        query = (
            select(vendor.label("vendor"), func.min(User.next_sync_at))
            .select_from(User)
            .join(Organization, Organization.id == User.org_id)
            .where(*MAY_RUN)
            .group_by("vendor")
        )
        return {name: min(at, now) for name, at in self._session.execute(query)}

    def suspended(self) -> dict[str, int]:
        """Suspended users by code."""
        query = select(User.suspended_code, func.count()).where(User.suspended_at.is_not(None))
        return dict(self._session.execute(query.group_by(User.suspended_code)).tuples().all())

    def readings(self, since: datetime) -> Readings:
        """Who is really read."""
        both = case((User.mailbox_read_to < User.crm_read_to, User.mailbox_read_to), else_=User.crm_read_to)
        whole = case((and_(User.mailbox_read_to.is_not(None), User.crm_read_to.is_not(None)), both))
        fresh = func.count().filter(whole >= since)
        partly = func.count().filter(or_(User.mailbox_read_to >= since, User.crm_read_to >= since))
        query = select(func.count(), fresh, partly, func.max(whole), func.min(whole)).select_from(User)
        joined = query.join(Organization, Organization.id == User.org_id).where(*MAY_RUN)
        may_run, whole_now, partly_now, newest, oldest = self._session.execute(joined).one()
        users = self._session.scalar(select(func.count()).select_from(User)) or 0
        suspended = sum(self.suspended().values())
        return Readings(users, may_run, whole_now, partly_now, newest, oldest, suspended)

    def quarantined(self) -> int:
        """Items that are not tried any more by themselves."""
        return self._session.scalar(select(func.count()).where(ItemRetry.not_before.is_(None))) or 0

    def holds_by_guard(self) -> dict[str, int]:
        """How many plans each guard has ever held."""
        return dict(self._session.execute(select(Hold.guard, func.count()).group_by(Hold.guard)).tuples().all())

    def expiries(self) -> dict[str, datetime]:
        """When the next credential of each vendor expires, of those that do; kept tokens are no credentials."""
        query = (
            select(Connection.vendor, func.min(Credential.expires_at))
            .join(Connection, Connection.id == Credential.connection_id)
            .where(Credential.expires_at.is_not(None), ~Credential.name.startswith("token:"))
            .group_by(Connection.vendor)
        )
        return {vendor: at for vendor, at in self._session.execute(query) if at is not None}

    def issue_codes(self, reach: Reach) -> dict[str, int]:
        """Open issues by code."""
        query = _of(reach, select(Issue.code, func.count()), Issue, Issue.closed_at.is_(None))
        return dict(self._session.execute(query.group_by(Issue.code)).tuples().all())


def _unsent(run: SyncRun) -> int:
    return 0 if run.trigger in LOOKING else int(run.counts.get(UNSENT, 0))


def _within(reach: Reach) -> tuple[ColumnElement[bool], ...]:
    if reach.everybody:
        return ()
    if not reach.org_ids and not reach.user_ids:
        return (false(),)
    return (or_(User.org_id.in_(reach.org_ids), User.id.in_(reach.user_ids)),)


def _of(reach: Reach, query: Any, model: Any, *where: ColumnElement[bool]) -> Any:
    """The query over rows of users within reach."""
    if not reach.everybody:
        query = query.join(User, User.id == model.user_id).where(*_within(reach))
    return query.where(*where)


def _wanted(which: Filter) -> tuple[ColumnElement[bool], ...]:
    troubled = or_(
        User.held_at.is_not(None),
        select(Issue.id).where(and_(Issue.user_id == User.id, Issue.closed_at.is_(None))).exists(),
    )
    conditions: list[ColumnElement[bool]] = []
    conditions += [_contains(User.address, which.text)] if which.text else []
    conditions += [_STATUS.in_([which.status])] if which.status else []
    conditions += [Organization.name == which.org] if which.org else []
    conditions += [troubled] if which.troubled else []
    conditions += [_PROFILE.in_([which.profile])] if which.profile else []
    conditions += [_MAILBOX.in_([which.mailbox])] if which.mailbox else []
    return tuple(conditions)


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(text.lower(), autoescape=True)
    return found
