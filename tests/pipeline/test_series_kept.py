"""Stories of series that stand in Salesforce as series: Classic ones, and Lightning ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

FIRST = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def rows(world: World, *columns: str) -> list[dict[str, Any]]:
    named = ", ".join(("Id", "StartDateTime", "Subject", *columns))
    where = "IsChild = false AND IsRecurrence = false"
    return world.query(f"SELECT {named} FROM Event WHERE {where} ORDER BY StartDateTime")


def starts(world: World) -> list[datetime]:
    return [datetime.fromisoformat(row["StartDateTime"]) for row in rows(world)]


def series_records(world: World, *columns: str) -> list[dict[str, Any]]:
    named = ", ".join(("Id", "RecurrenceType", *columns))
    return world.query(f"SELECT {named} FROM Event WHERE IsRecurrence = true ORDER BY RecurrenceStartDateTime")


def weekly(world: World, user: UserView, rule: str = "FREQ=WEEKLY;COUNT=4", **more: Any) -> str:
    world.later(minutes=1)
    given = {"start": FIRST, "zone": "Europe/Berlin", "marked": True, **more}
    return world.series(user, "Round", rule, **given)


def synced(world: World, user: UserView, runs: int = 1) -> None:
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)


def settled(world: World, user: UserView, runs: int = 3) -> None:
    world.writes()
    synced(world, user, runs)
    assert world.writes() == {}


@pytest.mark.rule("REC-4")
def test_a_series_stands_as_one_classic_series(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(recurrence__mode="classic")
    weekly(world, ann, "FREQ=WEEKLY;COUNT=6", Location="Room 1", Body="What it is about")

    world.sync(ann)

    (record,) = series_records(world, "RecurrenceTimeZoneSidKey", "Description")
    assert (record["RecurrenceType"], record["RecurrenceTimeZoneSidKey"]) == ("RecursWeekly", "Europe/Berlin")
    assert record["Description"] == "What it is about"
    assert starts(world) == [FIRST + timedelta(weeks=n, hours=-1 if n >= 4 else 0) for n in range(6)]
    synced(world, ann)
    settled(world, ann)
    assert len(series_records(world)) == 1


@pytest.mark.rule("REC-12", "REC-13")
def test_exceptions_change_and_delete_single_records_of_a_classic_series(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    master = weekly(world, ann)
    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=1), Subject="Round, elsewhere")
    world.discard_occurrence(ann, master, FIRST + timedelta(weeks=2))

    world.sync(ann)
    synced(world, ann)

    assert [row["Subject"] for row in rows(world)] == ["Round", "Round, elsewhere", "Round"]
    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=3)]
    settled(world, ann)
    world.discard_occurrence(ann, master, FIRST + timedelta(weeks=3))
    synced(world, ann)
    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1)]
    settled(world, ann)


@pytest.mark.rule("REC-12")
def test_a_record_of_a_classic_series_edited_in_salesforce_becomes_an_exception(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    weekly(world, ann)
    world.sync(ann)
    synced(world, ann)

    world.change("Event", rows(world)[1]["Id"], Subject="Round, elsewhere")
    synced(world, ann)

    assert [row["Subject"] for row in rows(world)] == ["Round", "Round, elsewhere", "Round", "Round"]
    settled(world, ann)
    world.later(minutes=30)
    master = world.items(ann)[0]["id"]
    world.edit(ann, master, Location="Room 2")
    world.sync(ann)
    assert [row["Subject"] for row in rows(world)] == ["Round", "Round, elsewhere", "Round", "Round"]


@pytest.mark.rule("REC-10", "REC-11")
def test_a_changed_master_changes_what_lies_ahead_of_a_classic_series(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    master = weekly(world, ann)
    world.sync(ann)
    synced(world, ann)
    world.change("Event", rows(world)[3]["Id"], Location="Theirs")
    synced(world, ann)

    world.later(days=2)  # the first has taken place
    world.edit(ann, master, Recurrence="FREQ=WEEKLY;COUNT=3", Location="Ours")
    synced(world, ann, 2)

    assert starts(world) == [FIRST + timedelta(weeks=n) for n in range(3)]
    assert [row["Location"] for row in rows(world, "Location")][1:] == ["Ours", "Ours"]
    settled(world, ann)


@pytest.mark.rule("REC-14")
def test_what_salesforce_cannot_hold_at_once_is_added_when_a_quarter_has_passed(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    weekly(world, ann, "FREQ=DAILY")
    world.sync(ann)
    synced(world, ann)
    assert len(starts(world)) == 100

    for _ in range(30):
        world.later(days=1)
        world.sync(ann)
    synced(world, ann)

    assert len(series_records(world)) == 2
    told = starts(world)
    assert len(told) == len(set(told)) == 200
    assert told[0] == FIRST
    settled(world, ann)


@pytest.mark.rule("REC-7", "REC-8", "ALL-3", "TZN-1", "TZN-2")
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"IsAllDayEvent": True, "start": datetime(2026, 3, 3, tzinfo=UTC), "minutes": 1440}, Reason.SERIES_ALL_DAY),
        ({"minutes": 25 * 60}, Reason.SERIES_TOO_LONG),
        ({"zone": "America/Havana"}, Reason.ZONE_UNKNOWN),
    ],
)
def test_what_cannot_be_a_classic_series_is_an_issue(world: World, more: dict[str, Any], reason: Reason) -> None:
    ann = world.user(recurrence__mode="classic")
    weekly(world, ann, **more)

    world.sync(ann)

    assert rows(world) == []
    assert world.issues(ann) == [reason.value]


@pytest.mark.seed(16)
@pytest.mark.rule("REC-9")
def test_a_single_event_cannot_become_a_classic_series(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    world.later(minutes=1)
    item = world.appointment(ann, "Round", start=FIRST, marked=True)
    world.sync(ann)

    world.edit(ann, item, Recurrence="FREQ=WEEKLY;COUNT=3")
    world.sync(ann)

    assert starts(world) == [FIRST]
    assert world.issues(ann) == [Reason.RECURRING_CONVERTED.value]


@pytest.mark.rule("REC-16")
def test_a_series_of_somebody_who_does_not_synchronize_is_not_saved_for_him(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    weekly(world, ann, Organizer={"address": "homer@globex.example", "name": ""}, AppointmentState=3,
           MyResponseType="Accept", RequiredAttendees=[{"address": ann.address, "name": ""}])  # fmt: skip

    world.sync(ann)

    assert rows(world) == []
    assert world.issues(ann) == [Reason.SERIES_OF_OTHERS.value]


@pytest.mark.rule("REC-1")
def test_without_recurring_events_in_salesforce_a_classic_series_is_an_issue(world: World) -> None:
    world.setting(recurring_events=False)
    ann = world.user(recurrence__mode="classic")
    weekly(world, ann)

    world.sync(ann)

    assert rows(world) == []
    assert world.issues(ann) == [Reason.RECURRING_OFF.value]


@pytest.mark.rule("DEL-8", "REC-4")
def test_the_unsync_mark_takes_a_classic_series_out_of_salesforce(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    master = weekly(world, ann)
    world.sync(ann)
    synced(world, ann)

    world.edit(ann, master, Categories=["Salesforce", "Salesforce Unsync"])
    synced(world, ann)

    assert rows(world) == series_records(world) == []
    settled(world, ann)


@pytest.mark.rule("REC-10", "DEL-1")
def test_a_deleted_classic_series_leaves_what_has_taken_place(world: World) -> None:
    ann = world.user(recurrence__mode="classic")
    master = weekly(world, ann)
    world.sync(ann)
    synced(world, ann)
    world.later(days=9)

    world.discard(ann, master)
    synced(world, ann)

    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1)]
    settled(world, ann)


@pytest.mark.rule("REC-6")
def test_a_lightning_series_is_made_once_and_its_rest_ends_with_the_master(world: World) -> None:
    ann = world.user(recurrence__mode="lex")
    master = weekly(world, ann, zone="UTC")
    world.sync(ann)
    made = starts(world)
    assert made == [FIRST + timedelta(weeks=n) for n in range(4)]

    world.later(days=2)
    world.edit(ann, master, Location="Room 2")
    synced(world, ann)
    assert {row["Location"] for row in rows(world, "Location")} == {None}
    settled(world, ann)

    world.discard(ann, master)
    synced(world, ann)
    assert starts(world) == made[:1]
    settled(world, ann)
