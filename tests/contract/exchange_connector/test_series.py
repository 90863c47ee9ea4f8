"""Series over real HTTP: masters, single occurrences by their original starts, and what reading and writing costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from connectors.errors import Fault
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Original, Series, Span
from mapping.model.series import occurrence_id
from mapping.recurrence.expand import originals
from tests.support.exchange import World, event

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # ten o'clock in Berlin; the clocks go forward on the 29th
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def read(world: World, identifier: str, detail: Detail = Detail.HEAD) -> Item | None:
    found = world.mailbox.read([event(identifier)], detail).get(event(identifier))
    assert found is None or isinstance(found, Item)
    return found


def series_of(world: World, master: str) -> Series:
    item = read(world, master)
    assert item is not None
    series = item.get(f.SERIES)
    assert isinstance(series, Series)
    return series


def at(master: str, original: Original) -> ItemRef:
    return event(occurrence_id(master, original))


def update(identifier: str, values: Fields, version: str = "") -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", identifier, version, values=values)


def delete(identifier: str, version: str = "") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, "calendar", identifier, version)


def create(series: Series, key: str = "key", *, retrying: bool = False, **values: object) -> Write:
    given = {f.SUBJECT: "series", f.SERIES: series, **values}
    return Write(Verb.CREATE, ItemKind.EVENT, "calendar", key=key, values=given, retrying=retrying)  # type: ignore[arg-type]


def done(outcome: Outcome) -> Outcome:
    assert outcome.error is None, str(outcome.error)
    return outcome


# --- reading


def test_a_series_is_read_from_its_master(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=6", MONDAY)
    world.deletes(master, MONDAY + WEEK)
    moved = MONDAY + 2 * WEEK
    world.edits(master, moved, Start=(moved + HOUR).isoformat(), End=(moved + 2 * HOUR).isoformat())

    item = read(world, master)

    assert item is not None
    assert item.get(f.RECURRENCE) == "master"
    series = item.get(f.SERIES)
    assert isinstance(series, Series)
    assert (series.rule, series.zone) == ("FREQ=WEEKLY;BYDAY=MO;COUNT=6", "Europe/Berlin")
    assert series.first == Span(MONDAY, MONDAY + HOUR)
    assert series.cancelled == (MONDAY + WEEK,)
    assert [(each.original, each.span) for each in series.moved] == [(moved, Span(moved + HOUR, moved + 2 * HOUR))]
    assert series.moved[0].id
    # at ten in Berlin, whatever the season
    assert [each.hour for each in originals(series)] == [9, 9, 9, 9, 8, 8]


def test_occurrences_are_read_under_their_original_starts(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=6", MONDAY, Categories=["Salesforce"], Location="Room 1")
    places = list(originals(series_of(world, master)))
    world.deletes(master, places[0])
    world.edits(master, places[2], Subject="other", Categories=["Own"])

    found = world.mailbox.read([at(master, each) for each in places], Detail.HEAD)

    assert set(found) == {at(master, each) for each in places[1:]}
    items = {ref: item for ref, item in found.items() if isinstance(item, Item)}
    assert [items[at(master, each)].get(f.ORIGINAL) for each in places[1:]] == places[1:]
    assert [items[at(master, each)].get(f.RECURRENCE) for each in places[1:4]] == [
        "occurrence", "exception", "occurrence",
    ]  # fmt: skip
    assert [items[at(master, each)].get(f.SPAN) for each in places[1:]] == [
        Span(each, each + HOUR) for each in places[1:]
    ]  # fmt: skip
    exception, plain = items[at(master, places[2])], items[at(master, places[1])]
    assert (exception.get(f.SUBJECT), exception.get(f.LOCATION), exception.get(f.CATEGORIES)) == (
        "other", "Room 1", ("Own",),
    )  # fmt: skip
    assert (plain.get(f.SUBJECT), plain.get(f.CATEGORIES)) == ("series", ("Salesforce",))
    assert not any(f.SERIES in item.fields for item in items.values())


def test_reading_occurrences_costs_one_call_for_the_masters_and_one_for_each_batch(world: World) -> None:
    masters = [world.series("FREQ=DAILY", MONDAY, Subject=str(number)) for number in range(3)]
    days = [MONDAY + timedelta(days=day) for day in range(20)]
    refs = [at(master, day) for master in masters for day in days]

    calls = world.counted(lambda: world.mailbox.read(refs, Detail.HEAD))

    assert calls == {"GetItem": 2}
    assert world.counted(lambda: world.mailbox.read(refs, Detail.BODY)) == {"GetItem": 1 + 3}


def test_what_the_rule_does_not_yield_is_not_there(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=2", MONDAY)
    single = world.has(Subject="single", Start=MONDAY.isoformat(), End=(MONDAY + HOUR).isoformat())
    refs = [
        at(master, MONDAY + HOUR), at(master, MONDAY + 2 * WEEK), at(master, date(2026, 3, 2)), at(single, MONDAY),
        event(f"{master}#nonsense"), at(master, MONDAY),
    ]  # fmt: skip

    assert list(world.mailbox.read(refs, Detail.HEAD)) == [at(master, MONDAY)]


# --- writing single occurrences


def test_one_occurrence_is_changed_and_no_other(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=6", MONDAY, RequiredAttendees=[{"address": "bob@x.example"}])
    places = list(originals(series_of(world, master)))
    one = occurrence_id(master, places[4])
    before = {each: read(world, occurrence_id(master, each), Detail.BODY) for each in places}
    values: Fields = {f.SUBJECT: "other", f.BODY: "New", f.SPAN: Span(places[4] + HOUR, places[4] + 3 * HOUR)}

    (outcome,) = world.mailbox.write([update(one, values)])

    assert done(outcome).id == one
    after = {each: read(world, occurrence_id(master, each), Detail.BODY) for each in places}
    changed = after[places[4]]
    assert changed is not None
    assert changed.version == outcome.version
    assert {name: changed.get(name) for name in values} == values
    assert changed.get(f.RECURRENCE) == "exception"
    assert [each for each in places if _content(after[each]) != _content(before[each])] == [places[4]]
    assert world.server.sandbox.ledger.mails() == []


def _content(item: Item | None) -> Fields:
    assert item is not None
    return {name: value for name, value in item.fields.items() if name != f.MODIFIED}


def test_one_occurrence_is_cancelled_and_again_without_harm(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=3", MONDAY)
    one = occurrence_id(master, MONDAY + WEEK)

    first, second = world.mailbox.write([delete(one)]), world.mailbox.write([delete(one)])

    assert [done(each[0]).id for each in (first, second)] == [one, one]
    assert series_of(world, master).cancelled == (MONDAY + WEEK,)
    (refused,) = world.mailbox.write([update(one, {f.SUBJECT: "x"})])
    assert refused.error is not None
    assert refused.error.fault is Fault.NOT_FOUND
    assert world.server.sandbox.ledger.mails() == []
