"""Series between Graph and the neutral `Series`: pattern and range against RRULE, exceptions, and the zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph.rows import Json
from connectors.graph.times import day_of, known_zone, moment, name_of, span, span_values, to_the_minute
from mapping.model.item import Moved, Original, Series, Span
from mapping.model.series import stamp
from mapping.recurrence.expand import day_of as first_day_of
from mapping.recurrence.expand import originals, rule_of, with_rule
from mapping.recurrence.patterns import ORDINALS, Kind, Pattern, pattern_of, rule_for
from mapping.recurrence.rules import Rule

NEEDS = (
    "type", "start", "end", "isAllDay", "originalStartTimeZone", "recurrence", "cancelledOccurrences",
)  # fmt: skip
EXPAND = "exceptionOccurrences($select=id,start,end,isAllDay,originalStart,originalStartTimeZone)"

_KINDS = {
    "daily": Kind.DAILY, "weekly": Kind.WEEKLY, "absoluteMonthly": Kind.MONTHLY, "relativeMonthly": Kind.MONTHLY_NTH,
    "absoluteYearly": Kind.YEARLY, "relativeYearly": Kind.YEARLY_NTH,
}  # fmt: skip
_KINDS_BACK = {kind: name for name, kind in _KINDS.items()}
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORDINALS = dict(zip(("first", "second", "third", "fourth", "last"), ORDINALS, strict=True))
_ORDINALS_BACK = {ordinal: name for name, ordinal in _ORDINALS.items()}
# Exchange counts the months between occurrences, but not the years: they are twelve months.
_BY_YEARS = {Kind.MONTHLY: Kind.YEARLY, Kind.MONTHLY_NTH: Kind.YEARLY_NTH}
_BY_MONTHS = {yearly: monthly for monthly, yearly in _BY_YEARS.items()}


# --- reading


def read(told: Json) -> Series | None:
    """The series of a master; None for what is no series, or one that cannot be read."""
    if not told.get("recurrence"):
        return None
    try:
        return _read(told)
    except (ValueError, LookupError, TypeError):
        return None


def _read(told: Json) -> Series:
    """Raises ValueError, LookupError and TypeError for what makes no series."""
    pattern, limits = told["recurrence"]["pattern"], told["recurrence"]["range"]
    stands = span(told)
    zone = None if stands.all_day else _zone(told, limits)
    begins, length = date.fromisoformat(limits["startDate"]), stands.end - stands.start  # type: ignore[operator]
    start: Original = begins
    if zone is not None and isinstance(stands.start, datetime):
        # the range says on which day the pattern begins, the item at what time
        start = datetime.combine(begins, stands.start.astimezone(zone).time(), zone).astimezone(UTC)
    kind = limits["type"]
    rule = replace(
        rule_for(_in_years(_pattern(pattern), begins)),
        count=int(limits["numberOfOccurrences"]) if kind == "numbered" else None,
        until=date.fromisoformat(limits["endDate"]) if kind == "endDate" else None,
    )
    series = with_rule(Series("", Span(start, start + length), zone.key if zone is not None else ""), rule)
    first = next(originals(series), None)
    if first is None:
        raise ValueError("the series has no occurrence")
    return replace(
        series, first=Span(first, first + length), cancelled=_cancelled(told, series, zone),
        moved=_moved(told, series),
    )  # fmt: skip


def _zone(told: Json, limits: Json) -> ZoneInfo:
    names = (limits.get("recurrenceTimeZone"), told.get("originalStartTimeZone"))
    return next((zone for name in names if name and (zone := known_zone(name)) is not None), ZoneInfo("UTC"))


def _pattern(told: Json) -> Pattern:
    kind = _KINDS[told["type"]]
    days = frozenset(_WEEK.index(name) for name in told.get("daysOfWeek") or ())
    nth = kind in (Kind.MONTHLY_NTH, Kind.YEARLY_NTH)
    return Pattern(
        kind, int(told.get("interval") or 1), days if nth or kind is Kind.WEEKLY else frozenset(),
        _ORDINALS[told["index"]] if nth else 0,
        int(told.get("dayOfMonth") or 0) if kind in (Kind.MONTHLY, Kind.YEARLY) else 0,
        int(told.get("month") or 0) if kind in (Kind.YEARLY, Kind.YEARLY_NTH) else 0,
        _WEEK.index(told.get("firstDayOfWeek") or "sunday") if kind is Kind.WEEKLY else 0,
    )  # fmt: skip


def _in_years(pattern: Pattern, begins: date) -> Pattern:
    if pattern.kind not in _BY_YEARS or pattern.interval % 12:
        return pattern
    return replace(pattern, kind=_BY_YEARS[pattern.kind], interval=pattern.interval // 12, month=begins.month)


def _cancelled(told: Json, series: Series, zone: ZoneInfo | None) -> tuple[Original, ...]:
    """What was cancelled is told as ids of the form `OID.<master>.<date>`, with the date on the clock of the series."""
    days = (date.fromisoformat(name.rpartition(".")[2][:10]) for name in told.get("cancelledOccurrences") or ())
    return tuple(sorted((_on(day, series, zone) for day in days), key=stamp))


def _on(day: date, series: Series, zone: ZoneInfo | None) -> Original:
    first = series.first.start
    if zone is None or not isinstance(first, datetime):
        return day
    return datetime.combine(day, first.astimezone(zone).time(), zone).astimezone(UTC)


def _moved(told: Json, series: Series) -> tuple[Moved, ...]:
    found = [Moved(original(each, series), span(each), each["id"]) for each in told.get("exceptionOccurrences") or ()]
    return tuple(sorted(found, key=lambda each: stamp(each.original)))


def original(told: Json, series: Series) -> Original:
    """Where an exception starts by its rule. Raises ValueError, LookupError."""
    at = moment(told["originalStart"])
    return day_of(at, known_zone(told.get("originalStartTimeZone") or "UTC")) if series.all_day else to_the_minute(at)


# --- writing


def values(series: Series, home: ZoneInfo) -> Mapping[str, Any]:
    """The properties of a master, but for its exceptions. Raises ValueError for what Exchange cannot keep: a rule that
    none of its patterns means, or a zone that nobody knows."""
    rule = rule_of(series)
    pattern = pattern_of(rule)
    if pattern is None or next(originals(series), None) != series.first.start:
        raise ValueError("no pattern repeats in that way")
    zone = known_zone(series.zone) if series.zone else home
    if zone is None:
        raise ValueError("the zone is unknown")
    limits = _range(rule, first_day_of(series, series.first.start))
    return {
        "recurrence": {
            "pattern": _written(_in_months(pattern)),
            "range": {**limits, "recurrenceTimeZone": name_of(zone)},
        },
        **span_values(series.first, zone),
    }


def _in_months(pattern: Pattern) -> Pattern:
    if pattern.kind not in _BY_MONTHS or pattern.interval == 1:
        return pattern
    return replace(pattern, kind=_BY_MONTHS[pattern.kind], interval=12 * pattern.interval, month=0)


def _range(rule: Rule, first: date) -> dict[str, Any]:
    start = {"startDate": first.isoformat()}
    if rule.count is not None:
        return {"type": "numbered", **start, "numberOfOccurrences": rule.count}
    if rule.until is None:
        return {"type": "noEnd", **start}
    until = rule.until.date() if isinstance(rule.until, datetime) else rule.until
    return {"type": "endDate", **start, "endDate": until.isoformat()}


def _written(pattern: Pattern) -> dict[str, Any]:
    """Only what the kind of pattern needs: what it does not need is refused."""
    made: dict[str, Any] = {"type": _KINDS_BACK[pattern.kind], "interval": pattern.interval}
    if pattern.month:
        made["month"] = pattern.month
    match pattern.kind:
        case Kind.WEEKLY:
            made |= {"daysOfWeek": _names(pattern.days), "firstDayOfWeek": _WEEK[pattern.week_start]}
        case Kind.MONTHLY | Kind.YEARLY:
            made["dayOfMonth"] = pattern.day
        case Kind.MONTHLY_NTH | Kind.YEARLY_NTH:
            made |= {"daysOfWeek": _names(pattern.days), "index": _ORDINALS_BACK[pattern.ordinal]}
    return made


def _names(days: frozenset[int]) -> list[str]:
    return [_WEEK[day] for day in sorted(days)]
