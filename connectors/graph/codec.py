"""Items of Graph to and from the neutral fields of `mapping.model.fields`.

Each neutral field is one row: the properties that it needs from the server and how its value is made of them
(`READERS`), and how it is written (`WRITERS`). A field that was not asked for is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph import codec_contacts, codec_tasks, series
from connectors.graph.rows import (
    EXTENDED,
    KEY_PROPERTY,
    Json,
    Reader,
    Writer,
    as_extended,
    extended,
    flag,
    key,
    moment,
    options,
    person,
    text,
)
from connectors.graph.times import day_of, known_zone, span, span_values, to_the_minute
from connectors.graph.times import moment as moment_of
from connectors.outlook.codec import as_is, word, written
from mapping.model import fields as f
from mapping.model.item import MISSING, Attachment, Attendee, Fields, Form, ItemKind, Response, Role, Series, Value
from mapping.rules.linking_clues import message_ids

SENSITIVITIES = ("normal", "personal", "private", "confidential")  # in the order of Exchange's numbers
SHOW_AS = {
    "free": "free", "tentative": "tentative", "busy": "busy", "oof": "oof", "workingElsewhere": "working_elsewhere",
    "unknown": "no_data",
}  # fmt: skip
RESPONSES = {
    "none": Response.UNKNOWN, "notResponded": Response.NONE, "tentativelyAccepted": Response.TENTATIVE,
    "accepted": Response.ACCEPTED, "declined": Response.DECLINED, "organizer": Response.ORGANIZER,
}  # fmt: skip
RECURRENCES = {"singleInstance": "", "seriesMaster": "master", "occurrence": "occurrence", "exception": "exception"}
ROLES = {"required": Role.REQUIRED, "optional": Role.OPTIONAL, "resource": Role.RESOURCE}
# what Graph has no property for, of mails and contacts
_CLASS, _SENSITIVITY = "String 0x1a", "Integer 0x36"
_IN_REPLY_TO, _REFERENCES = "String 0x1042", "String 0x1039"
EVENT_CLASS = "IPM.Appointment"
_FORMS = {
    "#microsoft.graph.fileAttachment": Form.FILE, "#microsoft.graph.itemAttachment": Form.ITEM,
    "#microsoft.graph.referenceAttachment": Form.LINK,
}  # fmt: skip
# without their contents, which would come along
_ATTACHED = "attachments($select=id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId)"


# --- reading


def body_text(told: Json) -> Value:
    """The body as text; asked for with a preference, because Graph tells it in one form only."""
    return (told.get("body") or {}).get("content") or ""


def html(told: Json) -> Value:
    found = told.get("body") or {}
    return found.get("content") or "" if found.get("contentType") == "html" else ""


def _categories(told: Json) -> Value:
    return tuple(told.get("categories") or ())


def _extended_sensitivity(told: Json) -> Value:
    number = extended(told, _SENSITIVITY)
    return SENSITIVITIES[int(number)] if number in ("0", "1", "2", "3") else "normal"


def _reminder(told: Json) -> Value:
    return int(told.get("reminderMinutesBeforeStart") or 0) if told.get("isReminderOn") else None


def _span(told: Json) -> Value:
    return span(told) if told.get("start") and told.get("end") else MISSING


def _people(name: str) -> Callable[[Json], Value]:
    def read(told: Json) -> Value:
        found = (person(each) for each in told.get(name) or ())
        return tuple(one for one in found if one is not None and one.address)

    return read


def _response(told: Json | None) -> Response:
    return RESPONSES.get(str((told or {}).get("response")), Response.UNKNOWN)


def _attendees(told: Json) -> Value:
    organizer = person(told.get("organizer"))
    found: dict[str, Attendee] = {}
    for each in told.get("attendees") or ():
        one = person(each)
        if one is None or not one.address or (organizer and one.address == organizer.address):
            continue
        role = ROLES.get(str(each.get("type")), Role.REQUIRED)
        found.setdefault(one.address, Attendee(one.address, one.name, role, _response(each.get("status"))))
    return tuple(found[address] for address in sorted(found))


def _is_meeting(told: Json) -> Value:
    return told.get("isOrganizer") is False or bool(_attendees(told))


def _recurrence(told: Json) -> Value:
    return RECURRENCES.get(told["type"], "") if told.get("type") else MISSING


def _series(told: Json) -> Value:
    return series.read(told) or MISSING


def original_start(told: Json) -> Value:
    """Where an occurrence starts by its rule. Graph tells it of exceptions; any other one still stands there."""
    text = told.get("originalStart")
    if not text:
        found = _span(told)
        return getattr(found, "start", MISSING)
    found_at = moment_of(text)
    if told.get("isAllDay"):
        return day_of(found_at, known_zone(told.get("originalStartTimeZone") or "UTC"))
    return to_the_minute(found_at)


def _attachments(told: Json) -> Value:
    return tuple(_attachment(each) for each in told.get("attachments") or ())


def _attachment(told: Json) -> Attachment:
    return Attachment(
        str(told["id"]), told.get("name") or "", told.get("contentType") or "", int(told.get("size") or 0),
        _FORMS.get(str(told.get("@odata.type")), Form.FILE), bool(told.get("isInline")),
        (told.get("contentId") or "").removeprefix("<").removesuffix(">"),
    )  # fmt: skip


def _headers(told: Json) -> Value:
    return tuple((each.get("name") or "", each.get("value") or "") for each in told.get("internetMessageHeaders") or ())


_MARKS: dict[str, Reader] = {
    f.CATEGORIES: Reader(("categories",), _categories),
    f.KEY: Reader((), key, (KEY_PROPERTY,)),
    f.CREATED: Reader(("createdDateTime",), moment("createdDateTime")),
    f.MODIFIED: Reader(("lastModifiedDateTime",), moment("lastModifiedDateTime")),
}
_BODIES: dict[str, Reader] = {
    f.BODY: Reader(("body",), body_text, deep=True),
    f.HTML: Reader(("body",), html, deep=True),
}
_EXTENDED: dict[str, Reader] = {
    f.SENSITIVITY: Reader((), _extended_sensitivity, (_SENSITIVITY,)),
    f.ITEM_CLASS: Reader((), lambda told: extended(told, _CLASS), (_CLASS,)),
}
_EVENT: dict[str, Reader] = {
    f.SUBJECT: Reader(("subject",), text("subject")),
    f.SENSITIVITY: Reader(("sensitivity",), lambda told: told.get("sensitivity") or "normal"),
    f.ITEM_CLASS: Reader((), lambda _: EVENT_CLASS),
    f.UID: Reader(("iCalUId",), text("iCalUId")),
    f.SPAN: Reader(("start", "end", "isAllDay", "originalStartTimeZone"), _span),
    f.LOCATION: Reader(("location",), lambda told: (told.get("location") or {}).get("displayName") or ""),
    f.SHOW_AS: Reader(("showAs",), lambda told: SHOW_AS.get(told.get("showAs") or "busy", "busy")),
    f.REMINDER: Reader(("isReminderOn", "reminderMinutesBeforeStart"), _reminder),
    f.ORGANIZER: Reader(("organizer",), lambda told: person(told.get("organizer"))),
    f.ATTENDEES: Reader(("organizer", "attendees"), _attendees),
    f.MY_RESPONSE: Reader(("responseStatus",), lambda told: _response(told.get("responseStatus")).value),
    f.IS_MEETING: Reader(("isOrganizer", "organizer", "attendees"), _is_meeting),
    f.IS_CANCELLED: Reader(("isCancelled",), flag("isCancelled")),
    f.RECURRENCE: Reader(("type",), _recurrence),
    f.SERIES: Reader(series.NEEDS, _series, expand=series.EXPAND),
    f.ORIGINAL: Reader(("originalStart",), original_start),  # of occurrences only
}
_EMAIL: dict[str, Reader] = {
    f.SUBJECT: Reader(("subject",), text("subject")),
    f.MESSAGE_ID: Reader(("internetMessageId",), text("internetMessageId")),
    f.CONVERSATION: Reader(("conversationId",), text("conversationId")),
    f.IN_REPLY_TO: Reader((), lambda told: extended(told, _IN_REPLY_TO), (_IN_REPLY_TO,)),
    f.REFERENCES: Reader((), lambda told: message_ids(extended(told, _REFERENCES)), (_REFERENCES,)),
    f.FROM: Reader(("from", "sender"), lambda told: person(told.get("from")) or person(told.get("sender"))),
    f.TO: Reader(("toRecipients",), _people("toRecipients")),
    f.CC: Reader(("ccRecipients",), _people("ccRecipients")),
    f.BCC: Reader(("bccRecipients",), _people("bccRecipients")),
    f.SENT_AT: Reader(("sentDateTime",), moment("sentDateTime")),
    f.RECEIVED_AT: Reader(("receivedDateTime",), moment("receivedDateTime")),
    f.IS_DRAFT: Reader(("isDraft",), flag("isDraft")),
    f.HAS_ATTACHMENTS: Reader(("hasAttachments",), flag("hasAttachments")),
    f.HEADERS: Reader(("internetMessageHeaders",), _headers, deep=True),
    f.ATTACHMENTS: Reader((), _attachments, expand=_ATTACHED, deep=True),
}
READERS: dict[ItemKind, dict[str, Reader]] = {
    ItemKind.EVENT: {**_MARKS, **_BODIES, **_EVENT},
    ItemKind.EMAIL: {**_MARKS, **_BODIES, **_EXTENDED, **_EMAIL},
    ItemKind.TASK: {**_MARKS, **_BODIES, **codec_tasks.READERS},
    ItemKind.CONTACT: {**_MARKS, **_EXTENDED, **codec_contacts.READERS},
}
# What the change feeds tell: enough to drop private or foreign items before they are read. Those of events and contacts
# tell no extended properties.
FEED: dict[ItemKind, tuple[str, ...]] = {
    ItemKind.EVENT: (f.ITEM_CLASS, f.SENSITIVITY, f.CATEGORIES, f.RECURRENCE),
    ItemKind.EMAIL: (f.ITEM_CLASS, f.SENSITIVITY, f.CATEGORIES, f.KEY, f.RECEIVED_AT),
    ItemKind.TASK: (f.CATEGORIES, f.KEY),
    ItemKind.CONTACT: (f.CATEGORIES,),
}
LISTED = (*FEED[ItemKind.EVENT], f.KEY)  # what is asked of events that are listed: extended properties come, too


def asked(kind: ItemKind, names: Iterable[str]) -> dict[str, str]:
    """The options of a call that asks for what the neutral fields are made of."""
    return options(READERS[kind][name] for name in names)


def decode(told: Json, kind: ItemKind, names: Iterable[str]) -> Fields:
    """The neutral fields of an item that was asked for with `asked(kind, names)`. Raises ValueError, LookupError and
    TypeError for what makes no item."""
    values = {name: READERS[kind][name].value(told) for name in names}
    return {name: value for name, value in values.items() if value is not MISSING}


# --- writing


def _write_body(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    return {"body": {"contentType": "text", "content": value or ""}}


def _write_html(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    return {"body": {"contentType": "html", "content": value or ""}}


def _write_categories(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    return {"categories": list(value or ())}


def _write_location(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    return {"location": {"displayName": value or ""}}


def _write_reminder(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    if value is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": int(value)}


def _write_series(value: Any, zone: ZoneInfo) -> Mapping[str, Any]:
    return series.values(value, zone) if isinstance(value, Series) else {"recurrence": None}


def _write_attendees(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    # answers belong to the people themselves: what is written says nothing about them
    words = {role: name for name, role in ROLES.items()}
    people = [
        {"type": words[one.role], "emailAddress": {"address": one.address, **({"name": one.name} if one.name else {})}}
        for one in value or ()
    ]
    return {"attendees": people}


def _sensitivity(value: Any) -> str:
    return str(SENSITIVITIES.index(value or "normal"))


_OWN: dict[str, Writer] = {f.CATEGORIES: _write_categories, f.KEY: as_extended(KEY_PROPERTY)}
WRITERS: dict[ItemKind, dict[str, Writer]] = {
    ItemKind.EVENT: {
        **_OWN,
        f.SUBJECT: lambda value, _: {"subject": value or ""},
        f.BODY: _write_body,
        f.HTML: _write_html,
        f.SENSITIVITY: word("sensitivity", {name: name for name in SENSITIVITIES}, "normal"),
        f.LOCATION: _write_location,
        f.SPAN: span_values,
        f.SERIES: _write_series,
        f.SHOW_AS: word("showAs", {neutral: name for name, neutral in SHOW_AS.items()}, "busy"),
        f.REMINDER: _write_reminder,
        f.ATTENDEES: _write_attendees,
    },
    ItemKind.EMAIL: _OWN,
    ItemKind.TASK: {
        f.CATEGORIES: _write_categories,
        f.BODY: _write_body,
        f.HTML: _write_html,
        f.SUBJECT: as_is("title"),
        **codec_tasks.WRITERS,
    },
    ItemKind.CONTACT: {
        **_OWN,
        f.BODY: as_is("personalNotes"),
        f.SENSITIVITY: as_extended(_SENSITIVITY, _sensitivity),
        **codec_contacts.WRITERS,
    },
}


def encode(kind: ItemKind, values: Fields, zone: ZoneInfo) -> dict[str, Any]:
    """The properties that write the neutral values, checked one by one: a value that nobody can read would cost the
    other items of the call. Raises UnwritableError."""
    encoded: dict[str, Any] = {}
    for made in written(WRITERS[kind], values, zone):
        more = made.pop(EXTENDED, [])
        encoded |= made
        if more:
            encoded[EXTENDED] = [*encoded.get(EXTENDED, ()), *more]
    return encoded
