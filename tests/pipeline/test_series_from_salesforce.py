"""Stories of Classic series that are born in Salesforce and shown in the calendar as series."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.pipeline.series_words import FIRST, calendar, entered, rows, synced
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def settled(world: World, user: UserView) -> None:
    world.writes()
    synced(world, user, 3)
    assert world.writes() == {}


@pytest.mark.rule("REC-5")
@pytest.mark.parametrize("mode", ["expand", "classic"])
def test_a_classic_series_comes_down_as_one_series(world: World, mode: str) -> None:
    ann = world.user(recurrence__mode=mode)
    entered(world, ann, Location="Room 1")

    world.sync(ann)

    assert calendar(world, ann) == [(FIRST + timedelta(weeks=n), "Round") for n in range(4)]
    (item,) = world.items(ann)
    assert item["values"]["Categories"] == ["Salesforce", "Status: Tracked successfully"]
    synced(world, ann, 2)
    settled(world, ann)
    assert len(rows(world)) == 4


@pytest.mark.rule("REC-5", "REC-12", "REC-13")
def test_what_was_moved_and_deleted_in_salesforce_comes_down_so(world: World) -> None:
    ann = world.user()
    entered(world, ann)
    second, third = rows(world)[1:3]
    moved = FIRST + timedelta(weeks=1, hours=3)
    world.change("Event", second["Id"], StartDateTime=moved.isoformat())
    world.remove("Event", third["Id"])

    world.sync(ann)

    assert [at for at, _ in calendar(world, ann)] == [FIRST, moved, FIRST + timedelta(weeks=3)]
    synced(world, ann, 2)
    settled(world, ann)


@pytest.mark.rule("REC-5", "REC-12")
def test_single_occurrences_are_edited_both_ways(world: World) -> None:
    ann = world.user()
    entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)

    world.change("Event", rows(world)[1]["Id"], Subject="Theirs")
    master = world.items(ann)[0]["id"]
    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=2), Subject="Ours")
    synced(world, ann)

    assert [row["Subject"] for row in rows(world)] == ["Round", "Theirs", "Ours", "Round"]
    assert [subject for _, subject in calendar(world, ann)] == ["Round", "Theirs", "Ours", "Round"]
    settled(world, ann)


@pytest.mark.rule("REC-13")
def test_an_occurrence_deleted_on_one_side_goes_on_the_other(world: World) -> None:
    ann = world.user()
    entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)

    world.remove("Event", rows(world)[1]["Id"])
    master = world.items(ann)[0]["id"]
    world.discard_occurrence(ann, master, FIRST + timedelta(weeks=2))
    synced(world, ann)

    left = [FIRST, FIRST + timedelta(weeks=3)]
    assert [at for at, _ in calendar(world, ann)] == left
    assert [datetime.fromisoformat(row["StartDateTime"]) for row in rows(world)] == left
    settled(world, ann)


@pytest.mark.rule("REC-5", "DEL-2")
def test_a_series_deleted_in_salesforce_leaves_the_calendar(world: World) -> None:
    ann = world.user()
    record = entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)

    world.remove("Event", record)
    synced(world, ann)

    assert world.items(ann) == []
    settled(world, ann)


@pytest.mark.rule("REC-5", "DEL-1", "REC-10")
def test_a_series_deleted_in_the_calendar_leaves_salesforce_but_for_what_took_place(world: World) -> None:
    ann = world.user()
    entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)
    world.later(days=2)

    world.discard(ann, world.items(ann)[0]["id"])
    synced(world, ann)

    assert [datetime.fromisoformat(row["StartDateTime"]) for row in rows(world)] == [FIRST]
    settled(world, ann)


@pytest.mark.rule("SCP-16", "REC-5")
def test_a_series_leaves_the_calendar_when_salesforce_events_are_no_longer_shown(world: World) -> None:
    ann = world.user()
    entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)

    world.set(ann, events__down=False)
    synced(world, ann)

    assert world.items(ann) == []
    assert len(rows(world)) == 4
    settled(world, ann)


@pytest.mark.rule("REC-6")
def test_a_lightning_series_stays_in_salesforce(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    world.record("Event", Subject="Round", StartDateTime=FIRST.isoformat(), DurationInMinutes=60,
                 OwnerId=ann.crm_user_id, Recurrence2PatternText="RRULE:FREQ=WEEKLY;COUNT=3")  # fmt: skip

    world.sync(ann)

    assert world.items(ann) == []
    assert Reason.LIGHTNING_SERIES in world.reasons(ann)
