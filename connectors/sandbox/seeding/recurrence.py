"""RRULE as one of the six patterns of EWS, or the reason why it is none.

A rule is refused rather than bent: EWS moves the 31st of a month to its last day where RFC 5545 skips the month, and
it begins a series with the first date of the pattern where RFC 5545 begins with DTSTART.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

Pairs = list[list[Any]]
DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday"}
DAYS["SU"] = "Sunday"
ORDER = list(DAYS)
INDEX = {1: "First", 2: "Second", 3: "Third", 4: "Fourth", -1: "Last"}
GROUPS = {
    frozenset(ORDER): "Day",
    frozenset(ORDER[:5]): "Weekday",
    frozenset(ORDER[5:]): "WeekendDay",
}
_KNOWN = frozenset("FREQ INTERVAL COUNT UNTIL WKST BYDAY BYMONTHDAY BYMONTH BYSETPOS".split())  # noqa: SIM905
MAX_COUNT, MAX_DAYS, MAX_OTHER = 999, 999, 99


class NotExpressible(Exception):  # noqa: N818 - it is an answer, not a defect
    """EWS has no pattern for the rule."""


def recurrence(rule: Mapping[str, Any], start: date, zone: ZoneInfo | None) -> Pairs:
    """The pattern and range elements. `start`: the first day, in the zone of the series."""
    parts = {str(key).upper(): value if isinstance(value, list) else [value] for key, value in rule.items()}
    strange = sorted(set(parts) - _KNOWN)
    if strange:
        raise NotExpressible(f"EWS has no {strange[0]} in a recurrence")
    frequency = str(parts.get("FREQ", [""])[0]).upper()
    interval = int(parts.get("INTERVAL", [1])[0])
    builders = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
    if frequency not in builders:
        raise NotExpressible(f"EWS has no recurrence of frequency {frequency or 'none'}")
    if not 1 <= interval <= (MAX_DAYS if frequency == "DAILY" else MAX_OTHER):
        raise NotExpressible(f"an interval of {interval} is outside what EWS allows")
    return [builders[frequency](parts, interval, start), _range(parts, start, zone)]


def _refuse(parts: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name in parts:
            raise NotExpressible(f"EWS has no {name} in a recurrence of this frequency")


def _daily(parts: Mapping[str, Any], interval: int, start: date) -> list[Any]:
    _refuse(parts, "BYMONTH", "BYMONTHDAY", "BYSETPOS")
    if "BYDAY" in parts:
        if interval != 1:
            raise NotExpressible("EWS has no daily recurrence limited to weekdays")
        return _weekly(parts, 1, start)
    return ["DailyRecurrence", [["Interval", str(interval)]]]


def _weekly(parts: Mapping[str, Any], interval: int, start: date) -> list[Any]:
    _refuse(parts, "BYMONTH", "BYMONTHDAY", "BYSETPOS")
    days = [_day(each) for each in parts.get("BYDAY", [ORDER[start.weekday()]])]
    if any(ordinal for ordinal, _ in days):
        raise NotExpressible("EWS has no ordinal weekdays in a weekly recurrence")
    names = [day for day in ORDER if day in {name for _, name in days}]
    if ORDER[start.weekday()] not in names:
        raise NotExpressible("the first date is not one of the pattern")
    first = str(parts.get("WKST", ["MO"])[0])
    return [
        "WeeklyRecurrence",
        [
            ["Interval", str(interval)],
            ["DaysOfWeek", " ".join(DAYS[name] for name in names)],
            ["FirstDayOfWeek", DAYS.get(first, "Monday")],
        ],
    ]


def _monthly(parts: Mapping[str, Any], interval: int, start: date) -> list[Any]:
    _refuse(parts, "BYMONTH")
    if "BYDAY" in parts:
        _refuse(parts, "BYMONTHDAY")
        days, index = _relative(parts, start)
        return [
            "RelativeMonthlyRecurrence",
            [["Interval", str(interval)], ["DaysOfWeek", days], ["DayOfWeekIndex", index]],
        ]
    _refuse(parts, "BYSETPOS")
    day = _month_day(parts, start)
    if day == -1:
        if start.day != calendar.monthrange(start.year, start.month)[1]:
            raise NotExpressible("the first date is not one of the pattern")
        pattern = [["Interval", str(interval)], ["DaysOfWeek", "Day"], ["DayOfWeekIndex", "Last"]]
        return ["RelativeMonthlyRecurrence", pattern]
    if day > 28:
        raise NotExpressible("EWS moves days after the 28th to the end of shorter months")
    return ["AbsoluteMonthlyRecurrence", [["Interval", str(interval)], ["DayOfMonth", str(day)]]]


def _yearly(parts: Mapping[str, Any], interval: int, start: date) -> list[Any]:
    months = [int(each) for each in parts.get("BYMONTH", [start.month])]
    if len(months) != 1:
        raise NotExpressible("EWS has no yearly recurrence in several months")
    if months[0] != start.month:
        raise NotExpressible("the first date is not one of the pattern")
    if "BYDAY" in parts and "BYMONTH" not in parts:
        raise NotExpressible("EWS has no weekdays of a year in a recurrence")
    if interval > 1:
        if interval * 12 > MAX_OTHER:
            raise NotExpressible(f"an interval of {interval} years is outside what EWS allows")
        return _monthly({name: value for name, value in parts.items() if name != "BYMONTH"}, interval * 12, start)
    month = calendar.month_name[months[0]]
    if "BYDAY" in parts:
        _refuse(parts, "BYMONTHDAY")
        days, index = _relative(parts, start)
        return ["RelativeYearlyRecurrence", [["DaysOfWeek", days], ["DayOfWeekIndex", index], ["Month", month]]]
    _refuse(parts, "BYSETPOS")
    day = _month_day(parts, start)
    if day == -1 or (start.month, day) == (2, 29):
        raise NotExpressible("EWS has no such day of every year")
    return ["AbsoluteYearlyRecurrence", [["DayOfMonth", str(day)], ["Month", month]]]


def _month_day(parts: Mapping[str, Any], start: date) -> int:
    days = [int(each) for each in parts.get("BYMONTHDAY", [start.day])]
    if len(days) != 1:
        raise NotExpressible("EWS has no recurrence on several days of a month")
    if days[0] == -1:
        return -1
    if days[0] != start.day:
        raise NotExpressible("the first date is not one of the pattern")
    return days[0]


def _relative(parts: Mapping[str, Any], start: date) -> tuple[str, str]:
    """`second Tuesday`, `last weekday`: DaysOfWeek and DayOfWeekIndex."""
    days = [_day(each) for each in parts["BYDAY"]]
    positions = [int(each) for each in parts.get("BYSETPOS", [])]
    ordinals = {ordinal for ordinal, _ in days}
    if len(days) == 1 and days[0][0] and not positions:
        ordinal, names = days[0][0], frozenset({days[0][1]})
    elif ordinals == {0} and len(positions) == 1:
        ordinal, names = positions[0], frozenset(name for _, name in days)
    else:
        raise NotExpressible("EWS has no such set of weekdays in a month")
    if ordinal not in INDEX:
        raise NotExpressible(f"EWS has no weekday number {ordinal} of a month")
    days_of_week = DAYS[next(iter(names))] if len(names) == 1 else GROUPS.get(names)
    if days_of_week is None:
        raise NotExpressible("EWS has no such set of weekdays in a month")
    if start.day != _found(start, names, ordinal):
        raise NotExpressible("the first date is not one of the pattern")
    return days_of_week, INDEX[ordinal]


def _found(start: date, names: frozenset[str], ordinal: int) -> int:
    length = calendar.monthrange(start.year, start.month)[1]
    days = [day for day in range(1, length + 1) if ORDER[start.replace(day=day).weekday()] in names]
    return days[ordinal - 1] if ordinal > 0 else days[-1]


def _day(text: Any) -> tuple[int, str]:
    word = str(text).upper()
    name, number = word[-2:], word[:-2]
    if name not in DAYS:
        raise NotExpressible(f"no weekday {word!r}")
    try:
        return (int(number) if number else 0), name
    except ValueError:
        raise NotExpressible(f"no weekday {word!r}") from None


def _range(parts: Mapping[str, Any], start: date, zone: ZoneInfo | None) -> list[Any]:
    first = ["StartDate", start.isoformat()]
    if "COUNT" in parts:
        count = int(parts["COUNT"][0])
        if not 1 <= count <= MAX_COUNT:
            raise NotExpressible(f"{count} occurrences are outside what EWS allows")
        return ["NumberedRecurrence", [first, ["NumberOfOccurrences", str(count)]]]
    if "UNTIL" in parts:
        until = parts["UNTIL"][0]
        if isinstance(until, datetime):
            until = until.astimezone(zone).date() if until.tzinfo is not None and zone is not None else until.date()
        if not isinstance(until, date):
            raise NotExpressible("the end of the series cannot be read")
        if until < start:
            raise NotExpressible("the series ends before it begins")
        return ["EndDateRecurrence", [first, ["EndDate", until.isoformat()]]]
    return ["NoEndRecurrence", [first]]
