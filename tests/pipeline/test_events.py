"""Stories of events, mirrored both ways through the real chain of stages and the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

TRACKED = ["Salesforce", "Status: Tracked successfully"]


event = World.event


# --- up


@pytest.mark.rule("SCP-4", "FLD-1", "MRK-5")
def test_an_appointment_saved_automatically_stands_in_salesforce_and_is_marked(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Lunch", minutes=90, Location="Canteen")

    world.sync(ann)

    found = event(world, "Lunch")
    assert found is not None
    assert (found["Location"], found["DurationInMinutes"], found["OwnerId"]) == ("Canteen", 90, ann.crm_user_id)
    item = world.item(ann, "Lunch")
    assert item is not None
    assert item["Categories"] == TRACKED


@pytest.mark.rule("FLD-1")
def test_a_second_run_without_changes_writes_nothing(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    for number in range(3):
        world.appointment(ann, f"Call {number}")
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)
    world.writes()

    for _ in range(3):
        world.later(minutes=30)
        world.sync(ann)

    assert world.writes() == {}


@pytest.mark.rule("SCP-7", "SCP-4")
def test_only_the_window_is_saved_automatically_but_a_mark_saves_anything(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Long ago", start=world.now - timedelta(days=20))
    world.appointment(ann, "Long ago, marked", start=world.now - timedelta(days=20), marked=True)

    world.sync(ann)
    world.later(days=1)
    world.sync(ann)

    assert event(world, "Long ago") is None
    assert event(world, "Long ago, marked") is not None
    item = world.item(ann, "Long ago, marked")
    assert item is not None
    assert item["Categories"] == TRACKED


@pytest.mark.seed(17)
@pytest.mark.rule("SCP-8", "SCP-8'")
def test_an_untouched_item_is_saved_on_the_day_it_enters_the_window(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Far ahead", start=world.now + timedelta(days=90))
    world.sync(ann)
    assert event(world, "Far ahead") is None

    world.later(days=29)
    world.sync(ann)
    assert event(world, "Far ahead") is None

    world.later(days=2)
    world.sync(ann)
    assert event(world, "Far ahead") is not None


@pytest.mark.seed(18)
@pytest.mark.rule("SCP-5")
def test_what_was_created_before_activation_is_saved_only_when_marked(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(hours=1))
    old = world.appointment(ann, "Old", start=world.now + timedelta(days=3))
    world.later(hours=2)
    world.sync(ann)
    assert event(world, "Old") is None

    world.edit(ann, old, Categories=["Salesforce"])
    world.sync(ann)

    assert event(world, "Old") is not None


@pytest.mark.rule("SCP-1", "SCP-11", "ROL-1", "STS-2")
def test_a_meeting_is_saved_when_somebody_on_it_is_known_and_invitees_become_relations(world: World) -> None:
    ann = world.user()
    account = world.record("Account", Name="Globex")
    contact = world.record("Contact", LastName="Simpson", Email="homer@globex.example", AccountId=account)
    world.later(minutes=1)
    world.appointment(
        ann, "Review",
        RequiredAttendees=[
            {"address": "homer@globex.example", "name": "Homer", "response": "Accept"},
            {"address": "stranger@globex.example", "name": "Stranger"},
        ],
    )  # fmt: skip
    world.appointment(ann, "Strangers", RequiredAttendees=[{"address": "who@nowhere.example", "name": "Who"}])

    world.sync(ann)

    found = event(world, "Review")
    assert found is not None
    assert (found["WhoId"], found["WhatId"]) == (contact, account)
    relations = world.query("SELECT RelationId, Status FROM EventRelation")
    assert relations == [{"RelationId": contact, "Status": "Accepted"}]
    assert event(world, "Strangers") is None


@pytest.mark.rule("SCP-2", "ROL-4")
def test_an_unanswered_invitation_waits_until_it_is_accepted(world: World) -> None:
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    given = {
        "RequiredAttendees": [{"address": ann.address, "name": "Ann"}],
        "Organizer": {"address": "homer@globex.example", "name": "Homer"}, "IsMeeting": True,
        "MyResponseType": "NoResponseReceived",
    }  # fmt: skip
    invitation = world.appointment(ann, "Invited", **given)
    world.sync(ann)
    assert event(world, "Invited") is None
    assert world.issues(ann) == ["ISE-013"]

    world.edit(ann, invitation, MyResponseType="Accept")
    world.sync(ann)

    assert event(world, "Invited") is not None
    assert world.issues(ann) == []


@pytest.mark.rule("SCP-9", "SCP-10", "SCP-13", "PRV-1")
def test_internal_blocked_and_private_items_are_not_saved_by_themselves(world: World) -> None:
    ann = world.user(autosave__appointments=True, blocklist__user=["rival.example"])
    world.later(minutes=1)
    world.appointment(ann, "Team", RequiredAttendees=[{"address": "bob@acme.example", "name": "Bob"}])
    world.appointment(ann, "Rival", RequiredAttendees=[{"address": "eve@rival.example", "name": "Eve"}])
    world.appointment(ann, "Doctor", Sensitivity="Private")

    world.sync(ann)

    assert world.records("Event") == []
    assert {Reason.ALL_INTERNAL, Reason.ALL_BLOCKED, Reason.PRIVATE} <= world.reasons(ann)


@pytest.mark.rule("PRV-2")
def test_a_private_item_that_the_user_marks_is_saved_as_a_public_one(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Doctor", marked=True, Sensitivity="Private")

    world.sync(ann)

    assert world.query("SELECT Subject, IsPrivate FROM Event") == [{"Subject": "Doctor", "IsPrivate": False}]


@pytest.mark.rule("FLD-6", "FLD-7", "ALL-4")
def test_an_all_day_item_keeps_its_dates_both_ways(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    world.appointment(ann, "Fair", start=midnight, minutes=3 * 1440, IsAllDayEvent=True, marked=True)
    world.record("Event", Subject="Holiday", IsAllDayEvent=True, ActivityDate="2026-03-12", DurationInMinutes=2880,
                 OwnerId=ann.crm_user_id)  # fmt: skip

    world.sync(ann)

    found = event(world, "Fair")
    assert found is not None
    assert (found["IsAllDayEvent"], found["ActivityDate"], found["DurationInMinutes"]) == (True, "2026-03-10", 4320)
    item = world.item(ann, "Holiday")
    assert item is not None
    assert (item["IsAllDayEvent"], item["Start"][:10], item["End"][:10]) == (True, "2026-03-12", "2026-03-14")


@pytest.mark.seed(13)
@pytest.mark.rule("ALL-1", "SCP-14")
def test_an_item_of_more_than_fourteen_days_is_an_issue_not_an_event(world: World) -> None:
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=UTC)
    world.appointment(ann, "Two weeks", start=begin, minutes=14 * 1440, IsAllDayEvent=True, marked=True)
    world.appointment(ann, "Too long", start=begin, minutes=15 * 1440, IsAllDayEvent=True, marked=True)

    world.sync(ann)

    assert event(world, "Two weeks") is not None
    assert event(world, "Too long") is None
    assert world.issues(ann) == [Reason.TOO_LONG.value]


# --- down


@pytest.mark.rule("ROL-10", "ATT-8")
def test_an_event_created_in_salesforce_appears_in_the_calendar(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    world.later(minutes=1)
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=45, Location="Oslo",
                 ShowAs="OutOfOffice", OwnerId=ann.crm_user_id)  # fmt: skip

    world.sync(ann)

    item = world.item(ann, "Visit")
    assert item is not None
    assert (item["Start"], item["End"], item["Location"]) == ("2026-03-05T10:00:00Z", "2026-03-05T10:45:00Z", "Oslo")
    assert (item["LegacyFreeBusyStatus"], item["Categories"]) == ("OOF", TRACKED)


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("ATT-1", "DEL-10")
def test_invitees_of_a_salesforce_event_become_attendees_and_nobody_is_mailed(world: World) -> None:
    ann = world.user()
    contact = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    visit = world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=45,
                         WhoId=contact, OwnerId=ann.crm_user_id)  # fmt: skip
    world.record("EventRelation", EventId=visit, RelationId=contact)

    world.sync(ann)

    item = world.item(ann, "Visit")
    assert item is not None
    assert [a["address"] for a in item["RequiredAttendees"]] == ["homer@globex.example"]
    assert world.mails() == 0


@pytest.mark.rule("SCP-6", "SCP-15")
def test_old_events_and_those_of_others_stay_in_salesforce(world: World) -> None:
    ann, bob = world.user(), world.user("bob@acme.example")
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, activated_at=world.now + timedelta(hours=1))
    world.record("Event", Subject="Old", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=45,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.later(hours=2)
    world.record("Event", Subject="Bob's", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=45,
                 OwnerId=bob.crm_user_id)  # fmt: skip

    world.sync(ann)

    assert world.items(ann) == []


# --- edits


@pytest.mark.rule("FLD-1")
def test_edits_travel_both_ways_and_disjoint_edits_both_survive(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, Location="Here")
    world.sync(ann)
    found = event(world, "Lunch")
    assert found is not None

    world.later(minutes=30)
    world.edit(ann, lunch, Subject="Dinner")
    world.change("Event", str(found["Id"]), Location="There")
    world.sync(ann)

    item = world.item(ann, "Dinner")
    assert item is not None
    assert item["Location"] == "There"
    found = event(world, "Dinner")
    assert found is not None
    assert found["Location"] == "There"


@pytest.mark.rule("IDN-4")
def test_when_both_edit_one_field_the_mailbox_prevails(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    found = event(world, "Lunch")
    assert found is not None

    world.later(minutes=30)
    world.edit(ann, lunch, Subject="Mine")
    world.change("Event", str(found["Id"]), Subject="Theirs")
    world.sync(ann)

    assert event(world, "Mine") is not None
    assert Reason.CONFLICT in world.reasons(ann)


@pytest.mark.rule("FLD-2")
def test_tentative_stays_tentative(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, LegacyFreeBusyStatus="Tentative")
    world.sync(ann)

    for number in range(5):
        world.later(minutes=30)
        world.edit(ann, lunch, Location=f"Room {number}")
        world.sync(ann)

    item = world.item(ann, "Lunch")
    assert item is not None
    assert item["LegacyFreeBusyStatus"] == "Tentative"
    found = event(world, "Lunch")
    assert found is not None
    assert (found["ShowAs"], found["Location"]) == ("Busy", "Room 4")


@pytest.mark.rule("FLD-4")
def test_an_over_long_subject_is_stable(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "x" * 300, marked=True)
    world.sync(ann)
    world.writes()

    for _ in range(5):
        world.later(minutes=30)
        world.sync(ann)

    assert world.writes() == {}
    assert [len(str(row["Subject"])) for row in world.records("Event", "Subject")] == [255]


@pytest.mark.seed(9)
@pytest.mark.rule("DSC-1", "DSC-2", "DSC-3'")
def test_the_description_is_copied_once_and_then_left_alone(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, Body={"text": "Bring the plan"})
    world.sync(ann)
    found = event(world, "Lunch")
    assert found is not None
    assert found["Description"] == "Bring the plan"

    world.later(minutes=30)
    world.edit(ann, lunch, Body={"text": "Edited here"})
    world.change("Event", str(found["Id"]), Description="CRM notes", Subject="Renamed")
    world.sync(ann)

    found = event(world, "Renamed")
    assert found is not None
    assert found["Description"] == "CRM notes"
    item = world.item(ann, "Renamed")
    assert item is not None
    assert item["Body"]["text"] == "Edited here"


@pytest.mark.seed(1)
@pytest.mark.rule("MRK-6", "MRK-8")
def test_a_category_taken_off_a_saved_event_comes_back_and_others_stay(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)

    world.edit(ann, lunch, Categories=["Family"])
    world.sync(ann)

    item = world.item(ann, "Lunch")
    assert item is not None
    assert item["Categories"] == ["Family", *TRACKED]
    assert event(world, "Lunch") is not None


@pytest.mark.rule("ATT-3", "ATT-4", "STS-1", "STS-5")
def test_attendees_and_answers_follow_the_mailbox(world: World) -> None:
    ann = world.user()
    people = {
        name: world.record("Contact", LastName=name, Email=f"{name}@globex.example")
        for name in ("homer", "marge", "bart")
    }
    world.later(minutes=1)
    invited = [{"address": f"{name}@globex.example", "name": name} for name in ("homer", "marge")]
    review = world.appointment(ann, "Review", RequiredAttendees=invited)
    world.sync(ann)

    world.later(minutes=30)
    world.edit(
        ann, review,
        RequiredAttendees=[
            {"address": "homer@globex.example", "name": "homer", "response": "Decline"},
            {"address": "bart@globex.example", "name": "bart"},
        ],
    )  # fmt: skip
    world.sync(ann)

    rows = {row["RelationId"]: row["Status"] for row in world.query("SELECT RelationId, Status FROM EventRelation")}
    assert rows == {people["homer"]: "Declined", people["bart"]: "New"}


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("ATT-1", "ATT-2")
def test_an_invitee_added_in_salesforce_is_added_to_the_meeting_and_one_removed_there_stays(world: World) -> None:
    ann = world.user()
    homer = world.record("Contact", LastName="Homer", Email="homer@globex.example")
    marge = world.record("Contact", LastName="Marge", Email="marge@globex.example")
    world.later(minutes=1)
    world.appointment(ann, "Review", RequiredAttendees=[{"address": "homer@globex.example", "name": "homer"}])
    world.sync(ann)
    found = event(world, "Review")
    assert found is not None

    world.later(minutes=30)
    world.record("EventRelation", EventId=found["Id"], RelationId=marge)
    relation = world.query(f"SELECT Id FROM EventRelation WHERE RelationId = '{homer}'")[0]["Id"]
    world.remove("EventRelation", relation)
    world.sync(ann)

    item = world.item(ann, "Review")
    assert item is not None
    assert [a["address"] for a in item["RequiredAttendees"]] == ["homer@globex.example", "marge@globex.example"]
    assert world.mails() == 0
