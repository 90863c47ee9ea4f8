"""Series between EWS and the neutral `Series`: pattern and range against RRULE, exceptions, and the zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from exchangelib import EWSTimeZone, recurrence
from exchangelib.fields import MONTHS, WEEKDAY_NAMES
from exchangelib.util import TNS

from connectors.exchange.zones import day_of, ews_date, is_all_day, moment_in, span_values, zone_in
from mapping.model.item import Moved, Original, Series, Span
from mapping.model.series import stamp
from mapping.recurrence.expand import day_of as first_day_of
from mapping.recurrence.expand import originals, rule_of, with_rule
from mapping.recurrence.patterns import GROUPS, ORDINALS, Kind, Pattern, pattern_of, rule_for
from mapping.recurrence.rules import Rule

NEEDS = (
    "type", "start", "end", "is_all_day", "_start_timezone", "_end_timezone", "recurrence", "modified_occurrences",
    "deleted_occurrences",
)  # fmt: skip
_TAKEN = ("Recurrence", "ModifiedOccurrences", "DeletedOccurrences")
_KINDS = {
    "DailyRecurrence": Kind.DAILY, "WeeklyRecurrence": Kind.WEEKLY,
    "AbsoluteMonthlyRecurrence": Kind.MONTHLY, "RelativeMonthlyRecurrence": Kind.MONTHLY_NTH,
    "AbsoluteYearlyRecurrence": Kind.YEARLY, "RelativeYearlyRecurrence": Kind.YEARLY_NTH,
}  # fmt: skip
_DAYS = {name: frozenset({at}) for at, name in enumerate(WEEKDAY_NAMES)}
_DAYS |= zip(("Day", "Weekday", "WeekendDay"), GROUPS, strict=True)
_DAYS_BACK = {days: name for name, days in _DAYS.items()}
_ORDINALS = dict(zip(("First", "Second", "Third", "Fourth", "Last"), ORDINALS, strict=True))
_ORDINALS_BACK = {ordinal: name for name, ordinal in _ORDINALS.items()}
# Exchange counts the months between occurrences, but not the years: they are twelve months.
_BY_YEARS = {Kind.MONTHLY: Kind.YEARLY, Kind.MONTHLY_NTH: Kind.YEARLY_NTH}
_BY_MONTHS = {yearly: monthly for monthly, yearly in _BY_YEARS.items()}


# --- reading


@dataclass(frozen=True, slots=True)
class _Told:
    """What an item says of its series, before it is known in which zone: all moments in UTC."""

    pattern: Pattern
    begins: date
    count: int | None
    until: date | None
    start: datetime
    end: datetime
    all_day: bool
    cancelled: tuple[datetime, ...]
    moved: tuple[tuple[datetime, datetime, datetime, str], ...]  # original, start, end, id


def take_series(element: Any, home: EWSTimeZone | None) -> Series | None:
    """Remove what a CalendarItem element says of a recurrence and give the series that it means; None for what is no
    series, or one that cannot be read. `home`: the zone of the mailbox, in which a timed series is meant that names
    none and defines none."""
    found: dict[str, Any] = {}
    for name in _TAKEN:
        child = element.find(f"{{{TNS}}}{name}")
        if child is not None:
            found[name] = child
            element.remove(child)
    if "Recurrence" not in found:
        return None
    try:
        told, zone = _read(element, found), zone_in(element, home)
        return _in_zone(told, zone if told.all_day else zone or home or EWSTimeZone("UTC"))
    except (ValueError, LookupError):
        return None


def _in_zone(told: _Told, zone: EWSTimeZone | None) -> Series:
    """Raises ValueError when nothing takes place."""
    days = (day_of(told.end, zone) - day_of(told.start, zone)).days
    length = timedelta(days=max(days, 1)) if told.all_day else told.end - told.start
    # the range says on which day the pattern begins, the item at what time
    start: Original = told.begins
    if not told.all_day and zone is not None:
        start = datetime.combine(told.begins, told.start.astimezone(zone).time(), zone).astimezone(UTC)
    series = Series("", Span(start, start + length), "" if told.all_day or zone is None else zone.key)
    rule = replace(rule_for(_in_years(told.pattern, told.begins)), count=told.count, until=told.until)
    series = with_rule(series, rule)
    first = next(originals(series), None)
    if first is None:
        raise ValueError("the series has no occurrence")
    return replace(
        series, first=Span(first, first + length), cancelled=_cancelled(told, zone), moved=_moved(told, zone)
    )


def _in_years(pattern: Pattern, begins: date) -> Pattern:
    if pattern.kind not in _BY_YEARS or pattern.interval % 12:
        return pattern
    return replace(pattern, kind=_BY_YEARS[pattern.kind], interval=pattern.interval // 12, month=begins.month)


def _cancelled(told: _Told, zone: EWSTimeZone | None) -> tuple[Original, ...]:
    return tuple(sorted((_original(each, told, zone) for each in told.cancelled), key=stamp))


def _moved(told: _Told, zone: EWSTimeZone | None) -> tuple[Moved, ...]:
    found = [
        Moved(
            _original(original, told, zone), Span(_original(start, told, zone), _original(end, told, zone)), identifier
        )
        for original, start, end, identifier in told.moved
    ]
    return tuple(sorted(found, key=lambda each: stamp(each.original)))


def _original(moment: datetime, told: _Told, zone: EWSTimeZone | None) -> Original:
    return day_of(moment, zone) if told.all_day else moment


def _read(element: Any, found: Mapping[str, Any]) -> _Told:
    """Raises ValueError and LookupError for what makes no series."""
    pattern, limits = found["Recurrence"]
    values = {_name(child): (child.text or "").strip() for child in limits}
    count, until = values.get("NumberOfOccurrences"), values.get("EndDate")
    return _Told(
        _pattern(_name(pattern), {_name(child): (child.text or "").strip() for child in pattern}),
        _date(values["StartDate"]), int(count) if count else None, _date(until) if until else None,
        _minute(element, "Start"), _minute(element, "End"), is_all_day(element),
        tuple(_minute(each, "Start") for each in found.get("DeletedOccurrences", ())),
        tuple(
            (_minute(each, "OriginalStart"), _minute(each, "Start"), _minute(each, "End"), _id(each))
            for each in found.get("ModifiedOccurrences", ())
        ),
    )  # fmt: skip


def _pattern(name: str, values: Mapping[str, str]) -> Pattern:
    return Pattern(
        _KINDS[name], int(values.get("Interval", "1")),
        frozenset(day for word in values.get("DaysOfWeek", "").split() for day in _DAYS[word]),
        _ORDINALS[values["DayOfWeekIndex"]] if "DayOfWeekIndex" in values else 0, int(values.get("DayOfMonth", "0")),
        MONTHS.index(values["Month"]) + 1 if "Month" in values else 0,
        WEEKDAY_NAMES.index(values.get("FirstDayOfWeek", "Sunday")) if name == "WeeklyRecurrence" else 0,
    )  # fmt: skip


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _date(text: str) -> date:
    """An `xs:date`; its offset, if it has one, says nothing about the day."""
    return date.fromisoformat(text[:10])


def _minute(element: Any, name: str) -> datetime:
    found = moment_in(element, name)
    if found is None:
        raise ValueError(name)
    return found.replace(second=0, microsecond=0)


def _id(element: Any) -> str:
    return str(element.find(f"{{{TNS}}}ItemId").get("Id"))


# --- writing


def series_values(series: Series, home: EWSTimeZone) -> Mapping[str, Any]:
    """The exchangelib fields of a master, but for its exceptions. Raises ValueError for what Exchange cannot keep:
    a rule that none of its patterns means, or a zone without a Windows name."""
    rule = rule_of(series)
    pattern = pattern_of(rule)
    if pattern is None or next(originals(series), None) != series.first.start:
        raise ValueError("no pattern repeats in that way")
    boundary = _boundary(rule, first_day_of(series, series.first.start))
    return {
        "recurrence": recurrence.Recurrence(pattern=_written(_in_months(pattern)), boundary=boundary),
        **span_values(series.first, EWSTimeZone(series.zone) if series.zone else home),
    }


def _in_months(pattern: Pattern) -> Pattern:
    if pattern.kind not in _BY_MONTHS or pattern.interval == 1:
        return pattern
    return replace(pattern, kind=_BY_MONTHS[pattern.kind], interval=12 * pattern.interval, month=0)


def _boundary(rule: Rule, first: date) -> recurrence.Boundary:
    start = ews_date(first)
    if rule.count is not None:
        return recurrence.NumberedPattern(start=start, number=rule.count)
    if rule.until is None:
        return recurrence.NoEndPattern(start=start)
    return recurrence.EndDatePattern(start=start, end=ews_date(rule.until))


def _written(pattern: Pattern) -> recurrence.Pattern:
    month = {"month": MONTHS[pattern.month - 1]} if pattern.month else {"interval": pattern.interval}
    match pattern.kind:
        case Kind.DAILY:
            return recurrence.DailyPattern(interval=pattern.interval)
        case Kind.WEEKLY:
            days = [WEEKDAY_NAMES[day] for day in sorted(pattern.days)]
            first = WEEKDAY_NAMES[pattern.week_start]
            return recurrence.WeeklyPattern(interval=pattern.interval, weekdays=days, first_day_of_week=first)
        case Kind.MONTHLY:
            return recurrence.AbsoluteMonthlyPattern(day_of_month=pattern.day, **month)
        case Kind.YEARLY:
            return recurrence.AbsoluteYearlyPattern(day_of_month=pattern.day, **month)
    place = {"weekday": _DAYS_BACK[pattern.days], "week_number": _ORDINALS_BACK[pattern.ordinal]}
    if pattern.kind is Kind.MONTHLY_NTH:
        return recurrence.RelativeMonthlyPattern(**place, **month)
    return recurrence.RelativeYearlyPattern(**place, **month)
