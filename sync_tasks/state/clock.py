"""The time that all workers agree on, whatever the clocks of their machines say.

Leases, schedules and signs of life are compared between machines. One whose clock is wrong, or is set while it works,
would take runs from everybody, or put users off for hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from sync_tasks.state.engine import AWAY

ASKED_EVERY = 60.0  # seconds
TIMES = 3


class DatabaseClock:
    """The moment by the clock of the database. It is asked now and then, and from there on counted by a clock that
    nobody can set; while it is away counting goes on. Before it has ever answered, the machine's clock must do."""

    def __init__(self, engine: Engine, count: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._count = count
        self._known: tuple[datetime, float] | None = None
        self._asked = float("-inf")

    def __call__(self) -> datetime:
        if self._count() - self._asked >= ASKED_EVERY:
            self._asked = self._count()
            with suppress(*AWAY):
                self._ask()
        if self._known is None:
            return datetime.now(UTC)
        moment, at = self._known
        return moment + timedelta(seconds=self._count() - at)

    def _ask(self) -> None:
        """The answer that came fastest is the one whose moment is known best."""
        with self._engine.connect() as connection:
            asked = [(self._count(), self._told(connection), self._count()) for _ in range(TIMES)]
        before, moment, after = min(asked, key=lambda each: each[2] - each[0])
        self._known = moment.astimezone(UTC), (before + after) / 2

    @staticmethod
    def _told(connection: Connection) -> datetime:
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment


def clock_of(engine: Engine) -> Callable[[], datetime]:
    """The clock of all who share this database. A file is on one machine, which has one clock."""
    return DatabaseClock(engine) if engine.dialect.name == "postgresql" else lambda: datetime.now(UTC)
