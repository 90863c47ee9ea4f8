"""The recurrence patterns of Exchange: which days they name.

A recurrence is kept as its two elements, `[[pattern, [[name, text], ..]], [range, [[name, text], ..]]]`. Exchange reads
them in its own way: the day of the month that a month has not is its last day, and a series begins with the first day
of the pattern on or after the start of the range.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.ews.errors import EwsError

Pairs = list[list[Any]]
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = tuple(calendar.month_name[1:])
GROUPS = {"Day": WEEK, "Weekday": WEEK[:5], "WeekendDay": WEEK[5:]}
PLACES = {"First": 0, "Second": 1, "Third": 2, "Fourth": 3, "Last": -1}
MAX_COUNT, MAX_DAYS, MAX_OTHER = 999, 999, 99
LAST_YEAR = 4500  # the calendar of Exchange ends there

_Find = Callable[[int, int], int]  # year, month -> day


@dataclass(frozen=True, slots=True)
class Range:
    """`end` is the last day on which something may take place, `count` the number of occurrences; None is no bound."""

    start: date
    end: date | None = None
    count: int | None = None


def days(recurrence: Pairs) -> Iterator[date]:
    """The days of the pattern within its range, in order. Raises ErrorCalendarInvalidRecurrence."""
    (name, pattern), limits = _pattern(recurrence), range_of(recurrence)
    for number, day in enumerate(_READERS[name](pattern, limits.start), 1):
        if limits.end is not None and day > limits.end:
            return
        yield day
        if number == limits.count:
            return


def range_of(recurrence: Pairs) -> Range:
    """Raises ErrorCalendarInvalidRecurrence."""
    name, told = recurrence[1] if len(recurrence) > 1 else ("", [])
    values = dict(told)
    start = _date(values.get("StartDate", ""))
    match name:
        case "NoEndRecurrence":
            return Range(start)
        case "EndDateRecurrence":
            return Range(start, end=_date(values.get("EndDate", "")))
        case "NumberedRecurrence":
            return Range(start, count=_number(values, "NumberOfOccurrences", MAX_COUNT))
    raise _invalid("the range of the recurrence is unknown")


def normal(recurrence: Pairs) -> Pairs:
    """The recurrence as Exchange keeps it: the days of a week in their order and named one by one, weeks with a first
    day, and dates without the offset that clients may add. Raises ErrorCalendarInvalidRecurrence."""
    name, pattern = _pattern(recurrence)
    range_of(recurrence)
    if name == "WeeklyRecurrence":
        named = " ".join(day for day in WEEK if day in _days_of_week(pattern))
        pattern = {**pattern, "DaysOfWeek": named, "FirstDayOfWeek": _first_day(pattern)}
    kind, told = recurrence[1]
    limits = [[part, text.strip()[:10] if part.endswith("Date") else text] for part, text in told]
    return [[name, [list(each) for each in pattern.items()]], [kind, limits]]


def is_endless(recurrence: Pairs) -> bool:
    limits = range_of(recurrence)
    return limits.end is None and limits.count is None


def _pattern(recurrence: Pairs) -> tuple[str, dict[str, str]]:
    name, told = recurrence[0] if recurrence else ("", [])
    if name not in _READERS:
        raise _invalid("the pattern of the recurrence is unknown")
    return name, dict(told)


def _invalid(why: str) -> EwsError:
    return EwsError("ErrorCalendarInvalidRecurrence", f"The recurrence is invalid: {why}.")


def _date(text: str) -> date:
    """An `xs:date`; the offset that clients may add says nothing about the day."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise _invalid(f"{text!r} is not a date") from None


def _number(values: dict[str, str], name: str, most: int) -> int:
    text = values.get(name, "")
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise _invalid(f"{name} must be 1 to {most}")
    return int(text)


def _word(values: dict[str, str], name: str, allowed: Any) -> str:
    text = values.get(name, "")
    if text not in allowed:
        raise _invalid(f"{text!r} is no {name}")
    return text


def _daily(pattern: dict[str, str], start: date) -> Iterator[date]:
    step = timedelta(days=_number(pattern, "Interval", MAX_DAYS))
    while start.year < LAST_YEAR:
        yield start
        start += step


def _weekly(pattern: dict[str, str], start: date) -> Iterator[date]:
    interval = _number(pattern, "Interval", MAX_OTHER)
    first = WEEK.index(_first_day(pattern))
    offsets = sorted((WEEK.index(name) - first) % 7 for name in _days_of_week(pattern))
    week = start - timedelta(days=(start.weekday() - first) % 7)
    while week.year < LAST_YEAR:
        yield from (day for day in (week + timedelta(days=offset) for offset in offsets) if day >= start)
        week += timedelta(weeks=interval)


def _first_day(pattern: dict[str, str]) -> str:
    return _word({"FirstDayOfWeek": "Sunday", **pattern}, "FirstDayOfWeek", WEEK)


def _days_of_week(pattern: dict[str, str]) -> set[str]:
    found = {name for word in pattern.get("DaysOfWeek", "").split() for name in GROUPS.get(word, (word,))}
    if not found or not found.issubset(WEEK):
        raise _invalid("DaysOfWeek names no days")
    return found


def _monthly(find: _Find, first: tuple[int, int], interval: int, start: date) -> Iterator[date]:
    at = first[0] * 12 + first[1] - 1
    while at // 12 < LAST_YEAR:
        year, month = at // 12, at % 12 + 1
        day = date(year, month, find(year, month))
        if day >= start:
            yield day
        at += interval


def _absolute(pattern: dict[str, str]) -> _Find:
    wanted = _number(pattern, "DayOfMonth", 31)
    return lambda year, month: min(wanted, calendar.monthrange(year, month)[1])


def _relative(pattern: dict[str, str]) -> _Find:
    word = _word(pattern, "DaysOfWeek", (*WEEK, *GROUPS))
    names = GROUPS.get(word, (word,))
    place = PLACES[_word(pattern, "DayOfWeekIndex", PLACES)]

    def find(year: int, month: int) -> int:
        begins, length = calendar.monthrange(year, month)
        return [day for day in range(1, length + 1) if WEEK[(begins + day - 1) % 7] in names][place]

    return find


def _each_month(find: Callable[[dict[str, str]], _Find]) -> Callable[[dict[str, str], date], Iterator[date]]:
    def read(pattern: dict[str, str], start: date) -> Iterator[date]:
        interval = _number(pattern, "Interval", MAX_OTHER)
        return _monthly(find(pattern), (start.year, start.month), interval, start)

    return read


def _each_year(find: Callable[[dict[str, str]], _Find]) -> Callable[[dict[str, str], date], Iterator[date]]:
    def read(pattern: dict[str, str], start: date) -> Iterator[date]:
        month = MONTHS.index(_word(pattern, "Month", MONTHS)) + 1
        return _monthly(find(pattern), (start.year, month), 12, start)

    return read


_READERS: dict[str, Callable[[dict[str, str], date], Iterator[date]]] = {
    "DailyRecurrence": _daily,
    "WeeklyRecurrence": _weekly,
    "AbsoluteMonthlyRecurrence": _each_month(_absolute),
    "RelativeMonthlyRecurrence": _each_month(_relative),
    "AbsoluteYearlyRecurrence": _each_year(_absolute),
    "RelativeYearlyRecurrence": _each_year(_relative),
}
