"""When a series takes place: its rule, its exceptions, and the clock of its zone.

A timed series repeats at the wall-clock time of its zone, so its instants move when the clocks do; an all-day series
repeats by dates and has no zone. Occurrences are named by their *original* start, which never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rruleset, rrulestr

from mapping.model.item import Moved, Original, Series, Span

_UNTIL = re.compile(r"UNTIL=(\d{8})(?:T(\d{6})(Z?))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`original`: where it starts by the rule. `moved`: what the mailbox says of it when it differs from its master."""

    original: Original
    span: Span
    moved: Moved | None = None


def zone_of(name: str) -> tzinfo:
    """The zone by its IANA name; '' is UTC. Raises ValueError for a name that nobody knows."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"the time zone {name!r} is unknown") from None


def originals(series: Series, after: datetime | None = None, before: datetime | None = None) -> Iterator[Original]:
    """The original starts that the rule yields, cancelled ones included, in order: `after <= start < before`, where
    None is no bound. An endless series without `before` never ends. Raises ValueError for a rule without sense."""
    rule, zone = _rule(series), zone_of(series.zone)
    low, high = _local(series, after, zone), _local(series, before, zone)
    first = True
    for naive in rule if low is None else rule.xafter(low, inc=True):
        if high is not None and naive > high:
            return
        original = _original(series, naive, zone)
        if first and after is not None and _moment(original) < after:
            continue  # the clocks were moved between the two
        first = False
        if before is not None and _moment(original) >= before:
            continue
        yield original


def occurrences(series: Series, after: datetime, before: datetime) -> tuple[Occurrence, ...]:
    """What takes place between the two moments (it ends after the first and starts before the second), in the order of
    original starts. Cancelled occurrences are left out, moved ones stand where they are now."""
    moved = {each.original: each for each in series.moved}
    cancelled = set(series.cancelled)
    length = _length(series)
    found = [
        Occurrence(original, _span(original, length))
        for original in originals(series, after - length, before)
        if original not in cancelled and original not in moved
    ]
    found = [each for each in found if _inside(each.span, after, before)]
    found += [Occurrence(m.original, m.span, m) for m in series.moved
              if m.original not in cancelled and _inside(m.span, after, before)]  # fmt: skip
    return tuple(sorted(found, key=lambda each: _moment(each.original)))


def span_of(series: Series, original: Original) -> Span:
    """Where an occurrence stands by the rule."""
    return _span(original, _length(series))


def index_of(series: Series, original: Original) -> int:
    """The place of an occurrence in its series: 1 for the first, cancelled ones counted. Raises ValueError when the
    rule does not yield it."""
    for number, each in enumerate(originals(series, before=_moment(original) + timedelta(seconds=1)), 1):
        if each == original:
            return number
    raise ValueError("the series has no such occurrence")


def next_after(series: Series, moment: datetime) -> Original | None:
    """The first original start after the moment, cancelled ones left out; None when the series has ended by then."""
    for original in originals(series, moment):
        if _moment(original) > moment and original not in series.cancelled:
            return original
    return None


def is_endless(series: Series) -> bool:
    upper = series.rule.upper()
    return "UNTIL=" not in upper and "COUNT=" not in upper


def _rule(series: Series) -> rruleset | rrule:
    first, zone = series.first.start, zone_of(series.zone)
    start = (
        first.astimezone(zone).replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    )
    try:
        return rrulestr(_local_until(series, zone), dtstart=start)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise ValueError("the recurrence rule makes no sense") from None


def _local_until(series: Series, zone: tzinfo) -> str:
    """The rule with its end told on the clock of the series, as its start is."""

    def told(match: re.Match[str]) -> str:
        day, clock, utc = match.groups()
        if series.all_day or clock is None:
            return f"UNTIL={day}T235959"
        if not utc:
            return f"UNTIL={day}T{clock}"
        end = datetime.strptime(day + clock, "%Y%m%d%H%M%S").replace(tzinfo=UTC).astimezone(zone)
        return f"UNTIL={end:%Y%m%dT%H%M%S}"

    return _UNTIL.sub(told, series.rule.removeprefix("RRULE:"))


def _local(series: Series, moment: datetime | None, zone: tzinfo) -> datetime | None:
    if moment is None:
        return None
    return moment.astimezone(UTC if series.all_day else zone).replace(tzinfo=None)


def _original(series: Series, naive: datetime, zone: tzinfo) -> Original:
    return naive.date() if series.all_day else naive.replace(tzinfo=zone).astimezone(UTC)


def _moment(original: Original) -> datetime:
    if isinstance(original, datetime):
        return original
    return datetime.combine(original, time(), UTC)


def _length(series: Series) -> timedelta:
    return _moment(series.first.end) - _moment(series.first.start)


def _span(original: Original, length: timedelta) -> Span:
    if isinstance(original, datetime):
        return Span(original, original + length)
    days: date = original + timedelta(days=max(length.days, 1))
    return Span(original, days)


def _inside(span: Span, after: datetime, before: datetime) -> bool:
    return _moment(span.end) > after and _moment(span.start) < before
