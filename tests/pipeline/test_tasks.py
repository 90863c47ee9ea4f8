"""Stories of tasks, mirrored both ways through the real chain of stages and the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.pipeline.task_words import FRIDAY, HOME, TRACKED, item_id, mirroring, record, saved, settled, shown
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

# --- up


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES, Can.TASK_STATES)
@pytest.mark.rule("TSK-1", "MRK-5")
def test_a_task_dropped_into_the_folder_stands_in_salesforce_and_is_marked(world_on_both: World) -> None:
    world = world_on_both
    ann = mirroring(world)
    world.task(ann, "Call", folder=HOME, due=FRIDAY, Importance="High", Status="InProgress", Body="Ask for the offer",
               ReminderIsSet=True, ReminderDueBy="2026-03-06T07:30:00Z", Categories=["Own"])  # fmt: skip

    world.sync(ann)

    found = record(world, "Call")
    assert found is not None
    assert (found["Status"], found["Priority"], found["ActivityDate"]) == ("In Progress", "High", "2026-03-06")
    assert (found["Description"], found["OwnerId"]) == ("Ask for the offer", ann.crm_user_id)
    assert (found["IsReminderSet"], found["ReminderDateTime"][:16]) == (True, "2026-03-06T07:30")
    item = world.item(ann, "Call", HOME)
    assert item is not None
    assert item["Categories"] == ["Own", *TRACKED]
    settled(world, ann)


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES)
@pytest.mark.rule("TSK-1", "MRK-4")
def test_a_task_that_is_marked_elsewhere_moves_into_the_folder_and_is_saved(world: World) -> None:
    ann = mirroring(world)
    world.task(ann, "Call", marked=True)

    world.sync(ann)

    assert record(world, "Call") is not None
    assert world.items(ann, "tasks") == []
    item = world.item(ann, "Call", HOME)
    assert item is not None
    assert item["Categories"] == TRACKED
    settled(world, ann)


@pytest.mark.rule("TSK-2", "TSK-13")
def test_tasks_that_nobody_marked_are_not_saved(world: World) -> None:
    ann = world.user(tasks__enabled=True)
    old = world.task(ann, "Old")
    world.sync(ann)
    world.later(minutes=30)
    world.task(ann, "New")
    world.edit(ann, old, Subject="Older")

    world.sync(ann)

    assert world.records("Task") == []
    assert {item["values"]["Subject"] for item in world.items(ann, "tasks")} == {"Older", "New"}


@pytest.mark.told_over("exchange", why="the others tell of a task as a whole when they tell that it changed")
@pytest.mark.rule("TSK-2")
def test_tasks_that_nobody_marked_are_not_even_read(world: World) -> None:
    ann = world.user(tasks__enabled=True)
    world.sync(ann)
    world.task(ann, "New")
    world.calls()

    world.sync(ann)

    assert "ews.GetItem" not in world.calls()["ews"]


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES)
@pytest.mark.rule("TSK-13")
def test_an_old_task_is_saved_once_it_is_marked(world: World) -> None:
    ann = world.user(tasks__enabled=True)
    old = world.task(ann, "Old")
    world.sync(ann)
    world.later(minutes=30)

    world.edit(ann, old, Categories=["Salesforce"])
    world.sync(ann)

    assert record(world, "Old") is not None


@pytest.mark.every_mailbox(Can.TASK_STATES)
@pytest.mark.rule("TSK-1")
def test_edits_of_either_side_travel_and_different_ones_both_survive(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(world, ann, due=FRIDAY, BillingInformation="42")

    world.edit(ann, item, DueDate="2026-03-09T00:00:00Z")
    world.change("Task", made, Status="Waiting on someone else", Description="Homer is away")
    world.sync(ann)

    found, there = record(world, "Call"), world.item(ann, "Call", HOME)
    assert found is not None
    assert there is not None
    assert (found["ActivityDate"], found["Status"]) == ("2026-03-09", "Waiting on someone else")
    assert (there["Status"], there["Body"]["text"], there["BillingInformation"]) == (
        "WaitingOnOthers", "Homer is away", "42",
    )  # fmt: skip
    settled(world, ann)


@pytest.mark.rule("TSK-1")
def test_a_task_completed_on_either_side_is_completed_on_the_other(world: World) -> None:
    ann = mirroring(world)
    here, _ = saved(world, ann, "Here")
    _, there = saved(world, ann, "There")

    world.edit(ann, here, Status="Completed")
    world.change("Task", there, Status="Completed")
    world.sync(ann)

    found, item = record(world, "Here"), world.item(ann, "There", HOME)
    assert found is not None
    assert item is not None
    assert found["Status"] == "Completed"
    assert (item["Status"], item["PercentComplete"], item["IsComplete"]) == ("Completed", 100.0, True)
    settled(world, ann)


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES)
@pytest.mark.rule("MRK-3")
def test_a_mark_taken_off_a_task_in_the_folder_is_put_back(world: World) -> None:
    ann = mirroring(world)
    item, _ = saved(world, ann)

    world.edit(ann, item, Categories=["Own"])
    world.sync(ann)

    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert there["Categories"] == ["Own", *TRACKED]
    assert record(world, "Call") is not None


# --- down


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES, Can.TASK_STATES)
@pytest.mark.rule("TSK-3")
@pytest.mark.point("1.6.6")
def test_open_and_lately_finished_tasks_of_the_user_are_shown_in_the_folder(world_on_both: World) -> None:
    world = world_on_both
    ann, ben = mirroring(world, tasks__down=True), world.user("ben@acme.example")
    week_ago, long_ago = (str((world.now - timedelta(days=days)).date()) for days in (7, 30))
    given = {"OwnerId": ann.crm_user_id}
    world.record("Task", Subject="Open", ActivityDate="2026-03-06", Priority="High", Description="Ring twice", **given)
    world.record("Task", Subject="Done lately", Status="Completed", ActivityDate=week_ago, **given)
    world.record("Task", Subject="Done long ago", Status="Completed", ActivityDate=long_ago, **given)
    world.record("Task", Subject="Somebody else's", OwnerId=ben.crm_user_id)
    world.later(days=15)
    world.sync(ann)
    world.record("Task", Subject="No date", **given)

    world.sync(ann)

    assert {each["values"]["Subject"] for each in world.items(ann, HOME)} == {"Open", "No date"}
    item = world.item(ann, "Open", HOME)
    assert item is not None
    assert (item["DueDate"], item["Importance"], item["Body"]) == (
        "2026-03-06T00:00:00Z", "High", {"text": "Ring twice"},
    )  # fmt: skip
    assert item["Categories"] == TRACKED
    settled(world, ann)


@pytest.mark.seed(24)
@pytest.mark.rule("TSK-3'")
def test_tasks_that_only_record_a_mail_are_never_shown(world: World) -> None:
    ann = mirroring(world, tasks__down=True)
    world.record("Task", Subject="Email: Offer", TaskSubtype="Email", Status="Completed", OwnerId=ann.crm_user_id)
    world.record("Task", Subject="Call", OwnerId=ann.crm_user_id)

    world.sync(ann)

    assert [each["values"]["Subject"] for each in world.items(ann, HOME)] == ["Call"]
    assert Reason.EMAIL_TASK in world.reasons(ann)


@pytest.mark.rule("TSK-3")
def test_tasks_are_not_shown_unless_the_user_wants_them(world: World) -> None:
    ann = mirroring(world)
    world.record("Task", Subject="Visit", OwnerId=ann.crm_user_id)

    world.sync(ann)

    assert world.items(ann, HOME) == []


@pytest.mark.rule("TSK-4")
@pytest.mark.point("1.2.5")
def test_when_showing_is_switched_off_salesforces_own_leave_the_mailbox_and_stay_in_salesforce(world: World) -> None:
    ann = mirroring(world, tasks__down=True)
    shown(world, ann, "Theirs")
    saved(world, ann, "Mine")

    world.set(ann, tasks__down=False)
    world.sync(ann)

    assert [each["values"]["Subject"] for each in world.items(ann, HOME)] == ["Mine"]
    assert {row["Subject"] for row in world.records("Task", "Subject")} == {"Mine", "Theirs"}
    world.edit(ann, item_id(world, ann, "Mine"), DueDate="2026-03-09T00:00:00Z")
    world.later(minutes=30)
    world.sync(ann)
    found = record(world, "Mine")
    assert found is not None
    assert found["ActivityDate"] == "2026-03-09"
    settled(world, ann)
    assert record(world, "Theirs") is not None


# --- deletions


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("born", [saved, shown])
@pytest.mark.rule("TSK-5")
def test_a_task_deleted_in_the_mailbox_is_deleted_in_salesforce_if_that_is_allowed(
    world: World, born: Any, hard: bool
) -> None:
    ann = mirroring(world, tasks__down=True, tasks__forbid_remove=False)
    item, _ = born(world, ann)

    world.discard(ann, item, hard=hard)
    world.sync(ann)

    assert world.records("Task") == []
    settled(world, ann)
    assert world.items(ann, HOME) == []


@pytest.mark.rule("TSK-6")
def test_a_task_that_may_not_be_removed_comes_back(world: World) -> None:
    ann = mirroring(world, tasks__down=True)
    item, made = saved(world, ann, due=FRIDAY, Body="Ask for the offer")

    world.discard(ann, item)
    world.sync(ann)

    assert [row["Id"] for row in world.records("Task")] == [made]
    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert (there["DueDate"], there["Body"]["text"]) == ("2026-03-06T00:00:00Z", "Ask for the offer")
    settled(world, ann)


@pytest.mark.parametrize("born", [saved, shown])
@pytest.mark.rule("TSK-7")
def test_a_task_deleted_in_salesforce_is_deleted_in_the_mailbox(world: World, born: Any) -> None:
    ann = mirroring(world, tasks__down=True)
    _, made = born(world, ann)

    world.remove("Task", made)
    world.sync(ann)

    assert world.items(ann, HOME) == []
    assert len(world.items(ann, "deleteditems")) == 1
    settled(world, ann)
    assert world.records("Task") == []


# --- moves


@pytest.mark.parametrize("target", ["tasks", "Private"])
@pytest.mark.rule("TSK-8", "DEL-4")
def test_a_task_moved_out_of_the_folder_is_let_go_and_both_copies_stay(world: World, target: str) -> None:
    ann = mirroring(world, tasks__forbid_remove=False)
    world.folder(ann, "Private", parent="tasks", holds="IPF.Task")
    item, made = saved(world, ann)

    world.move(ann, item, target)
    world.sync(ann)

    assert [row["Id"] for row in world.records("Task")] == [made]
    there = world.item(ann, "Call", target)
    assert there is not None
    assert there.get("Categories", []) == []
    settled(world, ann)
    world.change("Task", made, Subject="Changed")
    world.later(minutes=30)
    world.sync(ann)
    assert world.item(ann, "Call", target) is not None


@pytest.mark.told_over("exchange", why="To Do and Google Tasks have no tasks among mails")
@pytest.mark.rule("TSK-8", "DEL-4")
def test_a_task_moved_among_mails_is_let_go_and_keeps_the_categories_of_its_owner(world: World) -> None:
    ann = mirroring(world, tasks__forbid_remove=False)
    item, made = saved(world, ann, Categories=["Own"])

    world.move(ann, item, "drafts")
    world.sync(ann)

    assert [row["Id"] for row in world.records("Task")] == [made]
    assert world.entry(ann, "Call", "drafts")["Categories"] == ["Own"]
    settled(world, ann)


@pytest.mark.rule("TSK-8")
def test_moving_out_may_be_declared_to_mean_deleting(world: World) -> None:
    ann = mirroring(world, tasks__forbid_remove=False, tasks__move_out="delete")
    item, _ = saved(world, ann)

    world.move(ann, item, "tasks")
    world.sync(ann)

    assert world.records("Task") == []


@pytest.mark.every_mailbox(Can.TASK_CATEGORIES)
@pytest.mark.rule("TSK-1")
def test_a_task_moved_back_is_saved_again_without_a_second_record(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(world, ann)
    item = world.move(ann, item, "tasks")
    world.sync(ann)
    world.later(minutes=30)

    world.move(ann, item_id(world, ann, "Call", "tasks"), HOME)
    world.sync(ann)

    assert [row["Id"] for row in world.records("Task")] == [made]
    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert there["Categories"] == TRACKED
    settled(world, ann)


def test_a_task_moved_out_and_back_between_two_runs_is_only_moved(world: World) -> None:
    ann = mirroring(world, tasks__forbid_remove=False)
    item, made = saved(world, ann)

    item = world.move(ann, world.move(ann, item, "tasks"), HOME)
    world.edit(ann, item, DueDate="2026-03-09T00:00:00Z")
    world.sync(ann)

    found = record(world, "Call")
    assert found is not None
    assert (found["Id"], found["ActivityDate"]) == (made, "2026-03-09")
    settled(world, ann)


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
def test_a_move_costs_three_calls_more_and_a_deletion_two(world: World) -> None:
    ann = mirroring(world, tasks__forbid_remove=False)
    world.folder(ann, "Private", parent="tasks", holds="IPF.Task")
    moved, _ = saved(world, ann, "Moved")
    gone, _ = saved(world, ann, "Gone")

    world.move(ann, moved, "Private")
    world.calls()
    world.sync(ann)
    told = world.calls()["ews"]
    assert (told["ews.FindFolder"], told["ews.FindItem"], told["ews.GetItem"]) == (1, 1, 1)

    world.later(minutes=30)
    world.discard(ann, gone)
    world.sync(ann)
    told = world.calls()["ews"]
    assert (told["ews.FindFolder"], told["ews.FindItem"]) == (1, 1)
    assert "ews.GetItem" not in told


@pytest.mark.told_over("exchange", why="only Outlook copies a task with all that it bears")
def test_a_copied_task_is_a_task_of_its_own(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(world, ann)
    original = next(each["values"] for each in world.items(ann, HOME) if each["id"] == item)
    copied = {name: original[name] for name in ("Subject", "Categories")}
    extended = list(original["ExtendedProperty"].values())

    copy = world.mail_item(ann, "Task", HOME, **{**copied, "Subject": "Call again", "ExtendedProperty": extended})
    world.sync(ann)

    found = record(world, "Call again")
    assert found is not None
    assert found["Id"] != made
    settled(world, ann)
    world.discard(ann, copy)
    world.set(ann, tasks__forbid_remove=False)
    world.sync(ann)
    assert [row["Id"] for row in world.records("Task")] == [made]


@pytest.mark.rule("TSK-9")
def test_an_open_state_is_not_reset_by_a_mailbox_that_knows_open_and_done_only(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(world, ann)

    world.change("Task", made, Status="Waiting on someone else")
    world.sync(ann)
    world.edit(ann, item, Subject="Call again")
    world.sync(ann)
    found = record(world, "Call again")
    assert found is not None
    assert found["Status"] == "Waiting on someone else"

    world.edit(ann, item, Status="Completed")
    world.sync(ann)
    assert [row["Status"] for row in world.records("Task", "Status")] == ["Completed"]
    world.edit(ann, item, Status="NotStarted")
    world.sync(ann)
    assert [row["Status"] for row in world.records("Task", "Status")] == ["Not Started"]
    settled(world, ann)
