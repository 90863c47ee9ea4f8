"""Mailboxes that are not able to do everything: what is left out for that, and what goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from mapping.model.item import ItemKind, ItemRef, Side
from mapping.model.notice import Happened, Notice
from mapping.model.reasons import Reason
from sync_tasks.services import instant
from sync_tasks.services.examining import user_checks
from tests.pipeline.task_words import FRIDAY, HOME, WEEKLY, mirroring, record, saved, settled, shown
from tests.support.lesser import lessen
from tests.support.world import World

pytestmark = pytest.mark.told_over("exchange", why="it takes abilities away from mailboxes that have them all")

HOMER = {"address": "homer@globex.example", "name": "Homer"}


@pytest.mark.rule("INS-7", "INS-9")
def test_a_mailbox_that_cannot_tell_what_happens_waits_for_the_regular_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessen(monkeypatch, world, Can.PUSH)
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email=HOMER["address"])
    world.sync(ann)
    world.later(minutes=10)
    item = world.appointment(ann, "Offer", RequiredAttendees=[HOMER])

    notice = Notice(ItemRef(Side.MAILBOX, ItemKind.EVENT, item, "calendar"), Happened.ADDED)
    heard = instant.notified(world.app, ann.id, [notice])

    assert heard.due is None
    assert [(wish.reason, wish.rule) for wish in heard.wishes.values()] == [(Reason.INSTANT_UNABLE, "INS-7")]
    world.sync(ann)
    assert world.event("Offer") is not None
    world.later(minutes=10)
    assert instant.event_created(world.app, world.org, ann.crm_user_id) is not None  # Salesforce can tell


@pytest.mark.rule("TSK-11")
def test_where_the_mailbox_has_no_tasks_none_are_read_or_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lessen(monkeypatch, world, Can.TASKS)
    ann = world.user(tasks__enabled=True, tasks__down=True)
    world.record("Task", Subject="Visit", OwnerId=ann.crm_user_id)
    world.task(ann, "Report", marked=True)
    world.appointment(ann, "Lunch", marked=True)

    world.sync(ann)

    assert world.event("Lunch") is not None
    assert record(world, "Report") is None
    assert HOME not in world.control_get("ews/mailboxes", address=ann.address)["folders"]
    assert world.app.effective(ann).explain("tasks.enabled").chain[-2:] == (("user", True), ("mailbox", False))
    (told,) = [line for line in user_checks(world.app, ann, None) if line.name == "mailbox: not able to follow"]
    assert (told.ok, told.detail) == (True, "tasks.enabled")


@pytest.mark.rule("TSK-11", "PRV-7")
@pytest.mark.parametrize(
    ("lacking", "values", "told"),
    [
        (Can.RECURRING_TASKS, {"Recurrence": WEEKLY}, Reason.RECURRING_TASK),
        (Can.PRIVATE_TASKS, {"Sensitivity": "Private"}, Reason.PRIVATE_TASK),
    ],
)
def test_tasks_that_the_mailbox_cannot_keep_are_left_alone_and_said_so(
    world: World, monkeypatch: pytest.MonkeyPatch, lacking: Can, values: dict[str, object], told: Reason
) -> None:
    lessen(monkeypatch, world, lacking)
    ann = mirroring(world)
    world.task(ann, "Odd", due=FRIDAY, folder=HOME, **values)
    world.task(ann, "Plain", due=FRIDAY, folder=HOME)

    world.sync(ann)

    assert record(world, "Plain") is not None
    assert record(world, "Odd") is None
    assert world.issues(ann) == [told.value]
    assert "Sync Error" in world.entry(ann, "Odd", HOME)["Categories"]
    settled(world, ann)


@pytest.mark.rule("PRV-7")
def test_a_saved_task_that_becomes_private_stays_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lessen(monkeypatch, world, Can.PRIVATE_TASKS)
    ann = mirroring(world)
    item, made = saved(world, ann, "Report")

    world.edit(ann, item, Sensitivity="Private", Body={"text": "Nobody's business"})
    world.sync(ann)
    world.later(minutes=30)
    world.change("Task", made, Priority="High")
    world.sync(ann)

    found = record(world, "Report")
    assert found is not None
    assert (found["Description"], found["Priority"]) == (None, "High")
    assert world.issues(ann) == [Reason.PRIVATE_TASK.value]
    assert "Sync Error" in world.entry(ann, "Report", HOME)["Categories"]
    settled(world, ann)
    world.edit(ann, item, Sensitivity="Normal")
    world.sync(ann)
    assert (record(world, "Report") or {})["Description"] == "Nobody's business"
    assert world.entry(ann, "Report", HOME)["Importance"] == "High"
    assert world.issues(ann) == []


@pytest.mark.rule("TSK-11")
@pytest.mark.parametrize("forbid", [True, False])
def test_where_deletions_of_tasks_say_nothing_the_other_copy_stays(
    world: World, monkeypatch: pytest.MonkeyPatch, forbid: bool
) -> None:
    lessen(monkeypatch, world, Can.TASK_DELETIONS)
    ann = mirroring(world, tasks__down=True, tasks__forbid_remove=forbid)
    item, _ = saved(world, ann, "Report")
    _, made = shown(world, ann, "Visit")

    world.discard(ann, item)
    world.remove("Task", made)
    world.sync(ann)

    assert record(world, "Report") is not None
    assert world.item(ann, "Report", HOME) is None
    assert world.entry(ann, "Visit", HOME).get("Categories", []) == []
    settled(world, ann)


@pytest.mark.rule("TSK-11")
def test_where_tasks_bear_no_categories_the_folder_alone_marks_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessen(monkeypatch, world, Can.TASK_CATEGORIES)
    ann = mirroring(world, tasks__down=True)
    item, made = saved(world, ann, "Report", due=FRIDAY)
    world.task(ann, "Elsewhere", marked=True)
    shown(world, ann, "Visit", ActivityDate=FRIDAY.isoformat())

    world.change("Task", made, Status="Completed")
    world.edit(ann, item, DueDate=f"{FRIDAY + timedelta(days=1)}T00:00:00Z")
    world.sync(ann)

    found = record(world, "Report")
    assert found is not None
    assert (found["Status"], found["ActivityDate"]) == ("Completed", "2026-03-07")
    assert world.entry(ann, "Report", HOME)["Status"] == "Completed"
    assert record(world, "Elsewhere") is None
    settled(world, ann)
    world.move(ann, item, "tasks")  # let go, though nothing can be taken off it
    world.sync(ann)
    world.edit(ann, next(each["id"] for each in world.items(ann, "tasks") if each["values"]["Subject"] == "Report"),
               Subject="Mine again")  # fmt: skip
    world.sync(ann)
    assert record(world, "Report") is not None
