"""The feed of an organization with real workers and two real beats."""

from __future__ import annotations

from collections.abc import Callable

from sync_tasks.state.org_feeds import Heard
from sync_tasks.state.records import UserView
from tests.support.cluster import Cluster
from tests.support.feeding import calls, with_feed
from tests.support.waiting import until
from tests.support.world import World

Make = Callable[..., Cluster]
EVERY = 5  # seconds


def runs(world: World, *users: UserView) -> int:
    """How many runs have ended well."""
    with world.app.store.reading() as unit:
        return sum(run.state == "done" for user in users for run in unit.runs.recent(user.id, 1000))


def heard(world: World, user: UserView) -> Heard:
    with world.app.store.reading() as unit:
        return unit.org_feeds.heard(world.org, user.id)


def test_two_beats_read_each_round_once_and_the_runs_between_rounds_ask_nothing(
    clustered_on_both: Make, world_on_both: World
) -> None:
    world = with_feed(world_on_both)
    cluster = clustered_on_both(feed_every_seconds=EVERY)
    ann, bob = (world.user(f"{name}@acme.example") for name in ("ann", "bob"))
    worker = cluster.worker()
    until(lambda: worker.ready, 40, every=0.1)
    cluster.beat()
    cluster.beat()
    until(lambda: heard(world, ann).round >= 2 and runs(world, ann, bob) >= 4, 90, every=0.2)

    began, asked, done = heard(world, ann).round, calls(world), runs(world, ann, bob)
    until(lambda: heard(world, ann).round >= began + 2, 60, every=0.2)

    rounds = heard(world, ann).round - began
    assert runs(world, ann, bob) - done >= 2
    assert calls(world) - asked <= rounds + 1, "no more than one call a round, and one that has just begun"
    assert max(heard(world, user).touched for user in (ann, bob)) <= began
