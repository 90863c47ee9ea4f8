"""Plans that wait for a person: opened by a run, decided at the console, closed by the run that acts on the answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mapping.rules.guards import Trip
from sync_tasks.state.models import Hold, User
from sync_tasks.state.records import HoldDecision, HoldView


class Holds:
    def __init__(self, session: Session) -> None:
        self._session = session

    def active(self, user_id: int, undoes: int = 0) -> list[HoldView]:
        """Those of a user that wait for a decision, or whose decision has not taken effect: of his regular plans, or of
        the undo of a run."""
        return self._views(Hold.user_id == user_id, Hold.closed_at.is_(None), Hold.undoes == undoes)

    def is_answered(self, user_id: int) -> bool:
        """Has somebody decided what the next run is to act on?"""
        return any(hold.decision for hold in self.active(user_id))

    def get(self, hold_id: int) -> HoldView | None:
        return next(iter(self._views(Hold.id == hold_id)), None)

    def recent(self, user_id: int | None, *, closed: bool, limit: int) -> list[HoldView]:
        """The newest first; `closed`: those that are over, too."""
        mine = () if user_id is None else (Hold.user_id == user_id,)
        still = () if closed else (Hold.closed_at.is_(None),)
        return self._views(*mine, *still, limit=limit)

    def _views(self, *where: object, limit: int | None = None) -> list[HoldView]:
        query = select(Hold, User.address).join(User, User.id == Hold.user_id)
        rows = self._session.execute(query.where(*where).order_by(Hold.id.desc()).limit(limit))  # type: ignore[arg-type]
        return [_view(row, address) for row, address in rows]

    def keep(
        self, user_id: int, run_id: int, trips: Sequence[Trip], now: datetime, unheard: Collection[str] = (), *,
        undoes: int = 0,
    ) -> None:  # fmt: skip
        """Note what the guards said to a run's plan. A hold that waits and still names some of it stays as it is: what
        a person looks at must not grow under their eyes. One that names nothing of it any more is over, unless it is
        about `unheard` kinds, of which Salesforce told nothing this time: nobody knows whether its cause is gone."""
        mine = (Hold.user_id == user_id, Hold.undoes == undoes)
        rows = self._session.scalars(select(Hold).where(*mine, Hold.decided_at.is_(None)))
        waiting = {row.guard: row for row in rows}
        for trip in trips:
            row = waiting.pop(trip.guard.value, None)
            if row is not None and not set(row.changes).isdisjoint(trip.changes):
                row.seen_at = now
                continue
            if row is not None:
                _vanish(row, now)
                self._session.flush()  # of one guard only one hold may wait, and the new one is written next
            self._session.add(
                Hold(
                    user_id=user_id, run_id=run_id, guard=trip.guard.value, undoes=undoes, opened_at=now, seen_at=now,
                    lines=[asdict(line) for line in trip.lines], changes=list(trip.changes),
                )
            )  # fmt: skip
        for row in waiting.values():
            if not _kinds(row) & set(unheard):
                _vanish(row, now)
        self._session.flush()

    def decide(self, hold_id: int, decision: HoldDecision, now: datetime, by: str) -> bool:
        """Note a person's answer; False when somebody, or the engine, was faster."""
        done = self._session.execute(
            update(Hold)
            .where(Hold.id == hold_id, Hold.decided_at.is_(None))
            .values(decision=decision, decided_at=now, decided_by=by)
            .returning(Hold.id)
        ).all()
        return bool(done)

    def end(self, user_id: int, now: datetime, unheard: Collection[str] = (), *, undoes: int = 0) -> None:
        """A run of the user ended well: what was decided has been done, and what still waits is no longer asked for.
        Holds about `unheard` kinds stay, with their answers, for the run to which Salesforce tells of them again."""
        mine = (Hold.user_id == user_id, Hold.undoes == undoes)
        rows = self._session.scalars(select(Hold).where(*mine, Hold.closed_at.is_(None))).all()
        over = [row for row in rows if not _kinds(row) & set(unheard)]
        for row in over:
            if row.decided_at is None:
                _vanish(row, now)
            row.closed_at = now
        if len(over) == len(rows) and not undoes:
            self._session.get_one(User, user_id).held_at = None


def _kinds(row: Hold) -> set[str]:
    return {line["kind"] for line in row.lines}


def _vanish(row: Hold, now: datetime) -> None:
    row.decision, row.decided_at, row.closed_at = HoldDecision.VANISHED, now, now


def _view(row: Hold, address: str) -> HoldView:
    return HoldView(
        row.id, address, row.run_id, row.guard, tuple(row.lines), frozenset(row.changes), row.opened_at, row.seen_at,
        row.decision, row.decided_at, row.decided_by, row.closed_at, row.undoes,
    )  # fmt: skip
