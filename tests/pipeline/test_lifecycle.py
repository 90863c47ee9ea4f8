"""Mailboxes that are reset, set up anew, claimed by somebody else, and left for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from sync_tasks.services import lifecycle
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import UserView
from tests.pipeline.test_events import TRACKED
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER = {"address": "homer@globex.example", "name": "Homer"}


def furnished(world: World) -> UserView:
    """A user with an appointment and a meeting of his own, and an appointment born in Salesforce."""
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    world.appointment(ann, "Lunch", marked=True)
    world.appointment(ann, "Review", RequiredAttendees=[HOMER])
    begin = (world.now + timedelta(days=1)).isoformat()
    world.record("Event", Subject="Visit", StartDateTime=begin, DurationInMinutes=30, OwnerId=ann.crm_user_id)
    world.sync(ann)
    assert {each["values"]["Subject"] for each in world.items(ann)} == {"Lunch", "Review", "Visit"}
    return ann


def now(world: World, user: UserView) -> UserView:
    with world.app.store.reading() as unit:
        return unit.accounts.user(user.id)


def listed(world: World, user: UserView) -> set[str]:
    """Our categories in the mailbox's own list."""
    return world.categories(user) & world.mailboxes.marks


def stays(world: World) -> set[str]:
    """Those that stay when we leave: folders do, with what lies in them, and a label may be folder and mark at once."""
    return set() if Can.FOLDERS in world.mailboxes.can else {"Salesforce"}


def quiet(world: World, user: UserView, runs: int = 2) -> None:
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    writes = world.writes()
    assert {vendor: things for vendor, things in writes.items() if vendor == "salesforce"} == {}
    assert not {"CalendarItem", "event"} & {thing for things in writes.values() for thing in things}


@pytest.mark.rule("LIF-3")
@pytest.mark.point("1.3.5")
def test_a_reset_takes_our_entries_out_and_the_first_run_after_enabling_puts_them_back(world: World) -> None:
    ann = furnished(world)
    assert listed(world, ann) == world.mailboxes.marks

    lifecycle.reset_mailbox(world.app, ann)

    assert listed(world, ann) == stays(world)
    assert now(world, ann).status == "disabled"
    assert world.entry(ann, "Lunch")["Categories"] == TRACKED
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, disabled_at=None)
    quiet(world, ann, runs=1)
    assert listed(world, ann) == world.mailboxes.marks
    assert len(world.records("Event")) == 3


@pytest.mark.rule("LIF-4")
def test_a_mailbox_that_is_initialized_anew_keeps_its_links_and_tells_what_was_deleted_meanwhile(world: World) -> None:
    ann = furnished(world)
    lifecycle.reinitialize(world.app, ann)
    quiet(world, ann)
    assert len(world.records("Event")) == 3

    lunch = next(each["id"] for each in world.items(ann) if each["values"]["Subject"] == "Lunch")
    world.discard(ann, lunch)
    lifecycle.reinitialize(world.app, ann)
    world.sync(ann)

    assert world.event("Lunch") is None
    assert world.event("Review") is not None


@pytest.mark.rule("LIF-5")
def test_a_mailbox_that_another_installation_has_set_up_is_refused_until_it_is_initialized_anew(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Lunch", marked=True)
    world.app.mailbox(ann).claim("globex/0123456789ab")

    run = run_here(world.app, ann.id)

    assert (run.state, run.error_code) == ("failed", "MAILBOX.CONFIG.CLAIMED")
    assert "globex/0123456789ab" in run.error_text
    assert "ISSM-004" in run.error_text
    assert now(world, ann).suspended_code == "MAILBOX.CONFIG.CLAIMED"
    assert (world.records("Event"), world.entry(ann, "Lunch")["Categories"]) == ([], ["Salesforce"])

    lifecycle.reinitialize(world.app, ann)
    world.sync(now(world, ann))
    assert world.event("Lunch") is not None
    assert world.app.mailbox(now(world, ann)).claimed_by() == world.app.instance("acme")


@pytest.mark.rule("LIF-6", "DEL-3", "DEL-10")
def test_a_user_who_is_deactivated_is_left_with_his_own_and_salesforce_keeps_everything(world: World) -> None:
    ann = furnished(world)
    looked = lifecycle.deactivate(world.app, ann, preview=True)
    assert looked.is_preview
    assert len(world.items(ann)) == 3

    run = lifecycle.deactivate(world.app, now(world, ann))

    assert run.state == "done"
    assert {each["values"]["Subject"]: each["values"].get("Categories", []) for each in world.items(ann)} == {
        "Lunch": [], "Review": [],
    }  # fmt: skip
    assert len(world.records("Event")) == 3
    assert (world.mails(), listed(world, ann), now(world, ann).status) == (0, stays(world), "disabled")
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, disabled_at=None)
    quiet(world, ann)
    assert (len(world.records("Event")), len(world.items(ann))) == (3, 2)


@pytest.mark.seed(21)
@pytest.mark.rule("LIF-1", "LIF-2")
def test_resetting_what_is_ours_in_the_mailbox_touches_no_event(world: World) -> None:
    ann = furnished(world)
    world.drop_folder(ann, "Salesforce Emails")
    world.app.mailbox(now(world, ann)).withdraw()

    quiet(world, ann)

    assert len(world.records("Event")) == 3
    assert {str(each["values"]["Categories"]) for each in world.items(ann)} == {str(TRACKED)}
    assert world.items(ann, "Salesforce Emails") == []  # there is such a folder again


@pytest.mark.any_mailbox(why="whom a block list holds off is told by addresses")
@pytest.mark.rule("LIF-7")
def test_a_block_list_holds_from_the_next_run_on(world: World) -> None:
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    world.appointment(ann, "Before", RequiredAttendees=[HOMER])
    world.sync(ann)
    assert world.event("Before") is not None

    world.set(ann, blocklist__user=["globex.example"])
    world.appointment(ann, "After", RequiredAttendees=[HOMER])
    world.sync(ann)

    assert world.event("After") is None


@pytest.mark.rule("DEL-9")
def test_what_took_place_stays_in_the_mailbox_when_the_mailbox_is_initialized_anew(world: World) -> None:
    ann = furnished(world)
    world.later(days=5)
    world.sync(ann)

    lifecycle.reinitialize(world.app, ann)
    world.sync(ann)

    assert {each["values"]["Subject"] for each in world.items(ann)} == {"Lunch", "Review", "Visit"}
