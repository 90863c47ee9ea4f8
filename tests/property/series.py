"""Series as calendars hold them: every kind of pattern, every kind of end, zones with every habit, exceptions."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import assume
from hypothesis import strategies as st

from mapping.model.item import Moved, Original, Series, Span
from mapping.recurrence.edits import with_cancelled, with_moved
from mapping.recurrence.expand import originals, with_rule
from mapping.recurrence.patterns import GROUPS, LAST, ORDINALS, Kind, Pattern, rule_for

# Clocks that are moved by an hour, by half an hour, by a whole day; that no longer are, or never were.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC")
ENDS = ("never", "count", "until")
EXCEPTIONS_WITHIN = 12
_YEARS = {Kind.YEARLY: 366, Kind.YEARLY_NTH: 366, Kind.MONTHLY: 31, Kind.MONTHLY_NTH: 31, Kind.WEEKLY: 7}

# Clocks are moved at night, mostly: every third series meets then.
times = st.one_of(st.integers(0, 23 * 60 + 45), st.integers(0, 23 * 4).map(lambda n: n * 15), st.integers(0, 4 * 60))
minutes = st.sampled_from((0, 15, 30, 45, 60, 90, 8 * 60, 24 * 60))


@st.composite
def patterns(draw: st.DrawFn, kind: Kind, interval: int = 6) -> tuple[Pattern, date]:
    """A pattern, and the first day on which it takes place."""
    day = date(2000, 1, 1) + timedelta(days=draw(st.integers(0, 28 * 365)))
    every = draw(st.integers(1, interval))
    match kind:
        case Kind.DAILY:
            return Pattern(kind, every), day
        case Kind.WEEKLY:
            days = draw(st.frozensets(st.integers(0, 6), max_size=4)) | {day.weekday()}
            return Pattern(kind, every, days, week_start=draw(st.integers(0, 6))), day
        case Kind.MONTHLY | Kind.YEARLY:
            month = day.month if kind is Kind.YEARLY else 0
            last = calendar.monthrange(day.year, day.month)[1]
            # A series that begins on the last day of a month may mean the 31st.
            meant = draw(st.integers(day.day, 31)) if day.day == last and not month else day.day
            return Pattern(kind, every, day=meant, month=month), day
        case Kind.MONTHLY_NTH | Kind.YEARLY_NTH:
            month = day.month if kind is Kind.YEARLY_NTH else 0
            days = draw(st.sampled_from((*GROUPS, *(frozenset({each}) for each in range(7)))))
            ordinal = draw(st.sampled_from(ORDINALS))
            return Pattern(kind, every, days, ordinal, month=month), nth(day, days, ordinal)


def nth(day: date, days: frozenset[int], ordinal: int) -> date:
    """The nth of these weekdays in the month of a day."""
    found = [each for each in calendar.Calendar().itermonthdates(day.year, day.month) if each.month == day.month]
    found = [each for each in found if each.weekday() in days]
    return found[ordinal if ordinal == LAST else ordinal - 1]


@st.composite
def series(draw: st.DrawFn, kind: Kind, end: str, *, all_day: bool = False, interval: int = 6) -> Series:
    """Without exceptions."""
    pattern, day = draw(patterns(kind, interval))
    zone = "" if all_day else draw(st.sampled_from(ZONES))
    made = Series("", _first(draw, day, zone) if zone else Span(day, day + timedelta(draw(st.integers(1, 3)))), zone)
    rule = rule_for(pattern)
    if end == "count":
        rule = replace(rule, count=draw(st.integers(1, 60)))
    if end == "until":
        periods = draw(st.integers(0, 60)) * pattern.interval
        rule = replace(rule, until=day + timedelta(periods * _YEARS.get(kind, 1) + draw(st.integers(0, 6))))
    return with_rule(made, rule)


def _first(draw: st.DrawFn, day: date, zone: str) -> Span:
    start = datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(minutes=draw(times))
    # A day or a time that the clocks left out is none on which a series can begin.
    told = start.astimezone(UTC)
    assume(told.astimezone(start.tzinfo) == start and told.astimezone(start.tzinfo).date() == day)
    return Span(told, told + timedelta(minutes=draw(minutes)))


@st.composite
def exceptions(draw: st.DrawFn, plain: Series) -> Series:
    """The series with some of its first occurrences cancelled, and some moved, a little or far."""
    starts = tuple(islice(originals(plain), EXCEPTIONS_WITHIN))
    changed = plain
    for place in draw(st.lists(st.integers(0, len(starts) - 1), max_size=3)):
        changed = with_cancelled(changed, starts[place])
    for place in draw(st.lists(st.integers(0, len(starts) - 1), max_size=3)):
        changed = with_moved(changed, Moved(starts[place], draw(elsewhere(starts[place]))))
    return changed


@st.composite
def elsewhere(draw: st.DrawFn, original: Original) -> Span:
    """Where an occurrence was moved to."""
    days = draw(st.integers(-40, 40))
    if not isinstance(original, datetime):
        start = original + timedelta(days)
        return Span(start, start + timedelta(draw(st.integers(1, 3))))
    moment = original + timedelta(days, minutes=draw(st.integers(-600, 600)))
    return Span(moment, moment + timedelta(minutes=draw(minutes)))
