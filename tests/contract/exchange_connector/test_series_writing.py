"""Series that the connector writes: new ones, others in their place, with exceptions, and twice at no harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import Fault
from connectors.protocols import Detail, Outcome
from mapping.model import fields as f
from mapping.model.item import Moved, Series, Span
from mapping.model.series import occurrence_id
from mapping.recurrence.expand import originals, rule_of, span_of
from tests.contract.exchange_connector.series import (
    assert_valid,
    at,
    contents,
    create,
    done,
    fault,
    series_of,
    there,
    update,
)
from tests.support.exchange import Wire, World
from tests.support.outlook import SERIES

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
WEEKLY = Series("FREQ=WEEKLY;BYDAY=MO;COUNT=6", Span(MONDAY, MONDAY + HOUR), "Europe/Berlin")
MOVED = Moved(MONDAY + 3 * WEEK, Span(MONDAY + 3 * WEEK + HOUR, MONDAY + 3 * WEEK + 2 * HOUR))
BROKEN = replace(WEEKLY, cancelled=(MONDAY + WEEK, MONDAY + 2 * WEEK), moved=(MOVED,))


@pytest.fixture(autouse=True)
def _answers_are_valid(wire: Wire) -> Iterator[None]:
    yield
    assert_valid(wire)


def same(one: Series, other: Series) -> bool:
    """Do they repeat alike, with the same exceptions?"""
    moved = [[(each.original, each.span) for each in series.moved] for series in (one, other)]
    return (
        (one.first, one.zone, rule_of(one), one.cancelled) == (other.first, other.zone, rule_of(other), other.cancelled)
        and moved[0] == moved[1]
    )  # fmt: skip


def written(world: World, series: Series) -> Outcome:
    (outcome,) = world.mailbox.write([create(series)])
    return done(outcome)


# --- new series


def test_a_series_is_created_in_one_call_and_reads_back_as_it_was_written(world: World) -> None:
    outcomes: list[Outcome] = []

    calls = world.counted(lambda: outcomes.append(written(world, WEEKLY)))

    item = there(world, outcomes[0].id)
    assert calls == {"CreateItem": 1}
    assert same(series_of(world, item.ref.id), WEEKLY)
    assert (item.version, item.get(f.SPAN), item.text(f.KEY)) == (outcomes[0].version, WEEKLY.first, "key")
    (kept,) = world.content("calendar")
    assert kept["values"]["StartTimeZone"] == "W. Europe Standard Time"
    assert world.server.sandbox.ledger.mails() == []


def test_an_all_day_series_is_dates_in_every_zone(world: World) -> None:
    series = Series("FREQ=DAILY;COUNT=4", Span(date(2026, 3, 27), date(2026, 3, 28)))
    third = date(2026, 3, 29)  # 23 hours long in Berlin
    moved = Moved(date(2026, 3, 30), Span(date(2026, 4, 1), date(2026, 4, 3)))
    broken = replace(series, cancelled=(date(2026, 3, 28),), moved=(moved,))

    made = written(world, broken)

    for mailbox in (world.mailbox, world.opened(time_zone="Pacific/Apia")):
        found = mailbox.read([at(made.id, third), at(made.id, moved.original)], Detail.HEAD)
        assert [item.get(f.SPAN) for item in found.values()] == [  # type: ignore[union-attr]
            Span(third, third + DAY), moved.span,
        ]  # fmt: skip
    assert same(series_of(world, made.id), broken)


def test_the_mailboxes_own_zone_is_preferred_to_others_of_the_same_windows_name(world: World) -> None:
    copenhagen = replace(WEEKLY, zone="Europe/Copenhagen")

    made = written(world, copenhagen)

    assert series_of(world, made.id).zone == "Europe/Paris"
    world.mailbox = world.opened(time_zone="Europe/Copenhagen")
    assert series_of(world, made.id).zone == "Europe/Copenhagen"


def test_exceptions_follow_the_new_series(world: World) -> None:
    outcomes: list[Outcome] = []

    calls = world.counted(lambda: outcomes.append(written(world, BROKEN)))

    assert calls == {"CreateItem": 1, "GetItem": 1, "DeleteItem": 1, "UpdateItem": 1}
    assert same(series_of(world, outcomes[0].id), BROKEN)
    assert there(world, outcomes[0].id).version == outcomes[0].version
    assert world.server.sandbox.ledger.mails() == []


@pytest.mark.parametrize("operation", ["CreateItem", "DeleteItem", "UpdateItem"])
def test_a_create_that_broke_off_is_completed_when_it_is_tried_again(world: World, operation: str) -> None:
    world.goes_wrong(operation, drop_after=True)
    (first,) = world.mailbox.write([create(BROKEN)])
    assert fault(first) is Fault.UNKNOWN

    (second,) = world.mailbox.write([create(BROKEN, retrying=True)])

    assert done(second).adopted
    assert len(world.content("calendar")) == 1
    assert same(series_of(world, second.id), BROKEN)
    assert world.counted(lambda: world.mailbox.write([create(BROKEN, retrying=True)])) == {"FindItem": 1, "GetItem": 1}


def test_an_exception_that_exchange_refuses_is_told_with_the_series_that_is_there(world: World) -> None:
    onto = replace(WEEKLY, moved=(Moved(MONDAY, Span(MONDAY + WEEK, MONDAY + WEEK + HOUR)),))

    refused, other = world.mailbox.write([create(onto, "one"), create(BROKEN, "two")])

    assert refused.error is not None
    assert (refused.error.fault, refused.error.fields) == (Fault.INVALID, (f.SERIES,))
    assert same(series_of(world, refused.id), WEEKLY)
    assert same(series_of(world, done(other).id), BROKEN)


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": "FREQ=MONTHLY;BYMONTHDAY=31", "first": Span(MONDAY + 29 * DAY, MONDAY + 29 * DAY + HOUR)},
        {"rule": "FREQ=MONTHLY;BYMONTHDAY=1,15"},
        {"rule": "FREQ=WEEKLY;BYDAY=TU"},  # begins on a Monday
        {"rule": "FREQ=WEEKLY;UNTIL=20260301"},
        {"rule": "FREQ=WEEKLY;INTERVAL=100"},
        {"rule": "FREQ=DAILY;COUNT=1000"},
        {"rule": "FREQ=YEARLY;INTERVAL=9"},
        {"rule": "FREQ=HOURLY"},
        {"rule": "nonsense"},
        {"zone": "Mars/Olympus"},
        {"zone": "Etc/GMT+10"},  # Windows has no name for it
    ],
)
def test_a_series_that_exchange_has_not_is_refused_before_anything_is_sent(
    world: World, changes: dict[str, str]
) -> None:
    outcomes: list[Outcome] = []

    calls = world.counted(lambda: outcomes.extend(world.mailbox.write([create(replace(WEEKLY, **changes))])))  # type: ignore[arg-type]

    assert calls == {}
    assert outcomes[0].error is not None
    assert (outcomes[0].error.fault, outcomes[0].error.fields) == (Fault.INVALID, (f.SERIES,))


# --- another series in the place of one


def test_another_rule_takes_the_place_of_the_old_one(world: World) -> None:
    made = written(world, BROKEN)
    other = Series(
        "FREQ=DAILY;COUNT=9", Span(MONDAY + HOUR, MONDAY + 3 * HOUR), "America/New_York", (MONDAY + HOUR + DAY,)
    )

    (outcome,) = world.mailbox.write([update(made.id, {f.SERIES: other})])

    assert done(outcome).id == made.id
    assert same(series_of(world, made.id), other)


def test_the_same_rule_again_keeps_what_single_occurrences_have_of_their_own(world: World) -> None:
    made = written(world, WEEKLY)
    world.edits(made.id, MONDAY + WEEK, Subject="other")
    more = replace(WEEKLY, rule="FREQ=WEEKLY;COUNT=6", cancelled=(MONDAY + 2 * WEEK,))

    calls = world.counted(lambda: world.mailbox.write([update(made.id, {f.SERIES: more, f.LOCATION: "here"})]))

    assert calls == {"GetItem": 2, "UpdateItem": 1, "DeleteItem": 1}
    assert series_of(world, made.id).cancelled == (MONDAY + 2 * WEEK,)
    second = there(world, occurrence_id(made.id, MONDAY + WEEK))
    assert (second.text(f.SUBJECT), second.text(f.LOCATION)) == ("other", "here")


def test_a_cancelled_occurrence_comes_back_with_the_series_anew(world: World) -> None:
    made = written(world, BROKEN)

    version = there(world, made.id).version
    fewer = replace(BROKEN, cancelled=(MONDAY + WEEK,))

    (outcome,) = world.mailbox.write([update(made.id, {f.SERIES: fewer}, version)])

    assert same(series_of(world, done(outcome).id), fewer)


def test_a_series_that_somebody_else_changed_is_stale(world: World) -> None:
    made = written(world, BROKEN)
    world.edits(made.id, MONDAY, Subject="edited meanwhile")
    fewer = replace(BROKEN, cancelled=())

    for series in (
        fewer,
        replace(BROKEN, cancelled=(*BROKEN.cancelled, MONDAY + 5 * WEEK)),
        replace(BROKEN, rule="FREQ=DAILY"),
    ):
        (outcome,) = world.mailbox.write([update(made.id, {f.SERIES: series}, made.version)])
        assert fault(outcome) is Fault.STALE

    assert len(series_of(world, made.id).cancelled) == 2


def test_a_series_ends_and_begins(world: World) -> None:
    made = written(world, WEEKLY)

    later = Span(MONDAY + DAY, MONDAY + DAY + HOUR)
    done(world.mailbox.write([update(made.id, {f.SERIES: None, f.SPAN: later})])[0])
    single = there(world, made.id)
    done(world.mailbox.write([update(made.id, {f.SERIES: BROKEN})])[0])

    assert (single.get(f.RECURRENCE), single.get(f.SPAN)) == ("", later)
    assert same(series_of(world, made.id), BROKEN)


def test_occurrences_are_counted_by_the_pattern_that_is_written_with_them(world: World) -> None:
    made = written(world, WEEKLY)
    daily = replace(WEEKLY, rule="FREQ=DAILY;COUNT=10")

    outcomes = world.mailbox.write(
        [update(occurrence_id(made.id, MONDAY + DAY), {f.SUBJECT: "other"}), update(made.id, {f.SERIES: daily})]
    )

    assert [fault(each) for each in outcomes] == [None, None]
    assert [(each.original, each.span.start) for each in series_of(world, made.id).moved] == [
        (MONDAY + DAY, MONDAY + DAY)
    ]


# --- any series


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(series=SERIES, which=st.integers(0, 7))
def test_any_series_reads_back_equal_and_one_edit_changes_one_occurrence(
    world: World, series: Series, which: int
) -> None:
    world.server.sandbox.reset()
    world = World(world.server)

    made = written(world, series)

    assert same(series_of(world, made.id), series)
    places = list(islice(originals(series), 8))
    edited = places[which % len(places)]
    before = contents(world, made.id, places)
    # Exchange expands by itself, so this also says that both mean the same by the rule
    assert [before[each][f.SPAN] for each in places] == [span_of(series, each) for each in places]
    (outcome,) = world.mailbox.write([update(occurrence_id(made.id, edited), {f.SUBJECT: "other", f.LOCATION: "here"})])
    done(outcome)
    after = contents(world, made.id, places)
    assert [each for each in places if after[each] != before[each]] == [edited]
    assert [each.original for each in series_of(world, made.id).moved] == [edited]
