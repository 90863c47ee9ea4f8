"""Stories of runs that come ahead of their time, because something happened in the calendar or in Salesforce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connectors.protocols import Can, Mailbox, Outcome, Write
from mapping.model.reasons import Reason
from sync_tasks.services import instant
from sync_tasks.services.instant import Heard
from sync_tasks.services.pipeline import next_stage, perform
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.state.records import RunRef, UserView
from tests.support.ear import Ear
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox(Can.PUSH)

HOMER = {"address": "homer@globex.example", "name": "Homer"}
SOON = datetime.fromisoformat("2026-03-05T10:00:00+00:00")


WANTED = {"instant__enabled": True}  # some vendors are listened to only where that is said


def listening(world: World, said: Mapping[str, Any] = WANTED, **settings: Any) -> tuple[UserView, Ear]:
    """A user whose first run is over, and an ear on his calendar. `said`: settings of the organization."""
    world.set(**said)
    ann = world.user(**settings)
    world.record("Contact", LastName="Simpson", Email=HOMER["address"])
    world.sync(ann)
    world.later(minutes=10)
    return ann, Ear(world, ann)


def meeting(world: World, user: UserView, subject: str = "Offer", **values: Any) -> str:
    return world.appointment(user, subject, RequiredAttendees=[HOMER], **values)


def dispatch(world: World) -> int:
    """What beat and the workers do at this moment; how many runs that is."""

    def enqueue(run: RunRef, stage: str) -> None:
        going: str | None = stage
        while going is not None:
            going = next_stage(going) if perform(world.app, run, going) else None

    return len(dispatch_due(world.app, enqueue))


def starts(world: World, user: UserView, since: datetime) -> list[datetime]:
    """When the user's runs started."""
    with world.app.store.reading() as unit:
        return sorted(run.started_at for run in unit.runs.recent(user.id, 50) if run.started_at >= since)


# --- what asks for a run


@pytest.mark.rule("INS-2", "INS-4", "INS-5", "INS-6")
def test_a_new_meeting_with_a_customer_is_saved_at_once(world_on_both: World) -> None:
    world = world_on_both
    ann, ear = listening(world)
    meeting(world, ann)

    heard = ear.hears()

    assert heard.due == world.now
    assert [wish.reason for wish in heard.wishes.values()] == [Reason.PEOPLE_PENDING]
    assert dispatch(world) == 1
    assert world.event("Offer") is not None


@pytest.mark.rule("INS-2", "INS-6")
def test_editing_and_deleting_a_saved_meeting_reach_salesforce_at_once(world: World) -> None:
    ann, ear = listening(world)
    item = meeting(world, ann)
    known = world.known_as(ann, item)
    world.sync(ann)
    ear.hears()

    world.later(minutes=10)
    world.edit(ann, item, Location="Springfield")
    assert ear.hears().due == world.now
    dispatch(world)
    assert world.saved("Offer")["Location"] == "Springfield"
    assert ear.hears().due is None

    world.later(minutes=10)
    world.discard(ann, item)
    heard = ear.hears()
    assert (heard.due, heard.wishes[known].reason) == (world.now, Reason.DELETED_IN_MAILBOX)
    dispatch(world)
    assert world.event("Offer") is None


@pytest.mark.rule("INS-3")
@pytest.mark.parametrize(("kinds", "asked"), [("meeting", [False, False]), ("all", [True, True])])
@pytest.mark.point("1.6.1")
def test_appointments_and_whole_days_count_only_where_all_kinds_do(
    world: World, kinds: str, asked: list[bool]
) -> None:  # fmt: skip
    ann, ear = listening(world, instant__kinds=kinds)
    lunch = world.appointment(ann, "Lunch", marked=True)
    fair = meeting(world, ann, "Fair", IsAllDayEvent=True, Start="2026-03-05T00:00:00Z", End="2026-03-06T00:00:00Z")

    wishes = ear.hears().wishes

    assert [wishes[world.known_as(ann, item)].asks for item in (lunch, fair)] == asked


@pytest.mark.rule("INS-6")
def test_what_is_neither_saved_nor_marked_nor_saved_automatically_asks_for_nothing(world: World) -> None:
    ann, ear = listening(world, autosave__meetings=False, instant__kinds="all")
    item = meeting(world, ann)
    assert ear.reasons() == [Reason.AUTOSAVE_OFF]

    world.edit(ann, item, Location="Springfield")
    assert ear.reasons() == [Reason.AUTOSAVE_OFF]
    world.discard(ann, item)
    assert ear.hears().due is None

    marked = meeting(world, ann, "Offer", marked=True)
    assert ear.hears().wishes[world.known_as(ann, marked)].asks


@pytest.mark.any_mailbox(Can.PUSH, Can.LOOK_FREELY, why="which switch decides is the same over all that listen unasked")
@pytest.mark.rule("INS-1")
@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, [True, True, True]),
        ({"instant__enabled": False}, [False, False, False]),
        ({"InstantSyncEnabled": 0}, [False, False, False]),
        ({"TriggerSyncOnAdd": 0}, [False, True, True]),
        ({"TriggerSyncOnUpdate": 0}, [True, False, True]),
        ({"TriggerSyncOnDelete": 0}, [True, True, False]),
    ],
)
@pytest.mark.point("1.6.1")
def test_each_of_the_switches_takes_its_part(world: World, settings: dict[str, Any], asked: list[bool]) -> None:
    ann, ear = listening(world, settings)
    heard = []
    item = meeting(world, ann)
    for change in (
        lambda: None,
        lambda: world.edit(ann, item, Location="Springfield"),
        lambda: world.discard(ann, item, hard=True),
    ):
        change()
        heard.append(ear.hears().due is not None)
        world.sync(ann)
        ear.notices()
        world.later(minutes=10)

    assert heard == asked


@pytest.mark.rule("INS-6")
def test_what_the_next_run_would_take_back_does_not_bring_it_forward(world: World) -> None:
    world.setting(visits=True)
    entry = {"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c"}
    world.set(objects__shown=[entry])
    ann, ear = listening(world, instant__kinds="all")
    world.record("Visit__c", Name="Visit", OwnerId=ann.crm_user_id, Starts__c="2026-03-05T10:00:00Z",
                 Ends__c="2026-03-05T11:00:00Z")  # fmt: skip
    world.sync(ann)
    ear.notices()

    world.edit(ann, world.items(ann)[0]["id"], Subject="Mine")
    assert ear.reasons() == [Reason.EDIT_UNDONE]

    world.set(ann, events__way="down")
    meeting(world, ann)
    assert ear.reasons() == [Reason.EDIT_UNDONE]


@pytest.mark.any_mailbox(why="it ends before the mailbox is asked")
def test_nothing_is_asked_for_a_user_who_does_not_run(world: World) -> None:
    ann, ear = listening(world)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, paused_at=world.now)
    meeting(world, ann)

    assert ear.hears() == Heard()


# --- echoes


@pytest.mark.seed(22)
@pytest.mark.rule("INS-10")
def test_what_our_own_runs_write_triggers_no_second_run(world_on_both: World) -> None:
    world = world_on_both
    ann, ear = listening(world, instant__kinds="all")
    given = {"StartDateTime": SOON.isoformat(), "DurationInMinutes": 30, "OwnerId": ann.crm_user_id}
    shown = world.record("Event", Subject="Visit", **given)
    meeting(world, ann)
    ear.notices()

    world.sync(ann)  # marks the one, creates the other
    assert set(ear.reasons()) == {Reason.OWN_WRITE}

    world.later(minutes=10)
    world.change("Event", shown, Subject="Later")
    world.sync(ann)
    assert set(ear.reasons()) == {Reason.OWN_WRITE}

    world.later(minutes=10)
    world.remove("Event", shown)
    world.sync(ann)
    assert [item["values"]["Subject"] for item in world.items(ann)] == ["Offer"]
    assert ear.hears().due is None


@pytest.mark.rule("INS-10")
def test_what_is_being_written_at_this_moment_is_known_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ear = listening(world, instant__kinds="all")
    given = {"StartDateTime": SOON.isoformat(), "DurationInMinutes": 30, "OwnerId": ann.crm_user_id}
    world.record("Event", Subject="Visit", **given)
    item = meeting(world, ann)
    ear.notices()
    heard: list[Heard] = []
    connector = world.mailboxes.connector
    write = connector.write

    def listened(self: Mailbox, writes: Sequence[Write]) -> list[Outcome]:
        outcomes = write(self, writes)
        heard.append(ear.hears())  # the run has not yet noted what became of it
        return outcomes

    monkeypatch.setattr(connector, "write", listened)
    world.sync(ann)

    assert [each.due for each in heard] == [None, None]
    assert {wish.reason for each in heard for wish in each.wishes.values()} == {Reason.OWN_WRITE}
    assert world.known_as(ann, item) in {ref for each in heard for ref in each.wishes}


@pytest.mark.rule("INS-10")
def test_an_edit_made_after_our_write_is_no_echo(world: World) -> None:
    ann, ear = listening(world)
    item = meeting(world, ann)
    ear.notices()
    world.sync(ann)
    world.later(minutes=10)

    world.edit(ann, item, Location="Springfield")

    assert ear.hears().wishes[world.known_as(ann, item)].asks


@pytest.mark.rule("INS-10")
def test_writing_one_occurrence_of_a_series_triggers_no_run(world: World) -> None:
    ann, ear = listening(world, instant__kinds="all", autosave__appointments=True)
    world.series(ann, "Standup", "FREQ=WEEKLY;COUNT=3")
    world.sync(ann)
    first = min(world.records("Event", "StartDateTime"), key=lambda row: row["StartDateTime"])
    world.later(minutes=10)
    world.change("Event", first["Id"], Location="Room 2")
    world.sync(ann)

    assert set(ear.reasons()) == {Reason.OWN_WRITE}


# --- how often


@pytest.mark.seed(23)
@pytest.mark.rule("INS-4", "INS-8")
@pytest.mark.point("1.6.1")
def test_a_burst_of_fifty_notices_is_one_run_or_two_a_minute_apart_at_least(world: World) -> None:
    ann, ear = listening(world)
    begin = world.now
    for number in range(50):
        meeting(world, ann, f"Offer {number}")
        ear.hears()
        dispatch(world)
        world.later(seconds=1)
    for _ in range(200):
        ear.hears()
        dispatch(world)
        world.later(seconds=1)

    began = starts(world, ann, begin)
    assert 1 <= len(began) <= 2
    assert all(later - earlier >= timedelta(seconds=60) for earlier, later in pairwise(began))
    assert len(world.records("Event")) == 50


@pytest.mark.rule("INS-4")
@pytest.mark.point("1.13.3")
def test_what_happens_during_a_run_is_served_by_one_run_after_the_time_that_is_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ear = listening(world)
    world.set(instant__coalesce_seconds=180)
    begin = world.now
    meeting(world, ann, "First")
    ear.hears()
    connector = world.mailboxes.connector
    changes = connector.changes

    def meanwhile(self: Mailbox, folder: str, cursor: str | None) -> Any:
        monkeypatch.undo()
        found = changes(self, folder, cursor)
        meeting(world, ann, "Second")
        ear.hears()
        return found

    monkeypatch.setattr(connector, "changes", meanwhile)
    for _ in range(400):
        dispatch(world)
        world.later(seconds=1)

    assert starts(world, ann, begin) == [begin, begin + timedelta(seconds=180)]
    assert {row["Subject"] for row in world.records("Event", "Subject")} == {"First", "Second"}


def test_while_a_run_is_asked_for_nothing_more_is_looked_at(world: World) -> None:
    ann, ear = listening(world)
    meeting(world, ann)
    due = ear.hears().due
    meeting(world, ann, "Another")
    notices = ear.notices()
    world.calls()

    assert instant.notified(world.app, ann.id, notices) == Heard(due)
    assert world.calls() == {}


def test_items_that_have_to_be_looked_at_are_read_as_many_in_a_call_as_a_vendor_lets_us(world: World) -> None:
    ann, ear = listening(world, autosave__meetings=False)
    most = world.mailboxes.connector.batch_size
    for number in range(most):
        meeting(world, ann, f"Offer {number}")
    notices = ear.notices()
    world.calls()

    heard = instant.notified(world.app, ann.id, notices)

    assert (heard.due, len(heard.wishes)) == (None, most)
    assert sum(world.calls()[world.mailboxes.wire].values()) == 1


# --- from Salesforce


@pytest.mark.rule("INS-9")
def test_an_event_created_in_salesforce_is_shown_at_once(world: World) -> None:
    ann, _ = listening(world)
    world.record("Event", Subject="Visit", StartDateTime=SOON.isoformat(), DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip

    assert instant.event_created(world.app, world.org, ann.crm_user_id[:15]) == world.now
    dispatch(world)

    assert world.item(ann, "Visit") is not None


@pytest.mark.any_mailbox(why="Salesforce tells, and the mailbox is not asked")
@pytest.mark.rule("INS-9")
def test_nobody_runs_for_an_event_that_nobody_would_be_shown(world: World) -> None:
    ann, _ = listening(world, events__down=False)

    assert instant.event_created(world.app, world.org, ann.crm_user_id) is None
    assert instant.event_created(world.app, world.org, "005000000000000") is None
    assert instant.event_created(world.app, world.org, "") is None
