"""Events as they are read: what the feed tells, what an event says, and what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Attendee, Item, Person, Response, Role, Span
from mapping.model.series import occurrence_id
from tests.support.google import ADDRESS, World, event

NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)


def read(world: World, identifier: str, detail: Detail = Detail.BODY) -> Item:
    found = world.mailbox.read([event(identifier)], detail)[event(identifier)]
    assert isinstance(found, Item), found
    return found


def test_the_first_look_tells_everything_and_the_next_only_what_changed(world: World) -> None:
    one, two = world.has_event("One"), world.has_event("Two")
    first = world.mailbox.changes("calendar", None)
    assert first.complete
    assert {change.ref.id for change in first.changes} == {one, two}

    world.acts("events/update", id=two, values={"summary": "Two again"})
    world.acts("events/delete", id=one)
    second = world.mailbox.changes("calendar", first.cursor)
    assert not second.complete
    assert {(change.ref.id, change.deleted) for change in second.changes} == {(one, True), (two, False)}
    assert world.mailbox.changes("calendar", second.cursor).changes == ()


def test_nothing_new_costs_one_call(world: World) -> None:
    world.has_event()
    cursor = world.mailbox.changes("calendar", None).cursor
    assert world.counted(lambda: world.mailbox.changes("calendar", cursor)) == {"calendar.events.list": 1}


def test_what_the_feed_told_is_not_asked_for_again_but_a_second_look_is(world: World) -> None:
    one = world.has_event("One")
    world.mailbox.changes("calendar", None)
    assert world.counted(lambda: read(world, one)) == {}
    world.acts("events/update", id=one, values={"summary": "Later"})
    assert world.counted(lambda: read(world, one)) == {"calendar.events.get": 1}
    assert read(world, one).text(f.SUBJECT) == "Later"


@pytest.mark.parametrize("trouble", ["expired", "nonsense"])
def test_a_sync_token_that_is_of_no_use_means_reading_from_the_start(world: World, trouble: str) -> None:
    cursor = world.mailbox.changes("calendar", None).cursor
    if trouble == "expired":
        world.acts("expire", service="calendar")
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("calendar", cursor if trouble == "expired" else "bm90IGEgY3Vyc29y")
    assert (caught.value.fault, caught.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)
    assert world.mailbox.changes("calendar", None).complete


def test_a_long_calendar_is_told_page_by_page(world: World) -> None:
    from connectors.google import event_calls

    for number in range(5):
        world.has_event(f"Event {number}")
    before, event_calls.LISTED["maxResults"] = event_calls.LISTED["maxResults"], 2
    try:
        assert len(world.mailbox.changes("calendar", None).changes) == 5
    finally:
        event_calls.LISTED["maxResults"] = before


def test_an_event_says_all_that_the_neutral_fields_ask_for(world: World) -> None:
    one = world.has_event(
        "Numbers", location="Room 7", description="<p>Bring <b>figures</b></p>", transparency="transparent",
        visibility="confidential", reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 30}]},
        attendees=[
            {"email": "Bob@globex.example", "displayName": "Bob", "responseStatus": "accepted"},
            {"email": "room@corp.example", "resource": True, "responseStatus": "declined"},
            {"email": "eve@globex.example", "optional": True, "responseStatus": "needsAction"},
        ],
    )  # fmt: skip
    item = read(world, one)
    assert item.fields | {f.CREATED: None, f.MODIFIED: None} == {
        f.SUBJECT: "Numbers", f.LOCATION: "Room 7", f.BODY: "Bring figures", f.HTML: "<p>Bring <b>figures</b></p>",
        f.CATEGORIES: (), f.SENSITIVITY: "confidential", f.SHOW_AS: "free", f.REMINDER: 30, f.CREATED: None,
        f.MODIFIED: None, f.UID: f"{one}@google.com", f.SPAN: Span(NINE, NINE + timedelta(hours=1)),
        f.ORGANIZER: Person(ADDRESS, "Anna"), f.MY_RESPONSE: Response.ORGANIZER.value, f.IS_MEETING: True,
        f.IS_CANCELLED: False, f.OF_GROUP: False, f.RECURRENCE: "",
        f.ATTENDEES: (
            Attendee("bob@globex.example", "Bob", Role.REQUIRED, Response.ACCEPTED),
            Attendee("eve@globex.example", "", Role.OPTIONAL, Response.NONE),
            Attendee("room@corp.example", "", Role.RESOURCE, Response.DECLINED),
        ),
    }  # fmt: skip
    assert f.BODY not in read(world, one, Detail.HEAD).fields


def test_a_whole_day_is_told_as_dates(world: World) -> None:
    values = {"summary": "Holiday", "start": {"date": "2026-12-24"}, "end": {"date": "2026-12-27"}}
    one = world.acts("events", values=values)["id"]
    assert read(world, one).get(f.SPAN) == Span(date(2026, 12, 24), date(2026, 12, 27))


def test_the_default_reminder_is_that_of_the_calendar_once_it_is_known(world: World) -> None:
    one = world.has_event()
    assert f.REMINDER not in read(world, one).fields
    world.mailbox.changes("calendar", None)
    assert read(world, one).get(f.REMINDER) == 10


def test_an_invitation_says_what_i_answered(world: World) -> None:
    boss = {"email": "boss@globex.example"}
    me = {"email": ADDRESS, "responseStatus": "tentative"}
    one = world.has_event("Invited", organizer=boss, attendees=[me, {"email": "eve@globex.example"}])
    item = read(world, one)
    assert item.get(f.MY_RESPONSE) == Response.TENTATIVE.value
    assert item.get(f.ORGANIZER) == Person("boss@globex.example")
    assert f.IS_MEETING in item.fields


def test_a_series_is_told_with_what_was_moved_and_cancelled(world: World) -> None:
    master = world.has_event("Round", recurrence=["RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261205T090000Z"])
    world.acts("events/delete", id=master, original="20261202T090000Z")
    world.acts("events/update", id=master, original="20261203T090000Z",
               values={"start": {"dateTime": "2026-12-03T12:00:00Z", "timeZone": "UTC"},
                       "end": {"dateTime": "2026-12-03T13:00:00Z", "timeZone": "UTC"}})  # fmt: skip
    changes = world.mailbox.changes("calendar", None).changes
    assert [change.ref.id for change in changes] == [master]
    item = read(world, master)
    series = item.get(f.SERIES)
    assert item.get(f.RECURRENCE) == "master"
    assert series.rule == "FREQ=DAILY;COUNT=5"
    assert series.zone == "Europe/Berlin"
    assert series.cancelled == (NINE + timedelta(days=1), NINE + timedelta(days=4))
    noon = NINE + timedelta(days=2, hours=3)
    assert [(each.original, each.span) for each in series.moved] == [
        (NINE + timedelta(days=2), Span(noon, noon + timedelta(hours=1)))
    ]
    # the same, when no feed has told it
    assert read(world, master).get(f.SERIES) == series


def test_a_changed_occurrence_is_a_change_of_its_series(world: World) -> None:
    master = world.has_event("Round", recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    cursor = world.mailbox.changes("calendar", None).cursor
    world.acts("events/update", id=master, original="20261203T090000Z", values={"summary": "Special"})
    world.acts("events/delete", id=master, original="20261204T090000Z")
    changes = world.mailbox.changes("calendar", cursor).changes
    assert [(change.ref.id, change.deleted) for change in changes] == [(master, False)]
    assert read(world, master).get(f.SERIES).cancelled == (NINE + timedelta(days=3),)


def test_single_occurrences_are_read_by_where_they_stand_by_the_rule(world: World) -> None:
    master = world.has_event("Round", recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    world.acts("events/update", id=master, original="20261203T090000Z", values={"summary": "Special"})
    world.acts("events/delete", id=master, original="20261204T090000Z")
    plain, own, gone, never = (event(occurrence_id(master, NINE + timedelta(days=days))) for days in (1, 2, 3, 9))
    found = world.mailbox.read([plain, own, gone, never], Detail.HEAD)
    assert set(found) == {plain, own}
    assert [found[ref].text(f.SUBJECT) for ref in (plain, own)] == ["Round", "Special"]
    assert [found[ref].get(f.ORIGINAL) for ref in (plain, own)] == [NINE + timedelta(days=days) for days in (1, 2)]
    assert f.SERIES not in found[plain].fields


def test_keys_are_found_wherever_they_stand(world: World) -> None:
    private = {"extendedProperties": {"private": {"inboxSyncKey": "ev:1"}}}
    here = world.has_event("Here", **private)
    series = {"extendedProperties": {"private": {"inboxSyncKey": "ev:2"}}, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    there = world.has_event("Series", **series)
    world.acts("events/update", id=there, original="20261202T090000Z", values={"summary": "Special"})
    gone = world.has_event("Gone", extendedProperties={"private": {"inboxSyncKey": "ev:3"}})
    world.acts("events/delete", id=gone)
    found = world.mailbox.find(["ev:1", "ev:2", "ev:3", "ev:4"])
    assert {key: (ref.id, ref.container) for key, ref in found.items()} == {
        "ev:1": (here, "calendar"), "ev:2": (there, "calendar"), "ev:3": (gone, "deleted"),
    }  # fmt: skip
