"""What users chose for single messages before a run has met them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import IntentRow, User
from sync_tasks.state.records import IntentOutcome, IntentView
from sync_tasks.state.types import chunks


class Intents:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, user_id: int, *, key: str, item: str, who: Sequence[str], what: str, thread: bool, sealed: bytes | None,
        now: datetime, by: str, expires_at: datetime,
    ) -> int:  # fmt: skip
        """Note what a user chose for a message; it takes the place of what was chosen for it before."""
        same = (IntentRow.key == key) & (IntentRow.item == item) & (IntentRow.user_id == user_id)
        self._close(same, IntentOutcome.DROPPED, now)
        row = IntentRow(
            user_id=user_id, key=key, item=item, who=list(who), what=what, thread=thread, sealed=sealed, made_at=now,
            made_by=by, expires_at=expires_at,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return row.id

    def any_waiting(self, user_id: int, now: datetime) -> bool:
        """Has the user chosen anything that is not over? Mostly not, and that is cheaper to know than for which."""
        still = (IntentRow.user_id == user_id, IntentRow.closed_at.is_(None), IntentRow.expires_at > now)
        return self._session.scalars(select(IntentRow.id).where(*still).limit(1)).first() is not None

    def waiting(self, user_id: int, now: datetime, *, keys: Iterable[str], items: Iterable[str]) -> list[IntentView]:
        """Those of a user that wait for one of these messages and have not expired, oldest first."""
        still = (IntentRow.user_id == user_id, IntentRow.closed_at.is_(None), IntentRow.expires_at > now)
        found: dict[int, IntentView] = {}
        for column, values in ((IntentRow.key, keys), (IntentRow.item, items)):
            for some in chunks(values):
                found |= {each.id: each for each in self._views(*still, column != "", column.in_(some))}
        return [found[number] for number in sorted(found)]

    def get(self, intent_id: int) -> IntentView | None:
        return next(iter(self._views(IntentRow.id == intent_id)), None)

    def recent(self, user_id: int | None, now: datetime, *, closed: bool, limit: int) -> list[IntentView]:
        """The newest first; `closed`: those that are over, too."""
        mine = () if user_id is None else (IntentRow.user_id == user_id,)
        still = () if closed else (IntentRow.closed_at.is_(None), IntentRow.expires_at > now)
        return self._views(*mine, *still, newest=True, limit=limit)

    def sealed(self, intent_id: int) -> bytes | None:
        """The values by column, sealed; None when there are none."""
        return self._session.scalars(select(IntentRow.sealed).where(IntentRow.id == intent_id)).one_or_none()

    def close(self, intent_ids: Iterable[int], outcome: IntentOutcome, now: datetime) -> bool:
        """They are over, and their values are thrown away. False when all of them were over before."""
        return self._close(IntentRow.id.in_(list(intent_ids)), outcome, now)

    def forget_expired(self, user_id: int, now: datetime) -> None:
        """Throw the values away of those whose message never came."""
        late = (IntentRow.user_id == user_id, IntentRow.expires_at <= now, IntentRow.sealed.is_not(None))
        self._session.execute(update(IntentRow).where(*late).values(sealed=None))

    def _close(self, which: Any, outcome: IntentOutcome, now: datetime) -> bool:
        done = self._session.execute(
            update(IntentRow)
            .where(which, IntentRow.closed_at.is_(None))
            .values(closed_at=now, outcome=outcome.value, sealed=None)
            .returning(IntentRow.id)
            .execution_options(synchronize_session=False)
        ).all()
        return bool(done)

    def _views(self, *where: Any, newest: bool = False, limit: int | None = None) -> list[IntentView]:
        order = IntentRow.id.desc() if newest else IntentRow.id
        query = select(IntentRow, User.address).join(User, User.id == IntentRow.user_id)
        rows = self._session.execute(query.where(*where).order_by(order).limit(limit))
        return [_view(row, address) for row, address in rows]


def _view(row: IntentRow, address: str) -> IntentView:
    return IntentView(
        row.id, row.user_id, address, row.key, row.item, tuple(row.who), row.what, row.thread, row.made_at,
        row.made_by, row.expires_at, row.outcome, row.closed_at,
    )  # fmt: skip
