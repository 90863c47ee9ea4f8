"""The primary calendar of a user: `calendar/v3/calendars/primary/events`.

An exception of a series is a document that holds only what differs from its master; what is cancelled keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from connectors.sandbox.google import meetings
from connectors.sandbox.google.call import Call, page
from connectors.sandbox.google.errors import GoogleError, invalid, moved_on, not_found
from connectors.sandbox.google.instances import instance_id, instances, read_time, series, split, told, yields
from connectors.sandbox.google.state import Doc, Docs, Json, fresh_id, merged
from mapping.model.item import Original
from mapping.recurrence.expand import moment_of

KIND, CALENDAR, PRIMARY = "event", "calendar", "primary"
SERVICE = "calendar"
_ID = re.compile(r"[a-v0-9]{5,1024}")
# with a sync token these may not be asked for
_FORBIDDEN = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax",
              "updatedMin")  # fmt: skip
_ABOUT = ("singleEvents", "eventTypes", "maxAttendees")
# the server's to say
_OWN = ("kind", "etag", "id", "htmlLink", "created", "updated", "creator", "organizer", "iCalUID", "sequence",
        "recurringEventId", "originalStartTime")  # fmt: skip
REMINDERS = [{"method": "popup", "minutes": 10}]


# --- reading


def list_events(call: Call) -> Json:
    docs = call.docs
    about = "&".join(f"{name}={call.param(name)}" for name in _ABOUT)
    token = call.param("syncToken")
    head, since, home = docs.head(), 0, _calendar(call)
    if token:
        if any(name in call.params for name in _FORBIDDEN):
            raise invalid("Sync token cannot be used with other query restrictions.")
        if call.param("showDeleted").lower() == "false":
            raise invalid("Deleted events are always shown with a sync token.")
        found = docs.read_token(SERVICE, token, about)
        if found is None:
            raise GoogleError(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
        since = found
    events = [doc for doc in docs.all(KIND, parent=home, since=since, gone=True) if _wanted(call, doc, bool(token))]
    chosen, more = page(call, [event(docs, doc) for doc in events], 250, 2500)
    answer: Json = {
        "kind": "calendar#events", "etag": f'"p{head}"', "summary": docs.user.address, "updated": docs.now,
        "timeZone": docs.user.timezone, "accessRole": "owner", "defaultReminders": REMINDERS, "items": chosen,
    }  # fmt: skip
    if more:
        return answer | {"nextPageToken": more}
    filtered = any(name in call.params for name in _FORBIDDEN if name != "timeMin")
    return answer if filtered else answer | {"nextSyncToken": docs.token(SERVICE, head, about)}


def _calendar(call: Call) -> str:
    """The parent of a calendar's events: '' for the primary one. Raises notFound."""
    named = call.parts.get("calendarId", PRIMARY)
    return "" if named in (PRIMARY, call.user.address) else call.docs.get(CALENDAR, named).id


def list_calendars(call: Call) -> Json:
    own = {"id": call.user.address, "summary": call.user.name, "primary": True}
    others = [{"id": doc.id, **doc.values} for doc in call.docs.all(CALENDAR)]
    items = [
        {"kind": "calendar#calendarListEntry", "etag": f'"{at}"', "accessRole": "owner", **each}
        for at, each in enumerate([own, *others])
    ]
    return {"kind": "calendar#calendarList", "etag": f'"p{call.docs.head()}"', "items": items}


def add_calendar(docs: Docs, name: str) -> Doc:
    """Another calendar of the user's."""
    ident = f"{fresh_id('calendar', docs.step())}@group.calendar.google.com"
    return docs.put(CALENDAR, ident, {"summary": name})


def carry_event(docs: Docs, old: Doc, calendar: str) -> Doc:
    """Into another calendar: it is cancelled where it stood."""
    cancel_event(docs, old)
    return docs.put(KIND, old.id, {**old.values, "updated": docs.now}, parent=calendar)


def _wanted(call: Call, doc: Doc, syncing: bool) -> bool:
    full = _full(call.docs, doc)
    exception = "recurringEventId" in full
    if not syncing and full.get("status") == "cancelled" and not call.flag("showDeleted"):
        # what was cancelled out of a series that is still there is part of telling it
        master = call.docs.find(KIND, full["recurringEventId"]) if exception else None
        if master is None or master.gone:
            return False
    if (uid := call.param("iCalUID")) and full.get("iCalUID") != uid:
        return False
    kept = (full.get("extendedProperties") or {}).get("private") or {}
    return all(
        kept.get(name) == value
        for name, _, value in (each.partition("=") for each in call.params.get("privateExtendedProperty", []))
    )


def get_event(call: Call) -> Json:
    return event(call.docs, _there(call.docs, call.parts["eventId"], _calendar(call)))


def list_instances(call: Call) -> Json:
    docs = call.docs
    master = docs.get(KIND, call.parts["eventId"])
    if "recurrence" not in master.values:
        raise invalid("Not a recurring event")
    low, high = (read_bound(call.param(name)) for name in ("timeMin", "timeMax"))
    found: list[Json] = []
    for original, _ in instances(master.values, low, high):
        own = _there(docs, instance_id(master.id, original))
        if not own.gone or call.flag("showDeleted"):
            found.append(event(docs, own))
        if len(found) == 2500:
            break
    chosen, more = page(call, found, 250, 2500)
    answer = {"kind": "calendar#events", "summary": docs.user.address, "timeZone": docs.user.timezone, "items": chosen,
              "accessRole": "owner", "defaultReminders": REMINDERS, "updated": docs.now}  # fmt: skip
    return answer | {"nextPageToken": more} if more else answer


def agenda(docs: Docs, after: datetime, before: datetime) -> list[Json]:
    """What the primary calendar shows between two moments, occurrence by occurrence."""
    found = []
    for doc in docs.all(KIND):
        if "recurrence" in doc.values:
            # those with something of their own are documents themselves
            named = (instance_id(doc.id, at) for at, _ in instances(doc.values, after, before))
            found += [event(docs, _there(docs, each)) for each in named if docs.find(KIND, each) is None]
        else:
            found.append(event(docs, doc))
    return sorted(found, key=lambda each: moment_of(read_time(each["start"], "start")))


def read_bound(text: str) -> datetime | None:
    return None if not text else read_time({"dateTime": text}, "bound")  # type: ignore[return-value]


def _there(docs: Docs, identifier: str, home: str = "") -> Doc:
    """The event, or the occurrence that its master yields; with what is cancelled. Raises notFound."""
    own = docs.find(KIND, identifier, parent=home)
    if own is not None:
        return own
    parts = split(identifier)
    master = docs.find(KIND, parts[0], parent=home) if parts is not None else None
    if parts is None or master is None or master.gone or "recurrence" not in master.values:
        raise not_found()
    if not yields(master.values, parts[1]):
        raise not_found()
    # nothing of its own yet: it has the version of its master
    return Doc(identifier, home, master.seq, False, _named(master, parts[1]))


def _named(master: Doc, original: Original) -> Json:
    return {"recurringEventId": master.id, "originalStartTime": told(original, master.values["start"])}


def _full(docs: Docs, doc: Doc) -> Json:
    """All values, those that an exception has of its master among them."""
    if "recurringEventId" not in doc.values:
        return doc.values
    master = docs.find(KIND, doc.values["recurringEventId"], parent=doc.parent)
    inherited = {k: v for k, v in master.values.items() if k != "recurrence"} if master is not None else {}
    parts = split(doc.id)
    if master is not None and parts is not None and "start" in inherited and "recurrence" in master.values:
        length = read_time(inherited["end"], "end") - read_time(inherited["start"], "start")
        inherited |= {"start": told(parts[1], inherited["start"]), "end": told(parts[1] + length, inherited["end"])}
    own = dict(doc.values)
    for name in ("start", "end"):
        if name in own:
            inherited.pop(name, None)
    return merged(inherited, own)


def event(docs: Docs, doc: Doc) -> Json:
    """As the server tells it: of what is cancelled hardly more than the id."""
    named = {"kind": "calendar#event", "etag": doc.etag, "id": doc.id}
    if doc.gone:
        where = {k: v for k, v in doc.values.items() if k in ("recurringEventId", "originalStartTime")}
        return {**named, "status": "cancelled", **where}
    values = _full(docs, doc)
    mine = docs.user.address
    found = {
        "status": "confirmed", "htmlLink": f"https://www.google.com/calendar/event?eid={doc.id}",
        "eventType": "default", "reminders": {"useDefault": True}, "sequence": 0, **values, **named,
    }  # fmt: skip
    found["organizer"] = {**found["organizer"], **({"self": True} if found["organizer"]["email"] == mine else {})}
    if "attendees" in found:
        found["attendees"] = [
            {**each, **({"self": True} if each["email"].lower() == mine else {}),
             **({"organizer": True} if each["email"].lower() == found["organizer"]["email"] else {})}
            for each in found["attendees"]
        ]  # fmt: skip
    return found


# --- writing


def insert_event(call: Call) -> Json:
    given = call.body
    identifier = given.get("id") or fresh_id(call.user.address, call.docs.step(), call.docs.now)
    if not isinstance(identifier, str) or _ID.fullmatch(identifier) is None:
        raise invalid("Invalid resource id value.")
    with call.docs.store.transaction():
        if call.docs.find(KIND, identifier) is not None:
            raise GoogleError(409, "duplicate", "The requested identifier already exists.")
        doc = add_event(call.docs, identifier, _own(given))
        meetings.spread(call, None, doc)
    call.sandbox.ledger.write("google", "event", "create")
    return event(call.docs, doc)


def add_event(docs: Docs, identifier: str, values: Json, home: str = "") -> Doc:
    """Put an event into a calendar as its owner would. Raises GoogleError for values without sense."""
    me = {"email": docs.user.address, "displayName": docs.user.name}
    own = {
        "created": docs.now, "updated": docs.now, "iCalUID": f"{identifier}@google.com", "creator": me, "organizer": me,
        **values,
    }  # fmt: skip
    check(own)
    return docs.put(KIND, identifier, own, parent=home)


def patch_event(call: Call) -> Json:
    return _changed(call, lambda old, given: merged(old, given), "update")


def update_event(call: Call) -> Json:
    kept = ("created", "creator", "organizer", "iCalUID", "recurringEventId", "originalStartTime")
    return _changed(call, lambda old, given: {**{k: old[k] for k in kept if k in old}, **given}, "update")


def _changed(call: Call, make: Any, verb: str) -> Json:
    docs, given = call.docs, _own(call.body)
    with docs.store.transaction():
        old = _there(docs, call.parts["eventId"], _calendar(call))
        if call.condition and call.condition != old.etag:
            raise moved_on()
        if old.gone and given.get("status", "cancelled") == "cancelled":
            raise not_found()
        meetings.allow(call, _full(docs, old), given)
        doc = change_event(docs, old, make(old.values, given))
        meetings.spread(call, old, doc)
    call.sandbox.ledger.write("google", "event", verb)
    return event(docs, doc)


def change_event(docs: Docs, old: Doc, values: Json) -> Doc:
    """Write an event anew. Exceptions that the rule does not yield any more go with it."""
    gone = values.get("status") == "cancelled"
    sequence = int(_full(docs, old).get("sequence", 0))
    values = {**values, "updated": docs.now, "sequence": sequence + any(values.get(n) != old.values.get(n) for n in
              ("start", "end", "recurrence"))}  # fmt: skip
    if "recurringEventId" not in values:
        check(values)
    doc = docs.put(KIND, old.id, values, parent=old.parent, gone=gone)
    if "recurringEventId" not in values and old.values.get("recurrence"):
        for each in exceptions(docs, old):
            parts = split(each.id)
            if "recurrence" not in values or parts is None or not yields(values, parts[1]):
                docs.drop(KIND, each.id, parent=old.parent)
    return doc


def delete_event(call: Call) -> None:
    docs = call.docs
    with docs.store.transaction():
        old = _there(docs, call.parts["eventId"], _calendar(call))
        if old.gone:
            raise GoogleError(410, "deleted", "Resource has been deleted")
        if call.condition and call.condition != old.etag:
            raise moved_on()
        meetings.spread(call, old, cancel_event(docs, old))
    call.sandbox.ledger.write("google", "event", "delete")


def cancel_event(docs: Docs, old: Doc) -> Doc:
    """As the owner deletes it: a series with its exceptions, an occurrence out of its series."""
    for each in exceptions(docs, old):
        docs.drop(KIND, each.id, parent=old.parent)
    values = {**old.values, "status": "cancelled", "updated": docs.now}
    return docs.put(KIND, old.id, values, parent=old.parent, gone=True)


def exceptions(docs: Docs, master: Doc) -> Iterable[Doc]:
    listed = docs.all(KIND, parent=master.parent, gone=True)
    return [doc for doc in listed if doc.values.get("recurringEventId") == master.id]


def occurrence(docs: Docs, identifier: str) -> Doc:
    """An event or an occurrence by its id. Raises ValueError."""
    try:
        return _there(docs, identifier)
    except GoogleError as error:
        raise ValueError(f"no event {identifier!r}") from error


def check(values: Json) -> None:
    """Raises GoogleError for what the real server refuses."""
    start, end = (read_time(values.get(name), name) for name in ("start", "end"))
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if end < start:
        raise GoogleError(400, "timeRangeEmpty", "The specified time range is empty.")
    if "recurrence" in values:
        series(values)
    private = (values.get("extendedProperties") or {}).get("private") or {}
    if any(len(name) > 44 or len(str(text).encode()) > 1024 for name, text in private.items()):
        raise invalid("Extended property is too large.")


def _own(given: Json) -> Json:
    return {name: value for name, value in given.items() if name not in _OWN}
