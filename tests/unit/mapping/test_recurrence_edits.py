"""Series with a part changed, and what tells two states of one apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mapping.model.item import Moved, Series, Span
from mapping.recurrence.edits import (
    Difference,
    begun_at,
    difference,
    ended_before,
    shifted,
    with_cancelled,
    with_moved,
)
from mapping.recurrence.expand import originals


def at(day: int, hour: int = 9, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def hour(start: datetime) -> Span:
    return Span(start, start + timedelta(hours=1))


DAILY = Series("FREQ=DAILY;COUNT=10", hour(at(1)), "UTC")
ENDLESS = replace(DAILY, rule="FREQ=DAILY")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(DAILY, rule="RRULE:INTERVAL=1;COUNT=10;FREQ=DAILY"), Difference.NONE),
        (replace(DAILY, cancelled=(at(2),)), Difference.EXCEPTIONS),
        (replace(DAILY, moved=(Moved(at(2), hour(at(2, 15))),)), Difference.EXCEPTIONS),
        (replace(DAILY, rule="FREQ=DAILY;COUNT=11"), Difference.MASTER),
        (replace(DAILY, first=hour(at(1, 10))), Difference.MASTER),
        (replace(DAILY, first=Span(at(1), at(1, 11))), Difference.MASTER),
        (replace(DAILY, zone="Europe/Berlin"), Difference.MASTER),
        (replace(DAILY, rule="FREQ=WEEKLY;COUNT=10", cancelled=(at(2),)), Difference.MASTER),
    ],
)
@pytest.mark.rule("REC-10", "REC-12")
def test_an_edit_of_one_occurrence_is_told_from_a_change_of_the_master(other: Series, expected: Difference) -> None:
    assert difference(DAILY, other) is difference(other, DAILY) is expected


def test_ends_on_one_day_are_no_difference_however_they_are_told() -> None:
    told = [
        replace(DAILY, rule=f"FREQ=DAILY;UNTIL={end}") for end in ("20261205", "20261205T090000Z", "20261206T085959Z")
    ]

    assert {difference(one, other) for one in told for other in told} == {Difference.NONE}


@pytest.mark.rule("REC-13")
def test_what_is_cancelled_is_no_longer_moved() -> None:
    changed = with_cancelled(with_moved(DAILY, Moved(at(3), hour(at(4, 15)))), at(3))

    assert (changed.cancelled, changed.moved) == ((at(3),), ())
    assert with_cancelled(changed, at(3)) == changed


@pytest.mark.rule("REC-12")
def test_what_is_moved_is_no_longer_cancelled_and_moves_once() -> None:
    changed = with_moved(with_cancelled(DAILY, at(3)), Moved(at(3), hour(at(4, 15))))
    again = with_moved(changed, Moved(at(3), hour(at(5, 15)), "id"))

    assert (again.cancelled, again.moved) == ((), (Moved(at(3), hour(at(5, 15)), "id"),))


def test_exceptions_stay_in_the_order_of_their_original_starts() -> None:
    changed = DAILY
    for day in (7, 3, 5):
        changed = with_moved(with_cancelled(changed, at(day)), Moved(at(day + 1), hour(at(28, day))))

    assert changed.cancelled == (at(3), at(5), at(7))
    assert [each.original for each in changed.moved] == [at(4), at(6), at(8)]


# --- cut


def test_an_ended_series_has_nothing_left_from_the_moment_on() -> None:
    series = replace(
        ENDLESS,
        cancelled=(at(2), at(8)),
        moved=(Moved(at(3), hour(at(3, 15))), Moved(at(4), hour(at(6))), Moved(at(9), hour(at(1, 15)))),
    )

    ended = ended_before(series, at(6))

    assert ended == Series(
        "FREQ=DAILY;UNTIL=20261205T090000Z",
        DAILY.first,
        "UTC",
        cancelled=(at(2), at(4)),
        moved=(Moved(at(3), hour(at(3, 15))),),
    )


def test_a_series_that_is_over_is_left_as_it_is_written() -> None:
    assert ended_before(DAILY, at(11)) is not None
    assert ended_before(DAILY, at(11)) == DAILY
    assert ended_before(DAILY, at(10, 10)) == DAILY


@pytest.mark.parametrize("cancelled", [(), (at(1),)])
def test_nothing_is_left_of_a_series_that_ends_before_it_takes_place(cancelled: tuple[datetime, ...]) -> None:
    moment = at(2) if cancelled else at(1)

    assert ended_before(replace(DAILY, cancelled=cancelled), moment) is None


def test_an_all_day_series_ends_on_a_day() -> None:
    weekly = Series("FREQ=WEEKLY", Span(date(2026, 12, 1), date(2026, 12, 2)))

    ended = ended_before(weekly, at(15, 0))

    assert ended is not None
    assert ended.rule == "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208"


def test_a_series_begins_later_with_its_rhythm_and_its_end() -> None:
    weekly = Series("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=6", hour(at(7)), "UTC", cancelled=(at(7), at(24)))

    begun = begun_at(weekly, at(8))

    assert begun is not None
    assert (begun.first, begun.cancelled) == (hour(at(10)), (at(24),))
    assert list(originals(begun)) == list(originals(weekly))[1:]
    assert begun_at(weekly, at(7)) == weekly
    assert begun_at(weekly, at(31)) is not None
    assert begun_at(weekly, at(31, month=12) + timedelta(days=30)) is None


def test_a_series_does_not_begin_at_a_time_that_the_clocks_skip() -> None:
    start = datetime(2026, 3, 27, 1, 30, tzinfo=UTC)  # 02:30
    daily = Series("FREQ=DAILY", hour(start), "Europe/Berlin")
    skipped = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    begun = begun_at(daily, skipped)

    assert begun is not None
    assert (begun.first.start, begun.cancelled) == (skipped - timedelta(days=1), (skipped - timedelta(days=1),))
    assert next(originals(begun, skipped + timedelta(hours=1))) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


# --- shifted


@pytest.mark.parametrize(
    ("rule", "first", "to", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", at(1), at(1, 14), "FREQ=DAILY;COUNT=3"),
        ("FREQ=DAILY;UNTIL=20261203", at(1), at(2, 14), "FREQ=DAILY;UNTIL=20261204T140000Z"),
        ("FREQ=WEEKLY;BYDAY=MO,WE", at(7), at(8), "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", at(7), at(6), "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", at(1), at(3), "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("FREQ=MONTHLY", at(1), at(3), "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("FREQ=MONTHLY;BYDAY=1TU", at(1), at(9), "FREQ=MONTHLY;BYDAY=2WE"),
        ("FREQ=MONTHLY;BYDAY=-1TU", at(29), at(28), "FREQ=MONTHLY;BYDAY=-1MO"),
        ("FREQ=MONTHLY;BYDAY=-1TU", at(29), at(22), "FREQ=MONTHLY;BYDAY=4TU"),
        ("FREQ=MONTHLY;BYDAY=1TU", at(1), at(29), "FREQ=MONTHLY;BYDAY=-1TU"),
        ("FREQ=YEARLY", at(1), at(30, month=11), "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=30"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1TU", at(1), at(5, month=11), "FREQ=YEARLY;BYMONTH=11;BYDAY=1TH"),
    ],
)
@pytest.mark.rule("REC-10")
def test_the_rule_follows_the_first_occurrence(rule: str, first: datetime, to: datetime, expected: str) -> None:
    new = shifted(Series(rule, hour(first), "UTC"), hour(to))

    assert (new.rule, new.first) == (expected, hour(to))


@pytest.mark.rule("REC-10")
def test_exceptions_of_a_shifted_series_are_still_the_same_occurrences() -> None:
    series = with_moved(with_cancelled(ENDLESS, at(3)), Moved(at(5), hour(at(5, 20)), "id"))

    new = shifted(series, hour(at(2, 7)))

    assert new.cancelled == (at(4, 7),)
    assert new.moved == (Moved(at(6, 7), hour(at(5, 20)), "id"),)


@pytest.mark.parametrize(
    "rule",
    ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYMONTHDAY=-1"],
)
def test_a_rule_that_is_bound_to_its_days_cannot_follow(rule: str) -> None:
    series = Series(rule, hour(at(1)), "UTC")

    assert shifted(series, hour(at(1, 10))).rule == rule
    with pytest.raises(ValueError, match="bound to its days"):
        shifted(series, hour(at(2)))


def test_a_timed_series_does_not_become_one_of_whole_days() -> None:
    with pytest.raises(ValueError, match="stays timed"):
        shifted(DAILY, Span(date(2026, 12, 1), date(2026, 12, 2)))
