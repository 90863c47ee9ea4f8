"""Time as Graph tells it: clock times beside the name of a zone, moments with an offset, and whole days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from mapping.model.item import Span
from mapping.recurrence.expand import zone_of
from mapping.recurrence.zones import iana_of, windows_of

_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)
_TO_THE_SECOND = 19  # characters; Graph adds seven digits more


@cache
def known_zone(name: str) -> ZoneInfo | None:
    """The zone by its Windows or IANA name; None for names that only the sender knew (`Customized Time Zone`)."""
    try:
        found = zone_of(iana_of(name) or name)
    except ValueError:
        return None
    return found if isinstance(found, ZoneInfo) else ZoneInfo("UTC")


def name_of(zone: ZoneInfo) -> str:
    """What Graph calls a zone. It takes the IANA's names as well, for those that Windows has none for."""
    return windows_of(zone.key) or zone.key


def moment(text: str) -> datetime:
    """A moment with its offset, in UTC. Raises ValueError."""
    found = datetime.fromisoformat(text[:_TO_THE_SECOND])
    offset = text[_TO_THE_SECOND:].lstrip(".0123456789")
    return (datetime.fromisoformat(f"{found.isoformat()}{offset}") if offset else found.replace(tzinfo=UTC)).astimezone(
        UTC
    )


def clock(told: Mapping[str, Any]) -> datetime:
    """A `dateTimeTimeZone` as a moment in UTC. Raises ValueError, LookupError."""
    zone = known_zone(told.get("timeZone") or "UTC") or ZoneInfo("UTC")
    return datetime.fromisoformat(told["dateTime"][:_TO_THE_SECOND]).replace(tzinfo=zone).astimezone(UTC)


def to_the_minute(found: datetime) -> datetime:
    return found.replace(second=0, microsecond=0)


def day_of(found: datetime, zone: tzinfo | None) -> date:
    """The date for which a moment stands: midnight in UTC, or its zone's. Nearest, because midnight does not exist on
    some days of some zones, and because the midnights of nearly all zones lie closest to their date in UTC."""
    if found.time() == time():
        return found.date()
    return (found.astimezone(zone or UTC).replace(tzinfo=None) + _HALF_DAY).date()


def span(told: Mapping[str, Any]) -> Span:
    """When an event takes place. Raises ValueError, LookupError."""
    start, end = clock(told["start"]), clock(told["end"])
    if not told.get("isAllDay"):
        return Span(to_the_minute(start), to_the_minute(end))
    zone = known_zone(told.get("originalStartTimeZone") or "UTC")
    first = day_of(start, zone)
    return Span(first, max(day_of(end, zone), first + _DAY))


def written(found: datetime | date, zone: ZoneInfo) -> dict[str, str]:
    """A moment or a day as the clocks of the zone show it; a moment that they show twice as those of UTC do."""
    if not isinstance(found, datetime):
        return {"dateTime": f"{found.isoformat()}T00:00:00", "timeZone": name_of(zone)}
    local = to_the_minute(found).astimezone(zone)
    if local.fold:
        local, zone = to_the_minute(found).astimezone(UTC), ZoneInfo("UTC")
    return {"dateTime": local.replace(tzinfo=None).isoformat(), "timeZone": name_of(zone)}


def span_values(found: Span, zone: ZoneInfo) -> dict[str, Any]:
    """The properties of an event that takes place then. Raises ValueError for one that ends before it starts."""
    if found.end < found.start:
        raise ValueError("it ends before it starts")
    return {"start": written(found.start, zone), "end": written(found.end, zone), "isAllDay": found.all_day}
