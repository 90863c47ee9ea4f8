"""The fleet: two beats and four workers at once, started as people start them, on many users with a mailbox each.

What is proved is read from the store's own record of runs, and from what the emulated vendors counted.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from sync_tasks.settings import Settings
from sync_tasks.state.records import RunState, RunView, UserView
from tests.support.cluster import QUICK, Cluster
from tests.support.waiting import until
from tests.support.world import World

JITTER = 0.1
DISPATCH = 0.5  # seconds between two looks of a beat
ROUNDS = 3  # runs of each user: two whole intervals lie between the first and the last
SAMPLES = 20  # runs that are timed to know how fast this machine is now
PATIENCE = 300.0  # seconds for all of it, on the slowest machine

Calls = Counter[str]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often each user is synchronized, in seconds."""

    interval: int

    @property
    def shortest(self) -> timedelta:
        """From one start of a user to the next."""
        return timedelta(seconds=self.interval * (1 - JITTER))


@pytest.mark.fleet
@pytest.mark.parametrize(
    ("migrated_url", "users"),
    [("postgresql", 200), ("sqlite", 60)],
    indirect=["migrated_url"],
    ids=["200 users on PostgreSQL", "60 users on SQLite"],
)
@pytest.mark.point("1.5.1")
def test_every_user_is_synced_once_per_interval_and_never_twice_at_a_time(
    world_on_both: World, clustered_on_both: Callable[..., Cluster], users: int
) -> None:
    world = world_on_both
    world.sandbox.clock.real()
    first, idle, seconds = _cost_of_a_user(world)
    pace = _pace(users, seconds)
    cluster = clustered_on_both(**_settings(pace))
    for number in range(users):
        world.user(f"user{number:03d}@acme.example")

    beats = [cluster.command("beat") for _ in range(2)]
    workers = [cluster.command("worker", "--concurrency", "2") for _ in range(4)]
    until(lambda: _fewest_runs(world, users) >= ROUNDS, PATIENCE, every=0.5)
    for beat in beats:
        beat.process.stop()
    until(lambda: not _open_runs(world), PATIENCE, every=0.1)

    by_user = _runs_by_user(world)
    runs = [run for each in by_user.values() for run in each]
    assert len(by_user) == users
    assert Counter((run.state, run.error_code, run.recovered) for run in runs) == {(RunState.DONE, "", 0): len(runs)}
    assert list(_overlaps(by_user)) == []
    assert list(_too_soon(by_user, pace)) == []
    # who waits while others go on falls behind by more than the one run that jitter makes; no clock has to tell
    rounds = [len(each) for each in by_user.values()]
    assert max(rounds) - min(rounds) <= 1

    assert _calls(world) == _times(first, users) + _times(idle, len(runs) - users)
    assert all("succeeded" in worker.said() for worker in workers)
    assert all("sync.dispatch_due" in beat.said() for beat in beats)
    assert "Traceback" not in cluster.logs()


def _pace(users: int, seconds: float) -> Pace:
    """An interval in which this machine can do the work with something to spare, and start the workers before that. Two
    runs that one process alone does in so many seconds take the workers together about as long."""
    return Pace(5 + math.ceil(1.2 * users * seconds))


def _settings(pace: Pace) -> dict[str, object]:
    """What an installation has that sets nothing but how often."""
    usual = {name: Settings.model_fields[name].default for name in QUICK}
    return {**usual, "interval_seconds": pace.interval, "jitter": JITTER, "dispatch_every_seconds": DISPATCH}


def _cost_of_a_user(world: World) -> tuple[Calls, Calls, float]:
    """The calls of a user's first run, and of one that finds nothing to do, in a world that is connected already; and
    the seconds that such a run takes."""
    witness = world.user("witness@acme.example")
    world.app.keep_shape(world.org, world.app.crm_of(world.org, None, witness.org_name))
    first = _cost(world, witness)
    idle = _cost(world, witness)
    began = time.perf_counter()
    for _ in range(SAMPLES):
        assert _cost(world, witness) == idle
    seconds = (time.perf_counter() - began) / SAMPLES
    with world.app.store.writing() as unit:
        unit.accounts.set_user(witness.id, paused_at=world.now)
    world.sandbox.ledger.reset()
    return first, idle, seconds


def _cost(world: World, user: UserView) -> Calls:
    world.sandbox.ledger.reset()
    world.sync(user)
    return _calls(world)


def _calls(world: World) -> Calls:
    told = world.sandbox.ledger.counters()["calls"]
    return Counter({name: number for operations in told.values() for name, number in operations.items()})


def _times(cost: Calls, number: int) -> Calls:
    return Counter({name: calls * number for name, calls in cost.items()})


# --- the store's record


def _fewest_runs(world: World, users: int) -> int:
    """How many runs that user has had who had the fewest."""
    statement = "SELECT count(*) FROM sync_run WHERE trigger = 'schedule' AND state <> 'open' GROUP BY user_id"
    with world.app.store.engine.connect() as connection:
        counts = connection.execute(text(statement)).scalars().all()
    return min(counts) if len(counts) == users else 0


def _open_runs(world: World) -> int:
    with world.app.store.reading() as unit:
        return unit.accounts.open_runs()


def _runs_by_user(world: World) -> Mapping[int, list[RunView]]:
    """The scheduled runs of each user, in the order in which they began."""
    with world.app.store.reading() as unit:
        runs = unit.runs.recent(None, 100_000)
    found: dict[int, list[RunView]] = {}
    for run in sorted(runs, key=lambda run: run.started_at):
        if run.trigger == "schedule":
            found.setdefault(run.user_id, []).append(run)
    return found


def _overlaps(by_user: Mapping[int, list[RunView]]) -> Iterator[str]:
    for user, runs in by_user.items():
        for run, then in pairwise(runs):
            if run.finished_at is None or then.started_at < run.finished_at:
                yield f"user {user}: run {then.id} began before run {run.id} had ended"


def _too_soon(by_user: Mapping[int, list[RunView]], pace: Pace) -> Iterator[str]:
    for user, runs in by_user.items():
        for run, then in pairwise(run.started_at for run in runs):
            if then - run < pace.shortest:
                yield f"user {user}: {then - run} between two runs is less than {pace.shortest}"
