"""Stories of the one-way modes: who may change events, and what becomes of the edits of the other side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mapping.model.reasons import Reason
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def subject(world: World) -> list[str]:
    return [row["Subject"] for row in world.records("Event", "Subject")]


@pytest.mark.rule("ONE-1")
def test_both_sides_may_edit_by_default(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    item = world.appointment(ann, "Plan", marked=True)
    world.sync(ann)
    (event,) = world.records("Event")

    world.later(minutes=30)
    world.change("Event", event["Id"], Location="Theirs")
    world.edit(ann, item, Subject="Ours")
    world.sync(ann)

    assert world.records("Event", "Subject", "Location")[0] | {"Id": ""} == {
        "Id": "", "Subject": "Ours", "Location": "Theirs",
    }  # fmt: skip
    assert (world.item(ann, "Ours") or {})["Location"] == "Theirs"


@pytest.mark.seed(28)
@pytest.mark.rule("ONE-2")
def test_upwards_an_edit_in_salesforce_is_undone(world: World) -> None:
    ann = world.user(events__way="up")
    world.later(minutes=1)
    world.appointment(ann, "Plan", marked=True, Location="Ours")
    world.sync(ann)
    (event,) = world.records("Event")

    world.later(minutes=30)
    world.change("Event", event["Id"], Subject="Edited", Location="Theirs")
    world.sync(ann)

    (row,) = world.records("Event", "Subject", "Location")
    assert (row["Subject"], row["Location"]) == ("Plan", "Ours")
    assert (world.item(ann, "Plan") or {})["Location"] == "Ours"
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.seed(28)
@pytest.mark.rule("ONE-2")
def test_upwards_an_event_deleted_in_salesforce_is_made_again_with_all_it_said(world: World) -> None:
    ann = world.user(events__way="up")
    world.later(minutes=1)
    world.appointment(ann, "Plan", marked=True, Body="What it is about")
    world.sync(ann)
    (event,) = world.records("Event")

    world.later(minutes=30)
    world.remove("Event", event["Id"])
    world.sync(ann)

    (row,) = world.records("Event", "Subject", "Description")
    assert (row["Subject"], row["Description"]) == ("Plan", "What it is about")
    assert row["Id"] != event["Id"]
    assert (world.item(ann, "Plan") or {})["Categories"] == ["Salesforce", "Status: Tracked successfully"]
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.seed(28)
@pytest.mark.rule("ONE-2")
def test_upwards_an_event_created_in_salesforce_is_still_shown(world: World) -> None:
    ann = world.user(events__way="up")
    world.later(minutes=1)
    world.record("Event", Subject="Visit", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                 DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip

    world.sync(ann)

    assert world.item(ann, "Visit") is not None


@pytest.mark.rule("ONE-3")
def test_downwards_edits_and_deletions_in_the_mailbox_are_undone(world: World) -> None:
    ann = world.user(events__way="down")
    world.later(minutes=1)
    event = world.record("Event", Subject="Visit", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                         DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)
    (item,) = world.items(ann)

    world.later(minutes=30)
    world.edit(ann, item["id"], Subject="Mine", Categories=["Salesforce", "Salesforce Unsync"])
    world.sync(ann)
    assert subject(world) == ["Visit"]
    assert (world.item(ann, "Visit") or {})["Categories"] == ["Salesforce", "Status: Tracked successfully"]

    world.later(minutes=30)
    world.discard(ann, item["id"])
    world.sync(ann)
    assert subject(world) == ["Visit"]
    assert world.item(ann, "Visit") is not None

    world.later(minutes=30)
    world.remove("Event", event)
    world.sync(ann)
    assert world.items(ann) == []


@pytest.mark.rule("ONE-3")
def test_downwards_nothing_of_the_calendar_is_saved(world: World) -> None:
    ann = world.user(events__way="down", autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Lunch")
    world.appointment(ann, "Dinner", marked=True)

    world.sync(ann)

    assert world.records("Event") == []
    assert Reason.ONE_WAY_DOWN in world.reasons(ann)


@pytest.mark.rule("ONE-4", "SCP-16")
@pytest.mark.point("1.2.5")
def test_switched_off_salesforce_events_leave_the_calendar_and_saving_goes_on(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.record("Event", Subject="Visit", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                 DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)
    assert world.item(ann, "Visit") is not None

    world.later(minutes=30)
    world.set(ann, events__down=False)
    world.appointment(ann, "Lunch")
    world.record("Event", Subject="Another", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                 DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)

    assert [item["values"]["Subject"] for item in world.items(ann)] == ["Lunch"]
    assert sorted(subject(world)) == ["Another", "Lunch", "Visit"]
