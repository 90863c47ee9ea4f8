"""When series take place: clocks that are moved, ends, exceptions, windows, old series."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from mapping.model.item import Moved, Original, Series, Span
from mapping.recurrence.expand import (
    index_of,
    is_endless,
    is_skipped,
    next_after,
    occurrences,
    originals,
    rule_of,
    span_of,
    zone_of,
)

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timed(rule: str, first: str, zone: str = "UTC", length: timedelta = HOUR, **more: object) -> Series:
    """`first` is told in UTC."""
    return Series(rule, Span(at(first), at(first) + length), zone, **more)  # type: ignore[arg-type]


def of_days(rule: str, first: date, days: int = 1, **more: object) -> Series:
    return Series(rule, Span(first, first + timedelta(days)), "", **more)  # type: ignore[arg-type]


def starts(series: Series) -> list[str]:
    """All original starts, told briefly."""
    return [f"{each:%m-%d %H:%M}" if isinstance(each, datetime) else f"{each:%m-%d}" for each in originals(series)]


# --- clocks


def test_a_series_keeps_its_wall_clock_time_when_the_clocks_are_moved() -> None:
    weekly = timed("FREQ=WEEKLY;COUNT=3", "2026-10-19T07:00", "Europe/Berlin")

    assert starts(weekly) == ["10-19 07:00", "10-26 08:00", "11-02 08:00"]


def test_a_time_that_the_clocks_skip_is_told_by_the_clock_of_before() -> None:
    daily = timed("FREQ=DAILY;COUNT=3", "2026-03-28T01:30", "Europe/Berlin")  # 02:30

    assert starts(daily) == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]
    assert [is_skipped(daily, each) for each in originals(daily)] == [False, True, False]


def test_a_time_that_the_clocks_show_twice_is_the_first_of_the_two() -> None:
    daily = timed("FREQ=DAILY;COUNT=3", "2026-10-24T00:30", "Europe/Berlin")  # 02:30

    assert starts(daily) == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]


def test_a_series_that_begins_at_the_second_of_two_equal_times_begins_there() -> None:
    daily = timed("FREQ=DAILY;COUNT=2", "2026-10-25T01:30", "Europe/Berlin")  # 02:30, again

    assert list(originals(daily)) == [daily.first.start, at("2026-10-26T01:30")]
    assert index_of(daily, daily.first.start) == 1


def test_clocks_may_be_moved_by_half_an_hour() -> None:
    daily = timed("FREQ=DAILY;COUNT=2", "2026-10-02T22:00", "Australia/Lord_Howe")

    assert starts(daily) == ["10-02 22:00", "10-03 21:30"]


def test_two_days_that_are_one_moment_are_one_occurrence() -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    daily = timed("FREQ=DAILY;UNTIL=20120101", "2011-12-28T19:00", "Pacific/Apia")

    assert starts(daily) == ["12-28 19:00", "12-29 19:00", "12-30 19:00", "12-31 19:00"]


def test_an_occurrence_lasts_equally_long_when_the_clocks_are_moved_meanwhile() -> None:
    nightly = timed("FREQ=DAILY;COUNT=2", "2026-03-27T22:00", "Europe/Berlin", 5 * HOUR)

    assert [span_of(nightly, each).minutes for each in originals(nightly)] == [300, 300]


@pytest.mark.rule("ALL-4")
def test_an_all_day_series_keeps_its_dates() -> None:
    assert starts(of_days("FREQ=WEEKLY;COUNT=3", date(2026, 10, 19))) == ["10-19", "10-26", "11-02"]


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe", "Europe/Berlin\0", "/etc/localtime"])
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        zone_of(name)


# --- rules


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=-1MO;COUNT=3", "2026-01-26T09:00", ["01-26", "02-23", "03-30"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", "2026-01-30T09:00", ["01-30", "02-27", "03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "2026-01-31T09:00", ["01-31", "03-31", "05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;COUNT=3", "2026-01-31T09:00", ["01-31", "02-28", "03-31"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=4", "2026-06-01T09:00", ["06-01", "06-07", "06-15", "06-21"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=4",
            "2026-06-01T09:00",
            ["06-01", "06-14", "06-15", "06-28"],
        ),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;COUNT=4", "2026-06-02T09:00", ["06-02", "06-07", "06-16", "06-21"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU;COUNT=4",
            "2026-06-02T09:00",
            ["06-02", "06-14", "06-16", "06-28"],
        ),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=2", "2026-05-11T09:00", ["05-11", "05-17"]),
    ],
)
def test_rules_yield_their_days(rule: str, first: str, expected: list[str]) -> None:
    assert [each[:5] for each in starts(timed(rule, first))] == expected


def test_a_leap_day_waits_for_the_next_leap_year() -> None:
    yearly = timed("FREQ=YEARLY;COUNT=2", "2024-02-29T09:00")

    assert list(originals(yearly)) == [at("2024-02-29T09:00"), at("2028-02-29T09:00")]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261203", "12-03 08:00"),
        ("20261203T085959", "12-02 08:00"),
        ("20261203T090000", "12-03 08:00"),
        ("20261203T235959", "12-03 08:00"),
        ("20261203T075959Z", "12-02 08:00"),
        ("20261203T080000Z", "12-03 08:00"),
    ],
)
def test_an_end_may_be_told_as_a_day_on_the_clock_of_the_series_or_in_utc(until: str, last: str) -> None:
    daily = timed(f"FREQ=DAILY;UNTIL={until}", "2026-12-01T08:00", "Europe/Berlin")

    assert starts(daily)[-1] == last


def test_an_end_in_utc_lies_on_the_day_of_the_zone() -> None:
    daily = timed("FREQ=DAILY;UNTIL=20261204T020000Z", "2026-12-02T02:00", "America/New_York")  # 21:00

    assert rule_of(daily).until == date(2026, 12, 3)
    assert starts(daily) == ["12-02 02:00", "12-03 02:00", "12-04 02:00"]


def test_an_end_on_a_day_that_a_zone_left_out_is_still_the_end() -> None:
    daily = timed("FREQ=DAILY;UNTIL=20111230T180000Z", "2011-12-28T19:00", "Pacific/Apia")

    assert starts(daily) == ["12-28 19:00", "12-29 19:00"]


def test_all_day_series_take_the_day_of_any_end() -> None:
    for until in ("20261203", "20261203T000000", "20261203T000000Z"):
        assert starts(of_days(f"FREQ=DAILY;UNTIL={until}", date(2026, 12, 1))) == ["12-01", "12-02", "12-03"]


@pytest.mark.parametrize(
    ("rule", "endless"), [("FREQ=DAILY", True), ("FREQ=DAILY;COUNT=1", False), ("freq=daily;until=20261201", False)]
)
def test_a_series_without_count_or_until_is_endless(rule: str, endless: bool) -> None:
    assert is_endless(timed(rule, "2026-11-01T09:00")) is endless


# --- exceptions and windows

DAILY = timed("FREQ=DAILY;COUNT=5", "2026-12-01T09:00")


def found(series: Series, after: str, before: str) -> list[tuple[Original, Original]]:
    return [(each.original, each.span.start) for each in occurrences(series, at(after), at(before))]


def moved(original: str, to: str) -> Moved:
    return Moved(at(original), Span(at(to), at(to) + HOUR))


@pytest.mark.parametrize(
    ("after", "before", "count"),
    [
        ("2026-12-01T09:00", "2026-12-02T09:00", 1),
        ("2026-12-01T09:59", "2026-12-02T09:01", 2),
        ("2026-12-01T10:00", "2026-12-02T09:00", 0),
        ("2026-11-01T00:00", "2027-01-01T00:00", 5),
    ],
)
def test_what_ends_after_the_begin_of_a_window_and_starts_before_its_end_is_in_it(
    after: str, before: str, count: int
) -> None:
    assert len(found(DAILY, after, before)) == count


def test_an_occurrence_without_length_takes_place_where_it_starts() -> None:
    daily = timed("FREQ=DAILY;COUNT=2", "2026-12-01T09:00", length=timedelta(0))

    assert len(found(daily, "2026-12-01T09:00", "2026-12-02T09:00")) == 1


def test_an_all_day_occurrence_lasts_until_the_midnight_after_it() -> None:
    weekly = of_days("FREQ=WEEKLY;COUNT=2", date(2026, 12, 1), 3)

    assert len(occurrences(weekly, at("2026-12-03T23:59"), at("2026-12-08T00:00"))) == 1
    assert occurrences(weekly, at("2026-12-04T00:00"), at("2026-12-08T00:00")) == ()


@pytest.mark.rule("REC-13")
def test_a_cancelled_occurrence_does_not_take_place_though_it_is_counted() -> None:
    series = timed(DAILY.rule, "2026-12-01T09:00", cancelled=(at("2026-12-02T09:00"),))

    assert len(found(series, "2026-12-01T00:00", "2026-12-31T00:00")) == 4
    assert index_of(series, at("2026-12-03T09:00")) == 3
    assert next_after(series, at("2026-12-01T09:00")) == at("2026-12-03T09:00")


@pytest.mark.rule("REC-12")
def test_a_moved_occurrence_takes_place_where_it_stands_now_under_its_old_name() -> None:
    series = timed(DAILY.rule, "2026-12-01T09:00", moved=(moved("2026-12-02T09:00", "2026-12-20T15:00"),))

    assert found(series, "2026-12-02T00:00", "2026-12-03T00:00") == []
    assert found(series, "2026-12-20T00:00", "2026-12-21T00:00") == [(at("2026-12-02T09:00"), at("2026-12-20T15:00"))]


def test_a_moved_occurrence_that_was_cancelled_is_cancelled() -> None:
    gone = moved("2026-12-02T09:00", "2026-12-02T15:00")
    series = timed(DAILY.rule, "2026-12-01T09:00", cancelled=(gone.original,), moved=(gone,))

    assert gone.original not in dict(found(series, "2026-12-01T00:00", "2026-12-31T00:00"))


def test_an_occurrence_moved_twice_takes_place_once() -> None:
    first, second = moved("2026-12-02T09:00", "2026-12-02T15:00"), moved("2026-12-02T09:00", "2026-12-02T16:00")
    series = timed(DAILY.rule, "2026-12-01T09:00", moved=(first, second))

    assert found(series, "2026-12-02T00:00", "2026-12-03T00:00") == [(first.original, second.span.start)]


def test_an_exception_that_the_rule_does_not_yield_takes_place_as_the_mailbox_says() -> None:
    stray = moved("2026-12-02T10:00", "2026-12-02T15:00")
    series = timed(DAILY.rule, "2026-12-01T09:00", cancelled=(at("2026-12-03T10:00"),), moved=(stray,))

    assert len(found(series, "2026-12-01T00:00", "2026-12-31T00:00")) == 6
    with pytest.raises(ValueError, match="no such occurrence"):
        index_of(series, stray.original)


def test_a_series_that_is_over_has_no_next_occurrence() -> None:
    assert next_after(DAILY, at("2026-12-05T09:00")) is None
    assert next_after(DAILY, at("2026-12-05T08:59")) == at("2026-12-05T09:00")


# --- old series


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU",
     "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=1", "FREQ=MONTHLY;BYDAY=-1MO", "FREQ=YEARLY;INTERVAL=4;BYDAY=1MO",
     "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "FREQ=DAILY;UNTIL=20270101"],
)  # fmt: skip
def test_a_series_of_2001_is_read_quickly_and_like_one_that_is_read_from_its_begin(rule: str) -> None:
    series = timed(rule, "2001-01-01T08:00", "Europe/Berlin")
    window = at("2026-11-01T00:00"), at("2027-01-14T00:00")
    from_the_begin = [each for each in originals(series, before=window[1]) if each >= window[0]]  # type: ignore[operator]

    begun = time.process_time()
    in_window = occurrences(series, *window)
    took = time.process_time() - begun

    assert [each.original for each in in_window] == from_the_begin
    assert took < 0.05


def test_a_counted_series_of_2001_is_counted_from_its_begin() -> None:
    series = timed("FREQ=DAILY;COUNT=9440", "2001-01-01T08:00", "Europe/Berlin")

    found = occurrences(series, at("2026-11-01T00:00"), at("2027-01-14T00:00"))

    assert [index_of(series, each.original) for each in found] == list(range(9436, 9441))
