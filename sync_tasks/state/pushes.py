"""How users are listened for: whom a hint is about, when somebody looks what happened, when agreements are renewed.

Work is taken by moving its moment: whoever takes a look or a renewal puts the moment so far ahead that it comes again
if he dies, and takes that back when he is done, unless it was moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from sync_tasks.state.models import PushSubscription, User
from sync_tasks.state.records import PushState, PushView
from sync_tasks.state.types import insert_into

KEPT = 20  # marks by which a hint that comes again is known


class Pushes:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- whom it is about

    def at_address(self, hashed: str) -> PushView | None:
        return next(iter(self._views(PushSubscription.address == hashed)), None)

    def called(self, kind: str, vendor_id: str) -> PushView | None:
        """Of several that bear the name the one that was made last: a name may have been given again."""
        found = self._views(PushSubscription.kind == kind, PushSubscription.vendor_id == vendor_id) if vendor_id else []
        return max(found, key=lambda each: each.id, default=None)

    def get(self, push_id: int) -> PushView | None:
        return next(iter(self._views(PushSubscription.id == push_id)), None)

    def of(self, user_id: int | None = None) -> list[PushView]:
        """Those of a user, or of everybody."""
        return self._views(*(() if user_id is None else (PushSubscription.user_id == user_id,)))

    def by_state(self) -> dict[str, int]:
        """How many there are in each state."""
        query = select(PushSubscription.state, func.count()).group_by(PushSubscription.state)
        return {row.state: row[1] for row in self._session.execute(query)}

    def _views(self, *where: ColumnElement[bool]) -> list[PushView]:
        query = select(PushSubscription, User.address, User.shard).join(User, User.id == PushSubscription.user_id)
        rows = self._session.execute(query.where(*where).order_by(User.address, PushSubscription.id))
        return [_view(row, address, shard) for row, address, shard in rows]

    # --- hints

    def note(
        self, push_id: int, now: datetime, *, mark: str = "", number: int | None = None, keep: str = "",
        look_at: datetime | None = None, tend_at: datetime | None = None,
    ) -> bool:  # fmt: skip
        """Note that the vendor told something. `keep`: up to where it has told. `look_at`: a look is wanted then or
        sooner, `tend_at`: it is looked after then. False when the hint with that mark was noted before; nothing is
        changed then."""
        row = self._session.scalars(
            select(PushSubscription).where(PushSubscription.id == push_id).with_for_update()
        ).one_or_none()
        if row is None or is_repeated(tuple(row.recent), mark, number):
            return False
        row.heard_at = now
        if keep and keep not in row.recent[-1:]:
            row.recent = [*row.recent, keep][-KEPT:]
        if look_at is not None:
            row.look_at = min(row.look_at, look_at) if row.look_at is not None else look_at
        if tend_at is not None:
            row.tend_at = tend_at
        return True

    # --- looks

    def due_looks(self, now: datetime, limit: int) -> list[PushView]:
        """Those that are due, the oldest first."""
        return self._due(PushSubscription.look_at, now, limit)

    def take_look(self, push_id: int, now: datetime, again: datetime) -> bool:
        """Take the look of one that is due."""
        mine = (PushSubscription.id == push_id, PushSubscription.look_at <= now)
        return self._take(*mine, looked_at=now, look_at=again)

    def end_look(self, push_id: int, again: datetime) -> None:
        """It is done; what was asked for meanwhile stays."""
        mine = (PushSubscription.id == push_id, PushSubscription.look_at == again)
        self._session.execute(update(PushSubscription).where(*mine).values(look_at=None))

    # --- looking after

    def users_without(self, feed: str, limit: int) -> list[int]:
        """Users of whom it is not known yet whether they are to be listened for."""
        known = exists().where(PushSubscription.user_id == User.id, PushSubscription.feed == feed)
        return list(self._session.scalars(select(User.id).where(~known).order_by(User.id).limit(limit)))

    def begin(self, user_id: int, feed: str, address: str, sealed: bytes, now: datetime) -> None:
        """A row that is looked after at once; one that is there stays as it is."""
        row = insert_into(self._session, PushSubscription).values(
            user_id=user_id, feed=feed, kind="", state=PushState.OFF, vendor_id="", resource="", address=address,
            sealed=sealed, recent=[], tend_at=now, failures=0, error_code="",
        )  # fmt: skip
        self._session.execute(row.on_conflict_do_nothing(index_elements=["user_id", "feed"]))

    def due(self, now: datetime, limit: int) -> list[PushView]:
        """Those that somebody has to look after, the oldest first."""
        return self._due(PushSubscription.tend_at, now, limit)

    def take(self, push_id: int, now: datetime, again: datetime) -> bool:
        """Take the looking after of one that is due."""
        return self._take(PushSubscription.id == push_id, PushSubscription.tend_at <= now, tend_at=again)

    def hurry(self, user_id: int, now: datetime) -> int:
        """Have those of a user looked after now; how many there are."""
        mine = PushSubscription.user_id == user_id
        self._session.execute(update(PushSubscription).where(mine).values(tend_at=now))
        return self._session.scalar(select(func.count()).select_from(PushSubscription).where(mine)) or 0

    def _due(self, column: InstrumentedAttribute[Any], now: datetime, limit: int) -> list[PushView]:
        query = select(PushSubscription, User.address, User.shard).join(User, User.id == PushSubscription.user_id)
        rows = self._session.execute(query.where(column <= now).order_by(column).limit(limit))
        return [_view(row, address, shard) for row, address, shard in rows]

    def _take(self, *where: ColumnElement[bool], **values: datetime) -> bool:
        statement = update(PushSubscription).where(*where).values(**values).returning(PushSubscription.id)
        return bool(self._session.scalars(statement).all())

    def set(self, push_id: int, **values: Any) -> None:
        """Set columns; unknown names are a programming error."""
        self._session.execute(update(PushSubscription).where(PushSubscription.id == push_id).values(**values))


def is_repeated(recent: Sequence[str], mark: str, number: int | None) -> bool:
    """Was the hint with this mark told before? Where a vendor counts, so was everything up to the last number."""
    if not mark:
        return False
    if number is not None and recent:
        return number <= int(recent[-1])
    return mark in recent


def _view(row: PushSubscription, address: str, shard: int) -> PushView:
    return PushView(
        row.id, row.user_id, address, shard, row.feed, row.kind, row.state, row.vendor_id, row.resource, row.address,
        row.sealed, tuple(row.recent), row.expires_at, row.tend_at, row.heard_at, row.looked_at, row.look_at,
        row.failures, row.error_code,
    )  # fmt: skip
