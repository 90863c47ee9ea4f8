"""Health over real workers and a real beat: it is well while they work, and names what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync_tasks.bootstrap import App
from sync_tasks.metering.tallies import Tallies
from sync_tasks.queues import UPKEEP, shard_queue
from sync_tasks.services import health
from sync_tasks.services.health import State
from sync_tasks.settings import Settings
from tests.support.cluster import Cluster
from tests.support.waiting import until
from tests.support.world import World


@pytest.mark.rule("TOP-9", "TOP-17")
def test_it_is_well_while_workers_and_beat_work_and_a_shard_without_a_worker_is_told(
    world: World, clustered: Callable[..., Cluster]
) -> None:
    cluster = clustered()
    users = [world.user(f"{name}@acme.example") for name in ("ann", "ben")]
    first, second = (user.shard for user in users)
    assert first != second
    settings = Settings(
        home=cluster.home, database_url=world.app.settings.database_url, redis_url=cluster.redis.url,
        interval_seconds=3, dispatch_every_seconds=0.5, shards=4,
    )  # fmt: skip
    app = App(settings)
    try:
        states = {entry.name: entry.state for entry in health.examine(app).entries}
        assert (states["redis"], states["beat"], states[f"shard {first}"]) == (State.OK, State.BAD, State.BAD)

        cluster.worker(queues=(UPKEEP, shard_queue(first)))
        cluster.beat()
        until(lambda: _state(app, "beat") is State.OK, 60, every=0.5)
        until(lambda: _state(app, f"shard {first}") is State.OK, 30, every=0.5)
        assert _state(app, f"shard {second}") is State.BAD
        assert health.examine(app).state is State.BAD

        cluster.worker(queues=(UPKEEP, shard_queue(second)))
        until(lambda: _state(app, f"shard {second}") is State.OK, 60, every=0.5)
        until(lambda: _state(app, "users") is State.OK, 30, every=0.5)
        assert {e.name for e in health.examine(app).entries if e.state is State.BAD} == set()

        calls = Tallies(app.governor._shared).read("api_calls_total")
        assert sum(n for (vendor, _, _), n in calls.items() if vendor == "exchange") > 0, "workers count here, too"
    finally:
        app.close()


def _state(app: App, name: str) -> State:
    return next(entry.state for entry in health.examine(app).entries if entry.name == name)
