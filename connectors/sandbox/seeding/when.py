"""Dates and times of an iCalendar component: in a zone, floating, or whole days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from connectors.sandbox.ews import zones

DAY = timedelta(days=1)


class Unusable(Exception):  # noqa: N818 - it is an answer, not a defect
    """A component cannot be loaded; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Home:
    """In which zone times without a zone are meant: Windows name and the zone itself."""

    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Times:
    """`zone` None: a zone known only to the file, which is `own_zone`. `first_day`: of the start, where it happens;
    `days`: how many an all-day event lasts."""

    start: datetime
    end: datetime
    all_day: bool
    zone_name: str
    zone: ZoneInfo | None
    first_day: date
    days: int = 0
    note: str = ""
    own_zone: tzinfo = UTC


def home_of(calendar_zone: str, mailbox_zone: str) -> Home:
    """The calendar's own default zone when it names one that is known, else the mailbox's."""
    for name in (calendar_zone, mailbox_zone, "UTC"):
        zone, windows = resolve(name)
        if zone is not None and windows:
            return Home(windows, zone)
    raise AssertionError("UTC is always known")


def resolve(name: str) -> tuple[ZoneInfo | None, str | None]:
    """A TZID as zone and Windows name: IANA, Windows, or a path that ends in an IANA name."""
    parts = name.strip().strip("/").split("/")
    for at in range(len(parts)):
        candidate = "/".join(parts[at:])
        zone = zones.zone(candidate) if candidate else None
        if zone is not None:
            return zone, zones.windows_name(candidate)
    return None, None


def times_of(component: Any, home: Home) -> Times:
    """Start and end of an event. Raises `Unusable`."""
    begins = prop(component, "DTSTART")
    if begins is None:
        raise Unusable("no readable start")
    start = begins.dt
    ends = prop(component, "DTEND")
    duration = prop(component, "DURATION")
    if not isinstance(start, datetime):
        last = ends.dt if ends is not None else start + max(duration.dt, DAY) if duration is not None else start + DAY
        last = last.date() if isinstance(last, datetime) else last
        if last <= start:
            if last < start:
                raise Unusable("it ends before it begins")
            last = start + DAY
        midnights = at_midnight(start, home), at_midnight(last, home)
        return Times(*midnights, True, home.name, home.zone, start, (last - start).days)
    first, name, zone, note = aware(begins, home)
    if ends is not None:
        until = ends.dt if isinstance(ends.dt, datetime) else None
        last_moment = aware(ends, home)[0] if until is not None else at_midnight(ends.dt, home)
    else:
        last_moment = first + duration.dt if duration is not None else first
    if last_moment < first:
        raise Unusable("it ends before it begins")
    local_day = first.astimezone(zone).date() if zone is not None else start.date()
    own = start.tzinfo or home.zone
    return Times(first.astimezone(UTC), last_moment.astimezone(UTC), False, name, zone, local_day, 0, note, own)


def aware(prop_value: Any, home: Home) -> tuple[datetime, str, ZoneInfo | None, str]:
    """A date-time property as a moment, the Windows name of its zone, the zone, and what is worth telling."""
    value: datetime = prop_value.dt
    parameters: Mapping[str, Any] = getattr(prop_value, "params", {})
    identifier = str(parameters.get("TZID") or "")
    if value.tzinfo is None:
        if not identifier:
            return value.replace(tzinfo=home.zone), home.name, home.zone, ""
        zone, windows = resolve(identifier)
        if zone is None:
            raise Unusable(f"unknown time zone {identifier!r}")
        return value.replace(tzinfo=zone), windows or "UTC", zone if windows else None, ""
    identifier = identifier or _key(value.tzinfo)
    if value.tzinfo is UTC or identifier.upper() in ("UTC", "Z", "ETC/UTC"):
        return value, "UTC", ZoneInfo("UTC"), ""
    zone, windows = resolve(identifier)
    if zone is not None and windows and zone.utcoffset(value.replace(tzinfo=None)) == value.utcoffset():
        return value, windows, zone, ""
    likewise = alike(value, home)
    if likewise is not None:
        return value, likewise.name, likewise.zone, f"time zone {identifier!r} of the file taken for {likewise.name}"
    return value, "UTC", None, f"time zone {identifier!r} of the file kept as UTC"


def alike(value: datetime, home: Home) -> Home | None:
    """A zone that Windows has a name for, and whose clocks go like those of the value for the next two years."""
    days = [value.replace(tzinfo=None, hour=12) + number * DAY for number in range(2 * 366)]
    told = [day.replace(tzinfo=value.tzinfo).utcoffset() for day in days]
    candidates = ((name, zones.zone(name)) for name in (home.name, *zones.WINDOWS_NAMES))
    for name, zone in candidates:
        if zone and all(day.replace(tzinfo=zone).utcoffset() == at for day, at in zip(days, told, strict=True)):
            return Home(name, zone)
    return None


def within(value: datetime, zone: tzinfo) -> datetime:
    """The moment; without a zone of its own it is meant in the given one."""
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)


def _key(zone: tzinfo) -> str:
    return str(getattr(zone, "key", "") or getattr(zone, "zone", "") or "")


def at_midnight(day: date, home: Home) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=home.zone).astimezone(UTC)


def prop(component: Any, name: str) -> Any:
    """A property with a readable date, time or duration in it (the first, when it is given twice), else None."""
    value = component.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    try:
        return value if value is not None and hasattr(value, "dt") else None
    except icalendar.BrokenCalendarProperty:
        return None


def moment(component: Any, name: str, home: Home) -> str:
    """A property as EWS text, empty when there is none or it cannot be read."""
    found = prop(component, name)
    if found is None or isinstance(found.dt, timedelta):
        return ""
    value = aware(found, home)[0] if isinstance(found.dt, datetime) else at_midnight(found.dt, home)
    return zones.stamp(value)
