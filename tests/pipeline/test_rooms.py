"""Rooms: their names as the place of a meeting, and the booking in Salesforce."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import ORG, World

pytestmark = pytest.mark.every_mailbox

BLUE = {"address": "blue@acme.example", "name": "Blue Room"}
RED = {"address": "red@acme.example", "name": "Red Room"}
HOMER = {"address": "homer@globex.example", "name": "Homer"}


@pytest.fixture
def ann(world: World) -> UserView:
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    return world.user(rooms__read_location=True, rooms__link=True)


def resource(world: World, name: str) -> str:
    row = {"object": "Calendar", "fields": {"Name": name, "Type": "Resource", "IsActive": True}}
    return str(world.control("salesforce/records", org=ORG, records=[row])["ids"][0])


def meeting(world: World, user: UserView, *rooms: dict[str, str], **more: object) -> str:
    world.later(minutes=1)
    return world.appointment(user, "Review", marked=True, RequiredAttendees=[HOMER], Resources=list(rooms), **more)


def booked(world: World) -> list[str]:
    return [room for room in world.answers() if room.startswith("023")]


def test_the_one_room_is_the_place_and_is_booked(world: World, ann: UserView) -> None:
    blue = resource(world, "BLUE ROOM")
    review = meeting(world, ann, BLUE)

    world.sync(ann)

    assert world.saved("Review")["Location"] == "Blue Room"
    assert (booked(world), world.answers()[blue]) == ([blue], "Accepted")
    assert world.entry(ann, "Review").get("Location", "") == ""
    world.writes()
    world.later(minutes=30)
    world.edit(ann, review, Location="Bring chairs")
    world.sync(ann)
    assert world.saved("Review")["Location"] == "Blue Room; Bring chairs"
    assert booked(world) == [blue]
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


def test_several_rooms_are_text_only_and_salesforce_does_not_change_the_place(world: World, ann: UserView) -> None:
    resource(world, "Blue Room")
    meeting(world, ann, BLUE, RED, Location="Blue Room")
    world.sync(ann)
    assert (world.saved("Review")["Location"], booked(world)) == ("Red Room; Blue Room", [])

    world.later(minutes=30)
    world.change("Event", world.saved("Review")["Id"], Location="Elsewhere")
    world.sync(ann)

    assert world.entry(ann, "Review")["Location"] == "Blue Room"


def test_another_room_is_booked_in_place_of_the_first_and_none_when_there_is_none(world: World, ann: UserView) -> None:
    resource(world, "Blue Room")
    red = resource(world, "Red Room")
    review = meeting(world, ann, BLUE)
    world.sync(ann)

    world.later(minutes=30)
    world.edit(ann, review, Resources=[RED])
    world.sync(ann)
    assert booked(world) == [red]

    world.later(minutes=30)
    world.edit(ann, review, Resources=[])
    world.sync(ann)
    assert booked(world) == []


def test_what_somebody_booked_in_salesforce_stays(world: World, ann: UserView) -> None:
    blue, red = resource(world, "Blue Room"), resource(world, "Red Room")
    review = meeting(world, ann, BLUE)
    world.sync(ann)
    world.later(minutes=30)
    world.record("EventRelation", EventId=world.saved("Review")["Id"], RelationId=red)
    world.edit(ann, review, Subject="Renamed", Resources=[])

    world.sync(ann)

    assert booked(world) == [red]
    assert blue not in world.answers()


def test_a_room_that_is_taken_is_told_and_the_meeting_is_saved_without_it(world: World, ann: UserView) -> None:
    blue = resource(world, "Blue Room")
    begin = world.now + timedelta(days=1)
    other = world.record("Event", Subject="Other", StartDateTime=begin.isoformat(), DurationInMinutes=600)
    world.record("EventRelation", EventId=other, RelationId=blue)
    meeting(world, ann, BLUE)

    world.sync(ann)

    assert world.saved("Review")["Location"] == "Blue Room"
    assert world.issues(ann) == [Reason.ROOM_TAKEN.value]
    world.remove("Event", other)
    world.later(hours=2)
    world.sync(ann)
    assert (world.issues(ann), booked(world)) == ([], [blue])


def test_a_meeting_moves_even_when_its_room_is_taken_then(world: World, ann: UserView) -> None:
    blue = resource(world, "Blue Room")
    begin = world.now + timedelta(days=1)
    review = meeting(world, ann, BLUE, start=begin)
    world.sync(ann)
    later = begin + timedelta(days=2)
    other = world.record("Event", Subject="Other", StartDateTime=later.isoformat(), DurationInMinutes=600)
    world.record("EventRelation", EventId=other, RelationId=blue)

    world.later(minutes=30)
    world.edit(ann, review, Start=later.isoformat(), End=(later + timedelta(hours=1)).isoformat())
    world.sync(ann)

    assert world.saved("Review")["StartDateTime"][:10] == later.date().isoformat()
    assert world.issues(ann) == [Reason.ROOM_TAKEN.value]
    world.later(minutes=30)
    free = later + timedelta(days=1)
    world.edit(ann, review, Start=free.isoformat(), End=(free + timedelta(hours=1)).isoformat())
    world.sync(ann)
    assert world.issues(ann) == []
    assert len(booked(world)) == 1
