"""Private events: left alone, shown as a placeholder, saved for all, or taken back when they become private."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.exchange import recording
from tests.support.wire import overhearing
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER = {"address": "homer@globex.example", "name": "Homer", "response": "Accept"}
SHOWN = "SELECT Subject, Location, Description, IsPrivate, WhoId, WhatId, ShowAs FROM Event"
CONTENT = ("Doctor", "Clinic", "Bring the results")
NOTHING = {"Location": None, "Description": None, "WhoId": None, "WhatId": None}


def customer(world: World) -> str:
    account = world.record("Account", Name="Globex")
    return world.record("Contact", LastName="Simpson", Email="homer@globex.example", AccountId=account)


def secret(world: World, user: UserView, **more: object) -> str:
    world.later(minutes=1)
    return world.appointment(
        user, "Doctor", Sensitivity="Private", Location="Clinic", Body={"text": "Bring the results"},
        LegacyFreeBusyStatus="OOF", **more,
    )  # fmt: skip


@pytest.mark.seed(14)
@pytest.mark.rule("PRV-1")
def test_a_private_item_that_is_left_alone_is_not_asked_for_its_body_and_not_sent_anywhere(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    item = secret(world, ann)
    other = world.appointment(ann, "Lunch")

    with overhearing(world) as wire:
        world.sync(ann)

    assert (wire.told("Lunch", *CONTENT), world.event("Doctor")) == (["Lunch"], None)
    assert wire.bodies == {world.known_as(ann, other)}
    assert world.known_as(ann, item) not in wire.bodies


@pytest.mark.told_over("exchange", why="the feeds of the others tell events whole, whoever asks")
@pytest.mark.seed(14)
@pytest.mark.rule("PRV-1")
def test_the_body_of_a_private_item_that_is_left_alone_never_leaves_the_mailbox(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    item = secret(world, ann)
    other = world.appointment(ann, "Lunch")

    with recording() as wire:
        world.sync(ann)

    assert world.event("Lunch") is not None
    assert world.event("Doctor") is None
    bodies = [request for request in wire.requests if b"item:TextBody" in request or b"item:Body" in request]
    assert any(other.encode() in request for request in bodies)
    assert not any(item.encode() in request for request in bodies)


@pytest.mark.seed(14)
@pytest.mark.rule("PRV-4")
@pytest.mark.parametrize("guests", [[], [HOMER]])
def test_a_placeholder_shows_the_time_and_nothing_else(world: World, guests: list[dict[str, str]]) -> None:
    ann = world.user(autosave__appointments=True, private_mode="placeholder")
    customer(world)
    item = secret(world, ann, RequiredAttendees=guests)

    with overhearing(world) as wire:
        world.sync(ann)

    assert world.query(SHOWN) == [{"Subject": "Private", "IsPrivate": True, "ShowAs": "OutOfOffice", **NOTHING}]
    assert world.answers() == {}
    assert (wire.told("Private", *CONTENT), wire.bodies) == (["Private"], set())
    world.later(minutes=30)
    world.edit(ann, item, Location="Other clinic", Start=(world.now + timedelta(days=2)).isoformat(),
               End=(world.now + timedelta(days=2, hours=1)).isoformat())  # fmt: skip
    world.sync(ann)
    assert world.query(SHOWN) == [{"Subject": "Private", "IsPrivate": True, "ShowAs": "OutOfOffice", **NOTHING}]
    assert world.saved("Private")["StartDateTime"][:10] == (world.now + timedelta(days=2)).date().isoformat()
    assert world.entry(ann, "Doctor")["Location"] == "Other clinic"


@pytest.mark.seed(14)
@pytest.mark.rule("PRV-3", "PRV-5")
@pytest.mark.parametrize("all_day", [False, True])
def test_private_items_are_saved_with_everything_where_that_is_wanted(world: World, all_day: bool) -> None:
    ann = world.user(autosave__appointments=True, private_mode="full")
    secret(world, ann, IsAllDayEvent=all_day)

    world.sync(ann)

    found = world.saved("Doctor")
    assert (found["Location"], found["Description"], found["IsPrivate"]) == ("Clinic", "Bring the results", False)


@pytest.mark.rule("PRV-6")
def test_what_becomes_private_is_taken_back_with_guests_and_links_and_stays_linked(world: World) -> None:
    ann = world.user()
    contact = customer(world)
    world.later(minutes=1)
    review = world.appointment(ann, "Review", RequiredAttendees=[HOMER], Location="Here", Body={"text": "The plan"})
    world.sync(ann)
    event = world.saved("Review")
    assert (event["WhoId"], list(world.answers())) == (contact, [contact])

    world.later(minutes=30)
    world.edit(ann, review, Sensitivity="Private")
    world.sync(ann)

    hidden = {"Subject": "Private", "IsPrivate": True, "ShowAs": "Busy", **NOTHING}
    assert world.query(SHOWN) == [hidden]
    assert world.answers() == {}
    item = world.entry(ann, "Review")
    assert (item["Location"], [a["address"] for a in item["RequiredAttendees"]]) == ("Here", [HOMER["address"]])
    assert Reason.REDACTED in {op.reason for op in world.operations()}

    world.later(minutes=30)
    world.change("Event", event["Id"], Subject="Guessed")
    world.sync(ann)
    assert world.item(ann, "Review") is not None
    assert world.query(SHOWN)[0]["Location"] is None

    world.edit(ann, review, Sensitivity="Normal")
    world.sync(ann)
    assert (world.saved("Review")["Location"], world.saved("Review")["IsPrivate"]) == ("Here", False)
    assert list(world.answers()) == [contact]
