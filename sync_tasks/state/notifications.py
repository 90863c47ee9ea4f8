"""Who is to be told of what, kept until it is mended, so that a crash neither loses a mail nor sends it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Notification, Organization, User
from sync_tasks.state.types import insert_into

ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. `address`: of the user it is for; empty for the administrators. `times`: how often it was
    told. `since`: when it began."""

    id: int
    org_id: int
    org_name: str
    user_id: int | None
    address: str
    cause: str
    since: datetime
    due_at: datetime
    times: int
    sent_at: datetime | None
    closed_at: datetime | None


class Notifications:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, org_id: int, user_id: int | None, cause: str, now: datetime, due_at: datetime) -> None:
        """See to it that the user, or (None) the administrators, are told of a cause; saying it again adds nothing."""
        row = insert_into(self._session, Notification).values(
            org_id=org_id, user_id=user_id, whom=whom(user_id), cause=cause, opened_at=now, due_at=due_at, times=0
        )
        self._session.execute(row.on_conflict_do_nothing())

    def close(self, org_id: int, user_id: int | None, now: datetime, cause: str | None = None) -> None:
        """It is mended: nobody is told any more. `cause`: None for all of them."""
        which = () if cause is None else (Notification.cause == cause,)
        self._session.execute(
            update(Notification)
            .where(
                Notification.org_id == org_id, Notification.whom == whom(user_id), Notification.closed_at.is_(None),
                *which,
            )
            .values(closed_at=now)
        )  # fmt: skip

    def open_for(self, cause: str) -> set[int]:
        """The organizations whose administrators are being told of a cause."""
        where = (Notification.cause == cause, Notification.whom == ADMINS, Notification.closed_at.is_(None))
        return set(self._session.scalars(select(Notification.org_id).where(*where)))

    def take_due(self, now: datetime, hold: timedelta) -> list[Notice]:
        """Those that are due, for the caller alone to send until the hold is over. The administrators of an
        organization get all of theirs that are open in one mail, as soon as one is due."""
        free = or_(Notification.taken_until.is_(None), Notification.taken_until <= now)
        mine = (Notification.closed_at.is_(None), free)
        due = self._session.execute(
            select(Notification.id, Notification.org_id, Notification.whom).where(*mine, Notification.due_at <= now)
        ).all()
        told = {row.org_id for row in due if row.whom == ADMINS}
        besides = and_(Notification.whom == ADMINS, Notification.org_id.in_(told))
        rows = self._session.scalars(
            select(Notification)
            .where(*mine, or_(Notification.id.in_([row.id for row in due]), besides))
            .order_by(Notification.id)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.taken_until = now + hold
        self._session.flush()
        return self._views(Notification.id.in_([row.id for row in rows])) if rows else []

    def sent(self, ids: Sequence[int], now: datetime, again_at: datetime) -> None:
        self._session.execute(
            update(Notification)
            .where(Notification.id.in_(ids))
            .values(taken_until=None, sent_at=now, times=Notification.times + 1, due_at=again_at)
        )

    def failed(self, ids: Sequence[int], again_at: datetime) -> None:
        """For those of them that are still taken no mail went out; try again then."""
        taken = (Notification.id.in_(ids), Notification.taken_until.is_not(None))
        self._session.execute(update(Notification).where(*taken).values(taken_until=None, due_at=again_at))

    def listed(self, *, closed: bool = False, limit: int = 200) -> list[Notice]:
        """The newest first."""
        return self._views(
            *(() if closed else (Notification.closed_at.is_(None),)), order=Notification.id.desc(), limit=limit
        )  # fmt: skip

    def about(self, causes: Collection[str]) -> list[Notice]:
        """Those of these causes that are open."""
        return self._views(Notification.cause.in_(causes), Notification.closed_at.is_(None))

    def close_each(self, ids: Sequence[int], now: datetime) -> None:
        self._session.execute(
            update(Notification).where(Notification.id.in_(ids)).values(closed_at=now, taken_until=None)
        )

    def suspended(self, org_id: int) -> dict[str, list[str]]:
        """Addresses of the users whom the engine has suspended, by the code of the reason."""
        rows = self._session.execute(
            select(User.suspended_code, User.address)
            .where(User.org_id == org_id, User.suspended_at.is_not(None))
            .order_by(User.address)
        )
        found: dict[str, list[str]] = {}
        for code, address in rows:
            found.setdefault(code, []).append(address)
        return found

    def _views(
        self, *where: ColumnElement[bool], order: ColumnElement[int] | None = None, limit: int | None = None
    ) -> list[Notice]:  # fmt: skip
        query = (
            select(Notification, Organization.name, User.address)
            .join(Organization, Organization.id == Notification.org_id)
            .outerjoin(User, User.id == Notification.user_id)
            .where(*where)
            .order_by(Notification.id if order is None else order)
            .limit(limit)
        )
        return [
            Notice(
                row.id, row.org_id, org, row.user_id, address or "", row.cause, row.opened_at, row.due_at, row.times,
                row.sent_at, row.closed_at,
            )
            for row, org, address in self._session.execute(query)
        ]  # fmt: skip


def whom(user_id: int | None) -> str:
    return ADMINS if user_id is None else f"user:{user_id}"
