"""A series as the columns of a recurring Event of Salesforce Classic, which makes the occurrences from them.

Salesforce holds no endless series and only so many occurrences of one, so a long one is held in parts. Each begins
where the one before ends, and is due when a quarter of what Salesforce can hold has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from mapping.model.item import Fields, Original, Series, Value
from mapping.model.moment import span_minutes
from mapping.recurrence.expand import day_of, is_skipped, moment_of, originals, rule_of, span_of, with_rule, zone_of
from mapping.recurrence.patterns import ORDINALS, WORKDAYS, Kind, Pattern, pattern_of, rule_for, sure_days
from mapping.recurrence.refusals import ALL_DAY, NOT_EXPRESSIBLE, OFF, ZONE_UNKNOWN, Refusal, of_length
from mapping.recurrence.rules import SUNDAY, in_week
from mapping.recurrence.zones import salesforce_key

_INTERVAL, _MASK, _DAY = "RecurrenceInterval", "RecurrenceDayOfWeekMask", "RecurrenceDayOfMonth"
_INSTANCE, _MONTH = "RecurrenceInstance", "RecurrenceMonthOfYear"


class Form(NamedTuple):
    """A `RecurrenceType`: the kind of pattern, how many occurrences Salesforce holds, which columns it looks at."""

    kind: Kind
    most: int
    columns: tuple[str, ...]


FORMS: Mapping[str, Form] = {
    "RecursDaily": Form(Kind.DAILY, 100, (_INTERVAL,)),
    "RecursEveryWeekday": Form(Kind.WEEKLY, 100, (_MASK,)),
    "RecursWeekly": Form(Kind.WEEKLY, 53, (_INTERVAL, _MASK)),
    "RecursMonthly": Form(Kind.MONTHLY, 60, (_INTERVAL, _DAY)),
    "RecursMonthlyNth": Form(Kind.MONTHLY_NTH, 60, (_INTERVAL, _INSTANCE, _MASK)),
    "RecursYearly": Form(Kind.YEARLY, 10, (_DAY, _MONTH)),
    "RecursYearlyNth": Form(Kind.YEARLY_NTH, 10, (_INSTANCE, _MASK, _MONTH)),
}
_EVERY_WEEKDAY, _WEEKLY = "RecursEveryWeekday", "RecursWeekly"
_LONGEST_INTERVAL = 999
_PARTS_PASSED = 4  # a quarter
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _weekdays(mask: int) -> frozenset[int]:
    """The weekdays of a mask, whose lowest bit is Sunday."""
    return frozenset(weekday for weekday in range(7) if mask >> (weekday + 1) % 7 & 1)


# What each column says of a pattern: the attribute, and the values that stand for each other.
_WORDS: Mapping[str, tuple[str, Mapping[Value, Any]]] = {
    _INTERVAL: ("interval", {number: number for number in range(1, _LONGEST_INTERVAL + 1)}),
    _MASK: ("days", {mask: _weekdays(mask) for mask in range(1, 128)}),
    _DAY: ("day", {number: number for number in range(1, 32)}),
    _INSTANCE: ("ordinal", dict(zip(("First", "Second", "Third", "Fourth", "Last"), ORDINALS, strict=True))),
    _MONTH: ("month", {name: number for number, name in enumerate(_MONTHS, 1)}),
}
_SHOWN = {column: {value: word for word, value in words.items()} for column, (_, words) in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """What Salesforce can hold of a series at once: the columns to write and the original starts that they stand for.
    `next`: where the part after it begins, and `due`: from when on that one may be added; None when none follows."""

    columns: Fields
    originals: tuple[Original, ...]
    next: Original | None = None
    due: datetime | None = None


def part(series: Series, since: datetime, keys: Collection[str]) -> Part | Refusal | None:
    """As much of the series as Salesforce can hold, from the first occurrence on that starts at `since` or later; None
    when there is none. Cancelled occurrences are counted, because Salesforce makes them too. `keys`: the zones that
    the organization knows; none when it has no recurring events. Raises ValueError for a rule without sense."""
    if not keys:
        return OFF
    if refusal := of_length(series.first):
        return refusal
    pattern = pattern_of(rule_of(series))
    name = _form_of(pattern) if pattern else None
    if pattern is None or name is None:
        return NOT_EXPRESSIBLE
    form = FORMS[name]
    starts = tuple(islice(originals(series, since), form.most + 1))
    if not starts:
        return None
    # What begins at a time that the clocks skip tells another time of day than it means, so it is held alone.
    most = 1 if is_skipped(series, starts[0]) else form.most
    held, later = starts[:most], starts[most:]
    key = salesforce_key(series.zone, keys, moment_of(held[0]), moment_of(span_of(series, held[-1]).end))
    if key is None:
        return ZONE_UNKNOWN
    columns: dict[str, Value] = {
        "IsRecurrence": True,
        "IsAllDayEvent": False,
        "StartDateTime": held[0],
        "DurationInMinutes": series.first.minutes,
        "RecurrenceStartDateTime": held[0],
        "RecurrenceEndDateOnly": day_of(series, held[-1]),
        "RecurrenceTimeZoneSidKey": key,
        "RecurrenceType": name,
    }
    columns |= _write(pattern, form)
    if not later:
        return Part(columns, held)
    passed = held[-(-most // _PARTS_PASSED) - 1]
    return Part(columns, held, later[0], moment_of(span_of(series, passed).end))


def read(row: Fields) -> Series | Refusal:
    """The series that a recurring Event stands for."""
    start = row.get("RecurrenceStartDateTime") or row.get("StartDateTime")
    minutes, last = row.get("DurationInMinutes"), row.get("RecurrenceEndDateOnly")
    if row.get("IsAllDayEvent") is True:
        return ALL_DAY
    pattern = _read(row)
    if not isinstance(start, datetime) or not isinstance(minutes, int) or not isinstance(last, date) or not pattern:
        return NOT_EXPRESSIBLE
    span = span_minutes(start, minutes)
    if refusal := of_length(span):
        return refusal
    zone = row.get("RecurrenceTimeZoneSidKey")
    try:
        zone_of(str(zone))
    except ValueError:
        return ZONE_UNKNOWN
    series = with_rule(Series("", span, str(zone)), replace(rule_for(pattern), until=last))
    # A series may be said to begin on a day that is none of its own.
    first = next((each for each in originals(series) if not is_skipped(series, each)), None)
    return NOT_EXPRESSIBLE if first is None else replace(series, first=span_of(series, first))


def _form_of(pattern: Pattern) -> str | None:
    """The `RecurrenceType` of a pattern; None when Salesforce has none that surely means the same.

    Nothing tells what it makes of the 31st in shorter months. It leaves out no years. Its weeks begin on Sunday, as the
    bits of the weekdays do."""
    if pattern.day > sure_days(pattern.month) or pattern.interval > (1 if pattern.month else _LONGEST_INTERVAL):
        return None
    if pattern.kind is not Kind.WEEKLY:
        return next(name for name, form in FORMS.items() if form.kind is pattern.kind)
    if pattern.interval == 1:
        return _EVERY_WEEKDAY if pattern.days == WORKDAYS else _WEEKLY
    return _WEEKLY if in_week(pattern.days, pattern.week_start) == in_week(pattern.days, SUNDAY) else None


def _write(pattern: Pattern, form: Form) -> Fields:
    """The columns that say how it repeats; those that the form does not look at are emptied."""
    return {
        column: _SHOWN[column][getattr(pattern, attribute)] if column in form.columns else None
        for column, (attribute, _) in _WORDS.items()
    }


def _read(row: Fields) -> Pattern | None:
    """The pattern in the columns; None when they make none that is surely meant."""
    name = row.get("RecurrenceType")
    form = FORMS.get(name) if isinstance(name, str) else None
    if form is None:
        return None
    told: dict[str, Any] = {
        attribute: words.get(row.get(column)) for column, (attribute, words) in _WORDS.items() if column in form.columns
    }
    if name == _EVERY_WEEKDAY:
        told["days"] = WORKDAYS
    if None in told.values():
        return None
    pattern = Pattern(form.kind, week_start=SUNDAY, **told)
    return pattern if _form_of(pattern) and pattern_of(rule_for(pattern)) else None
