"""Windows time zone names against IANA names, and moments in and out of EWS text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

WINDOWS_NAMES = tuple(win_tz)


@cache
def zone(name: str) -> ZoneInfo | None:
    """The zone of a Windows or IANA name, None when nobody knows it."""
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def windows_name(iana: str) -> str | None:
    """The Windows name of a zone, None when it has none."""
    if iana in win_tz:
        return iana
    if iana in ("UTC", "Etc/UTC", "Z", "GMT"):
        return "UTC"
    found: str | None = tz_win.get(iana)
    return found


def moment(text: str, assumed: ZoneInfo | None = None) -> datetime:
    """Read an XML dateTime; without an offset it is in the assumed zone (UTC by default). Raises ValueError."""
    value = datetime.fromisoformat(text.strip())
    if value.tzinfo is None:
        value = value.replace(tzinfo=assumed or UTC)
    return value.astimezone(UTC)


def stamp(value: datetime) -> str:
    """A moment the way EWS writes it, to the second; such texts sort like the moments."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def midnight(value: datetime, name: str) -> datetime:
    """The start of the day in the zone of that name: all-day items begin and end there."""
    found = zone(name)
    here = value.astimezone(found or UTC)
    return here.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def day_after(value: datetime, name: str) -> datetime:
    found = zone(name)
    here = value.astimezone(found or UTC).replace(tzinfo=None) + timedelta(days=1)
    return here.replace(tzinfo=found or UTC).astimezone(UTC)


def offset_of(day: date, name: str) -> str:
    """The offset of midnight of the day in the zone of that name: `+01:00`, or `Z`."""
    found = zone(name)
    here = datetime.combine(day, time(), found or UTC)
    return "Z" if here.utcoffset() == timedelta(0) else here.isoformat()[-6:]
