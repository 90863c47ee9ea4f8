"""Series of the emulated calendar: which occurrences a rule yields, and how one is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from connectors.sandbox.google.errors import invalid
from connectors.sandbox.google.state import Json
from mapping.model.item import Original, Series, Span
from mapping.model.series import read_stamp, stamp
from mapping.recurrence.expand import moment_of, originals, span_of, with_rule, zone_of
from mapping.recurrence.rules import parse

_INSTANCE = re.compile(r"(?P<master>.+)_(?P<stamp>\d{8}(?:T\d{6}Z)?)")
_EXDATE = re.compile(r"EXDATE(?P<parameters>(?:;[^:]*)?):(?P<value>.*)")


def split(identifier: str) -> tuple[str, Original] | None:
    """The master's id and the original start in the id of an instance; None for another id."""
    found = _INSTANCE.fullmatch(identifier)
    return None if found is None else (found["master"], read_stamp(found["stamp"]))


def instance_id(master: str, original: Original) -> str:
    return f"{master}_{stamp(original)}"


def read_time(told: Any, what: str) -> Original:
    """A moment in UTC or a day. Raises GoogleError."""
    try:
        if isinstance(told, dict) and "date" in told:
            return date.fromisoformat(told["date"])
        found = datetime.fromisoformat(told["dateTime"])
        zone = zone_of(told.get("timeZone", "")) if found.tzinfo is None else found.tzinfo
        return found.replace(tzinfo=zone).astimezone(UTC)
    except (TypeError, KeyError, ValueError):
        raise invalid(f"Invalid {what} time.") from None


def series(event: Json) -> Series:
    """Raises GoogleError for a rule without sense."""
    start, end = (read_time(event.get(name), name) for name in ("start", "end"))
    zone = "" if "date" in event["start"] else event["start"].get("timeZone", "")
    if not zone and isinstance(start, datetime):
        raise invalid("Missing time zone definition for start time.")
    rules = [line for line in event["recurrence"] if line.startswith("RRULE:")]
    try:
        if len(rules) != 1:
            raise ValueError("one rule only")
        found = with_rule(Series("", Span(start, end), zone), parse(rules[0]))
        next(originals(found))
    except (ValueError, StopIteration):
        raise invalid("Invalid recurrence rule.") from None
    return found


def excluded(event: Json, found: Series) -> set[Original]:
    """What the series' own lines take out."""
    gone: set[Original] = set()
    for line in event["recurrence"]:
        match = _EXDATE.fullmatch(line)
        for text in match["value"].split(",") if match is not None else ():
            at = read_stamp(text) if text.endswith("Z") or "T" not in text else None
            if at is None:
                at = datetime.fromisoformat(text).replace(tzinfo=zone_of(found.zone)).astimezone(UTC)
            gone.add(at)
    return gone


def yields(event: Json, original: Original) -> bool:
    """Is there such an occurrence by the rule?"""
    found = series(event)
    if isinstance(original, datetime) is found.all_day:
        return False
    at = moment_of(original)
    return original not in excluded(event, found) and next(originals(found, after=at), None) == original


def instances(event: Json, after: datetime | None, before: datetime | None) -> Iterator[tuple[Original, Span]]:
    """What the rule yields, in order."""
    found = series(event)
    gone = excluded(event, found)
    for original in originals(found, after, before):
        if original not in gone:
            yield original, span_of(found, original)


def told(at: Original, like: Json) -> Json:
    """A time in the form of another one."""
    if not isinstance(at, datetime):
        return {"date": at.isoformat()}
    zone = like.get("timeZone", "UTC")
    return {"dateTime": at.astimezone(zone_of(zone)).isoformat(), "timeZone": zone}
