"""When an event of an iCalendar file takes place: as a series that Exchange can keep, or one by one.

Exchange has six patterns, and deletions. What a file says beyond that stands beside the series as single items, and
what is no pattern at all becomes single items as a whole, provided that it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any, cast

import icalendar
from dateutil.rrule import rrule, rruleset, rrulestr

from connectors.sandbox.ews.rules import recurrence
from connectors.sandbox.seeding.values import listed
from connectors.sandbox.seeding.when import Home, Times, Unusable, prop, within
from mapping.model.item import Original, Series, Span
from mapping.recurrence.expand import moment_of, originals, rule_of, span_of, with_rule

MAX_SINGLES = 1000


@dataclass(frozen=True, slots=True)
class Repeating:
    """`series`: None when Exchange has none like that, which `reason` explains. `singles`: what else takes place, by
    its original start."""

    series: Series | None
    singles: dict[Original, Span]
    reason: str = ""


def repeating(component: Any, times: Times, home: Home) -> Repeating:
    """Raises `Unusable` for what neither is a series of Exchange nor ends, or says nothing."""
    first = span_in(times)
    excluded = set(_dates(component, "EXDATE", times, home))
    added = {span.start: span for span in _added(component, times, home)}
    rules = [_text(each, times) for each in listed(component, "RRULE")]
    if not rules:
        return Repeating(None, _without({first.start: first, **added}, excluded))
    try:
        series, before = _series(component, rules, first, times)
    except ValueError as error:
        starts = _without(_one_by_one(component, rules, first, times, str(error)), excluded)
        return Repeating(None, {**starts, **_without(added, excluded)}, str(error))
    beside = _without({**before, **added}, {*excluded, *_among(set(added), series)})
    return Repeating(replace(series, cancelled=_among(excluded, series)), beside)


def span_in(times: Times) -> Span:
    """Start and end as the rule counts: moments, or for whole days dates."""
    if not times.all_day:
        return Span(times.start, times.end)
    return Span(times.first_day, times.first_day + timedelta(days=times.days))


def original_of(component: Any, times: Times, home: Home) -> Original:
    """Which occurrence a changed one is: its RECURRENCE-ID as an original start of a series with these times. Raises
    `Unusable`."""
    value = prop(component, "RECURRENCE-ID")
    if value is None:
        raise Unusable("a changed occurrence that does not say which")
    return _start(value.dt, times, home)


def _series(component: Any, rules: list[str], first: Span, times: Times) -> tuple[Series, dict[Original, Span]]:
    """The series, and what takes place before it although its rule does not yield it. Raises ValueError with the reason
    when Exchange has no such series."""
    if len(rules) > 1 or listed(component, "EXRULE"):
        raise ValueError("EWS has no series of several rules")
    if times.zone is None:
        raise ValueError("a series in a time zone that has no Windows name")
    series = Series(rules[0], first, "" if times.all_day else times.zone.key)
    begins = next(originals(series), None)
    if begins is None:
        raise ValueError("the series ends before it begins")
    before = {}
    if begins != first.start:  # which counts all the same
        before[first.start] = first
        series = with_rule(replace(series, first=span_of(series, begins)), rule_of(series))
    recurrence(series)
    return series, before


def _text(rule: Any, times: Times) -> str:
    text: str = rule.to_ical().decode()
    if times.all_day and "UNTIL" in rule:
        # whole days end with a day, whatever else is said of it
        until = rule["UNTIL"][0]
        day = until.date() if isinstance(until, datetime) else until
        text = ";".join(part for part in text.split(";") if not part.startswith("UNTIL")) + f";UNTIL={day:%Y%m%d}"
    return text


def _one_by_one(component: Any, rules: list[str], first: Span, times: Times, reason: str) -> dict[Original, Span]:
    """All starts of rules that have an end. Raises `Unusable` with the reason for those that have none."""
    if not all("COUNT=" in rule or "UNTIL=" in rule for rule in rules):
        raise Unusable(reason)
    zone: tzinfo = UTC if times.all_day else times.zone or times.own_zone
    begins = moment_of(first.start).astimezone(zone)
    found = rruleset()
    for rule in rules:
        found.rrule(_rule(rule, begins))
    for rule in listed(component, "EXRULE"):
        found.exrule(_rule(rule.to_ical().decode(), begins))
    if next(iter(found), None) is None:
        raise Unusable("the series ends before it begins")
    starts = [begins, *islice(found, MAX_SINGLES + 1)]
    if len(starts) > MAX_SINGLES:
        raise Unusable(f"{reason}, and it takes place more than {MAX_SINGLES} times")
    length = moment_of(first.end) - moment_of(first.start)
    moments = sorted({each.astimezone(UTC) for each in starts})
    if times.all_day:
        return {each.date(): Span(each.date(), each.date() + length) for each in moments}
    return {each: Span(each, each + length) for each in moments}


def _rule(rule: str, begins: datetime) -> rrule:
    """The rule, with an end that can be compared with its start: in UTC."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    until = parts.get("UNTIL", "")
    if until and not until.endswith("Z"):
        day = date.fromisoformat(until[:8])
        clock = time.fromisoformat(until[9:]) if "T" in until else time.max
        parts["UNTIL"] = f"{datetime.combine(day, clock, begins.tzinfo).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return cast("rrule", rrulestr(text, dtstart=begins))


# --- single dates


def _without(spans: dict[Original, Span], excluded: set[Original]) -> dict[Original, Span]:
    return {original: span for original, span in spans.items() if original not in excluded}


def _among(starts: set[Original], series: Series) -> tuple[Original, ...]:
    """Those that the rule yields, in order."""
    if not starts:
        return ()
    latest = max(map(moment_of, starts)) + timedelta(seconds=1)
    return tuple(each for each in originals(series, before=latest) if each in starts)


def _dates(component: Any, name: str, times: Times, home: Home) -> list[Original]:
    return [_start(value, times, home) for value in _values(component, name) if not isinstance(value, tuple)]


def _added(component: Any, times: Times, home: Home) -> Iterator[Span]:
    """RDATE: moments, days, or periods with an end of their own."""
    first = span_in(times)
    length = moment_of(first.end) - moment_of(first.start)
    for value in _values(component, "RDATE"):
        begins, ends = value if isinstance(value, tuple) else (value, length)
        start = _start(begins, times, home)
        if isinstance(ends, timedelta):
            yield Span(start, start + ends)
        else:
            yield Span(start, _start(ends, times, home))


def _values(component: Any, name: str) -> Iterator[Any]:
    for each in listed(component, name):
        try:
            yield from (value.dt for value in each.dts)
        except (AttributeError, icalendar.BrokenCalendarProperty):
            continue  # the report has it among what the reader of the file ignored


def _start(value: Any, times: Times, home: Home) -> Original:
    """A date or time as an original start of an event with these times."""
    if times.all_day:
        return value.date() if isinstance(value, datetime) else value
    zone = times.zone or home.zone
    if isinstance(value, datetime):
        return within(value, zone).astimezone(UTC)
    return datetime.combine(value, times.start.astimezone(zone).time(), zone).astimezone(UTC)
