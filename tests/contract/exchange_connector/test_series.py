"""Series over real HTTP: masters, single occurrences by their original starts, and what reading and writing costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Detail, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, Series, Span
from mapping.model.series import occurrence_id
from mapping.recurrence.expand import originals
from tests.contract.exchange_connector.series import (
    assert_valid,
    at,
    contents,
    delete,
    done,
    fault,
    series_of,
    there,
    update,
)
from tests.support.exchange import Wire, World, event

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # ten o'clock in Berlin; the clocks go forward on the 29th
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _answers_are_valid(wire: Wire) -> Iterator[None]:
    yield
    assert_valid(wire)


# --- reading


def test_a_series_is_read_from_its_master(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=6", MONDAY)
    world.deletes(master, MONDAY + WEEK)
    moved = MONDAY + 2 * WEEK
    world.edits(master, moved, Start=(moved + HOUR).isoformat(), End=(moved + 2 * HOUR).isoformat())

    item = there(world, master)

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
    before = contents(world, master, places)
    values: Fields = {f.SUBJECT: "other", f.BODY: "New", f.SPAN: Span(places[4] + HOUR, places[4] + 3 * HOUR)}

    (outcome,) = world.mailbox.write([update(one, values)])

    assert done(outcome).id == one
    changed = there(world, one, Detail.BODY)
    assert changed.version == outcome.version
    assert {name: changed.get(name) for name in values} == values
    assert changed.get(f.RECURRENCE) == "exception"
    after = contents(world, master, places)
    assert [each for each in places if after[each] != before[each]] == [places[4]]
    assert world.server.sandbox.ledger.mails() == []


def test_one_occurrence_is_cancelled_and_again_without_harm(world: World) -> None:
    master = world.series("FREQ=WEEKLY;BYDAY=MO;COUNT=3", MONDAY)
    one = occurrence_id(master, MONDAY + WEEK)

    first, second = world.mailbox.write([delete(one)]), world.mailbox.write([delete(one)])

    assert [done(each[0]).id for each in (first, second)] == [one, one]
    assert series_of(world, master).cancelled == (MONDAY + WEEK,)
    (refused,) = world.mailbox.write([update(one, {f.SUBJECT: "x"})])
    assert fault(refused) is Fault.NOT_FOUND
    assert world.server.sandbox.ledger.mails() == []


def test_writes_to_occurrences_cost_one_call_for_the_masters_and_one_for_the_batch(world: World) -> None:
    masters = [world.series("FREQ=DAILY;COUNT=30", MONDAY, Subject=str(number)) for number in range(2)]
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for master in masters for day in range(20)]

    updates = world.counted(
        lambda: [done(one) for one in world.mailbox.write([update(i, {f.SUBJECT: "x"}) for i in ids])]
    )
    deletes = world.counted(lambda: [done(one) for one in world.mailbox.write([delete(each) for each in ids])])

    assert updates == {"GetItem": 1, "UpdateItem": 1}
    assert deletes == {"GetItem": 1, "DeleteItem": 1}
    assert [len(series_of(world, master).cancelled) for master in masters] == [20, 20]
    assert world.server.sandbox.ledger.mails() == []


def test_a_batch_of_items_and_occurrences_is_answered_in_its_order(world: World) -> None:
    master = world.series("FREQ=WEEKLY;COUNT=4", MONDAY)
    single = world.has(Subject="single", Start=MONDAY.isoformat(), End=(MONDAY + HOUR).isoformat())
    ids = [occurrence_id(master, MONDAY + WEEK), single, occurrence_id(master, MONDAY + HOUR), master]

    updated = world.mailbox.write([update(each, {f.LOCATION: "here"}) for each in ids])

    assert [fault(each) for each in updated] == [None, None, Fault.NOT_FOUND, None]
    assert [each.id for each in updated if each.error is None] == [ids[0], single, master]
    assert [there(world, each).text(f.LOCATION) for each in (ids[0], single, master)] == ["here"] * 3
    deleted = world.mailbox.write([delete(each) for each in ids])
    assert [(each.id, each.error) for each in deleted] == [(each, None) for each in ids]
    assert world.content("calendar") == []


def test_an_occurrence_must_not_pass_its_neighbours(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=4", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in (0, 1)]
    far = {f.SPAN: Span(MONDAY + WEEK, MONDAY + WEEK + HOUR)}

    refused, made = world.mailbox.write([update(ids[0], far), update(ids[1], {f.SUBJECT: "other"})])

    assert refused.error is not None
    assert (refused.error.fault, refused.error.vendor_code) == (Fault.INVALID, "ErrorOccurrenceCrossingBoundary")
    done(made)


def test_the_last_occurrence_goes_with_its_series(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=2", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in (0, 1)]

    outcomes = world.mailbox.write([delete(each) for each in ids])

    assert [done(each).id for each in outcomes] == ids
    assert world.content("calendar") == []
    assert len(world.content("deleteditems")) == 1


# --- versions: all occurrences share that of their master


def test_writes_to_several_occurrences_do_not_outdate_each_other(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in range(6)]
    version = there(world, ids[0]).version
    writes = [update(each, {f.SUBJECT: "x"}, version) for each in ids]

    outcomes = [*world.mailbox.write([update(master, {f.LOCATION: "here"}, version), *writes[:2]])]
    outcomes += world.mailbox.write(writes[2:4])
    outcomes += world.mailbox.write([delete(ids[4], version)])
    outcomes += world.mailbox.write(writes[5:])

    assert [fault(each) for each in outcomes] == [None] * 7
    assert there(world, ids[3]).version == outcomes[-1].version


def test_an_occurrence_is_stale_when_somebody_else_wrote_to_its_series(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in range(3)]
    version = there(world, ids[0]).version
    done(world.mailbox.write([update(ids[0], {f.SUBJECT: "x"}, version)])[0])
    world.edits(master, MONDAY + timedelta(days=7), Subject="edited meanwhile")

    updated = world.mailbox.write([update(ids[1], {f.SUBJECT: "y"}, version)])
    deleted = world.mailbox.write([delete(ids[2], version)])

    assert [fault(each) for each in (*updated, *deleted)] == [Fault.STALE, Fault.STALE]
    assert [there(world, each).text(f.SUBJECT) for each in ids[1:]] == ["series", "series"]


def test_an_outcome_that_nobody_told_is_unknown_for_every_occurrence(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in range(2)]
    world.goes_wrong("UpdateItem", drop_after=True)

    outcomes = world.mailbox.write([update(each, {f.SUBJECT: "x"}) for each in ids])

    assert [fault(each) for each in outcomes] == [Fault.UNKNOWN, Fault.UNKNOWN]
    assert [done(each).id for each in world.mailbox.write([update(each, {f.SUBJECT: "x"}) for each in ids])] == ids


def test_a_master_can_be_written_after_its_occurrences(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    ids = [occurrence_id(master, MONDAY + timedelta(days=day)) for day in range(2)]
    version = there(world, master).version
    done(world.mailbox.write([update(ids[0], {f.SUBJECT: "x"}, version)])[0])

    done(world.mailbox.write([update(master, {f.LOCATION: "here"}, version)])[0])
    done(world.mailbox.write([delete(ids[1], version)])[0])
    done(world.mailbox.write([delete(master, version)])[0])

    assert world.content("calendar") == []


def test_what_was_written_before_a_call_failed_is_told(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    single = world.has(Subject="single", Start=MONDAY.isoformat(), End=(MONDAY + HOUR).isoformat())
    version = there(world, single).version
    writes = [update(occurrence_id(master, MONDAY), {f.SUBJECT: "x"}), update(single, {f.SUBJECT: "x"}, version)]
    world.goes_wrong("GetItem", code="ErrorServerBusy", times=2)

    assert [fault(each) for each in world.mailbox.write(writes)] == [Fault.THROTTLED, None]
    with pytest.raises(ConnectorError):
        world.mailbox.write(writes[:1])


def test_an_occurrence_has_no_series_and_no_folder_of_its_own(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    one, series = occurrence_id(master, MONDAY), series_of(world, master)

    (updated,) = world.mailbox.write([update(one, {f.SERIES: series})])
    (moved,) = world.mailbox.write([Write(Verb.MOVE, ItemKind.EVENT, "calendar", one, values={"folder": "deleted"})])

    assert (fault(updated), fault(moved)) == (Fault.INVALID, Fault.INVALID)
    assert series_of(world, master) == series


# --- the feed


def test_the_feed_tells_masters_and_hears_of_their_occurrences(world: World) -> None:
    master = world.series("FREQ=DAILY;COUNT=30", MONDAY)
    single = world.has(Subject="single", Start=MONDAY.isoformat(), End=(MONDAY + HOUR).isoformat())
    first = world.mailbox.changes("calendar", None)
    world.edits(master, MONDAY, Subject="other")

    later = world.mailbox.changes("calendar", first.cursor)

    told = {change.ref.id: change.item.get(f.RECURRENCE) for change in first.changes if change.item}
    assert told == {master: "master", single: ""}
    assert [change.ref for change in later.changes] == [event(master)]
