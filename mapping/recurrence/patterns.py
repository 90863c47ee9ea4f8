"""The six ways of repeating that Exchange and Salesforce Classic share, and the rules that are one of them."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from enum import StrEnum

from mapping.recurrence.rules import MONDAY, Day, Frequency, Rule, tidy

EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))
WEEKEND = EVERY_DAY - WORKDAYS
GROUPS = (EVERY_DAY, WORKDAYS, WEEKEND)
LAST = -1
ORDINALS = (1, 2, 3, 4, LAST)


class Kind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"  # on a day of the month
    MONTHLY_NTH = "monthly_nth"  # on its second Tuesday, on its last workday
    YEARLY = "yearly"
    YEARLY_NTH = "yearly_nth"


@dataclass(frozen=True, slots=True)
class Pattern:
    """`interval` counts days, weeks, months or years. `days` are weekdays, 0 is Monday: those of the week, or for the
    nth day of a month one of them or one of `GROUPS`. `day` is that of the month, or in shorter months the last one.
    What a kind does not use is 0 or empty."""

    kind: Kind
    interval: int = 1
    days: frozenset[int] = frozenset()
    ordinal: int = 0
    day: int = 0
    month: int = 0
    week_start: int = MONDAY


def pattern_of(rule: Rule) -> Pattern | None:
    """The pattern that repeats as an explicit rule does, its end left aside; None when none of the six does."""
    match rule.frequency:
        case Frequency.DAILY:
            plain = not (rule.by_month or rule.by_month_day or rule.by_day or rule.by_set_pos)
            return Pattern(Kind.DAILY, rule.interval) if plain else None
        case Frequency.WEEKLY:
            days = frozenset(day.weekday for day in rule.by_day)
            plain = not (rule.by_month or rule.by_set_pos)
            return Pattern(Kind.WEEKLY, rule.interval, days, week_start=rule.week_start) if plain else None
        case Frequency.MONTHLY:
            return None if rule.by_month else _of_month(rule, 0)
        case Frequency.YEARLY:
            plain = len(rule.by_month) == 1 and not (rule.by_week or rule.by_year_day)
            return _of_month(rule, rule.by_month[0]) if plain else None


def rule_for(pattern: Pattern) -> Rule:
    """The endless rule that repeats as the pattern does."""
    by_day = tuple(Day(day) for day in pattern.days)
    months = (pattern.month,) if pattern.month else ()
    frequency = Frequency.YEARLY if pattern.month else Frequency.MONTHLY
    match pattern.kind:
        case Kind.DAILY:
            return Rule(Frequency.DAILY, pattern.interval)
        case Kind.WEEKLY:
            return tidy(Rule(Frequency.WEEKLY, pattern.interval, by_day=by_day, week_start=pattern.week_start))
        case Kind.MONTHLY | Kind.YEARLY:
            days = _month_days(pattern.day, pattern.month)
            last = (LAST,) if len(days) > 1 else ()
            return tidy(Rule(frequency, pattern.interval, months, by_month_day=days, by_set_pos=last))
        case Kind.MONTHLY_NTH | Kind.YEARLY_NTH:
            return tidy(Rule(frequency, pattern.interval, months, by_day=by_day, by_set_pos=(pattern.ordinal,)))


def sure_days(month: int) -> int:
    """How many days the month has in every year; with 0, how many every month has."""
    return calendar.monthrange(2001, month or 2)[1]


def _month_days(day: int, month: int) -> tuple[int, ...]:
    """The days of which the last one that a month has is meant."""
    return tuple(range(min(day, sure_days(month)), day + 1))


def _of_month(rule: Rule, month: int) -> Pattern | None:
    if not rule.by_day:
        return _on_day(rule, month)
    days, ordinals = frozenset(day.weekday for day in rule.by_day), {day.ordinal for day in rule.by_day}
    if rule.by_month_day or len(ordinals) > 1:
        return None
    if ordinals == {0}:
        ordinals = set(rule.by_set_pos) if days in GROUPS else set()
    elif len(days) > 1 or rule.by_set_pos:
        return None
    if len(ordinals) != 1 or not ordinals <= set(ORDINALS):
        return None
    return Pattern(_kind(month, nth=True), rule.interval, days, ordinals.pop(), month=month)


def _on_day(rule: Rule, month: int) -> Pattern | None:
    days = rule.by_month_day
    if days == (LAST,) and not rule.by_set_pos:
        return Pattern(_kind(month, nth=True), rule.interval, EVERY_DAY, LAST, month=month)
    day = days[-1] if days else 0
    # A rule skips the 31st where a month has none; the patterns take the last day, which takes a set of days to say.
    if day < 1 or days != _month_days(day, month) or rule.by_set_pos != ((LAST,) if len(days) > 1 else ()):
        return None
    return Pattern(_kind(month, nth=False), rule.interval, day=day, month=month)


def _kind(month: int, *, nth: bool) -> Kind:
    if month:
        return Kind.YEARLY_NTH if nth else Kind.YEARLY
    return Kind.MONTHLY_NTH if nth else Kind.MONTHLY
