"""What a deletion, an unsync, a release means for the other copy: the table, kind by kind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def born_in_mailbox(world: World, user: UserView, kind: str) -> tuple[str, str]:
    """(item, event) of a saved appointment (A), own meeting (C) or outsider's meeting (D)."""
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    homer = {"address": "homer@globex.example", "name": "Homer"}
    given = {
        "A": {},
        "C": {"RequiredAttendees": [homer]},
        "D": {"RequiredAttendees": [{"address": user.address, "name": "Ann"}], "Organizer": homer, "IsMeeting": True,
              "MyResponseType": "Accept"},
    }[kind]  # fmt: skip
    item = world.appointment(user, "Story", marked=True, **given)
    world.sync(user)
    return item, str(world.records("Event")[0]["Id"])


def born_in_salesforce(world: World, user: UserView) -> tuple[str, str]:
    world.later(minutes=1)
    event = world.record("Event", Subject="Story", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                         DurationInMinutes=30, OwnerId=user.crm_user_id)  # fmt: skip
    world.sync(user)
    return str(world.items(user)[0]["id"]), event


def settled(world: World, user: UserView, runs: int = 3) -> None:
    """Nothing comes back, nothing else goes: some more runs write nothing."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.parametrize("kind", ["A", "C", "D"])
@pytest.mark.rule("DEL-1", "DEL-7")
def test_what_is_deleted_in_the_mailbox_is_deleted_in_salesforce(world: World, kind: str) -> None:
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, kind)

    world.discard(ann, item)
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)
    assert world.items(ann) == []


@pytest.mark.rule("DEL-1", "DEL-7")
def test_a_salesforce_born_appointment_deleted_in_the_mailbox_goes_and_does_not_come_back(world: World) -> None:
    ann = world.user()
    item, _ = born_in_salesforce(world, ann)

    world.discard(ann, item)
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)
    assert world.items(ann) == []


@pytest.mark.seed(4)
@pytest.mark.parametrize("kind", ["A", "C", "D"])
@pytest.mark.rule("DEL-2", "DEL-10")
def test_what_is_deleted_in_salesforce_is_released_in_the_mailbox(world: World, kind: str) -> None:
    ann = world.user()
    _, event = born_in_mailbox(world, ann, kind)

    world.later(minutes=30)
    world.remove("Event", event)
    world.sync(ann)

    item = world.item(ann, "Story")
    assert item is not None
    assert item.get("Categories", []) == []
    settled(world, ann)
    assert world.records("Event") == []
    assert world.mails() == 0


@pytest.mark.seed(4)
@pytest.mark.rule("DEL-2")
def test_a_salesforce_born_appointment_deleted_there_leaves_the_mailbox(world: World) -> None:
    ann = world.user()
    _, event = born_in_salesforce(world, ann)

    world.later(minutes=30)
    world.remove("Event", event)
    world.sync(ann)

    assert world.items(ann) == []
    settled(world, ann)


@pytest.mark.rule("DEL-2")
def test_the_strategy_all_deletes_own_items_too(world: World) -> None:
    ann = world.user(deletion__events="all")
    _, event = born_in_mailbox(world, ann, "A")

    world.later(minutes=30)
    world.remove("Event", event)
    world.sync(ann)

    assert world.items(ann) == []
    settled(world, ann)


@pytest.mark.seed(2)
@pytest.mark.parametrize("kind", ["A", "C", "D"])
@pytest.mark.rule("DEL-8")
def test_the_unsync_mark_takes_the_event_out_of_salesforce_for_good(world: World, kind: str) -> None:
    ann = world.user(autosave__appointments=True)
    item, _ = born_in_mailbox(world, ann, kind)

    world.edit(ann, item, Categories=["Salesforce", "Salesforce Unsync", "Family"])
    world.sync(ann)

    assert world.records("Event") == []
    kept = world.item(ann, "Story")
    assert kept is not None
    assert kept["Categories"] == ["Family"]
    settled(world, ann)
    world.edit(ann, item, Location="Elsewhere")
    world.sync(ann)
    assert world.records("Event") == []


@pytest.mark.rule("DEL-8")
def test_an_unsynced_item_that_is_marked_again_is_saved_again(world: World) -> None:
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, "A")
    world.edit(ann, item, Categories=["Salesforce Unsync"])
    world.sync(ann)
    assert world.records("Event") == []

    world.edit(ann, item, Categories=["Salesforce"])
    world.sync(ann)

    assert len(world.records("Event")) == 1
    settled(world, ann)


@pytest.mark.rule("DEL-3")
def test_a_saved_item_that_ages_out_is_released_and_both_copies_stay(world: World) -> None:
    ann = world.user()
    born_in_mailbox(world, ann, "A")

    world.later(days=20)
    world.sync(ann)

    item = world.item(ann, "Story")
    assert item is not None
    assert item.get("Categories", []) == []
    assert len(world.records("Event")) == 1
    settled(world, ann)


@pytest.mark.seed(3)
@pytest.mark.rule("DEL-3")
def test_a_salesforce_born_appointment_that_ages_out_leaves_the_mailbox_and_stays_in_salesforce(world: World) -> None:
    ann = world.user()
    born_in_salesforce(world, ann)

    world.later(days=20)
    world.sync(ann)

    assert world.items(ann) == []
    assert len(world.records("Event")) == 1
    settled(world, ann)
    assert len(world.records("Event")) == 1


@pytest.mark.rule("DEL-1")
def test_a_cancelled_meeting_leaves_salesforce(world: World) -> None:
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, "D")

    world.edit(ann, item, AppointmentState=7)  # a meeting, received, cancelled
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)


@pytest.mark.rule("DEL-5")
def test_deleted_here_and_edited_there_is_deleted(world: World) -> None:
    ann = world.user()
    item, event = born_in_mailbox(world, ann, "A")

    world.later(minutes=30)
    world.discard(ann, item)
    world.change("Event", event, Subject="Edited")
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)


def test_deleted_on_both_sides_is_simply_gone(world: World) -> None:
    ann = world.user()
    item, event = born_in_mailbox(world, ann, "A")

    world.later(minutes=30)
    world.discard(ann, item)
    world.remove("Event", event)
    world.writes()
    world.sync(ann)

    settled(world, ann)


# --- moved, not deleted


@pytest.mark.parametrize("kind", ["A", "C", "D"])
@pytest.mark.rule("DEL-4")
def test_what_is_moved_to_another_calendar_is_released_and_both_copies_stay(world: World, kind: str) -> None:
    ann = world.user()
    world.folder(ann, "Team", parent="calendar", holds="IPF.Appointment")
    item, event = born_in_mailbox(world, ann, kind)

    world.move(ann, item, "Team")
    world.sync(ann)

    assert [row["Id"] for row in world.records("Event")] == [event]
    moved = world.item(ann, "Story", "Team")
    assert moved is not None
    assert moved.get("Categories", []) == []
    settled(world, ann)
    assert world.mails() == 0


@pytest.mark.rule("DEL-4")
def test_what_was_moved_out_and_comes_back_is_saved_again_when_it_is_marked(world: World) -> None:
    ann = world.user()
    world.folder(ann, "Team", parent="calendar", holds="IPF.Appointment")
    item, event = born_in_mailbox(world, ann, "A")
    item = world.move(ann, item, "Team")
    world.sync(ann)

    item = world.move(ann, item, "calendar")
    world.edit(ann, item, Categories=["Salesforce"], Location="Here")
    world.later(minutes=30)
    world.sync(ann)

    assert world.records("Event", "Location") == [{"Id": event, "Location": "Here"}]
    settled(world, ann)


@pytest.mark.parametrize("how", ["Deleted Items", "for good"])
@pytest.mark.rule("DEL-4", "DEL-1")
def test_what_is_moved_to_deleted_items_or_nowhere_is_deleted(world: World, how: str) -> None:
    ann = world.user()
    item, _ = born_in_mailbox(world, ann, "A")

    if how == "for good":
        world.discard(ann, item, hard=True)
    else:
        world.move(ann, item, "deleteditems")
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)


@pytest.mark.told_over("exchange", "graph", why="no calendar of Google's lies below a bin")
@pytest.mark.rule("DEL-4", "DEL-1")
def test_what_is_moved_below_deleted_items_is_deleted(world: World) -> None:
    ann = world.user()
    world.folder(ann, "Old", parent="deleteditems", holds="IPF.Appointment")
    item, _ = born_in_mailbox(world, ann, "A")

    world.move(ann, item, "Old")
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)


@pytest.mark.rule("DEL-4")
def test_a_preview_tells_a_move_from_a_deletion_too(world: World) -> None:
    ann = world.user()
    world.folder(ann, "Team", parent="calendar", holds="IPF.Appointment")
    item, _ = born_in_mailbox(world, ann, "A")
    world.move(ann, item, "Team")
    world.writes()

    preview = world.sync(ann, preview=True)

    assert world.writes() == {}
    with world.app.store.reading() as unit:
        planned = {op.op_id for op in unit.plans.all(preview.id)}
    real = world.sync(ann)
    with world.app.store.reading() as unit:
        assert {op.op_id for op in unit.plans.all(real.id)} == planned
