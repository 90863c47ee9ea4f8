"""Events as they are written: what becomes of them in the calendar, and never a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import beside
from connectors.google.calendar_writes import event_id
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, Attendee, Item, ItemKind, Moved, Response, Role, Series, Span
from mapping.model.series import occurrence_id
from tests.support.google import World, event

NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = Span(NINE, NINE + timedelta(hours=1))
DAILY = Series("FREQ=DAILY;COUNT=5", HOUR, "Europe/Berlin")


def create(key: str = "ev:1", **values: Any) -> Write:
    return Write(Verb.CREATE, ItemKind.EVENT, "calendar", key=key, values={f.SUBJECT: "Call", f.SPAN: HOUR, **values})


def update(identifier: str, version: str = "", **values: Any) -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", identifier, version, values=values)


def delete(identifier: str, version: str = "") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, "calendar", identifier, version)


def done(world: World, *writes: Write) -> list[Outcome]:
    outcomes = world.mailbox.write(writes)
    assert [outcome.error for outcome in outcomes] == [None] * len(writes)
    return outcomes


def failed(world: World, *writes: Write) -> list[Fault | None]:
    return [outcome.error.fault if outcome.error else None for outcome in world.mailbox.write(writes)]


def read(world: World, identifier: str) -> Item:
    found = world.mailbox.read([event(identifier)], Detail.BODY)[event(identifier)]
    assert isinstance(found, Item), found
    return found


def mails(world: World) -> int:
    return int(world.server.sandbox.ledger.counters()["mails"]["total"])


def test_what_is_written_is_read_back(world: World) -> None:
    values = {
        f.SUBJECT: "Numbers", f.SPAN: HOUR, f.BODY: "Bring figures", f.LOCATION: "Room 7", f.SHOW_AS: "oof",
        f.SENSITIVITY: "private", f.REMINDER: 30, f.CATEGORIES: ("Salesforce", "Status: Tracked successfully", "Blue"),
        f.ATTENDEES: (Attendee("bob@globex.example", "Bob"), Attendee("eve@globex.example", "", Role.OPTIONAL)),
    }  # fmt: skip
    (made,) = done(world, create(**values))
    item = read(world, made.id)
    assert item.version == made.version
    assert {name: item.get(name) for name in values if name != f.ATTENDEES} == {
        name: value for name, value in values.items() if name != f.ATTENDEES
    }
    assert [(a.address, a.role) for a in item.get(f.ATTENDEES)] == [
        ("bob@globex.example", Role.REQUIRED), ("eve@globex.example", Role.OPTIONAL),
    ]  # fmt: skip
    assert item.get(f.KEY) == "ev:1"
    assert mails(world) == 0


@pytest.mark.parametrize("word", ["busy", "free", "tentative", "oof", "working_elsewhere", "no_data"])
def test_every_word_of_availability_survives_although_google_knows_two(world: World, word: str) -> None:
    (made,) = done(world, create(**{f.SHOW_AS: word}))
    assert read(world, made.id).get(f.SHOW_AS) == word
    told = world.event(made.id)["transparency"]
    world.acts("events/update", id=made.id,
               values={"transparency": "opaque" if told == "transparent" else "transparent"})  # fmt: skip
    assert read(world, made.id).get(f.SHOW_AS) == ("busy" if told == "transparent" else "free")


def test_an_event_is_made_once_however_often_it_is_written(world: World) -> None:
    (first,) = done(world, create())
    (again,) = done(world, create())
    assert (again.id, again.version, again.adopted) == (first.id, first.version, True)
    assert first.id == event_id("ev:1")
    assert len(world.content()["events"]) == 1


def test_an_answer_that_never_came_is_asked_for_by_writing_again(world: World) -> None:
    world.goes_wrong("calendar.events.insert", drop_after=True)
    (lost,) = world.mailbox.write([create()])
    assert lost.error is not None
    assert lost.error.fault is Fault.UNKNOWN
    (again,) = done(world, replace(create(), retrying=True))
    assert again.adopted
    assert len(world.content()["events"]) == 1


def test_what_was_deleted_since_comes_back_under_its_id(world: World) -> None:
    (made,) = done(world, create())
    world.acts("events/delete", id=made.id)
    (again,) = done(world, create(**{f.SUBJECT: "Once more"}))
    assert (again.id, again.adopted) == (made.id, False)
    assert read(world, made.id).text(f.SUBJECT) == "Once more"


def test_many_events_are_one_call_and_each_succeeds_or_fails_by_itself(world: World) -> None:
    backwards = Span(NINE, NINE - timedelta(hours=1))
    writes = [create("ev:1"), create("ev:2", **{f.SPAN: backwards}), create("ev:3", **{f.HEADERS: ()}), create("ev:4")]
    outcomes: list[Outcome] = []
    calls = world.counted(lambda: outcomes.extend(world.mailbox.write(writes)))
    assert calls == {"calendar.batch": 1}
    assert [(o.error.fault, o.error.fields) if o.error else None for o in outcomes] == [
        None, (Fault.INVALID, (f.SPAN,)), (Fault.INVALID, (f.HEADERS,)), None,
    ]  # fmt: skip


def test_a_part_of_a_batch_that_fails_does_not_fail_the_others(world: World) -> None:
    world.goes_wrong("part.calendar.events.insert", nth=2, code="rateLimitExceeded", headers={"Retry-After": "7"})
    one, two, three = world.mailbox.write([create("ev:1"), create("ev:2"), create("ev:3")])
    assert (one.error, three.error) == (None, None)
    assert two.error is not None
    assert (two.error.fault, two.error.retry_after) == (Fault.THROTTLED, timedelta(seconds=7))
    assert len(world.content()["events"]) == 2


def test_only_the_named_fields_change(world: World) -> None:
    one = world.has_event("One", location="Here", description="Text", colorId="5")
    (made,) = done(world, update(one, **{f.SUBJECT: "Two", f.LOCATION: None}))
    told = world.event(one)
    assert (told["summary"], told["description"], told["colorId"]) == ("Two", "Text", "5")
    assert "location" not in told
    assert made.version == told["etag"]


def test_a_write_at_an_old_version_is_refused_and_writes_nothing(world: World) -> None:
    one, two = world.has_event("One"), world.has_event("Two")
    before = {ident: read(world, ident).version for ident in (one, two)}
    world.acts("events/update", id=one, values={"summary": "Somebody else"})
    writes = [update(ident, before[ident], **{f.SUBJECT: "Mine"}) for ident in (one, two)]
    assert failed(world, *writes) == [Fault.STALE, None]
    assert [world.event(ident)["summary"] for ident in (one, two)] == ["Somebody else", "Mine"]
    world.acts("events/update", id=two, values={"summary": "Somebody else"})
    assert failed(world, delete(two, before[two])) == [Fault.STALE]


def test_an_appointment_becomes_a_whole_day_and_back(world: World) -> None:
    one = world.has_event()
    days = Span(date(2026, 12, 24), date(2026, 12, 26))
    done(world, update(one, **{f.SPAN: days}))
    assert read(world, one).get(f.SPAN) == days
    done(world, update(one, **{f.SPAN: HOUR}))
    assert read(world, one).get(f.SPAN) == HOUR


def test_people_keep_their_answers_when_others_are_invited(world: World) -> None:
    one = world.has_event(attendees=[{"email": "bob@globex.example", "responseStatus": "accepted", "comment": "Yes"}])
    guests = (Attendee("bob@globex.example"), Attendee("eve@globex.example"))
    done(world, update(one, read(world, one).version, **{f.ATTENDEES: guests}))
    assert read(world, one).get(f.ATTENDEES) == (
        Attendee("bob@globex.example", "", Role.REQUIRED, Response.ACCEPTED),
        Attendee("eve@globex.example", "", Role.REQUIRED, Response.UNKNOWN),
    )
    assert world.event(one)["attendees"][0]["comment"] == "Yes"
    assert mails(world) == 0


def test_an_invited_user_may_mark_a_meeting_but_not_change_it(world: World) -> None:
    one = world.has_event(organizer={"email": "boss@globex.example"}, attendees=[{"email": "anna@corp.example"}])
    done(world, update(one, **{f.CATEGORIES: ("Salesforce",), f.KEY: "ev:9"}))
    assert failed(world, update(one, **{f.SUBJECT: "Mine"})) == [Fault.FORBIDDEN]
    assert read(world, one).get(f.CATEGORIES) == ("Salesforce",)


def test_what_is_gone_already_is_deleted(world: World) -> None:
    one = world.has_event()
    done(world, delete(one, read(world, one).version))
    done(world, delete(one), delete("neverthere"))
    assert world.content()["events"] == []
    assert failed(world, update(one, **{f.SUBJECT: "Again"})) == [Fault.NOT_FOUND]


# --- series


def test_a_series_is_made_with_what_is_moved_and_cancelled_in_it(world: World) -> None:
    later = Span(NINE + timedelta(days=2, hours=3), NINE + timedelta(days=2, hours=4))
    series = replace(DAILY, cancelled=(NINE + timedelta(days=1),), moved=(Moved(NINE + timedelta(days=2), later),))
    (made,) = done(world, create(**{f.SERIES: series}))
    found = read(world, made.id).get(f.SERIES)
    assert (found.rule, found.first, found.zone, found.cancelled) == (DAILY.rule, HOUR, DAILY.zone, series.cancelled)
    assert [(each.original, each.span) for each in found.moved] == [(NINE + timedelta(days=2), later)]


def test_exceptions_come_and_go_without_touching_the_others(world: World) -> None:
    master = world.has_event(recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    world.acts("events/update", id=master, original="20261203T090000Z", values={"summary": "Special"})
    world.acts("events/delete", id=master, original="20261202T090000Z")
    later = Span(NINE + timedelta(days=3, hours=3), NINE + timedelta(days=3, hours=4))
    wanted = replace(DAILY, cancelled=(NINE + timedelta(days=4),), moved=(Moved(NINE + timedelta(days=3), later),))
    done(world, update(master, read(world, master).version, **{f.SERIES: wanted}))
    found = read(world, master).get(f.SERIES)
    assert found.cancelled == wanted.cancelled
    assert {each.original: each.span for each in found.moved}[NINE + timedelta(days=3)] == later
    special = event(occurrence_id(master, NINE + timedelta(days=2)))
    assert world.mailbox.read([special], Detail.HEAD)[special].text(f.SUBJECT) == "Special"


def test_a_series_comes_out_of_the_bin_under_its_id_with_its_exceptions(world: World) -> None:
    bears = {"private": {beside.KEY: "ev:1"}}
    master = world.has_event(recurrence=["RRULE:FREQ=DAILY;COUNT=5"], extendedProperties=bears)
    world.acts("events/delete", id=master, original="20261202T090000Z")
    before = read(world, master)
    done(world, delete(master, before.version))
    (lying,) = world.mailbox.find(["ev:1"]).values()
    assert (lying.id, lying.container) == (master, DELETED)
    along = {"folder": "calendar", f.SERIES: before.get(f.SERIES)}
    (back,) = done(world, Write(Verb.MOVE, ItemKind.EVENT, DELETED, master, values=along))
    assert back.id == master
    after = read(world, master)
    assert after.get(f.SERIES) == before.get(f.SERIES)
    assert mails(world) == 0
    elsewhere = Write(Verb.MOVE, ItemKind.EVENT, "calendar", master, values={"folder": "tasks"})
    assert failed(world, elsewhere) == [Fault.INVALID]


def test_another_rule_takes_the_place_of_the_old_one(world: World) -> None:
    master = world.has_event(recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    weekly = replace(DAILY, rule="FREQ=WEEKLY;COUNT=3;BYDAY=TU")
    done(world, update(master, read(world, master).version, **{f.SERIES: weekly}))
    assert read(world, master).get(f.SERIES).rule == "FREQ=WEEKLY;BYDAY=TU;COUNT=3"
    done(world, update(master, **{f.SERIES: None}))
    assert f.SERIES not in read(world, master).fields


def test_one_occurrence_is_written_or_cancelled_alone(world: World) -> None:
    master = world.has_event("Round", recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    one, two = (occurrence_id(master, NINE + timedelta(days=days)) for days in (1, 2))
    version = read(world, one).version
    (written,) = done(world, update(one, version, **{f.SUBJECT: "Special"}))
    assert read(world, one).version == written.version
    done(world, delete(two, read(world, two).version))
    series = read(world, master).get(f.SERIES)
    assert [each.original for each in series.moved] == [NINE + timedelta(days=1)]
    assert series.cancelled == (NINE + timedelta(days=2),)
    assert failed(world, update(one, version, **{f.SUBJECT: "Late"})) == [Fault.STALE]
    assert failed(world, update(one, **{f.SERIES: DAILY})) == [Fault.INVALID]


def test_our_own_write_to_a_series_does_not_outdate_its_occurrences(world: World) -> None:
    master = world.has_event("Round", recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    one = occurrence_id(master, NINE + timedelta(days=1))
    known, whole = read(world, one).version, read(world, master).version
    done(world, update(master, whole, **{f.CATEGORIES: ("Salesforce",)}))
    done(world, update(one, known, **{f.SUBJECT: "Special"}))
    assert read(world, one).text(f.SUBJECT) == "Special"


# --- colours


def test_colours_are_marks_when_they_are_switched_on(world: World) -> None:
    mailbox = world.opened(mark_colour="Blueberry", error_colour="tomato")
    world.mailbox = mailbox
    one = world.has_event(colorId="9")
    assert read(world, one).get(f.CATEGORIES) == ("Salesforce",)
    two = world.has_event(colorId="5")
    assert read(world, two).get(f.CATEGORIES) == ()
    done(world, update(two, **{f.CATEGORIES: ("Salesforce", "Status: Tracked successfully")}))
    assert world.event(two)["colorId"] == "9"
    done(world, update(two, **{f.CATEGORIES: ("Salesforce", "Sync Error", "Status: Too long")}))
    assert world.event(two)["colorId"] == "11"
    assert read(world, two).get(f.CATEGORIES) == ("Salesforce", "Sync Error", "Status: Too long")
    done(world, update(two, **{f.CATEGORIES: ()}))
    assert world.event(two)["colorId"] == "5"


def test_who_takes_the_colour_off_takes_the_mark_off(world: World) -> None:
    world.mailbox = world.opened(mark_colour="Blueberry", error_colour="tomato")
    (made,) = done(world, create(**{f.CATEGORIES: ("Salesforce", "Status: Tracked successfully")}))
    world.acts("events/update", id=made.id, values={"colorId": None})
    assert read(world, made.id).get(f.CATEGORIES) == ("Status: Tracked successfully",)


def test_without_colours_they_mean_nothing(world: World) -> None:
    one = world.has_event(colorId="9")
    assert read(world, one).get(f.CATEGORIES) == ()
    done(world, update(one, **{f.CATEGORIES: ("Salesforce",)}))
    assert world.event(one)["colorId"] == "9"
    with pytest.raises(ValueError, match="no colour 'mauve'"):
        world.opened(mark_colour="mauve")


def test_events_stay_in_their_calendar(world: World) -> None:
    one = world.has_event()
    move = Write(Verb.MOVE, ItemKind.EVENT, "calendar", one, values={"folder": "deleted"})
    assert failed(world, move) == [Fault.INVALID]


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ({"code": "quotaExceeded"}, Fault.THROTTLED),
        ({"status": 503}, Fault.UNKNOWN),
        ({"drop_before": True}, Fault.UNKNOWN),
    ],
)
def test_a_batch_that_fails_as_a_whole(world: World, action: dict[str, Any], fault: Fault) -> None:
    """What surely did not happen is raised; what may have happened is said of every write."""
    world.goes_wrong("calendar.batch", **action)
    writes = [create("ev:1"), create("ev:2")]
    if fault is Fault.UNKNOWN:
        assert failed(world, *writes) == [fault, fault]
        return
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.write(writes)
    assert (caught.value.fault, caught.value.scope) == (fault, Scope.CONNECTION)
