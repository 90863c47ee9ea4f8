"""Changes of settings that only a part of the users has so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from mapping.rules.rollout import Tally, takes_part
from mapping.rules.settings import Layer, laid_over
from sync_tasks.state.models import RolloutRow, SyncRun, User
from sync_tasks.state.records import LOOKING, RunState


class RolloutState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"  # everybody has it: it is set
    BACK = "back"  # nobody has it: what was set before holds


@dataclass(frozen=True, slots=True)
class RolloutView:
    """`profile_id`: whose values, None for the organization's own. `values`: by name, as they are kept. `group`: ids of
    users who have it besides the share. `stepped_at`: since when it reaches as many as it does now. `why`: why it
    ended so, '' where somebody wanted it."""

    id: int
    org_id: int
    profile_id: int | None
    values: Mapping[str, Any]
    locked: bool
    percent: int
    group: frozenset[int]
    state: str
    started_at: datetime
    started_by: str
    stepped_at: datetime
    ended_at: datetime | None
    ended_by: str
    why: str

    @property
    def level(self) -> str:
        return "organization" if self.profile_id is None else "profile"

    def reaches(self, user_id: int) -> bool:
        return takes_part(self.id, user_id, self.percent, self.group)


class Rollouts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def start(
        self, org_id: int, profile_id: int | None, values: Mapping[str, Any], *, locked: bool, percent: int,
        group: Collection[int], at: datetime, by: str,
    ) -> RolloutView:  # fmt: skip
        row = RolloutRow(
            org_id=org_id, profile_id=profile_id, settings=dict(values), locked=locked, percent=percent,
            chosen=sorted(group), state=RolloutState.RUNNING, started_at=at, started_by=by, stepped_at=at,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return _view(row)

    def get(self, number: int) -> RolloutView | None:
        row = self._session.get(RolloutRow, number)
        return None if row is None else _view(row)

    def running(self, org_id: int | None = None) -> list[RolloutView]:
        """Those that are under way, of an organization or of all, the oldest first."""
        query = select(RolloutRow).where(RolloutRow.state == RolloutState.RUNNING).order_by(RolloutRow.id)
        if org_id is not None:
            query = query.where(RolloutRow.org_id == org_id)
        return [_view(row) for row in self._session.scalars(query)]

    def recent(self, org_id: int, limit: int = 50) -> list[RolloutView]:
        query = select(RolloutRow).where(RolloutRow.org_id == org_id).order_by(RolloutRow.id.desc()).limit(limit)
        return [_view(row) for row in self._session.scalars(query)]

    def widen(self, number: int, *, percent: int, group: Collection[int], at: datetime) -> RolloutView:
        row = self._session.get_one(RolloutRow, number)
        row.percent, row.chosen, row.stepped_at = percent, sorted(group), at
        self._session.flush()
        return _view(row)

    def end(self, number: int, state: RolloutState, *, at: datetime, by: str, why: str = "") -> RolloutView:
        row = self._session.get_one(RolloutRow, number)
        row.state, row.ended_at, row.ended_by, row.why = state, at, by, why
        self._session.flush()
        return _view(row)

    def reaching(self, org_id: int, user_id: int, profile_id: int | None) -> list[RolloutView]:
        """Those under way that reach a user already; `profile_id`: his profile."""
        concerning = (each for each in self.running(org_id) if each.profile_id in (None, profile_id))
        return [each for each in concerning if each.reaches(user_id)]

    def applied(self, layers: Sequence[Layer], org_id: int, user_id: int, profile_id: int | None) -> list[Layer]:
        """A user's layers with the changes that reach him already."""
        laid = list(layers)
        for each in self.reaching(org_id, user_id, profile_id):
            laid = laid_over(laid, each.level, each.values, lock=each.locked)
        return laid

    def endings(self, org_id: int, since: datetime, until: datetime) -> dict[int, Tally]:
        """How the runs of an organization's users ended between two moments, by user; what only looked is left out."""
        bad = func.sum(case((SyncRun.state.in_([RunState.FAILED, RunState.HELD]), 1), else_=0))
        query = (
            select(SyncRun.user_id, func.count(), bad)
            .join(User, User.id == SyncRun.user_id)
            .where(
                User.org_id == org_id, SyncRun.state != RunState.OPEN, SyncRun.trigger.not_in(LOOKING),
                SyncRun.started_at >= since, SyncRun.started_at < until,
            )
            .group_by(SyncRun.user_id)
        )  # fmt: skip
        return {user_id: Tally(runs, int(ended)) for user_id, runs, ended in self._session.execute(query)}


def _view(row: RolloutRow) -> RolloutView:
    return RolloutView(
        row.id, row.org_id, row.profile_id, row.settings, row.locked, row.percent, frozenset(row.chosen), row.state,
        row.started_at, row.started_by, row.stepped_at, row.ended_at, row.ended_by, row.why,
    )  # fmt: skip
