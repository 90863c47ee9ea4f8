"""Events that stand on both sides before anybody synchronizes them: taken for one, or for nobody knows what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.pipeline.test_events import TRACKED
from tests.support.world import ORG, World

pytestmark = pytest.mark.every_mailbox

HOMER = {"address": "homer@globex.example", "name": "Homer"}


def entered(world: World, user: UserView, subject: str = "Review", **more: Any) -> str:
    """An event that somebody entered in Salesforce long ago, starting in a day."""
    row = {
        "Subject": subject, "StartDateTime": (world.now + timedelta(days=1)).isoformat(), "DurationInMinutes": 60,
        "OwnerId": user.crm_user_id, **more,
    }  # fmt: skip
    return world.record("Event", **row)


def customer(world: World) -> str:
    return world.record("Contact", LastName="Simpson", Email="homer@globex.example")


def quiet(world: World, user: UserView) -> None:
    world.writes()
    for _ in range(2):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize("known_before", [True, False])
def test_a_meeting_that_salesforce_has_already_is_adopted_and_linked(world: World, known_before: bool) -> None:
    ann = world.user()
    contact = customer(world)
    if not known_before:
        world.later(minutes=1)  # so it is among those that are to be shown in the calendar
    event = entered(world, ann, DurationInMinutes=45, Description="Notes")
    begin = world.now + timedelta(days=1)
    if known_before:
        with world.app.store.writing() as unit:
            unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(minutes=1))
    world.later(minutes=2)
    world.appointment(ann, "Review", start=begin, Location="Here", RequiredAttendees=[HOMER])

    world.sync(ann)

    assert [row["Id"] for row in world.records("Event")] == [event]
    found = world.saved("Review")
    assert (found["WhoId"], found["Location"], found["DurationInMinutes"]) == (contact, "Here", 60)
    assert (found["Description"], bool(found["InboxSync_Key__c"])) == ("Notes", True)
    assert list(world.answers()) == [contact]
    assert [item["values"]["Categories"] for item in world.items(ann)] == [TRACKED]
    quiet(world, ann)


@pytest.mark.rule("IDN-1")
def test_an_appointment_is_adopted_only_when_it_ends_alike_and_others_are_made(world: World) -> None:
    ann, bob = world.user(), world.user("bob@acme.example")
    same = entered(world, ann, "Lunch")
    entered(world, ann, "Call", DurationInMinutes=30)
    entered(world, bob, "Walk")
    for subject in ("Lunch", "Call", "Walk"):
        world.appointment(ann, subject, marked=True)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(minutes=1))
    world.later(minutes=2)

    world.sync(ann)

    assert world.saved("Lunch")["Id"] == same
    subjects = [row["Subject"] for row in world.records("Event", "Subject")]
    assert sorted(subjects) == ["Call", "Call", "Lunch", "Walk", "Walk"]


@pytest.mark.rule("IDN-2", "TOP-23")
def test_a_record_that_names_the_item_is_adopted_whatever_it_looks_like(world: World) -> None:
    world.setting(advanced_calendaring=True)
    ann = world.user()
    row = {
        "Subject": "Old name", "StartDateTime": "2026-03-09T10:00:00Z", "EndDateTime": "2026-03-09T11:00:00Z",
        "OwnerId": ann.crm_user_id, "ClientGuid": "uid-of-lunch",
    }  # fmt: skip
    event = world.control("salesforce/records", org=ORG, records=[{"object": "Event", "fields": row}])["ids"][0]
    world.appointment(ann, "Lunch", marked=True, UID="uid-of-lunch")
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(minutes=1))
    world.later(minutes=2)

    world.sync(ann)

    assert world.saved("Lunch")["Id"] == event
    assert len(world.records("Event")) == 1
    quiet(world, ann)


@pytest.mark.rule("IDN-5", "IDN-5'")
@pytest.mark.parametrize(("items", "records", "reason"), [(1, 2, Reason.AMBIGUOUS), (2, 1, Reason.ALIKE)])
def test_what_cannot_be_told_apart_is_left_alone_and_everything_else_goes_on(
    world: World, items: int, records: int, reason: Reason
) -> None:
    ann = world.user()
    for _ in range(records):
        entered(world, ann, "Lunch")
    made = [world.appointment(ann, "Lunch", marked=True) for _ in range(items)]
    world.appointment(ann, "Call", marked=True)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(minutes=1))
    world.later(minutes=2)

    world.sync(ann)

    assert world.event("Call") is not None
    assert [row["Subject"] for row in world.records("Event", "Subject")].count("Lunch") == records
    assert world.issues(ann) == [reason.value] * items
    world.edit(ann, made[0], Subject="My lunch")
    world.later(minutes=30)
    world.sync(ann)
    assert world.event("My lunch") is not None


@pytest.mark.rule("IDN-1")
def test_two_items_that_look_the_same_are_two_events_when_salesforce_has_none(world: World) -> None:
    ann = world.user()
    for _ in range(2):
        world.appointment(ann, "Lunch", marked=True)

    world.sync(ann)

    assert len(world.records("Event")) == 2
    assert world.issues(ann) == []
