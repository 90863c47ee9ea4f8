"""Time as Exchange keeps it: instants in UTC beside the Windows names of the zones they were meant in.

exchangelib turns all-day instants into dates by itself, and gets it wrong twice: without a known zone it takes the
host's, and on the day the clocks go forward it loses a day by subtracting 24 hours from the end. So the times are taken
out of the XML before exchangelib sees them, and put back as what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from exchangelib import EWSDate, EWSDateTime, EWSTimeZone
from exchangelib.errors import UnknownTimeZone
from exchangelib.ewsdatetime import UTC as EWS_UTC
from exchangelib.util import TNS

from connectors.exchange.zone_definitions import zone_defined
from mapping.model.item import Span

_TAKEN = ("Start", "End", "OriginalStart", "StartTimeZone", "EndTimeZone")
_DATES = ("DueDate", "Birthday")  # properties that EWS tells as moments although they are dates
_ANYWHERE = frozenset({time(0, 0), time(11, 59)})
_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)


def zone_named(name: str) -> EWSTimeZone | None:
    """The zone by its Windows or IANA name; None for names that only the sender knew (`Customized Time Zone`)."""
    for find in (EWSTimeZone.from_ms_id, EWSTimeZone):
        try:
            return find(name)
        except (UnknownTimeZone, ValueError):
            continue
    return None


def zone_in(element: Any, home: EWSTimeZone | None) -> EWSTimeZone | None:
    """The zone in which a CalendarItem element starts. Many zones share one Windows name: `home` is preferred to the
    others."""
    start = moment_in(element, "Start")
    found = _zone(element.find(f"{{{TNS}}}StartTimeZone"), start.year, home) if start else None
    return home if home is not None and found == home else found


def moment_in(element: Any, name: str) -> datetime | None:
    """The moment that an element's child tells, in UTC."""
    return _moment(element.find(f"{{{TNS}}}{name}"))


def is_all_day(element: Any) -> bool:
    return (element.findtext(f"{{{TNS}}}IsAllDayEvent") or "").strip().lower() in ("true", "1")


def day_of(moment: datetime, zone: EWSTimeZone | None) -> date:
    """The date whose midnight is nearest to the moment in its zone.

    Nearest, because midnight does not exist on some days of some zones, and because without a known zone the midnights
    of nearly all zones still lie closest to their date in UTC."""
    local = moment.astimezone(zone or UTC)
    return (local.replace(tzinfo=None) + _HALF_DAY).date()


@dataclass(frozen=True, slots=True)
class Times:
    """What exchangelib's item shall hold: moments in UTC or, all-day, the first day and the last. `original`: where an
    occurrence starts by its series."""

    start: EWSDateTime | EWSDate
    end: EWSDateTime | EWSDate
    original: EWSDateTime | EWSDate | None


def take_times(element: Any) -> Times | None:
    """Remove start, end and their zones from a CalendarItem element and give what they mean. None when the answer has
    no times."""
    found: dict[str, Any] = {}
    for name in _TAKEN:
        child = element.find(f"{{{TNS}}}{name}")
        if child is not None:
            found[name] = child
            element.remove(child)
    start, end, original = (_moment(found.get(name)) for name in ("Start", "End", "OriginalStart"))
    if start is None or end is None:
        return None
    if not is_all_day(element):
        return Times(_ews(start), _ews(end), _ews(original) if original else None)
    zone = _zone(found.get("StartTimeZone"), start.year)
    first = day_of(start, zone)
    after = max(day_of(end, _zone(found.get("EndTimeZone"), start.year) or zone), first + _DAY)
    day = ews_date(day_of(original, zone)) if original else None
    return Times(ews_date(first), ews_date(after - _DAY), day)


def span_values(span: Span, zone: EWSTimeZone) -> Mapping[str, Any]:
    """The fields of exchangelib's item for a span that is meant in the zone."""
    zones = {"_start_timezone": zone, "_end_timezone": zone}
    if isinstance(span.start, datetime) and isinstance(span.end, datetime):
        return {"start": ews_time(span.start, zone), "end": ews_time(span.end, zone), "is_all_day": False, **zones}
    return {"start": ews_date(span.start), "end": ews_date(span.end - _DAY), "is_all_day": True, **zones}


def pin_dates(element: Any, zone: EWSTimeZone | None) -> None:
    """Let the dates of a task or contact be told as midnight UTC, from where exchangelib takes them as they stand."""
    for name in _DATES:
        child = element.find(f"{{{TNS}}}{name}")
        moment = _moment(child)
        if moment is not None:
            child.text = f"{date_meant(moment, zone).isoformat()}T00:00:00Z"


def date_meant(moment: datetime, zone: EWSTimeZone | None) -> date:
    """The date for which a moment stands: programs write midnight or 11:59 in UTC, Outlook its owner's midnight."""
    if moment.time().replace(second=0, microsecond=0) in _ANYWHERE:
        return moment.date()
    return day_of(moment, zone)


def ews_date(day: date) -> EWSDate:
    return EWSDate(day.year, day.month, day.day)


def ews_time(moment: datetime, zone: EWSTimeZone) -> EWSDateTime:
    """The instant as exchangelib wants it, told in a zone; Exchange keeps whole minutes."""
    return _ews(moment.astimezone(UTC).replace(second=0, microsecond=0)).astimezone(zone)


def utc(moment: datetime) -> datetime:
    """A plain aware datetime in UTC out of exchangelib's own kind."""
    plain = moment.astimezone(EWS_UTC)
    return datetime(
        plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second, plain.microsecond, tzinfo=UTC
    )


def _ews(moment: datetime) -> EWSDateTime:
    return EWSDateTime(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, tzinfo=EWS_UTC)


def _moment(element: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat((element.text or "").strip())
    except (AttributeError, ValueError):
        return None
    # a time without an offset is meant in the zone that the request named, which is always UTC
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zone(element: Any, year: int, home: EWSTimeZone | None = None) -> EWSTimeZone | None:
    """The zone that an element names, or defines for the year."""
    if element is None:
        return None
    named = (zone_named(element.get(attribute) or "") for attribute in ("Id", "Name"))
    return next((zone for zone in named if zone is not None), None) or zone_defined(element, year, home)
