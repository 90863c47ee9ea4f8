"""What our own rules removed on one side is never read as somebody's deletion on the other (DEL-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def shown(world: World, user: UserView) -> str:
    """An event of Salesforce that is shown in the calendar."""
    world.later(minutes=1)
    start = (world.now + timedelta(days=1)).isoformat()
    event = world.record("Event", Subject="Visit", StartDateTime=start, DurationInMinutes=30, OwnerId=user.crm_user_id)
    world.sync(user)
    assert world.item(user, "Visit") is not None
    return event


def slides_out(world: World, _user: UserView) -> None:
    world.later(days=20)


def is_switched_off(world: World, user: UserView) -> None:
    world.set(user, events__down=False)
    world.later(minutes=30)


REMOVALS = [pytest.param(slides_out, id="window"), pytest.param(is_switched_off, id="switch")]
Removal = Callable[[World, UserView], None]


def stays(world: World, user: UserView, runs: int = 3) -> None:
    """The event stays in Salesforce, run after run, and nothing is written any more."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}
    assert len(world.records("Event")) == 1


@pytest.mark.rule("DEL-3", "SCP-16")
@pytest.mark.parametrize("removal", REMOVALS)
def test_what_we_removed_from_the_mailbox_stays_in_salesforce(world_on_both: World, removal: Removal) -> None:
    world = world_on_both
    ann = world.user()
    shown(world, ann)

    removal(world, ann)
    world.sync(ann)

    assert world.items(ann) == []
    stays(world, ann)


@pytest.mark.rule("DEL-3", "TOP-5")
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.parametrize("removal", REMOVALS)
def test_a_removal_whose_answer_never_came_is_still_ours(world: World, removal: Removal, cut: str) -> None:
    ann = world.user()
    shown(world, ann)

    removal(world, ann)
    world.trouble("delete", **{cut: True})
    world.sync(ann, ends="failed")
    world.later(minutes=30)
    world.sync(ann)

    assert world.items(ann) == []
    stays(world, ann)


@pytest.mark.rule("DEL-3")
@pytest.mark.parametrize("removal", REMOVALS)
def test_reading_everything_anew_finds_no_deletion_of_the_user_in_it(world: World, removal: Removal) -> None:
    ann = world.user()
    shown(world, ann)
    removal(world, ann)
    world.sync(ann)

    world.lose_cursors(ann, "mailbox:calendar", "crm:event")

    stays(world, ann)


@pytest.mark.rule("DEL-1", "DEL-3")
def test_a_deletion_of_the_user_after_a_removal_that_never_arrived_is_the_user_s(world: World) -> None:
    ann = world.user()
    event = shown(world, ann)
    is_switched_off(world, ann)
    world.trouble("delete", drop_before=True)
    world.sync(ann, ends="failed")
    world.set(ann, events__down=True)
    world.later(minutes=30)
    world.change("Event", event, Location="Here")
    world.sync(ann)

    world.discard(ann, world.items(ann)[0]["id"])
    world.later(minutes=30)
    world.sync(ann)

    assert world.records("Event") == []


@pytest.mark.rule("DEL-3")
def test_what_was_released_may_be_deleted_in_the_mailbox_without_harm(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Call", marked=True)
    world.sync(ann)
    world.later(days=20)
    world.sync(ann)

    world.discard(ann, item)

    stays(world, ann)


@pytest.mark.rule("DEL-3")
def test_what_was_released_may_be_deleted_in_salesforce_without_harm(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Call", marked=True)
    world.sync(ann)
    world.later(days=20)
    world.sync(ann)
    world.writes()

    world.remove("Event", world.records("Event")[0]["Id"])
    world.later(minutes=30)
    world.sync(ann)

    assert world.item(ann, "Call") is not None
    assert world.writes().keys() <= {"salesforce"}


@pytest.mark.rule("DEL-3", "DEL-8")
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
def test_an_unsync_whose_answer_never_came_leaves_the_mailbox_copy(world: World, cut: str) -> None:
    ann = world.user()
    item = world.appointment(ann, "Call", marked=True)
    world.sync(ann)
    world.edit(ann, item, Categories=["Salesforce", "Salesforce Unsync"])

    world.control("faults", match="sf.collections.delete", times=1, action={cut: True})
    world.later(minutes=30)
    run_here(world.app, ann.id)
    for _ in range(3):
        world.later(minutes=30)
        world.sync(ann)

    found = world.item(ann, "Call")
    assert found is not None
    assert found.get("Categories", []) == []
    assert world.records("Event") == []
