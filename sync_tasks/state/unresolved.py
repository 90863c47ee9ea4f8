"""People whom Salesforce does not know: kept while it may come to know them, or somebody may decide on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Unresolved, User
from sync_tasks.state.records import UnresolvedState, UnresolvedView
from sync_tasks.state.types import chunks

MOST_ITEMS = 20  # of somebody's items so many are remembered, the latest

Place = tuple[str, str, str]  # kind, id and folder of a mailbox item


class UnresolvedPeople:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- for a run

    def open(self, user_id: int) -> dict[str, UnresolvedView]:
        """Those of a user on whom nothing has been settled, by the fingerprint of their address."""
        return {view.name: view for view in self._views(Unresolved.user_id == user_id, Unresolved.closed_at.is_(None))}

    def due(self, user_id: int, now: datetime) -> list[UnresolvedView]:
        """Those for whom it is time to ask Salesforce again."""
        mine = (Unresolved.user_id == user_id, Unresolved.closed_at.is_(None))
        return self._views(*mine, Unresolved.look_at <= now)

    def made_since(self, user_id: int, moment: datetime) -> Counter[str]:
        """How many records were made of people of the user's since then, by the fingerprint of their mail domain."""
        query = (
            select(Unresolved.domain, func.count())
            .where(
                Unresolved.user_id == user_id,
                Unresolved.state == UnresolvedState.MADE,
                Unresolved.closed_at >= moment,
            )
            .group_by(Unresolved.domain)
        )
        return Counter(dict(self._session.execute(query).tuples().all()))

    def keep(
        self, user_id: int, name: str, domain: str, *, sealed: bytes, state: UnresolvedState, reasons: Sequence[str],
        place: Place, met: bool, now: datetime, look_at: datetime,
    ) -> None:  # fmt: skip
        """Somebody was seen on an item and nothing was made. Whoever is listed stays in the state in which a person
        sees him, unless he is to wait for one from now on. Whoever was given up comes back with a new item only."""
        row = self._row(user_id, name)
        if row is not None and row.state == UnresolvedState.EXPIRED and list(place) in row.items:
            return
        if row is None:
            row = Unresolved(user_id=user_id, name=name, domain=domain, items=[], met=False)
            self._session.add(row)
        if row.closed_at is not None or row.first_seen is None:
            row.first_seen, row.closed_at, row.wish, row.account_id = now, None, "", ""
            row.decided_at, row.decided_by, row.look_at, row.state, row.items = None, "", look_at, state, []
        elif row.state == UnresolvedState.WAITS or state == UnresolvedState.HELD:
            row.state, row.wish = state, ""
        row.sealed, row.reasons, row.last_seen, row.met = sealed, list(reasons), now, row.met or met
        row.items = [*(each for each in row.items if tuple(each) != place), list(place)][-MOST_ITEMS:]
        self._session.flush()

    def made(self, user_id: int, name: str, domain: str, now: datetime) -> tuple[Place, ...]:
        """A record was made; returns where else he was seen."""
        row = self._row(user_id, name)
        if row is None:
            row = Unresolved(user_id=user_id, name=name, domain=domain, items=[], met=True, reasons=[], first_seen=now)
            self._session.add(row)
        places = _places(row)
        row.last_seen = now
        _close(row, UnresolvedState.MADE, now)
        self._session.flush()
        return places

    def close(self, user_id: int, names: Collection[str], state: UnresolvedState, now: datetime) -> tuple[Place, ...]:
        """Nothing is left to decide on these; their addresses are thrown away. Returns where they were seen."""
        places: list[Place] = []
        for some in chunks(names):
            mine = (Unresolved.user_id == user_id, Unresolved.name.in_(some), Unresolved.closed_at.is_(None))
            for row in self._session.scalars(select(Unresolved).where(*mine)):
                places += _places(row)
                _close(row, state, now)
        self._session.flush()
        return tuple(dict.fromkeys(places))

    def look_later(self, ids: Iterable[int], look_at: datetime) -> None:
        self._session.execute(update(Unresolved).where(Unresolved.id.in_(list(ids))).values(look_at=look_at))

    def forget(self, user_id: int, before: datetime) -> None:
        """Drop what was settled that long ago."""
        self._session.execute(delete(Unresolved).where(Unresolved.user_id == user_id, Unresolved.closed_at < before))

    def drop(self, user_id: int) -> None:
        """Forget all of a user's."""
        self._session.execute(delete(Unresolved).where(Unresolved.user_id == user_id))

    # --- for people

    def get(self, number: int) -> UnresolvedView | None:
        return next(iter(self._views(Unresolved.id == number)), None)

    def recent(self, user_id: int | None, *, closed: bool, limit: int) -> list[UnresolvedView]:
        """Those seen last first; `closed`: those that are settled, too."""
        mine = () if user_id is None else (Unresolved.user_id == user_id,)
        still = () if closed else (Unresolved.closed_at.is_(None),)
        return self._views(*mine, *still, newest=True, limit=limit)

    def decide(self, number: int, wish: str, account_id: str, now: datetime, by: str) -> bool:
        """Note what is to be made; asked again before the next run, the last answer counts. False when it is over."""
        done = self._session.execute(
            update(Unresolved)
            .where(Unresolved.id == number, Unresolved.closed_at.is_(None))
            .values(
                state=UnresolvedState.DECIDED, wish=wish, account_id=account_id, decided_at=now, decided_by=by,
            )
            .returning(Unresolved.id)
        ).all()  # fmt: skip
        return bool(done)

    # --- inside

    def _row(self, user_id: int, name: str) -> Unresolved | None:
        mine = (Unresolved.user_id == user_id, Unresolved.name == name)
        return self._session.scalars(select(Unresolved).where(*mine)).one_or_none()

    def _views(self, *where: Any, newest: bool = False, limit: int | None = None) -> list[UnresolvedView]:
        order = (Unresolved.last_seen.desc(), Unresolved.id.desc()) if newest else (Unresolved.id,)
        query = select(Unresolved, User.address).join(User, User.id == Unresolved.user_id)
        rows = self._session.execute(query.where(*where).order_by(*order).limit(limit))
        return [_view(row, address) for row, address in rows]


def _places(row: Unresolved) -> tuple[Place, ...]:
    return tuple((kind, ref, folder) for kind, ref, folder in row.items)


def _close(row: Unresolved, state: UnresolvedState, now: datetime) -> None:
    row.state, row.closed_at, row.sealed, row.look_at = state, now, None, None
    if state != UnresolvedState.EXPIRED:
        row.items = []


def _view(row: Unresolved, address: str) -> UnresolvedView:
    return UnresolvedView(
        row.id, row.user_id, address, row.name, row.sealed, row.state, tuple(row.reasons), _places(row), row.met,
        row.first_seen, row.last_seen, row.wish, row.account_id, row.decided_at, row.decided_by, row.closed_at,
    )  # fmt: skip
