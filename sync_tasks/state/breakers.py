"""How organizations get along with vendors, shared by all workers; what it means is in `mapping.rules.outage`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from mapping.rules.outage import CLOSED, Breaker
from sync_tasks.state.models import UNHINDERED, BreakerRow, Connection, Organization, SyncRun, User
from sync_tasks.state.records import RunState
from sync_tasks.state.types import insert_into

BUCKETS, STEP = 12, timedelta(seconds=5)  # those who are put off come back over a minute
SPREAD = BUCKETS * STEP


class Breakers:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, org_id: int) -> dict[str, Breaker]:
        """By vendor; those that there are."""
        rows = self._session.scalars(select(BreakerRow).where(BreakerRow.org_id == org_id))
        return {row.vendor: _breaker(row) for row in rows}

    def open(self) -> list[tuple[int, str, Breaker]]:
        """(organization, vendor, breaker) of all that are open."""
        rows = self._session.scalars(select(BreakerRow).where(BreakerRow.opened_at.is_not(None)))
        return [(row.org_id, row.vendor, _breaker(row)) for row in rows]

    def change(
        self, org_id: int, vendor: str, change: Callable[[Breaker], Breaker]
    ) -> tuple[Breaker, Breaker]:  # fmt: skip
        """Change a breaker, while nobody else does; returns how it was and how it is."""
        blank = {"org_id": org_id, "vendor": vendor, "faults": [], "looks": 0, "code": ""}
        self._session.execute(insert_into(self._session, BreakerRow).values(blank).on_conflict_do_nothing())
        row = self._session.scalars(select(BreakerRow).where(*_is(org_id, vendor)).with_for_update()).one()
        before = _breaker(row)
        after = change(before)
        row.faults = [[user_id, at.isoformat()] for user_id, at in after.faults]
        row.opened_at, row.look_at, row.looking = after.opened_at, after.look_at, after.looking
        row.looks, row.code = after.looks, after.code
        self._session.flush()
        return before, after

    def close(self, org_id: int, vendors: Collection[str], began: datetime) -> list[str]:
        """A run that began then got through to these vendors; returns those that were down, and are no longer.
        A run that began before the outage proves nothing."""
        passed = or_(BreakerRow.opened_at.is_(None), BreakerRow.opened_at < began)
        gone = (BreakerRow.org_id == org_id, BreakerRow.vendor.in_(vendors), passed)
        rows = self._session.scalars(select(BreakerRow).where(*gone).with_for_update()).all()
        found = [row.vendor for row in rows if row.opened_at is not None]
        self._session.execute(delete(BreakerRow).where(*gone))
        return found

    def send_to_look(self, org_id: int, vendor: str, seen: Breaker, after: Breaker) -> bool:
        """Let one user try. False: another dispatcher was faster."""
        done = self._session.execute(
            update(BreakerRow)
            .where(*_is(org_id, vendor), BreakerRow.look_at == seen.look_at)
            .values(looking=after.looking, look_at=after.look_at)
            .returning(BreakerRow.org_id)
        ).all()
        return bool(done)

    def first_due(self, org_id: int, vendor: str, by: datetime) -> int | None:
        """The user of this vendor who is due by then and has not run for the longest time, so that another one looks
        each time: a user may have troubles of his own."""
        query = select(User.id).join(Organization, Organization.id == User.org_id).where(*UNHINDERED)
        due = (*self._waits(org_id, vendor, by), User.suspended_at.is_(None))
        rarest = (User.last_started_at.asc().nulls_first(), User.next_sync_at)
        return self._session.scalars(query.where(*due).order_by(*rarest).limit(1)).first()

    def put_off(
        self, org_id: int, vendor: str, now: datetime, until: datetime, besides: Collection[int], *, asked: bool = True
    ) -> int:  # fmt: skip
        """Have the users of this vendor who are due wait until then, and a little longer one after the other; returns
        how many there are. `asked`: also those who asked for a run."""
        waiting = self._waits(org_id, vendor, now)
        waiting = waiting if asked else (*waiting, User.asked.is_(False))
        ids = self._session.scalars(
            select(User.id).where(*waiting, User.id.not_in(list(besides))).with_for_update(skip_locked=True)
        ).all()
        for bucket in range(BUCKETS):
            some = [user_id for user_id in ids if user_id % BUCKETS == bucket]
            for start in range(0, len(some), 400):
                self._session.execute(
                    update(User)
                    .where(User.id.in_(some[start : start + 400]))
                    .values(next_sync_at=until + bucket * STEP)
                    .execution_options(synchronize_session=False)
                )
        return len(ids)

    def users(self, org_id: int, most: int) -> int:
        """How many users of the organization may run; no more than `most` are counted."""
        query = select(User.id).join(Organization, Organization.id == User.org_id).where(*UNHINDERED)
        return len(self._session.scalars(query.where(User.org_id == org_id).limit(most)).all())

    def _waits(self, org_id: int, vendor: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
        busy = select(SyncRun.id).where(SyncRun.user_id == User.id, SyncRun.state == RunState.OPEN).exists()
        return (User.org_id == org_id, User.next_sync_at <= now, ~busy, _uses(vendor))


def _uses(vendor: str) -> ColumnElement[bool]:
    """Of a user: is he connected to this vendor, by a connection of his own or that of his organization?"""
    own, shared = aliased(Connection), aliased(Connection)
    theirs = select(own.id).where(own.user_id == User.id)
    mine = theirs.where(own.vendor == vendor).correlate(User)
    another = theirs.where(own.side == shared.side, own.vendor != vendor).correlate(User, shared)
    everybody = select(shared.id).where(
        shared.org_id == User.org_id, shared.user_id.is_(None), shared.vendor == vendor, ~another.exists()
    )
    return or_(mine.exists(), everybody.correlate(User).exists())


def _is(org_id: int, vendor: str) -> tuple[ColumnElement[bool], ...]:
    return (BreakerRow.org_id == org_id, BreakerRow.vendor == vendor)


def _breaker(row: BreakerRow) -> Breaker:
    faults = tuple((user_id, datetime.fromisoformat(at)) for user_id, at in row.faults)
    made = Breaker(faults, row.opened_at, row.look_at, row.looking, row.looks, row.code)
    return CLOSED if made == CLOSED else made
