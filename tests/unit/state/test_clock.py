"""The time that all workers agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync_tasks.state.clock import ASKED_EVERY, DatabaseClock, clock_of
from sync_tasks.state.engine import open_engine
from tests.support.postgres import PostgresServer

SOON = timedelta(seconds=30)


class Counter:
    """A clock that nobody can set, but a test can let run."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_on_postgresql_moments_are_those_of_the_database_and_count_on_while_it_is_away() -> None:
    server, counter = PostgresServer(), Counter()
    try:
        engine = open_engine(server.create())
        clock = DatabaseClock(engine, counter)
        first = clock()
        assert abs(datetime.now(UTC) - first) < SOON
        counter.seconds += 10
        assert clock() - first == timedelta(seconds=10), "in between nobody is asked"

        server.halt()
        counter.seconds += ASKED_EVERY
        assert clock() - first == timedelta(seconds=10 + ASKED_EVERY), "whoever does not answer is not waited for"

        server.resume()
        counter.seconds += 3600
        assert abs(datetime.now(UTC) - clock()) < SOON, "what was counted wrongly is set right"
        engine.dispose()
    finally:
        server.stop()


def test_a_database_that_never_answered_leaves_the_clock_of_the_machine() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:9/nothing")
    assert abs(datetime.now(UTC) - clock_of(engine)()) < SOON


def test_a_file_has_the_clock_of_its_machine() -> None:
    assert abs(datetime.now(UTC) - clock_of(open_engine("sqlite://"))()) < SOON
