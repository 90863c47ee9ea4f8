"""Deletions that would destroy something, or that mean something else to the organization."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.pipeline.test_deletions import born_in_mailbox, born_in_salesforce, settled
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

OUTCOME = {"name": "Outcome__c", "type": "picklist", "values": ["Open", "Lost"]}
DONE = {"name": "Done__c", "type": "boolean"}


# --- edited in Salesforce in the meantime


@pytest.mark.rule("DEL-5")
@pytest.mark.parametrize("column", ["Description", "Outcome__c"])
def test_deleted_here_but_worked_on_there_is_kept_there_and_told(world: World, column: str) -> None:
    world.setting(custom_fields={"Event": [OUTCOME]})
    ann = world.user()
    item, event = born_in_mailbox(world, ann, "A")

    world.later(minutes=30)
    world.colleague_changes("Event", event, **{column: "Lost"})
    world.discard(ann, item)
    world.sync(ann)

    assert len(world.records("Event")) == 1
    assert world.issues(ann) == [Reason.EDITED_IN_CRM.value]
    settled(world, ann)
    assert (world.items(ann), len(world.records("Event"))) == ([], 1)
    assert world.issues(ann) == [Reason.EDITED_IN_CRM.value]


@pytest.mark.rule("DEL-5")
def test_what_was_worked_on_before_both_sides_agreed_is_deleted(world: World) -> None:
    ann = world.user()
    item, event = born_in_mailbox(world, ann, "A")
    world.later(minutes=30)
    world.colleague_changes("Event", event, Description="Notes", Location="There")
    world.sync(ann)

    world.later(minutes=30)
    world.discard(ann, item)
    world.sync(ann)

    assert world.records("Event") == []


@pytest.mark.rule("DEL-5")
@pytest.mark.parametrize(("winner", "there", "here"), [("mailbox", 0, 0), ("salesforce", 1, 1), ("manual", 1, 0)])
def test_deleted_here_and_renamed_there_is_settled_like_any_conflict(
    world: World, winner: str, there: int, here: int
) -> None:
    ann = world.user(conflict__event=winner)
    item, event = born_in_mailbox(world, ann, "A")

    world.later(minutes=30)
    world.colleague_changes("Event", event, Subject="Renamed")
    world.discard(ann, item)
    world.sync(ann)

    assert (len(world.records("Event")), len(world.items(ann))) == (there, here)
    settled(world, ann)


# --- values that mean something


@pytest.mark.rule("DEL-3")
@pytest.mark.parametrize(("kind", "stays"), [("A", False), ("B", False), ("C", True)])
def test_an_event_that_reaches_a_certain_value_leaves_the_calendar_and_stays_in_salesforce(
    world: World, kind: str, stays: bool
) -> None:
    reaches_the_value(world, kind, stays)


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("DEL-3")
def test_somebody_elses_meeting_that_reaches_a_certain_value_leaves_the_calendar_silently(world: World) -> None:
    reaches_the_value(world, "D", stays=False)


def reaches_the_value(world: World, kind: str, stays: bool) -> None:
    world.setting(custom_fields={"Event": [OUTCOME, DONE]})
    world.set(deletion__unsync_when=["Outcome__c=Lost", "Done__c=true"])
    ann = world.user()
    _, event = born_in_salesforce(world, ann) if kind == "B" else born_in_mailbox(world, ann, kind)

    world.later(minutes=30)
    world.change("Event", event, Outcome__c="Open")
    world.sync(ann)
    assert len(world.items(ann)) == 1
    world.later(minutes=30)
    world.change("Event", event, Done__c=True)
    world.sync(ann)

    assert len(world.items(ann)) == stays
    assert len(world.records("Event")) == 1
    assert world.mails() == 0
    settled(world, ann)
    assert len(world.records("Event")) == 1


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("DEL-10")
def test_a_meeting_with_guests_from_outside_leaves_the_calendar_only_where_that_is_set(world: World) -> None:
    world.setting(custom_fields={"Event": [DONE]})
    world.set(deletion__unsync_when=["Done__c=true"])
    ann = world.user(deletion__own_meetings=True)
    _, event = born_in_mailbox(world, ann, "C")

    world.later(minutes=30)
    world.change("Event", event, Done__c=True)
    world.sync(ann)

    assert (world.items(ann), world.mails(), len(world.records("Event"))) == ([], 0, 1)


def test_an_event_that_has_the_value_from_the_start_is_not_shown(world: World) -> None:
    world.setting(custom_fields={"Event": [DONE]})
    world.set(deletion__unsync_when=["Done__c=true"])
    ann = world.user()
    world.later(minutes=1)
    world.record("Event", Subject="Story", StartDateTime=(world.now + timedelta(days=1)).isoformat(), Done__c=True,
                 DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip

    world.sync(ann)

    assert world.items(ann) == []


@pytest.mark.rule("DEL-1")
def test_a_deleted_item_is_marked_as_cancelled_in_salesforce_where_that_is_set(world: World) -> None:
    world.setting(custom_fields={"Event": [OUTCOME]})
    world.set(deletion__cancel_instead=["Outcome__c=Lost", "ShowAs=Free"])
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, "A")

    world.discard(ann, item)
    world.sync(ann)

    assert [(r["Outcome__c"], r["ShowAs"]) for r in world.records("Event", "Outcome__c", "ShowAs")] == [
        ("Lost", "Free")
    ]
    settled(world, ann)
    assert world.items(ann) == []


def test_an_event_that_cannot_say_that_it_is_cancelled_is_kept_and_told(world: World) -> None:
    world.set(deletion__cancel_instead=["Outcome__c=Lost"])
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, "A")

    world.discard(ann, item)
    world.sync(ann)

    assert len(world.records("Event")) == 1
    assert world.issues(ann) == [Reason.CANCEL_UNFIT.value]


def test_new_events_get_the_values_that_the_organization_asks_for(world: World) -> None:
    world.setting(custom_fields={"Event": [OUTCOME | {"required": True}, DONE]})
    ann = world.user()
    world.appointment(ann, "Refused", marked=True)
    world.sync(ann)
    assert world.issues(ann) == ["REQUIRED_FIELD_MISSING"]

    world.set(defaults__event=["Outcome__c=Open", "Done__c=true", "Absent__c=x", "Outcome__c=Open"])
    world.later(hours=2)
    world.sync(ann)

    assert [(r["Outcome__c"], r["Done__c"]) for r in world.records("Event", "Outcome__c", "Done__c")] == [
        ("Open", True)
    ]
    assert world.issues(ann) == []
