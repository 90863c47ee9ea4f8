"""The rule of a series as the recurrence element of an item, or the reason why it is none."""

from __future__ import annotations

from datetime import date

from connectors.sandbox.ews.patterns import GROUPS, MAX_COUNT, MAX_DAYS, MAX_OTHER, MONTHS, PLACES, WEEK, Pairs
from mapping.model.item import Series
from mapping.recurrence.expand import day_of, originals, rule_of
from mapping.recurrence.patterns import Kind, Pattern, pattern_of
from mapping.recurrence.rules import Rule

_PLACE_NAMES = {(at + 1 if at >= 0 else at): name for name, at in PLACES.items()}
_GROUP_NAMES = {frozenset(WEEK.index(day) for day in days): name for name, days in GROUPS.items()}
_YEARLY = {Kind.YEARLY: Kind.MONTHLY, Kind.YEARLY_NTH: Kind.MONTHLY_NTH}  # and how to count years by months


def recurrence(series: Series) -> Pairs:
    """The pattern and range elements of a series. Raises ValueError with the reason when Exchange has none."""
    rule = rule_of(series)
    pattern = pattern_of(rule)
    if pattern is None:
        raise ValueError("no pattern of Exchange repeats in that way")
    most = MAX_DAYS if pattern.kind is Kind.DAILY else MAX_OTHER // 12 if pattern.month else MAX_OTHER
    if pattern.interval > most or (rule.count or 0) > MAX_COUNT:
        raise ValueError("the interval or the number of occurrences is larger than Exchange allows")
    first = next(originals(series), None)
    if first is None:
        raise ValueError("the series ends before it begins")
    if first != series.first.start:
        raise ValueError("the first day is none of the pattern")
    return [_pattern(pattern), _range(rule, day_of(series, first))]


def _pattern(pattern: Pattern) -> list[object]:
    interval, month = pattern.interval, [["Month", MONTHS[pattern.month - 1]]] if pattern.month else []
    kind = pattern.kind
    if month and interval > 1:  # of years, which only months can say
        kind, interval, month = _YEARLY[kind], 12 * interval, []
    every, day = ["Interval", str(interval)], ["DayOfMonth", str(pattern.day)]
    match kind:
        case Kind.DAILY:
            return ["DailyRecurrence", [every]]
        case Kind.WEEKLY:
            names = " ".join(WEEK[each] for each in sorted(pattern.days))
            return ["WeeklyRecurrence", [every, ["DaysOfWeek", names], ["FirstDayOfWeek", WEEK[pattern.week_start]]]]
        case Kind.MONTHLY:
            return ["AbsoluteMonthlyRecurrence", [every, day]]
        case Kind.MONTHLY_NTH:
            return ["RelativeMonthlyRecurrence", [every, *_place(pattern)]]
        case Kind.YEARLY:
            return ["AbsoluteYearlyRecurrence", [day, *month]]
        case Kind.YEARLY_NTH:
            return ["RelativeYearlyRecurrence", [*_place(pattern), *month]]


def _place(pattern: Pattern) -> list[list[str]]:
    name = _GROUP_NAMES.get(pattern.days) or WEEK[min(pattern.days)]
    return [["DaysOfWeek", name], ["DayOfWeekIndex", _PLACE_NAMES[pattern.ordinal]]]


def _range(rule: Rule, first: date) -> list[object]:
    start = ["StartDate", first.isoformat()]
    if rule.count is not None:
        return ["NumberedRecurrence", [start, ["NumberOfOccurrences", str(rule.count)]]]
    if rule.until is None:
        return ["NoEndRecurrence", [start]]
    return ["EndDateRecurrence", [start, ["EndDate", f"{rule.until:%Y-%m-%d}"]]]
