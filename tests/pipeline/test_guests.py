"""Guests: who is on the list, and what they answered, on both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.world import World

HOMER = {"address": "homer@globex.example", "name": "Homer", "response": "Accept"}
MARGE = {"address": "marge@globex.example", "name": "Marge", "response": "Decline"}
BART = {"address": "bart@globex.example", "name": "Bart"}


def contacts(world: World, *names: str) -> dict[str, str]:
    """Name -> id of contacts of one customer."""
    return {name: world.record("Contact", LastName=name, Email=f"{name}@globex.example") for name in names}


@pytest.mark.rule("FLD-8")
@pytest.mark.parametrize("change", ["Location", "Start"])
def test_answers_are_written_again_when_the_meeting_moves(world: World, change: str) -> None:
    ann = world.user()
    people = contacts(world, "homer", "marge", "bart")
    world.later(minutes=1)
    begin = world.now + timedelta(days=1)
    review = world.appointment(ann, "Review", start=begin, RequiredAttendees=[HOMER, MARGE, BART])
    world.sync(ann)

    world.later(minutes=30)
    moved = {"Location": "Room 2"} if change == "Location" else {"Start": (begin + timedelta(minutes=15)).isoformat()}
    world.edit(ann, review, **moved)
    world.sync(ann)

    assert world.answers() == {people["homer"]: "Accepted", people["marge"]: "Declined", people["bart"]: "New"}
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("FLD-8")
def test_answers_come_back_after_somebody_moves_the_meeting_in_salesforce(world: World) -> None:
    ann = world.user()
    people = contacts(world, "homer")
    world.later(minutes=1)
    world.appointment(ann, "Review", RequiredAttendees=[HOMER])
    world.sync(ann)
    found = world.saved("Review")

    world.later(minutes=30)
    world.change("Event", found["Id"], Location="There")
    assert world.answers() == {people["homer"]: "New"}
    world.sync(ann)

    assert world.answers() == {people["homer"]: "Accepted"}


@pytest.mark.rule("STS-3")
def test_ones_own_answer_to_somebody_elses_meeting_is_carried_neither_way(world: World) -> None:
    ann = world.user()
    contacts(world, "homer")
    world.later(minutes=1)
    world.appointment(
        ann, "Invited", Organizer=HOMER, IsMeeting=True, MyResponseType="Accept",
        RequiredAttendees=[{"address": ann.address, "name": "Ann", "response": "Accept"}],
    )  # fmt: skip
    world.sync(ann)
    assert world.answers() == {}

    found = world.saved("Invited")
    relation = world.record("EventRelation", EventId=found["Id"], RelationId=ann.crm_user_id, Status="Declined")
    world.later(minutes=30)
    world.sync(ann)

    item = world.entry(ann, "Invited")
    assert item["MyResponseType"] == "Accept"
    assert world.query(f"SELECT Status FROM EventRelation WHERE Id = '{relation}'") == [{"Status": "Declined"}]
