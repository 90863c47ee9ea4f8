"""The small values that several types share, between Graph's JSON and the store's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.codecs import body_in
from connectors.sandbox.ews.items import Stored
from connectors.sandbox.graph.errors import bad
from connectors.sandbox.graph.odata import canonical

Json = dict[str, Any]
_DIGITS = ".0000000"
# extended properties that the store keeps as properties of its own
SENSITIVITIES = ("Normal", "Personal", "Private", "Confidential")
_CLASS, _SENSITIVITY = "String 0x001a", "Integer 0x0036"
_THREAD = {"String 0x1042": "InReplyTo", "String 0x1039": "References"}
RESPONSES = {
    "Unknown": "none", "NoResponseReceived": "notResponded", "Tentative": "tentativelyAccepted", "Accept": "accepted",
    "Decline": "declined", "Organizer": "organizer",
}  # fmt: skip


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- time


def told_clock(stamp: str, zone_name: str) -> Json:
    """A moment of the store as the clock of a zone shows it."""
    local = zones.moment(stamp).astimezone(zones.zone(zone_name)).replace(tzinfo=None)
    return {"dateTime": f"{local.isoformat()}{_DIGITS}", "timeZone": zone_name}


def told_day(stamp: str, own_zone: str, zone_name: str) -> Json:
    """A midnight of its own zone as midnight of another: whole days are the same everywhere."""
    local = zones.moment(stamp).astimezone(zones.zone(own_zone) or ZoneInfo("UTC"))
    return {"dateTime": f"{local.date().isoformat()}T00:00:00{_DIGITS}", "timeZone": zone_name}


def read_clock(told: Any, name: str) -> tuple[datetime, str]:
    """A `dateTimeTimeZone` as a moment, and the Windows name of its zone. Raises ErrorInvalidTimeZone and others."""
    if not isinstance(told, dict) or not isinstance(told.get("dateTime"), str):
        raise bad(f"The property '{name}' must be a dateTimeTimeZone.", "RequestBodyRead")
    zone_name = told.get("timeZone") or "UTC"
    zone = zones.zone(zone_name)
    if zone is None:
        raise bad(f"The time zone of '{name}' is unknown.", "ErrorInvalidTimeZone")
    try:
        moment = zones.moment(told["dateTime"][:19] + told["dateTime"][27:], zone)
    except (ValueError, OverflowError):
        raise bad(f"The property '{name}' is no time.", "RequestBodyRead") from None
    return moment, zones.windows_name(zone_name) or zone_name


def is_midnight(moment: datetime, zone_name: str) -> bool:
    return moment.astimezone(zones.zone(zone_name) or ZoneInfo("UTC")).time() == time()


def read_date(text: Any, name: str) -> str:
    """An `Edm.DateTimeOffset` that means a date, as the store keeps it."""
    try:
        return zones.stamp(zones.moment(str(text)))
    except (ValueError, OverflowError):
        raise bad(f"The property '{name}' is no time.", "RequestBodyRead") from None


# --- people, bodies


def told_person(person: Mapping[str, Any] | None) -> Json | None:
    if not person:
        return None
    return {"emailAddress": {"name": person.get("name") or "", "address": person.get("address") or ""}}


def read_person(told: Any) -> Json:
    found = (told or {}).get("emailAddress") or {}
    if not isinstance(found.get("address"), str) or "@" not in found["address"]:
        raise bad("At least one recipient is not valid.", "ErrorInvalidRecipients")
    return {"name": found.get("name") or "", "address": found["address"]}


def told_body(body: Mapping[str, Any], *, as_text: bool) -> Json:
    found = body_in(body, "Text" if as_text else "Best") if body else {"text": ""}
    kind = "html" if "html" in found else "text"
    return {"contentType": kind, "content": found[kind]}


def read_body(told: Any) -> Json | None:
    """None when it says nothing."""
    if not isinstance(told, dict) or told.get("contentType") not in ("text", "html"):
        raise bad("The body must have a contentType.", "RequestBodyRead")
    return {told["contentType"]: str(told["content"])} if told.get("content") else None


# --- extended properties


def told_extended(item: Stored, names: tuple[str, ...]) -> list[Json]:
    """Those that the item bears. Tags are told as short as they can be."""
    found = [(name, _extended(item, name)) for name in names]
    return [{"id": _short(name), "value": value} for name, value in found if value is not None]


def _extended(item: Stored, name: str) -> str | None:
    if name == _CLASS:
        return str(item.values.get("ItemClass") or "")
    if name == _SENSITIVITY:
        return str(SENSITIVITIES.index(item.values.get("Sensitivity") or "Normal"))
    if name in _THREAD:
        return item.values.get(_THREAD[name])
    held = item.extended.get(name)
    return None if held is None else str(held["value"])


def _short(name: str) -> str:
    kind, _, rest = name.partition(" ")
    return f"{kind} {int(rest, 16):#x}" if rest.startswith("0x") else name


def read_extended(told: Any, before: Mapping[str, Any]) -> Json:
    """What writing extended properties makes of an item's values."""
    made: Json = {}
    extended = dict(before.get("ExtendedProperty") or {})
    for each in told if isinstance(told, list) else ():
        name, value = canonical(str(each.get("id"))), str(each.get("value"))
        if name == _SENSITIVITY:
            made["Sensitivity"] = SENSITIVITIES[int(value)]
        elif name == _CLASS:
            made["ItemClass"] = value
        else:
            extended[name] = {"uri": _uri(name), "value": value}
    return {**made, "ExtendedProperty": extended}


def _uri(name: str) -> dict[str, str]:
    """The attributes by which EWS names the property."""
    parts = name.split(" ")
    if len(parts) == 2:
        return {"PropertyTag": parts[1], "PropertyType": parts[0]}
    key = "PropertyName" if parts[2] == "Name" else "PropertyId"
    return {"PropertySetId": parts[1][1:-1], key: parts[3], "PropertyType": parts[0]}
