"""Stories of recurring events, in which every occurrence stands in Salesforce by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.exchange import recording
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

TRACKED = ["Salesforce", "Status: Tracked successfully"]
FIRST = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # the day after the stories begin, ten o'clock in Berlin


def standing(world: World, *columns: str) -> list[dict[str, Any]]:
    """The events in Salesforce in the order of their starts."""
    named = ", ".join(("Id", "StartDateTime", *columns))
    return world.query(f"SELECT {named} FROM Event WHERE IsChild = false ORDER BY StartDateTime")


def starts(world: World) -> list[datetime]:
    return [datetime.fromisoformat(row["StartDateTime"]) for row in standing(world)]


def weekly(world: World, user: UserView, rule: str = "FREQ=WEEKLY;COUNT=4", **more: Any) -> str:
    world.later(minutes=1)
    given = {"start": FIRST, "zone": "Europe/Berlin", "marked": True, "Location": "Room 1", **more}
    return world.series(user, "Round", rule, **given)


def settled(world: World, user: UserView, runs: int = 3) -> None:
    world.later(minutes=30)
    world.sync(user)  # looks that the story asked for
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.rule("REC-2", "TZN-3")
def test_a_marked_series_stands_in_salesforce_occurrence_by_occurrence(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    weekly(world, ann, "FREQ=WEEKLY;COUNT=6", Body="What it is about")

    world.sync(ann)

    # the clocks of Berlin go forward on 29 March: the same hour there is another one in UTC
    assert starts(world) == [FIRST + timedelta(weeks=n, hours=-1 if n >= 4 else 0) for n in range(6)]
    assert {row["Description"] for row in standing(world, "Description")} == {"What it is about"}
    master = world.item(ann, "Round")
    assert master is not None
    assert master["Categories"] == TRACKED
    assert "ModifiedOccurrences" not in master
    settled(world, ann)


@pytest.mark.rule("REC-2", "SCP-4")
def test_a_series_is_saved_automatically_like_any_item(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    weekly(world, ann, marked=False)

    world.sync(ann)

    assert len(starts(world)) == 4
    assert (world.item(ann, "Round") or {})["Categories"] == TRACKED


@pytest.mark.rule("REC-2", "REC-3")
def test_a_mark_on_one_occurrence_saves_the_whole_series(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann, marked=False)
    world.sync(ann)
    assert starts(world) == []

    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=1), Categories=["Salesforce"])
    world.sync(ann)

    assert len(starts(world)) == 4
    settled(world, ann)


@pytest.mark.rule("REC-3", "PRV-2")
def test_a_mark_on_one_occurrence_opens_no_private_series(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann, marked=False, Sensitivity="Private")
    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=1), Categories=["Salesforce"])

    world.sync(ann)

    assert starts(world) == []
    assert world.issues(ann) == [Reason.PRIVATE_SERIES.value]
    settled(world, ann)
    world.edit(ann, master, Categories=["Salesforce"])  # as the issue advises
    world.sync(ann)
    assert len(starts(world)) == 4
    assert world.issues(ann) == []


@pytest.mark.rule("DEL-8", "REC-2")
def test_a_mark_left_on_one_occurrence_brings_no_series_back_that_was_taken_out(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann, marked=False)
    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=1), Categories=["Salesforce"])
    world.sync(ann)
    world.edit(ann, master, Categories=["Salesforce", "Salesforce Unsync"])
    world.sync(ann)
    assert starts(world) == []

    world.later(minutes=30)
    world.edit(ann, master, Location="Room 2")
    world.sync(ann)

    assert starts(world) == []
    settled(world, ann)


@pytest.mark.seed(15)
@pytest.mark.rule("REC-12")
def test_an_occurrence_moved_in_the_calendar_moves_alone(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    before = standing(world)

    world.later(minutes=30)
    second = FIRST + timedelta(weeks=1)
    moved = second + timedelta(hours=3)
    world.edit_occurrence(ann, master, second, Start=moved.isoformat(), End=(moved + timedelta(hours=1)).isoformat(),
                          Subject="Round, later")  # fmt: skip
    world.sync(ann)

    assert world.last is not None
    assert {name: n for name, n in world.last.counts.items() if n and name.startswith(("crm.", "mailbox."))} == {
        "crm.update": 1
    }
    after = standing(world, "Subject")
    assert [row["Id"] for row in after] == [row["Id"] for row in before]
    assert [row["Subject"] for row in after] == ["Round", "Round, later", "Round", "Round"]
    assert starts(world)[1] == moved
    settled(world, ann)


@pytest.mark.rule("REC-12")
def test_an_occurrence_edited_in_salesforce_becomes_an_exception_in_the_calendar(world: World) -> None:
    ann = world.user()
    weekly(world, ann)
    world.sync(ann)
    (_, second, *_) = standing(world)

    world.later(minutes=30)
    world.change("Event", second["Id"], Location="Elsewhere")
    world.sync(ann)

    assert [row["Location"] for row in standing(world, "Location")] == ["Room 1", "Elsewhere", "Room 1", "Room 1"]
    settled(world, ann)
    world.edit(ann, world.items(ann)[0]["id"], Subject="Renamed")
    world.sync(ann)
    assert {row["Subject"] for row in standing(world, "Subject")} == {"Renamed"}


@pytest.mark.told_over("exchange", why="it listens to the wire of EWS")
@pytest.mark.rule("REC-15")
def test_what_is_attached_to_one_occurrence_stays_in_the_calendar(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    world.later(minutes=30)

    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=1), HasAttachments=True, Subject="Round, with papers")
    with recording() as wire:
        world.sync(ann)

    subjects = [row["Subject"] for row in standing(world, "Subject")]
    assert subjects == ["Round", "Round, with papers", "Round", "Round"]
    assert not any(b"GetAttachment" in request for request in wire.requests)
    assert world.records("ContentDocument") == []
    assert world.issues(ann) == []
    settled(world, ann)


@pytest.mark.seed(15)
@pytest.mark.rule("REC-13")
def test_an_occurrence_cancelled_in_the_calendar_leaves_salesforce_alone(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)

    world.later(minutes=30)
    world.discard_occurrence(ann, master, FIRST + timedelta(weeks=2))
    world.sync(ann)

    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=3)]
    settled(world, ann)


@pytest.mark.seed(15)
@pytest.mark.rule("REC-10", "REC-11")
def test_a_changed_master_changes_what_lies_ahead_and_leaves_the_past(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann, "FREQ=WEEKLY;COUNT=6")
    world.sync(ann)

    world.later(days=8)  # two occurrences have taken place
    world.sync(ann)
    world.edit(ann, master, Recurrence="FREQ=WEEKLY;COUNT=3", Location="Room 2")
    world.sync(ann)

    told = standing(world, "Location")
    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=2)]
    assert told[-1]["Location"] == "Room 2"
    settled(world, ann)


@pytest.mark.seed(15)
@pytest.mark.rule("REC-10")
def test_a_series_shifted_as_a_whole_is_shifted_from_now_on(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    world.later(days=2)  # the first has taken place
    world.sync(ann)

    later = FIRST + timedelta(hours=2)
    world.edit(ann, master, Start=later.isoformat(), End=(later + timedelta(hours=1)).isoformat())
    world.sync(ann)

    assert FIRST in starts(world)
    assert [at for at in starts(world) if at > world.now] == [later + timedelta(weeks=n) for n in range(1, 4)]
    settled(world, ann)


@pytest.mark.seed(15)
@pytest.mark.rule("REC-10", "DEL-1")
def test_a_deleted_series_leaves_what_has_taken_place(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    world.later(days=9)
    world.sync(ann)

    world.discard(ann, master)
    world.sync(ann)

    assert starts(world) == [FIRST, FIRST + timedelta(weeks=1)]
    settled(world, ann)


@pytest.mark.rule("DEL-8", "REC-2")
def test_the_unsync_mark_takes_a_whole_series_out_of_salesforce(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    master = weekly(world, ann, marked=False)
    world.sync(ann)
    assert len(starts(world)) == 4

    world.edit(ann, master, Categories=["Salesforce", "Salesforce Unsync", "Family"])
    world.sync(ann)

    assert starts(world) == []
    assert (world.item(ann, "Round") or {})["Categories"] == ["Family"]
    settled(world, ann)
    assert starts(world) == []


@pytest.mark.seed(15)
@pytest.mark.rule("REC-14", "SCP-8'")
def test_an_endless_series_is_topped_up_as_its_occurrences_come_near(world: World) -> None:
    ann = world.user()
    weekly(world, ann, "FREQ=WEEKLY")
    world.sync(ann)
    horizon = world.now + timedelta(days=61)
    assert starts(world)[0] == FIRST
    assert starts(world)[-1] < horizon
    count = len(starts(world))

    for _ in range(15):
        world.later(days=1)
        world.sync(ann)

    assert len(starts(world)) in (count + 2, count + 3)
    assert starts(world)[-1] > horizon
    assert starts(world)[0] == FIRST  # what took place stays
    assert (world.item(ann, "Round") or {})["Categories"] == TRACKED


@pytest.mark.rule("REC-7", "ALL-3")
def test_a_series_of_whole_days_stands_as_whole_days(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    world.series(ann, "Fair", "FREQ=MONTHLY;BYMONTHDAY=10;COUNT=2", start=datetime(2026, 3, 10, tzinfo=UTC),
                 minutes=2 * 24 * 60, marked=True, IsAllDayEvent=True)  # fmt: skip

    world.sync(ann)

    rows = world.query("SELECT ActivityDate, IsAllDayEvent, DurationInMinutes FROM Event ORDER BY ActivityDate")
    assert [(row["ActivityDate"], row["IsAllDayEvent"], row["DurationInMinutes"]) for row in rows] == [
        ("2026-03-10", True, 2880), ("2026-04-10", True, 2880),
    ]  # fmt: skip
    settled(world, ann)


@pytest.mark.seed(16)
@pytest.mark.rule("REC-9")
def test_a_single_event_that_becomes_a_series_keeps_its_record(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    item = world.appointment(ann, "Round", start=FIRST, marked=True)
    world.sync(ann)
    (single,) = standing(world)

    world.edit(ann, item, Recurrence="FREQ=WEEKLY;COUNT=3")
    world.sync(ann)

    assert starts(world) == [FIRST + timedelta(weeks=n) for n in range(3)]
    assert standing(world)[0]["Id"] == single["Id"]
    settled(world, ann)


@pytest.mark.rule("REC-9")
def test_a_series_that_becomes_a_single_event_keeps_one_record(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    first = standing(world)[0]

    world.edit(ann, master, Recurrence=None)
    world.sync(ann)

    assert [row["Id"] for row in standing(world)] == [first["Id"]]
    settled(world, ann)


@pytest.mark.rule("REC-1")
def test_series_can_be_switched_off(world: World) -> None:
    ann = world.user(recurrence__enabled=False)
    weekly(world, ann)

    world.sync(ann)

    assert starts(world) == []
    assert world.issues(ann) == [Reason.RECURRING_OFF.value]


@pytest.mark.rule("DEL-2", "REC-13")
def test_an_occurrence_deleted_in_salesforce_is_let_go_and_does_not_come_back(world: World) -> None:
    ann = world.user()
    master = weekly(world, ann)
    world.sync(ann)
    (_, second, *_) = standing(world)

    world.later(minutes=30)
    world.remove("Event", second["Id"])
    world.sync(ann)
    world.edit(ann, master, Location="Room 2")
    world.sync(ann)

    assert len(starts(world)) == 3
    assert second["Id"] not in {row["Id"] for row in standing(world)}
    settled(world, ann)


@pytest.mark.rule("SCP-7")
def test_a_marked_series_that_ended_long_ago_is_left_alone_and_said_so(world: World) -> None:
    ann = world.user()
    weekly(world, ann, "FREQ=WEEKLY;COUNT=3", start=FIRST - timedelta(days=90))

    world.sync(ann)

    assert starts(world) == []
    assert (world.item(ann, "Round") or {})["Categories"][:2] == ["Salesforce", "Sync Error"]
    assert world.issues(ann) == [Reason.SERIES_ENDED.value]
    settled(world, ann)
