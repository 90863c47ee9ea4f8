"""Many calendars that change at once: how many runs that causes, and when."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from sync_tasks.services import listening
from sync_tasks.services.pipeline import next_stage, perform
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.state.records import RunRef
from tests.support.hooks import Hooks, hooked
from tests.support.waiting import until
from tests.support.world import World

pytestmark = pytest.mark.told_over("exchange", why="it counts runs of fifty users, which take their time")

USERS, EACH, SECONDS = 50, 10, 10
HOMER = {"address": "homer@globex.example", "name": "Homer"}


def dispatch(hooks: Hooks) -> None:
    def enqueue(run: RunRef, stage: str) -> None:
        going: str | None = stage
        while going is not None:
            going = next_stage(going) if perform(hooks.app, run, going) else None

    dispatch_due(hooks.app, enqueue)


def forced(world: World) -> dict[int, list[datetime]]:
    """When the runs that were asked for began, by user."""
    with world.app.store.reading() as unit:
        runs = unit.runs.recent(None, 1000)
    found = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.id):
        if run.trigger == "force":
            found[run.user_id].append(run.started_at)
    return found


@pytest.mark.fleet
@pytest.mark.rule("INS-4", "INS-8", "INS-10", "TOP-14")
def test_five_hundred_notifications_for_fifty_users_are_a_run_each_and_one_more(world: World) -> None:
    with hooked(world) as hooks:
        world.record("Contact", LastName="Simpson", Email=HOMER["address"])
        users = [world.user(f"u{number}@acme.example") for number in range(USERS)]
        dispatch(hooks)
        world.later(minutes=10)
        for user in users:
            listening.renew(world.app, user.id)
        begin = world.now

        for second in range(SECONDS):
            for user in users:
                world.appointment(user, f"Offer {second}", RequiredAttendees=[HOMER])
            world.control("ews/push")
            hooks.work()
            dispatch(hooks)
            world.later(seconds=1)
        world.control("ews/push")
        assert hooks.counts["ews.taken"] + hooks.counts["ews.covered"] >= USERS * EACH
        for _ in range(20):
            hooks.work()
            dispatch(hooks)
            world.later(seconds=10)

        starts = forced(world)
        within = [at for times in starts.values() for at in times if at < begin + timedelta(seconds=60)]
        assert len(starts) == USERS
        assert len(within) <= USERS
        assert all(len(times) <= 2 for times in starts.values())
        assert all(later - first >= timedelta(seconds=60) for first, later in starts.values())
        assert len(world.records("Event")) == USERS * EACH
        until(lambda: not hooks.hints)
