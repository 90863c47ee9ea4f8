"""A store of which nothing stays: what is there can be read, what a run notes for itself is kept in memory, and
whatever else is written is gone with the transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, create_engine, not_
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from mapping.model.item import ItemKind
from sync_tasks.state.linkings import Linkings
from sync_tasks.state.models import DecisionRow, Linking, OperationRow, Pair, StagedItem
from sync_tasks.state.models.base import Base
from sync_tasks.state.pairs import Pairs
from sync_tasks.state.plans import Plans
from sync_tasks.state.records import DecisionView, PairState, PairView, RunRef
from sync_tasks.state.store import Store, Unit
from sync_tasks.state.trail import Trail
from sync_tasks.state.workspace import Workspace

_OWN = (StagedItem, OperationRow, DecisionRow, Linking)


class Aside(Store):
    """Beside a real store, for one run that only asks what if. No transaction holds a lock of the real one for longer
    than it looks. Saved mails show as not yet saved, because a mail is decided on once: asking what the rules say to it
    is asking as if it had just come."""

    def __init__(self, real: Store) -> None:
        super().__init__(real.engine)
        self._memory = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )  # fmt: skip
        tables = [table for model in _OWN if isinstance(table := model.__table__, Table)]
        Base.metadata.create_all(self._memory, tables=tables)

    def close(self) -> None:
        """Forget what the run noted."""
        self._memory.dispose()

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        with Session(self._reading, expire_on_commit=False) as real, Session(self._memory) as own, own.begin():
            unit = Unit(real)
            unit.workspace, unit.plans, unit.linkings = Workspace(own), Plans(own), Linkings(own)
            unit.trail, unit.pairs = _Trail(real, own), _Unsaved(real)
            yield unit
            real.rollback()

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        with self.reading() as unit:
            yield unit

    @contextmanager
    def fenced(self, _run: RunRef, _now: datetime) -> Iterator[Unit]:
        with self.reading() as unit:
            yield unit


class _Trail(Trail):
    """What was decided before is read, what is decided now is kept aside."""

    def __init__(self, real: Session, own: Session) -> None:
        super().__init__(real)
        self._own = Trail(own)

    def decide(self, user_id: int, decisions: Sequence[DecisionView]) -> None:
        self._own.decide(user_id, decisions)

    def forget_stage(self, run_id: int, stage: str) -> None:
        self._own.forget_stage(run_id, stage)

    def of_run(self, run_id: int) -> list[DecisionView]:
        return self._own.of_run(run_id)


class _Unsaved(Pairs):
    def _views(self, *where: ColumnElement[bool]) -> list[PairView]:
        saved = and_(Pair.kind == ItemKind.EMAIL.value, Pair.state == PairState.LIVE)
        return super()._views(*where, not_(saved))
