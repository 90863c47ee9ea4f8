"""An organization's own mapping in force: rows of its own, other directions, rows taken out, winners by row."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.item import ItemKind
from sync_tasks.services import remapping
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

WHERE = {"name": "location", "remove": True}
OWN = {"name": "where", "from": "location", "column": "Where__c", "length": 40, "direction": "both"}


@pytest.fixture
def furnished(world: World) -> World:
    """An org whose events have a column of its own."""
    world.setting(custom_fields={"Event": [{"name": "Where__c", "length": 40}]})
    return world


def remap(world: World, *changes: dict[str, Any], kind: ItemKind = ItemKind.EVENT) -> None:
    with world.app.store.reading() as unit:
        (org,) = unit.accounts.orgs()
    remapping.put(world.app, org, {kind: changes}, by="admin")


def quiet(world: World, ann: Any) -> None:
    world.writes()
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("FLD-1")
def test_a_row_of_its_own_goes_both_ways(furnished: World) -> None:
    world = furnished
    ann = world.user()
    remap(world, WHERE, OWN)
    item = world.appointment(ann, "Call", marked=True, Location="Room 1")
    world.sync(ann)
    (event,) = world.records("Event", "Where__c", "Location")
    assert (event["Where__c"], event["Location"]) == ("Room 1", None)

    world.later(minutes=30)
    world.edit(ann, item, Location="Room 2")
    world.sync(ann)
    assert world.records("Event", "Where__c")[0]["Where__c"] == "Room 2"

    world.later(minutes=30)
    world.change("Event", event["Id"], Where__c="Room 3")
    world.sync(ann)
    assert world.entry(ann, "Call")["Location"] == "Room 3"
    quiet(world, ann)


def test_a_row_that_is_added_later_is_written_when_the_item_is_next_looked_at(furnished: World) -> None:
    world = furnished
    ann = world.user()
    item = world.appointment(ann, "Call", marked=True, Location="Room 1")
    world.sync(ann)
    remap(world, {**OWN, "direction": "up"})

    world.later(minutes=30)
    world.edit(ann, item, Subject="Call back")
    world.sync(ann)

    (event,) = world.records("Event", "Where__c", "Location", "Subject")
    assert (event["Where__c"], event["Location"], event["Subject"]) == ("Room 1", "Room 1", "Call back")
    quiet(world, ann)


def test_a_row_that_was_taken_out_is_left_alone_on_both_sides(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Call", marked=True, Location="Room 1")
    world.sync(ann)
    remap(world, WHERE)

    world.later(minutes=30)
    world.edit(ann, item, Location="Room 2")
    world.change("Event", world.saved("Call")["Id"], Location="Room 3")
    world.sync(ann)

    assert world.entry(ann, "Call")["Location"] == "Room 2"
    assert world.saved("Call")["Location"] == "Room 3"
    quiet(world, ann)


@pytest.mark.rule("TOP-8")
def test_a_winner_of_a_row_prevails_over_that_of_the_kind(world: World) -> None:
    ann = world.user(conflict__event="mailbox")
    remap(world, {"name": "location", "winner": "manual"})
    item = world.appointment(ann, "Call", marked=True, Location="Room 1")
    world.sync(ann)

    world.later(minutes=30)
    world.edit(ann, item, Location="Room 2", Subject="Here")
    world.change("Event", world.saved("Call")["Id"], Location="Room 3", Subject="There")
    world.sync(ann)

    assert world.saved("Here")["Location"] == "Room 3"
    assert world.entry(ann, "Here")["Location"] == "Room 2"
    assert [each.field for each in world.conflicts(ann)] == ["location"]


@pytest.mark.rule("PRV-4")
def test_a_private_item_is_hidden_in_rows_of_its_own_too(furnished: World) -> None:
    world = furnished
    ann = world.user(private_mode="placeholder")
    remap(world, OWN | {"direction": "up"})
    world.later(minutes=1)
    world.appointment(ann, "Doctor", marked=True, Location="Clinic", Sensitivity="Private")
    world.sync(ann)

    told = world.records("Event", "Subject", "Location", "Where__c")

    assert not any(word in str(told) for word in ("Doctor", "Clinic"))


def test_a_mail_is_saved_with_a_row_of_its_own(world: World) -> None:
    world.setting(custom_fields={"EmailMessage": [{"name": "Thread__c"}]})
    ann = world.user(autosave__emails=True)
    account = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email="homer@globex.example", AccountId=account)
    remap(world, {"name": "own_id", "from": "message_id", "column": "Thread__c"}, kind=ItemKind.EMAIL)
    world.message(ann, "Order", sender="homer@globex.example", message_id="<m1@globex.example>")

    world.sync(ann)

    assert world.query("SELECT Thread__c FROM EmailMessage") == [{"Thread__c": "<m1@globex.example>"}]


def test_changes_that_no_longer_make_sense_are_left_out_and_the_run_goes_on(world: World) -> None:
    ann = world.user()
    remap(world, {"name": "vanished", "winner": "newest"}, {"name": "location", "remove": True})
    world.appointment(ann, "Call", marked=True, Location="Room 1")

    world.sync(ann)

    assert world.saved("Call")["Location"] is None
