"""One mailbox over EWS and over Graph: both tell the same of everything in it, and what one writes the other reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.protocols import Detail, Mailbox, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Attendee, Fields, Item, ItemKind, ItemRef, Role, Series, Side, Span
from mapping.model.series import occurrence_id
from mapping.recurrence.expand import originals, rule_of, span_of
from tests.support.graph import World
from tests.support.outlook import CONTACTS, SERIES, TASKS

TEN, ELEVEN = "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"
HOMES = {ItemKind.EVENT: "calendar", ItemKind.EMAIL: "inbox", ItemKind.TASK: "tasks", ItemKind.CONTACT: "contacts"}
ANNA = {"address": "anna@corp.example", "name": "Anna"}
over_http = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

# what Graph has no word for, or says in its own way
NOT_OVER_GRAPH = {
    ItemKind.EVENT: {f.OF_GROUP}, ItemKind.EMAIL: set(), ItemKind.TASK: {f.SENSITIVITY, f.ITEM_CLASS, f.KEY},
    ItemKind.CONTACT: {f.SUBJECT, f.HTML},
}  # fmt: skip


def all_in(mailbox: Mailbox, folder: str, detail: Detail = Detail.BODY) -> list[Item]:
    """Everything in a folder, by subject."""
    refs = [change.ref for change in mailbox.changes(folder, None).changes]
    found = [item for item in mailbox.read(refs, detail).values() if isinstance(item, Item)]
    assert len(found) == len(refs)
    return sorted(found, key=lambda item: (item.text(f.SUBJECT), item.text(f.SURNAME)))


def alike(item: Item) -> dict[str, Any]:
    """What has to be the same of an item, whichever way it is read. Ids differ."""
    left = {name: value for name, value in item.fields.items() if name not in NOT_OVER_GRAPH[item.ref.kind]}
    series = left.get(f.SERIES)
    if isinstance(series, Series):
        left[f.SERIES] = (series.first, series.zone, series.cancelled, rule_of(series),
                          [(each.original, each.span) for each in series.moved])  # fmt: skip
    return left


def test_events_are_told_the_same(world: World) -> None:
    world.has(Subject="timed", Start=TEN, End=ELEVEN, Location="Room 1", Categories=["Red"], Body={"text": "Agenda"},
              LegacyFreeBusyStatus="OOF", ReminderIsSet=True, ReminderMinutesBeforeStart=30)  # fmt: skip
    world.has(Subject="all day", Start="2026-11-23T23:00:00Z", End="2026-11-25T23:00:00Z", IsAllDayEvent=True,
              StartTimeZone="W. Europe Standard Time", Sensitivity="Private")  # fmt: skip
    world.has(Subject="far east", Start="2026-11-23T11:00:00Z", End="2026-11-24T11:00:00Z", IsAllDayEvent=True,
              StartTimeZone="New Zealand Standard Time")  # fmt: skip
    world.has(
        Subject="meeting", Start=TEN, End=ELEVEN, Organizer={"address": "Boss@Corp.example", "name": "Boss"},
        RequiredAttendees=[{**ANNA, "response": "Tentative"}, {"address": "homer@globex.example", "name": "Homer"}],
        OptionalAttendees=[{"address": "marge@globex.example", "name": "Marge", "response": "Accept"}],
        Resources=[{"address": "room@corp.example", "name": "Room"}], AppointmentState=3,
        Body={"text": "Hello", "html": "<p>Hello</p>"},
    )  # fmt: skip
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=10", datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    world.edits(
        master, datetime(2026, 11, 30, 9, 0, tzinfo=UTC), Start="2026-12-01T12:00:00Z", End="2026-12-01T13:00:00Z"
    )
    world.deletes(master, datetime(2026, 12, 7, 9, 0, tzinfo=UTC))

    over_graph, over_ews = all_in(world.mailbox, "calendar"), all_in(world.over_ews, "calendar")

    assert [alike(item) for item in over_graph] == [alike(item) for item in over_ews]
    assert len(over_graph) == 5


def test_single_occurrences_are_told_the_same(world: World) -> None:
    start = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=10", start, Location="Room 1")
    places = [datetime(2026, 10, 19, 7, 0, tzinfo=UTC), datetime(2026, 10, 26, 8, 0, tzinfo=UTC)]
    world.edits(master, places[1], Location="Room 2")

    def read(mailbox: Mailbox) -> list[dict[str, Any]]:
        (change,) = mailbox.changes("calendar", None).changes
        refs = [
            ItemRef(Side.MAILBOX, ItemKind.EVENT, occurrence_id(change.ref.id, each), "calendar") for each in places
        ]
        found = mailbox.read(refs, Detail.BODY)
        items = [found[ref] for ref in refs]
        return [alike(item) for item in items if isinstance(item, Item)]

    assert read(world.mailbox) == read(world.over_ews)
    assert [item[f.LOCATION] for item in read(world.mailbox)] == ["Room 1", "Room 2"]


def test_mails_are_told_the_same(world: World) -> None:
    headers = [["References", "<a@x.example> <b@x.example>"], ["X-Spam", "no"]]
    world.has("Message", "inbox", Subject="plain", From={"address": "h@globex.example", "name": "Homer"},
              ToRecipients=[ANNA], CcRecipients=[{"address": "cc@globex.example", "name": ""}], Body={"text": "Hi"},
              InternetMessageId="<m1@x.example>", InternetMessageHeaders=headers, Sensitivity="Private",
              InReplyTo="<b@x.example>", References="<a@x.example> <b@x.example>",
              DateTimeReceived=TEN, DateTimeSent=TEN, Categories=["Red"])  # fmt: skip
    world.has("Message", "inbox", Subject="rich", Body={"text": "Hi", "html": "<b>Hi</b>"}, HasAttachments=True,
              From={"address": "h@globex.example", "name": "Homer"}, ToRecipients=[ANNA])  # fmt: skip
    world.has("MeetingRequest", "inbox", Subject="request", From={"address": "h@globex.example", "name": "Homer"},
              InternetMessageId="<m2@x.example>")  # fmt: skip

    over_graph, over_ews = all_in(world.mailbox, "inbox"), all_in(world.over_ews, "inbox")

    assert [alike(item) for item in over_graph] == [alike(item) for item in over_ews]
    assert [item.text(f.ITEM_CLASS) for item in over_graph] == [
        "IPM.Note", "IPM.Schedule.Meeting.Request", "IPM.Note",
    ]  # fmt: skip


def test_conversations_hold_the_same_messages_in_the_same_folders(world: World) -> None:
    homer = {"address": "h@globex.example", "name": "Homer"}
    for folder in ("inbox", "sentitems", "deleteditems", "drafts"):
        world.has("Message", folder, Subject="Re: Order", From=homer, InternetMessageId=f"<{folder}@x.example>")
    world.has("Message", "inbox", Subject="Something else", From=homer)

    def read(mailbox: Mailbox) -> list[tuple[str, str]]:
        (told,) = {item.text(f.CONVERSATION) for item in all_in(mailbox, "sent")}
        refs = mailbox.conversations([told, "nobody's"])[told]
        found = mailbox.read(refs, Detail.HEAD)
        return sorted((ref.container, item.text(f.MESSAGE_ID)) for ref, item in found.items() if isinstance(item, Item))

    assert read(world.mailbox) == read(world.over_ews) == [
        ("inbox", "<inbox@x.example>"), ("sent", "<sentitems@x.example>"),
    ]  # fmt: skip
    assert world.counted(lambda: world.mailbox.conversations([])) == {}


@given(TASKS)
@over_http
def test_a_task_that_is_written_over_graph_is_the_same_over_ews(world: World, values: Fields) -> None:
    _same_both_ways(world, ItemKind.TASK, {n: v for n, v in values.items() if n != f.SENSITIVITY})


@given(CONTACTS)
@over_http
def test_a_contact_that_is_written_over_graph_is_the_same_over_ews(world: World, values: Fields) -> None:
    _same_both_ways(world, ItemKind.CONTACT, {n: v for n, v in values.items() if n != f.SUBJECT})


def _same_both_ways(world: World, kind: ItemKind, values: Fields) -> None:
    world.server.sandbox.reset()
    world = World(world.server)

    written(world, kind, values)

    (over_graph,), (over_ews,) = all_in(world.mailbox, HOMES[kind]), all_in(world.over_ews, HOMES[kind])
    assert over_graph.fields.items() >= values.items()
    assert alike(over_graph) == alike(over_ews)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(series=SERIES, which=st.integers(0, 7))
def test_any_series_written_over_graph_is_the_same_over_ews_and_one_edit_changes_one_occurrence(
    world: World, series: Series, which: int
) -> None:
    world.server.sandbox.reset()
    world = World(world.server)

    made = written(world, ItemKind.EVENT, {f.SUBJECT: "series", f.SERIES: series})

    (over_graph,), (over_ews,) = all_in(world.mailbox, "calendar"), all_in(world.over_ews, "calendar")
    assert alike(over_graph) == alike(over_ews)
    places = list(islice(originals(series), 8))
    assert [item[f.SPAN] for item in occurrences(world, made.id, places)] == [span_of(series, at) for at in places]
    edited = places[which % len(places)]
    (outcome,) = world.mailbox.write([update(occurrence_id(made.id, edited), {f.SUBJECT: "other"})])
    assert outcome.error is None
    changed = occurrences(world, made.id, places)
    assert [at for at, item in zip(places, changed, strict=True) if item[f.SUBJECT] != "series"] == [edited]


def occurrences(world: World, master: str, places: Iterable[datetime | date]) -> list[Fields]:
    refs = [ItemRef(Side.MAILBOX, ItemKind.EVENT, occurrence_id(master, at), "calendar") for at in places]
    found = world.mailbox.read(refs, Detail.HEAD)
    return [item.fields for ref in refs if isinstance(item := found[ref], Item)]


@pytest.mark.parametrize("kind", [ItemKind.EVENT, ItemKind.CONTACT])
def test_the_key_that_one_way_stamps_the_other_way_reads(world: World, kind: ItemKind) -> None:
    values: Fields = {f.SUBJECT: "A", f.SPAN: SPAN} if kind is ItemKind.EVENT else {f.SURNAME: "A"}
    for number, mailbox in enumerate((world.mailbox, world.over_ews)):
        (made,) = mailbox.write([Write(Verb.CREATE, kind, HOMES[kind], key=f"key-{number}", values=values)])
        assert made.error is None

    for mailbox in (world.mailbox, world.over_ews):
        assert sorted(item.text(f.KEY) for item in all_in(mailbox, HOMES[kind])) == ["key-0", "key-1"]
        assert set(mailbox.find(["key-0", "key-1", "key-2"])) == {"key-0", "key-1"}


SPAN = Span(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), datetime(2026, 11, 23, 11, 0, tzinfo=UTC))


def test_what_is_written_of_a_meeting_over_graph_is_read_over_ews(world: World) -> None:
    people = (Attendee("homer@globex.example", "Homer"), Attendee("room@corp.example", "Room", Role.RESOURCE))
    values: Fields = {
        f.SUBJECT: "Review", f.SPAN: SPAN, f.LOCATION: "Room 1", f.BODY: "Agenda", f.SHOW_AS: "tentative",
        f.REMINDER: 10, f.SENSITIVITY: "private", f.ATTENDEES: people, f.CATEGORIES: ("Red", "Blue"),
    }  # fmt: skip

    written(world, ItemKind.EVENT, values)

    (item,) = all_in(world.over_ews, "calendar")
    assert item.fields.items() >= values.items()
    assert world.mails() == 1


def written(world: World, kind: ItemKind, values: Fields, key: str = "key-1") -> Outcome:
    (made,) = world.mailbox.write([Write(Verb.CREATE, kind, HOMES[kind], key=key, values=values)])
    assert made.error is None, made.error
    return made


def update(identifier: str, values: Fields, version: str = "") -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", identifier, version, values=values)
