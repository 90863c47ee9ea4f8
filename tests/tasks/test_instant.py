"""A burst of notices with real workers and a real beat: how many runs it causes, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from sync_tasks.state.records import RunView, UserView
from tests.support.cluster import Cluster
from tests.support.ear import Ear
from tests.support.waiting import until
from tests.support.world import World

Make = Callable[..., Cluster]


def user_of(world: World, user: UserView) -> UserView:
    with world.app.store.reading() as unit:
        return unit.accounts.user(user.id)


def forced(world: World, user: UserView) -> list[RunView]:
    """The runs that were asked for, oldest first."""
    with world.app.store.reading() as unit:
        runs = unit.runs.recent(user.id, 100)
    return sorted((run for run in runs if run.trigger == "force"), key=lambda run: run.id)


@pytest.mark.rule("INS-4", "INS-8", "INS-10")
def test_a_burst_of_fifty_notices_is_one_run_now_and_one_after_a_minute(world: World, clustered: Make) -> None:
    cluster = clustered(interval_seconds=600)
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.sync(ann)
    with world.app.store.writing() as unit:  # the first run was long ago
        unit.accounts.set_user(ann.id, last_started_at=world.now - timedelta(minutes=10))
    ear = Ear(world, ann)
    worker = cluster.worker()
    until(lambda: worker.ready, 40, every=0.1)
    cluster.beat()

    for number in range(50):
        world.appointment(ann, f"Offer {number}", RequiredAttendees=[{"address": "homer@globex.example"}])
        ear.hears()
        time.sleep(0.1)
    until(lambda: [run.state for run in forced(world, ann)] == ["done"], 30)
    ear.hears()

    later = user_of(world, ann)
    assert later.last_started_at is not None
    if later.force_pending:  # some meetings came too late for the first run
        assert later.next_sync_at - later.last_started_at >= timedelta(seconds=60)
        with world.app.store.writing() as unit:  # the minute is over
            unit.accounts.set_user(ann.id, next_sync_at=world.now)
        until(lambda: [run.state for run in forced(world, ann)] == ["done", "done"], 30)

    assert ear.hears().due is None
    assert len(world.records("Event")) == 50
    assert len(forced(world, ann)) <= 2
