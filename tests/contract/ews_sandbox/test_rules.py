"""Rules of RFC 5545 as the patterns of Exchange, where it has one that means the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox.ews.rules import recurrence
from mapping.model.item import Series, Span

MONDAY = date(2026, 6, 1)  # the first of its month


def all_day(rule: str, start: date) -> Series:
    return Series(rule, Span(start, start + timedelta(days=1)))


@pytest.mark.parametrize(
    ("rule", "start", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=3", MONDAY, ["DailyRecurrence", [["Interval", "3"]]]),
        (
            "FREQ=DAILY;BYDAY=MO,TU",
            MONDAY,
            [
                "WeeklyRecurrence",
                [
                    ["Interval", "1"],
                    ["DaysOfWeek", "Monday Tuesday"],
                    ["FirstDayOfWeek", "Monday"],
                ],
            ],
        ),
        ("FREQ=MONTHLY", MONDAY, ["AbsoluteMonthlyRecurrence", [["Interval", "1"], ["DayOfMonth", "1"]]]),
        (
            "FREQ=MONTHLY;BYDAY=1MO",
            MONDAY,
            ["RelativeMonthlyRecurrence", [["Interval", "1"], ["DaysOfWeek", "Monday"], ["DayOfWeekIndex", "First"]]],
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            date(2026, 6, 30),
            ["RelativeMonthlyRecurrence", [["Interval", "1"], ["DaysOfWeek", "Weekday"], ["DayOfWeekIndex", "Last"]]],
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            date(2026, 6, 30),
            ["RelativeMonthlyRecurrence", [["Interval", "1"], ["DaysOfWeek", "Day"], ["DayOfWeekIndex", "Last"]]],
        ),
        ("FREQ=YEARLY", MONDAY, ["AbsoluteYearlyRecurrence", [["DayOfMonth", "1"], ["Month", "June"]]]),
        ("FREQ=YEARLY;INTERVAL=2", MONDAY, ["AbsoluteMonthlyRecurrence", [["Interval", "24"], ["DayOfMonth", "1"]]]),
        (
            "FREQ=YEARLY;BYMONTH=6;BYDAY=1MO",
            MONDAY,
            ["RelativeYearlyRecurrence", [["DaysOfWeek", "Monday"], ["DayOfWeekIndex", "First"], ["Month", "June"]]],
        ),
    ],
)
def test_rules_that_ews_has(rule: str, start: date, pattern: list[Any]) -> None:
    assert recurrence(all_day(rule, start))[0] == pattern


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", MONDAY),
        ("FREQ=MONTHLY", date(2026, 5, 31)),
        ("FREQ=MONTHLY;BYDAY=5MO", date(2026, 6, 29)),
        ("FREQ=MONTHLY;BYDAY=2MO", MONDAY),
        ("FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1", MONDAY),
        ("FREQ=WEEKLY;BYDAY=TU", MONDAY),
        ("FREQ=WEEKLY;INTERVAL=100", MONDAY),
        ("FREQ=YEARLY;BYMONTH=6,7", MONDAY),
        ("FREQ=YEARLY;BYDAY=1MO", MONDAY),
        ("FREQ=YEARLY", date(2028, 2, 29)),
        ("FREQ=YEARLY;BYWEEKNO=20", MONDAY),
        ("FREQ=DAILY;COUNT=1000", MONDAY),
        ("FREQ=DAILY;UNTIL=20260501", MONDAY),
        ("FREQ=SECONDLY", MONDAY),
    ],
)
def test_rules_that_ews_has_not(rule: str, start: date) -> None:
    with pytest.raises(ValueError, match=r"Exchange|pattern|series|rule"):
        recurrence(all_day(rule, start))


def test_the_end_of_a_series_is_a_day_where_it_happens() -> None:
    # 23:30 in Berlin is the last moment: an occurrence at that time is the last, one a minute later is not
    rule, last = "FREQ=DAILY;UNTIL=20260610T213000Z", datetime(2026, 6, 1, 21, 30, tzinfo=UTC)
    for start, day in ((last, "2026-06-10"), (last + timedelta(minutes=1), "2026-06-09")):
        series = Series(rule, Span(start, start), "Europe/Berlin")
        assert recurrence(series)[1][1][1] == ["EndDate", day]
