"""Events between Graph's JSON and the calendar items of the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.appointments import ROLES
from connectors.sandbox.ews.codecs import body_in
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.shapes import told_values
from connectors.sandbox.graph import ids, recurrences
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import bad
from connectors.sandbox.graph.odata import EXTENDED
from connectors.sandbox.graph.values import (
    RESPONSES,
    is_midnight,
    lower_first,
    read_body,
    read_clock,
    read_extended,
    read_person,
    told_body,
    told_clock,
    told_day,
    told_extended,
    told_person,
    upper_first,
)

KIND = "CalendarItem"
TYPE = "event"
EXCEPTIONS, CANCELLED = "exceptionOccurrences", "cancelledOccurrences"
ON_REQUEST = frozenset({EXCEPTIONS, CANCELLED, EXTENDED})
_TYPES = {
    "Single": "singleInstance", "RecurringMaster": "seriesMaster", "Occurrence": "occurrence",
    "Exception": "exception",
}  # fmt: skip
_ATTENDEE_TYPES = dict(zip(ROLES, ("required", "optional", "resource"), strict=True))
_SHOW_AS = {"OOF": "oof", "NoData": "unknown"}
_SHOW_AS_BACK = {graph: ours for ours, graph in _SHOW_AS.items()}
_NEVER = "0001-01-01T00:00:00Z"


# --- telling


def told(call: GraphCall, item: Stored) -> Json:
    """Everything that Graph has to say of an event."""
    values = told_values(item)
    zone, own = call.prefer.zone, str(values.get("StartTimeZone") or "UTC")
    body = item.values.get("Body") or {}
    all_day = bool(values.get("IsAllDayEvent"))
    entity: Json = {
        "@odata.etag": ids.etag(item.version),
        "id": call.item_id(item),
        "createdDateTime": values["DateTimeCreated"],
        "lastModifiedDateTime": values["LastModifiedTime"],
        "changeKey": ids.etag(item.version)[3:-1],
        "categories": list(values.get("Categories") or ()),
        "transactionId": item.values.get("TransactionId"),
        "originalStartTimeZone": own,
        "originalEndTimeZone": str(values.get("EndTimeZone") or own),
        "iCalUId": _uid(item),
        "reminderMinutesBeforeStart": int(values.get("ReminderMinutesBeforeStart") or 0),
        "isReminderOn": bool(values.get("ReminderIsSet")),
        "hasAttachments": bool(values.get("HasAttachments")),
        "subject": values.get("Subject") or "",
        "bodyPreview": body_in(body, "Text")["text"][:255] if body else "",
        "importance": lower_first(values["Importance"]),
        "sensitivity": lower_first(values["Sensitivity"]),
        "isAllDay": all_day,
        "isCancelled": bool(values.get("IsCancelled")),
        "isOrganizer": bool(values.get("IsOrganizer")),
        "responseRequested": bool(values.get("IsResponseRequested", True)),
        "seriesMasterId": call.item_id(_master_of(item)) if item.original else None,
        "showAs": _SHOW_AS.get(shown := str(values.get("LegacyFreeBusyStatus") or "Busy"), lower_first(shown)),
        "type": _TYPES[str(values.get("CalendarItemType") or "Single")],
        "webLink": f"{call.root}/web/{call.item_id(item)}",
        "isOnlineMeeting": bool(values.get("IsOnlineMeeting")),
        "allowNewTimeProposals": bool(values.get("AllowNewTimeProposal", True)),
        "isDraft": False,
        "hideAttendees": False,
        "responseStatus": _response(values.get("MyResponseType"), values.get("AppointmentReplyTime")),
        "body": told_body(body, as_text=call.prefer.text),
        "start": _clock(values["Start"], own, zone, all_day=all_day),
        "end": _clock(values["End"], own, zone, all_day=all_day),
        "location": {"displayName": values.get("Location") or "", "locationType": "default"},
        "locations": [{"displayName": values["Location"]}] if values.get("Location") else [],
        "recurrence": _recurrence(values, own) if not item.original else None,
        "attendees": [_attendee(role, each) for role in ROLES for each in values.get(role) or ()],
        "organizer": told_person(values.get("Organizer")),
    }
    if item.original:
        entity["originalStart"] = item.original
    if series.is_master(item) and CANCELLED in (call.options.select or ()):
        entity[CANCELLED] = [_cancelled_id(call, item, stamp, own) for stamp in item.values.get(series.CANCELLED) or ()]
    if series.is_master(item) and EXCEPTIONS in call.options.expand:
        entity[EXCEPTIONS] = [told(call, each) for each in series.exceptions(item)]
    if call.options.extended:
        entity[EXTENDED] = told_extended(item, call.options.extended)
    return entity


def stub(call: GraphCall, item: Stored) -> Json:
    """What a feed tells of an occurrence like all the others."""
    names = ("@odata.etag", "id", "seriesMasterId", "type", "start", "end")
    return {name: value for name, value in told(call, item).items() if name in names}


def _master_of(item: Stored) -> Stored:
    return replace(item, original="")


def _uid(item: Stored) -> str:
    """Every occurrence has one of its own."""
    uid = str(item.values.get("UID") or "")
    return f"{uid}:{item.original}" if item.original else uid


def _clock(stamp: str, own: str, zone: str, *, all_day: bool) -> Json:
    return told_day(stamp, own, zone) if all_day else told_clock(stamp, zone)


def _recurrence(values: Values, own: str) -> Json | None:
    return recurrences.told(values["Recurrence"], own) if values.get("Recurrence") else None


def _cancelled_id(call: GraphCall, item: Stored, stamp: str, own: str) -> str:
    day = zones.moment(stamp).astimezone(zones.zone(own)).date()
    return f"OID.{call.item_id(item)}.{day.isoformat()}"


def _response(answer: Any, at: Any) -> Json:
    return {"response": RESPONSES.get(str(answer), "none"), "time": at or _NEVER}


def _attendee(role: str, each: Values) -> Json:
    status = _response(each.get("response", "Unknown"), each.get("replied"))
    return {"type": _ATTENDEE_TYPES[role], "status": status, **(told_person(each) or {})}


# --- reading


def read(call: GraphCall, before: Values) -> Values:
    """What the body of a call sets, as values of the store. Raises GraphError for what Graph does not take."""
    made: Values = {}
    for name, value in call.body.items():
        if name in ("start", "end", "isAllDay", "recurrence", "transactionId"):
            continue
        reader = _READERS.get(name)
        if reader is None:
            raise bad(f"The property '{name}' cannot be set on type 'microsoft.graph.event'.", "RequestBodyRead")
        made.update(reader(value, before))
    return {**made, **_times(call.body, before)}


def _times(body: Json, before: Values) -> Values:
    made: Values = {}
    moments: dict[str, datetime] = {}
    for name, ours in (("start", "Start"), ("end", "End")):
        if name in body:
            moments[name], made[f"{ours}TimeZone"] = read_clock(body[name], name)
            made[ours] = zones.stamp(moments[name])
    if "isAllDay" in body:
        made["IsAllDayEvent"] = bool(body["isAllDay"])
    if made.get("IsAllDayEvent", before.get("IsAllDayEvent")):
        for name, moment in moments.items():
            if not is_midnight(moment, made[f"{upper_first(name)}TimeZone"]):
                raise bad(f"The Event.{name} property of an all-day event must be midnight.", _INVALID)
    if "recurrence" in body:
        made["Recurrence"] = None if body["recurrence"] is None else recurrences.read(body["recurrence"])
        zone = recurrences.zone_of(body["recurrence"]) if body["recurrence"] else ""
        if zone:
            made["StartTimeZone"] = zone
        if "start" in moments and made["Recurrence"]:
            _check_start(body, moments["start"], made["StartTimeZone"])
    return made


_INVALID = "ErrorPropertyValidationFailure"


def _check_start(body: Json, start: datetime, zone: str) -> None:
    day = start.astimezone(zones.zone(zone)).date().isoformat()
    if body["recurrence"]["range"]["startDate"] != day:
        raise bad("The start of the range must be the date of the event's start.", _INVALID)


def _attendees(value: Any, before: Values) -> Values:
    """Those who were there keep their answer."""
    known = {
        str(each.get("address", "")).lower(): each for role in ROLES for each in before.get(role) or ()
    }  # fmt: skip
    made: Values = {role: [] for role in ROLES}
    for each in value or ():
        one = read_person(each)
        role = next((role for role, name in _ATTENDEE_TYPES.items() if name == each.get("type")), ROLES[0])
        old = {name: held for name, held in known.get(one["address"].lower(), {}).items() if name in _ANSWER}
        made[role].append({"response": "Unknown", **old, **one})
    return made


_ANSWER = ("response", "replied")
_Reader = Callable[[Any, Values], Values]


def _plain(name: str) -> _Reader:
    return lambda value, _: {name: value}


_READERS: dict[str, _Reader] = {
    "subject": _plain("Subject"),
    "body": lambda value, _: {"Body": read_body(value)},
    "location": lambda value, _: {"Location": (value or {}).get("displayName") or None},
    "categories": _plain("Categories"),
    "sensitivity": lambda value, _: {"Sensitivity": upper_first(value)},
    "importance": lambda value, _: {"Importance": upper_first(value)},
    "showAs": lambda value, _: {"LegacyFreeBusyStatus": _SHOW_AS_BACK.get(value, upper_first(value))},
    "isReminderOn": _plain("ReminderIsSet"),
    "reminderMinutesBeforeStart": _plain("ReminderMinutesBeforeStart"),
    "responseRequested": _plain("IsResponseRequested"),
    "attendees": _attendees,
    EXTENDED: lambda value, before: read_extended(value, before),
}
