"""Stories of tasks that change hands, and of the folders in which they stand."""

from __future__ import annotations

import pytest

from tests.pipeline.task_words import FRIDAY, HOME, mirroring, saved, settled, shown
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.rule("TSK-12")
def test_a_task_reassigned_in_salesforce_leaves_one_mailbox_and_is_shown_in_the_other(world: World) -> None:
    ann = mirroring(world, tasks__down=True)
    ben = world.user("ben@acme.example", tasks__enabled=True, tasks__down=True)
    world.sync(ben)
    world.later(minutes=30)
    _, made = shown(world, ann)

    world.change("Task", made, OwnerId=ben.crm_user_id)
    world.sync(ann)
    world.sync(ben)

    assert world.items(ann, HOME) == []
    assert world.item(ben, "Visit", HOME) is not None
    assert [row["Id"] for row in world.records("Task")] == [made]
    settled(world, ann)
    settled(world, ben)


@pytest.mark.rule("TSK-12")
def test_a_task_of_the_mailbox_that_is_reassigned_is_let_go(world: World) -> None:
    ann, ben = mirroring(world), world.user("ben@acme.example")
    _, made = saved(world, ann)

    world.change("Task", made, OwnerId=ben.crm_user_id)
    world.sync(ann)

    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert there.get("Categories", []) == []
    assert [row["OwnerId"] for row in world.records("Task", "OwnerId")] == [ben.crm_user_id]
    settled(world, ann)


@pytest.mark.rule("TSK-14")
def test_a_task_that_salesforce_has_already_is_not_made_a_second_time(world: World) -> None:
    ann, ben = mirroring(world), world.user("ben@acme.example")
    same = {"Subject": "Call", "ActivityDate": "2026-03-06"}
    made = world.record("Task", **same, OwnerId=ann.crm_user_id, Description="Ring twice")
    world.record("Task", **same, OwnerId=ben.crm_user_id)
    world.record("Task", Subject="Call", ActivityDate="2026-03-07", OwnerId=ann.crm_user_id)
    world.later(minutes=1)

    world.task(ann, "Call", folder=HOME, due=FRIDAY)
    world.sync(ann)

    assert len(world.records("Task")) == 3
    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert there["Body"]["text"] == "Ring twice"
    world.change("Task", made, ActivityDate="2026-03-09")
    world.later(minutes=30)
    world.sync(ann)
    there = world.item(ann, "Call", HOME)
    assert there is not None
    assert there["DueDate"] == "2026-03-09T00:00:00Z"
    settled(world, ann)


# --- folders


@pytest.mark.seed(20)
@pytest.mark.rule("MRK-1", "MRK-2")
def test_a_folder_that_somebody_removed_is_made_again_and_filled_from_salesforce(world: World) -> None:
    ann = mirroring(world, tasks__forbid_remove=False)
    saved(world, ann, "One", Body="First")
    saved(world, ann, "Two")
    before = world.records("Task")

    world.drop_folder(ann, HOME)
    world.sync(ann)

    assert world.records("Task") == before
    assert {each["values"]["Subject"] for each in world.items(ann, HOME)} == {"One", "Two"}
    item = world.item(ann, "One", HOME)
    assert item is not None
    assert item["Body"]["text"] == "First"
    settled(world, ann)


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
def test_what_a_user_does_not_mirror_costs_nothing_and_makes_no_folder(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.task(ann, "Call", marked=True)
    world.later(minutes=30)
    world.calls()

    world.sync(ann)

    assert world.calls() == {"ews": {"ews.SyncFolderItems": 4}, "salesforce": {"sf.composite": 1}}
    told = world.control_get("ews/mailboxes", address=ann.address)["folders"]
    assert [name for name in told if name.startswith("Salesforce")] == ["Salesforce Emails"]


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
def test_an_idle_run_with_tasks_and_contacts_is_eight_looks_at_folders_and_one_at_salesforce(world: World) -> None:
    ann = mirroring(world, tasks__down=True, contacts__enabled=True)
    world.task(ann, "Call", marked=True)
    world.contact(ann, marked=True)
    shown(world, ann)
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
    world.later(minutes=30)
    world.calls()

    world.sync(ann)

    # calendar, the two folders of tasks, the two of contacts, inbox, sent, Salesforce Emails
    assert world.calls() == {"ews": {"ews.SyncFolderItems": 8}, "salesforce": {"sf.composite": 1}}


@pytest.mark.rule("IDN-8")
def test_a_lost_cursor_means_reading_again_without_duplicates_or_deletes(world: World) -> None:
    ann = mirroring(world, tasks__down=True, tasks__forbid_remove=False)
    saved(world, ann, "Kept")
    gone, _ = saved(world, ann, "Gone")
    shown(world, ann, "Theirs")
    world.discard(ann, gone)
    world.lose_cursors(ann, "mailbox:tasks", "mailbox:synced_tasks", "crm:task")

    world.sync(ann)

    assert {row["Subject"] for row in world.records("Task", "Subject")} == {"Kept", "Theirs"}
    settled(world, ann)
