"""Guests: who is on the list, and what they answered, on both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

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


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
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


@pytest.mark.rule("ATT-6")
def test_guests_are_copied_once_where_that_is_wanted(world: World) -> None:
    ann = world.user(attendees__continuous=False)
    people = contacts(world, "homer", "marge")
    world.later(minutes=1)
    review = world.appointment(ann, "Review", RequiredAttendees=[HOMER])
    world.sync(ann)
    assert world.answers() == {people["homer"]: "Accepted"}

    world.later(minutes=30)
    world.edit(ann, review, RequiredAttendees=[MARGE], Location="Room 2")
    world.sync(ann)

    assert list(world.answers()) == [people["homer"]]
    assert world.saved("Review")["Location"] == "Room 2"
    assert [a["address"] for a in world.entry(ann, "Review")["RequiredAttendees"]] == [MARGE["address"]]


@pytest.mark.rule("ATT-7")
def test_only_colleagues_become_guests_where_that_is_wanted(world: World) -> None:
    ann, bob = world.user(attendees__colleagues_only=True), world.user("bob@acme.example")
    people = contacts(world, "homer", "marge")
    world.later(minutes=1)
    review = world.appointment(
        ann, "Review", RequiredAttendees=[HOMER, {"address": bob.address, "name": "Bob"}]
    )  # fmt: skip
    world.sync(ann)
    assert list(world.answers()) == [bob.crm_user_id]
    assert world.saved("Review")["WhoId"] == people["homer"]

    world.later(minutes=30)
    world.record("EventRelation", EventId=world.saved("Review")["Id"], RelationId=people["marge"])
    world.sync(ann)

    listed = [a["address"] for a in world.entry(ann, "Review")["RequiredAttendees"]]
    assert listed == [HOMER["address"], bob.address]
    world.edit(ann, review, RequiredAttendees=[HOMER])
    world.sync(ann)
    assert list(world.answers()) == [people["marge"]]


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("ATT-8", "ATT-9")
def test_an_appointment_that_gets_its_first_guest_in_salesforce_becomes_a_meeting_and_we_mail_nobody(
    world: World,
) -> None:
    ann = world.user()
    people = contacts(world, "homer")
    world.later(minutes=1)
    visit = world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                         OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)
    assert not world.entry(ann, "Visit")["IsMeeting"]

    world.later(minutes=30)
    world.record("EventRelation", EventId=visit, RelationId=people["homer"])
    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert ([a["address"] for a in item["RequiredAttendees"]], item["IsMeeting"]) == ([HOMER["address"]], True)
    assert world.mails() == 0
    # and as a meeting it outlives its event (an appointment would go with it)
    world.later(minutes=30)
    world.remove("Event", visit)
    world.sync(ann)
    assert world.item(ann, "Visit") is not None


@pytest.mark.rule("ATT-10")
def test_a_colleague_is_one_person_under_all_his_addresses(world: World) -> None:
    ann, bob = world.user(), world.user("bob@acme.example", aliases=["robert@acme.example", "bob@acme.test"])
    world.later(minutes=1)
    world.sync(bob)
    robert = {"address": "robert@acme.example", "name": "Robert", "response": "Accept"}
    review = world.appointment(ann, "Review", marked=True, RequiredAttendees=[robert])
    world.sync(ann)
    assert world.answers() == {bob.crm_user_id: "Accepted"}

    world.later(minutes=30)
    world.edit(ann, review, Location="Room 2")
    world.sync(ann)

    assert [a["address"] for a in world.entry(ann, "Review")["RequiredAttendees"]] == ["robert@acme.example"]
    assert world.answers() == {bob.crm_user_id: "Accepted"}
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
@pytest.mark.rule("ATT-10")
def test_the_addresses_of_a_mailbox_are_asked_for_once_a_week(world: World) -> None:
    ann = world.user(aliases=["anna@acme.example"])
    asked = []
    for _ in range(15):
        world.calls()
        world.sync(ann)
        asked.append(world.calls()["ews"].get("ews.ResolveNames", 0))
        world.later(days=1)

    assert asked == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    with world.app.store.reading() as unit:
        assert unit.accounts.user(ann.id).aliases == ("anna@acme.example",)
