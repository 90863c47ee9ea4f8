"""Nobody is mailed by accident: whatever happens to a meeting, its guests hear of it from people only."""

from __future__ import annotations

import pytest

from connectors.protocols import Can
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER = {"address": "homer@globex.example", "name": "Homer", "response": "Accept"}


def meeting(world: World, user: UserView) -> tuple[str, str]:
    """(item, event) of a meeting of the user's with a guest whom Salesforce knows, saved."""
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    item = world.appointment(user, "Review", marked=True, RequiredAttendees=[HOMER])
    world.sync(user)
    return item, str(world.saved("Review")["Id"])


def written_to_the_mailbox(world: World) -> list[str]:
    """Which fields the last run wrote to mailbox items."""
    assert world.last is not None
    with world.app.store.reading() as unit:
        operations = unit.plans.all(world.last.id)
    return sorted({name for op in operations if op.side == "mailbox" for name in op.fields})


EDITS_HERE = {
    "subject": {"Subject": "Renamed"},
    "place": {"Location": "Room 2"},
    "time": {"Start": "2026-03-04T10:00:00+00:00", "End": "2026-03-04T11:00:00+00:00"},
    "reminder": {"ReminderMinutesBeforeStart": 5},
    "free time": {"LegacyFreeBusyStatus": "Free"},
    "mark": {"Categories": []},
}
EDITS_THERE = {
    "subject": {"Subject": "Renamed"},
    "place": {"Location": "Room 2"},
    "time": {"StartDateTime": "2026-03-04T10:00:00Z", "ActivityDateTime": "2026-03-04T10:00:00Z"},
    "description": {"Description": "To be discussed"},
}


@pytest.mark.rule("TOP-3", "DEL-10")
@pytest.mark.parametrize("edit", EDITS_HERE)
def test_an_edit_in_the_mailbox_is_carried_without_a_word_to_the_guests(world: World, edit: str) -> None:
    ann = world.user()
    item, _ = meeting(world, ann)

    world.later(minutes=30)
    world.edit(ann, item, **EDITS_HERE[edit])
    world.sync(ann)

    assert "attendees" not in written_to_the_mailbox(world)
    assert world.mails() == 0


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("TOP-3", "DEL-10")
@pytest.mark.parametrize("edit", EDITS_THERE)
def test_an_edit_in_salesforce_is_carried_without_a_word_to_the_guests(world: World, edit: str) -> None:
    ann = world.user(description__safe=False)
    _, event = meeting(world, ann)

    world.later(minutes=30)
    world.change("Event", event, **EDITS_THERE[edit])
    world.sync(ann)

    assert written_to_the_mailbox(world) != []
    assert "attendees" not in written_to_the_mailbox(world)
    assert world.mails() == 0


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("TOP-3", "DEL-10")
@pytest.mark.parametrize("strategy", ["off", "own", "all"])
def test_a_meeting_deleted_in_salesforce_is_cancelled_with_nobody(world: World, strategy: str) -> None:
    ann = world.user(deletion__events=strategy)
    _, event = meeting(world, ann)

    world.later(minutes=30)
    world.remove("Event", event)
    world.sync(ann)

    assert (world.item(ann, "Review") is None) == (strategy == "all")
    assert world.mails() == 0


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.rule("TOP-3", "ATT-1")
def test_a_guest_added_in_salesforce_is_put_on_the_list_silently(world: World) -> None:
    ann = world.user()
    _, event = meeting(world, ann)
    marge = world.record("Contact", LastName="Marge", Email="marge@globex.example")

    world.later(minutes=30)
    world.record("EventRelation", EventId=event, RelationId=marge, Status="New")
    world.sync(ann)

    item = world.item(ann, "Review")
    assert item is not None
    assert {a["address"] for a in item["RequiredAttendees"]} == {"homer@globex.example", "marge@globex.example"}
    assert world.mails() == 0


@pytest.mark.rule("TOP-3")
def test_what_slides_out_of_the_window_is_released_silently(world: World) -> None:
    ann = world.user()
    meeting(world, ann)

    world.later(days=40)
    world.sync(ann)

    assert world.item(ann, "Review") is not None
    assert world.mails() == 0
