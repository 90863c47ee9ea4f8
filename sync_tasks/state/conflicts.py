"""Fields that wait for a person to say whose value stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import ConflictRow, Pair, User
from sync_tasks.state.records import ConflictView, PairState


class Conflicts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, user_id: int) -> list[ConflictView]:
        """A user's conflicts that are not over, oldest first."""
        return self._views(ConflictRow.user_id == user_id, ConflictRow.closed_at.is_(None))

    def get(self, conflict_id: int) -> ConflictView | None:
        return next(iter(self._views(ConflictRow.id == conflict_id)), None)

    def recent(self, user_id: int | None, *, closed: bool, limit: int) -> list[ConflictView]:
        """The newest first; `closed`: those that are over, too."""
        mine = () if user_id is None else (ConflictRow.user_id == user_id,)
        still = () if closed else (ConflictRow.closed_at.is_(None),)
        return self._views(*mine, *still, newest=True, limit=limit)

    def _views(self, *where: Any, newest: bool = False, limit: int | None = None) -> list[ConflictView]:
        order = ConflictRow.id.desc() if newest else ConflictRow.id
        query = select(ConflictRow, User.address).join(User, User.id == ConflictRow.user_id)
        rows = self._session.execute(query.where(*where).order_by(order).limit(limit))
        return [_view(row, address) for row, address in rows]

    def sealed(self, conflict_id: int) -> bytes | None:
        """Both values, sealed; None when the conflict is over."""
        return self._session.scalars(select(ConflictRow.sealed).where(ConflictRow.id == conflict_id)).one_or_none()

    def put(self, user_id: int, key: str, kind: str, field: str, baseline: str, sealed: bytes, now: datetime) -> None:
        """Open a conflict, or note that it is still one, with the values as they are now."""
        row = self._session.scalars(
            select(ConflictRow).where(
                ConflictRow.user_id == user_id, ConflictRow.key == key, ConflictRow.field == field,
                ConflictRow.closed_at.is_(None),
            )
        ).one_or_none()  # fmt: skip
        if row is None:
            row = ConflictRow(user_id=user_id, key=key, kind=kind, field=field, opened_at=now)
            self._session.add(row)
        row.baseline, row.sealed, row.seen_at = baseline, sealed, now
        self._session.flush()

    def resolve(self, conflict_id: int, side: str, now: datetime, by: str) -> bool:
        """Note whose value stays; asked again before the next run, the last answer counts. False when it is over."""
        done = self._session.execute(
            update(ConflictRow)
            .where(ConflictRow.id == conflict_id, ConflictRow.closed_at.is_(None))
            .values(resolution=side, resolved_at=now, resolved_by=by)
            .returning(ConflictRow.id)
        ).all()
        return bool(done)

    def close(self, conflict_ids: Sequence[int], now: datetime) -> None:
        """They are over; their values are thrown away."""
        self._close(ConflictRow.id.in_(conflict_ids), now)

    def close_parted(self, user_id: int, now: datetime) -> None:
        """Close those of pairs that are no longer kept the same."""
        live = select(Pair.key).where(Pair.user_id == user_id, Pair.state == PairState.LIVE)
        self._close((ConflictRow.user_id == user_id) & ConflictRow.key.not_in(live), now)

    def _close(self, which: Any, now: datetime) -> None:
        self._session.execute(
            update(ConflictRow)
            .where(which, ConflictRow.closed_at.is_(None))
            .values(closed_at=now, sealed=None)
            .execution_options(synchronize_session=False)
        )


def by_key(conflicts: Iterable[ConflictView]) -> dict[str, list[ConflictView]]:
    found: dict[str, list[ConflictView]] = {}
    for each in conflicts:
        found.setdefault(each.key, []).append(each)
    return found


def _view(row: ConflictRow, address: str) -> ConflictView:
    return ConflictView(
        row.id, row.user_id, address, row.key, row.kind, row.field, row.baseline, row.opened_at, row.seen_at,
        row.resolution, row.resolved_at, row.resolved_by, row.closed_at,
    )  # fmt: skip
