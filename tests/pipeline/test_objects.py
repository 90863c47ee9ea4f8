"""Stories of other Salesforce objects that the calendar shows: what comes, what is undone, what leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

TIMED = {"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c", "location": "Place__c"}
DATED = {"object": "Visit__c", "subject": "Name", "starts": "Day__c"}


def showing(world: World, entry: dict[str, str] | None = None, **settings: Any) -> UserView:
    """A user of an organization that shows visits."""
    world.setting(visits=True)
    world.set(objects__shown=[entry or TIMED])
    return world.user(**settings)


def visit(world: World, user: UserView, name: str = "Visit", *, start: datetime | None = None, **columns: Any) -> str:
    begin = start or world.now + timedelta(days=1)
    times = {"Starts__c": begin.isoformat(), "Ends__c": (begin + timedelta(hours=1)).isoformat()}
    return world.record("Visit__c", Name=name, OwnerId=user.crm_user_id, **{**times, **columns})


def settled(world: World, user: UserView, runs: int = 3) -> None:
    """Some more runs write nothing on either side."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


def subjects(world: World, user: UserView) -> list[str]:
    return sorted(item["values"]["Subject"] for item in world.items(user))


# --- what is shown


def test_a_record_with_two_moments_is_an_event_of_that_time(world_on_both: World) -> None:
    world = world_on_both
    ann = showing(world)
    visit(world, ann, Place__c="Springfield")

    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert (item["Start"], item["End"]) == ("2026-03-03T09:00:00Z", "2026-03-03T10:00:00Z")
    assert (item["Location"], item["Categories"]) == ("Springfield", ["Visit"])
    assert (item["LegacyFreeBusyStatus"], item["ReminderIsSet"]) == ("Busy", False)
    assert world.records("Event") == []
    settled(world, ann)


def test_a_record_with_a_date_lasts_that_day_and_blocks_nothing(world: World) -> None:
    ann = showing(world, DATED)
    visit(world, ann, Day__c="2026-03-05")

    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert item["IsAllDayEvent"]
    assert (item["Start"][:10], item["End"][:10], item["LegacyFreeBusyStatus"]) == ("2026-03-05", "2026-03-06", "Free")
    settled(world, ann)


def test_two_dates_make_an_item_of_several_days(world: World) -> None:
    ann = showing(world, {**DATED, "ends": "Until__c"})
    world.setting(custom_fields={"Visit__c": [{"name": "Until__c", "type": "date"}]})
    visit(world, ann, Day__c="2026-03-05", Until__c="2026-03-07")

    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert (item["Start"][:10], item["End"][:10]) == ("2026-03-05", "2026-03-08")


def test_any_column_can_be_the_text_and_the_category_can_be_named(world: World) -> None:
    ann = showing(world, {**TIMED, "description": "Miles__c", "category": "On the road"})
    world.setting(custom_fields={"Visit__c": [{"name": "Miles__c", "type": "double"}]})
    visit(world, ann, Miles__c=42)

    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert (item["Body"]["text"], item["Categories"]) == ("42", ["On the road"])
    settled(world, ann)


@pytest.mark.rule("OBJ-1")
def test_what_is_edited_in_salesforce_is_edited_in_the_calendar(world: World) -> None:
    ann = showing(world)
    record = visit(world, ann)
    world.sync(ann)
    world.later(minutes=30)

    world.change("Visit__c", record, Name="Later", Starts__c="2026-03-04T14:00:00Z", Ends__c="2026-03-04T15:30:00Z",
                 Place__c="Shelbyville")  # fmt: skip
    world.sync(ann)

    item = world.entry(ann, "Later")
    assert (item["Start"], item["End"]) == ("2026-03-04T14:00:00Z", "2026-03-04T15:30:00Z")
    assert item["Location"] == "Shelbyville"
    settled(world, ann)


def test_a_record_without_a_date_is_not_shown_until_it_has_one(world: World) -> None:
    ann = showing(world)
    world.sync(ann)
    world.later(minutes=30)
    record = world.record("Visit__c", Name="Some day", OwnerId=ann.crm_user_id)
    world.sync(ann)
    assert (world.items(ann), world.issues(ann), world.reasons(ann)) == ([], [], {Reason.NO_DATE.value})

    world.later(minutes=30)
    world.change("Visit__c", record, Starts__c="2026-03-05T10:00:00Z", Ends__c="2026-03-05T11:00:00Z")
    world.sync(ann)
    assert subjects(world, ann) == ["Some day"]

    world.later(minutes=30)
    world.change("Visit__c", record, Ends__c="2026-03-05T09:00:00Z")
    world.sync(ann)
    assert world.items(ann) == []


def test_a_record_far_ahead_is_shown_on_the_day_it_comes_near_enough(world: World) -> None:
    ann = showing(world)
    visit(world, ann, start=world.now + timedelta(days=90))
    world.sync(ann)
    assert world.items(ann) == []

    world.later(days=29)
    world.sync(ann)
    assert world.items(ann) == []

    world.later(days=1)
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]


def test_an_idle_user_costs_one_call_of_salesforce(world: World) -> None:
    ann = showing(world, {**TIMED, "where": "Status__c != 'Cancelled'"})
    visit(world, ann)
    world.sync(ann)
    world.later(hours=3)
    world.sync(ann)
    world.calls()

    world.later(minutes=30)
    world.sync(ann)

    assert world.calls()["salesforce"] == {"sf.composite": 1}


# --- what is undone


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("OBJ-1")
def test_edits_of_the_item_are_undone_but_for_what_is_the_users_own(world: World) -> None:
    ann = showing(world)
    visit(world, ann, Place__c="Springfield")
    world.sync(ann)
    world.later(minutes=30)
    before = world.entry(ann, "Visit")
    (item,) = world.items(ann)
    world.edit(
        ann, item["id"], Subject="Holiday", Location="Home", Sensitivity="Private", Categories=["Own", "Salesforce"],
        Start="2026-03-04T12:00:00Z", End="2026-03-04T13:00:00Z", ReminderIsSet=True, ReminderMinutesBeforeStart=10,
        RequiredAttendees=[{"address": "homer@globex.example", "name": "Homer"}],
    )  # fmt: skip

    world.sync(ann)

    after = world.entry(ann, "Visit")
    kept = ("Start", "End", "Location", "Sensitivity")
    assert {name: after.get(name) for name in kept} == {name: before.get(name) for name in kept}
    assert (after.get("RequiredAttendees", []), after["Categories"]) == ([], ["Own", "Visit"])
    assert after["ReminderIsSet"]
    assert world.records("Event") == []
    assert world.mails() == 0
    settled(world, ann)


@pytest.mark.rule("OBJ-1")
@pytest.mark.parametrize("hard", [False, True])
def test_an_item_that_was_deleted_is_made_again(world: World, hard: bool) -> None:
    ann = showing(world, {**TIMED, "description": "Notes__c"})
    world.setting(custom_fields={"Visit__c": [{"name": "Notes__c", "type": "textarea", "length": 32000}]})
    record = visit(world, ann, Notes__c="Bring the model")
    world.sync(ann)
    world.later(minutes=30)

    world.discard(ann, world.items(ann)[0]["id"], hard=hard)
    world.sync(ann)

    item = world.entry(ann, "Visit")
    assert (item["Body"]["text"], item["Categories"]) == ("Bring the model", ["Visit"])
    assert [row["Id"] for row in world.records("Visit__c")] == [record]
    settled(world, ann)


@pytest.mark.every_mailbox(Can.EVENT_MOVES)
@pytest.mark.rule("OBJ-1")
def test_an_item_that_was_moved_is_brought_back(world: World) -> None:
    ann = showing(world)
    visit(world, ann)
    world.folder(ann, "Elsewhere", holds="IPF.Appointment")
    world.sync(ann)
    world.later(minutes=30)

    world.move(ann, world.items(ann)[0]["id"], "Elsewhere")
    world.sync(ann)

    assert (subjects(world, ann), world.items(ann, "Elsewhere")) == (["Visit"], [])
    settled(world, ann)


@pytest.mark.rule("OBJ-1")
def test_an_item_that_was_made_a_series_is_an_issue_until_it_is_deleted(world: World) -> None:
    ann = showing(world)
    visit(world, ann)
    world.sync(ann)
    world.later(minutes=30)
    (item,) = world.items(ann)
    world.edit(ann, item["id"], Recurrence="FREQ=DAILY;COUNT=3")

    world.sync(ann)

    assert (world.issues(ann), world.records("Event")) == ([Reason.RECORD_REPEATED.value], [])
    world.later(minutes=30)
    world.discard(ann, item["id"])
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]


@pytest.mark.rule("OBJ-1")
def test_nothing_of_it_ever_reaches_salesforce(world: World) -> None:
    ann = showing(world)
    world.setting(custom_fields={"Visit__c": [{"name": "InboxSync_Key__c", "length": 80}]})
    visit(world, ann)
    world.sync(ann)
    world.later(minutes=30)
    (item,) = world.items(ann)
    before = world.records("Visit__c", "SystemModstamp", "InboxSync_Key__c")

    world.edit(ann, item["id"], Subject="Mine", Categories=["Salesforce Unsync"])
    world.sync(ann)
    world.later(minutes=30)
    world.discard(ann, item["id"])
    world.sync(ann)

    assert world.records("Visit__c", "SystemModstamp", "InboxSync_Key__c") == before
    assert world.records("Event") == []


@pytest.mark.rule("OBJ-1", "MRK-7")
def test_a_copy_of_the_item_is_the_users_own(world: World) -> None:
    ann = showing(world)
    record = visit(world, ann)
    world.sync(ann)
    world.later(minutes=30)
    (item,) = world.items(ann)

    world.copy(ann, item["id"], Subject="Prepare")
    world.sync(ann)
    assert subjects(world, ann) == ["Prepare", "Visit"]
    assert world.records("Event") == []

    world.later(minutes=30)
    world.remove("Visit__c", record)
    world.sync(ann)
    assert subjects(world, ann) == ["Prepare"]


# --- beside what is mirrored


@pytest.mark.rule("OBJ-1")
def test_a_task_can_be_a_task_and_stand_in_the_calendar_too(world: World) -> None:
    world.set(objects__shown=[{"object": "Task", "subject": "Subject", "starts": "ActivityDate"}])
    ann = world.user(tasks__enabled=True, tasks__down=True)
    world.sync(ann)
    world.later(minutes=30)
    task = world.record("Task", Subject="Call", ActivityDate="2026-03-06", OwnerId=ann.crm_user_id)
    world.sync(ann)
    assert (subjects(world, ann), len(world.items(ann, "Salesforce Tasks"))) == (["Call"], 1)
    settled(world, ann)

    world.edit(ann, world.items(ann, "Salesforce Tasks")[0]["id"], Subject="Visit")
    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)
    assert (subjects(world, ann), world.records("Task", "Subject")) == (["Visit"], [{"Id": task, "Subject": "Visit"}])

    world.later(minutes=30)
    world.discard(ann, world.items(ann)[0]["id"])
    world.sync(ann)
    assert (subjects(world, ann), len(world.items(ann, "Salesforce Tasks"))) == (["Visit"], 1)
    settled(world, ann)


@pytest.mark.told_over("exchange", why="one call of EWS makes items of every kind, so that one fault meets both")
@pytest.mark.rule("OBJ-1", "TOP-7")
def test_a_task_that_fails_as_what_it_is_and_as_what_is_shown_is_tried_again_as_both(world_on_both: World) -> None:
    world = world_on_both
    world.set(objects__shown=[{"object": "Task", "subject": "Subject", "starts": "ActivityDate"}])
    ann = world.user(tasks__enabled=True, tasks__down=True)
    world.sync(ann)
    world.record("Task", Subject="Call", ActivityDate="2026-03-06", OwnerId=ann.crm_user_id)
    world.control("faults", match="ews-item.CreateItem", times=2, action={"code": "ErrorQuotaExceeded"})

    world.sync(ann)
    assert (subjects(world, ann), world.items(ann, "Salesforce Tasks")) == ([], [])
    with world.app.store.reading() as unit:
        assert {issue.kind for issue in unit.trail.issues(ann.id)} == {"task", "event"}

    world.later(hours=2)
    world.sync(ann)
    assert (subjects(world, ann), len(world.items(ann, "Salesforce Tasks"))) == (["Call"], 1)
    assert world.issues(ann) == []
