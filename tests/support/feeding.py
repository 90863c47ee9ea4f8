"""A world whose organization is looked at once for all its users."""

from __future__ import annotations

from sync_tasks.services import feeding
from sync_tasks.services.feeding import Round
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.org_feeds import OrgFeedView
from sync_tasks.state.records import RunState, UserView
from tests.support.world import World


def with_feed(world: World) -> World:
    """From now on a feed pays for a single user."""
    world.set(feed__users=1)
    return world


def look(world: World) -> Round:
    """A round of the feed, a minute and a half after whatever came before."""
    world.later(seconds=90)
    told = feeding.read(world.app, world.org)
    assert told is not None, "nobody wants it, or it failed"
    return told


def run(world: World, user: UserView) -> int:
    """A run whose time has come; the calls to Salesforce that it made."""
    before = calls(world)
    done = run_here(world.app, user.id, trigger="schedule")
    assert done.state == RunState.DONE, f"{done.state} {done.error_code}: {done.error_text}"
    world.last = done
    return calls(world) - before


def calls(world: World) -> int:
    """Those that Salesforce has answered so far."""
    return sum(world.control_get("counters")["calls"].get("salesforce", {}).values())


def settle(world: World, *users: UserView) -> None:
    """Rounds and runs until the feed speaks for everybody."""
    for _ in range(6):
        for user in users:
            run(world, user)
        look(world)
        if all(run(world, user) == 0 for user in users):
            return
    raise AssertionError("somebody still asks for himself")


def feed_of(world: World) -> OrgFeedView:
    with world.app.store.reading() as unit:
        return unit.org_feeds.all()[world.org][0]
