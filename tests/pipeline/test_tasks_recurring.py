"""Stories of recurring tasks: the current instance and those that were finished."""

from __future__ import annotations

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.pipeline.task_words import FRIDAY, HOME, WEEKLY, mirroring, saved, settled
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.every_mailbox(Can.RECURRING_TASKS)
@pytest.mark.rule("TSK-10")
def test_of_a_recurring_task_salesforce_holds_the_current_instance_and_those_that_were_finished(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(world, ann, "Report", due=FRIDAY, Recurrence=WEEKLY)
    assert len(world.records("Task")) == 1

    world.edit(ann, item, Status="Completed")
    world.sync(ann)

    rows = world.query("SELECT Id, ActivityDate, Status FROM Task ORDER BY ActivityDate")
    assert [(row["ActivityDate"], row["Status"]) for row in rows] == [
        ("2026-03-06", "Completed"), ("2026-03-13", "Not Started"),
    ]  # fmt: skip
    assert rows[1]["Id"] == made
    settled(world, ann)


@pytest.mark.every_mailbox(Can.RECURRING_TASKS)
@pytest.mark.rule("TSK-10", "TSK-7")
def test_deleting_the_record_of_one_instance_does_not_delete_the_recurring_task(world: World) -> None:
    ann = mirroring(world)
    _, made = saved(world, ann, "Report", due=FRIDAY, Recurrence=WEEKLY)

    world.remove("Task", made)
    world.sync(ann)

    there = world.item(ann, "Report", HOME)
    assert there is not None
    assert there.get("Categories", []) == []
    settled(world, ann)
    assert world.records("Task") == []


@pytest.mark.rule("TSK-10")
def test_the_record_that_stands_for_a_series_in_salesforce_is_not_shown(world: World) -> None:
    ann = mirroring(world, tasks__down=True)
    world.record(
        "Task", Subject="Weekly", OwnerId=ann.crm_user_id, IsRecurrence=True, RecurrenceType="RecursDaily",
        RecurrenceInterval=1, RecurrenceStartDateOnly="2026-03-03", RecurrenceEndDateOnly="2026-03-05",
    )  # fmt: skip

    world.sync(ann)

    assert Reason.SERIES_TASK in world.reasons(ann)
