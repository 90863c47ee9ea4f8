"""Items of exchangelib to and from the neutral fields of `mapping.model.fields`.

Each neutral field is one row: the exchangelib fields that it needs from the server and how its value is made of them
(`READERS`), and how it is written (`WRITERS`). A field that was not asked for is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from exchangelib import Body, EWSTimeZone, HTMLBody
from exchangelib.items import CalendarItem, Contact, Item, Message, Task
from exchangelib.properties import Attendee as EWSAttendee
from exchangelib.properties import Mailbox

from connectors.errors import UnwritableError
from connectors.exchange import codec_contacts, codec_tasks, series
from connectors.exchange.properties import ATTRIBUTE
from connectors.exchange.rows import Reader, Writer, check, flag, moment, plain_day, text
from connectors.exchange.series import series_values
from connectors.exchange.zones import span_values, utc
from connectors.outlook.codec import as_is, word, written
from mapping.model import fields as f
from mapping.model.item import MISSING, Attendee, Fields, ItemKind, Person, Response, Role, Series, Span, Value
from mapping.model.people import normalise
from mapping.rules.linking_clues import message_ids

MODELS: dict[ItemKind, type[Item]] = {
    ItemKind.EVENT: CalendarItem,
    ItemKind.EMAIL: Message,
    ItemKind.TASK: Task,
    ItemKind.CONTACT: Contact,
}

SENSITIVITIES = {"Normal": "normal", "Personal": "personal", "Private": "private", "Confidential": "confidential"}
SHOW_AS = {
    "Free": "free", "Tentative": "tentative", "Busy": "busy", "OOF": "oof",
    "WorkingElsewhere": "working_elsewhere", "NoData": "no_data",
}  # fmt: skip
RESPONSES = {
    "Unknown": Response.UNKNOWN, "NoResponseReceived": Response.NONE, "Tentative": Response.TENTATIVE,
    "Accept": Response.ACCEPTED, "Decline": Response.DECLINED, "Organizer": Response.ORGANIZER,
}  # fmt: skip
RECURRENCES = {"Single": "", "RecurringMaster": "master", "Occurrence": "occurrence", "Exception": "exception"}
_SENSITIVITIES_BACK = {neutral: name for name, neutral in SENSITIVITIES.items()}
_SHOW_AS_BACK = {neutral: name for name, neutral in SHOW_AS.items()}


# --- reading


def _categories(item: Any) -> Value:
    return tuple(item.categories or ())


def _sensitivity(item: Any) -> Value:
    return SENSITIVITIES.get(item.sensitivity, "normal")


def _key(item: Any) -> Value:
    return getattr(item, ATTRIBUTE, None) or MISSING


def _span(item: Any) -> Value:
    start, end = item.start, item.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Span(utc(start).replace(second=0), utc(end).replace(second=0))
    if isinstance(start, date) and isinstance(end, date):
        # exchangelib tells the last day, the neutral span the day after it
        return Span(plain_day(start), plain_day(end) + timedelta(days=1))
    return MISSING


def _reminder(item: Any) -> Value:
    return int(item.reminder_minutes_before_start or 0) if item.reminder_is_set else None


def _person(mailbox: Any) -> Person | None:
    """The address is '' for what has none (an X.500 name of somebody who left); such a person still has a name."""
    if mailbox is None:
        return None
    return Person(normalise(mailbox.email_address or ""), mailbox.name or "")


def _people(name: str) -> Callable[[Any], Value]:
    def read(item: Any) -> Value:
        found = (_person(mailbox) for mailbox in getattr(item, name, None) or ())
        return tuple(person for person in found if person is not None and person.address)

    return read


def _organizer(item: Any) -> Value:
    return _person(item.organizer)


# what an organizer may be that is no person; a public folder stands for a public calendar
_GROUPS = frozenset({"GroupMailbox", "PublicDL", "PrivateDL", "PublicFolder"})


def _of_group(item: Any) -> Value:
    return item.organizer is not None and item.organizer.mailbox_type in _GROUPS


def _sender(item: Any) -> Value:
    return _person(getattr(item, "author", None) or getattr(item, "sender", None))


_ATTENDEE_LISTS = (
    (Role.REQUIRED, "required_attendees"), (Role.OPTIONAL, "optional_attendees"), (Role.RESOURCE, "resources"),
)  # fmt: skip


def _attendees(item: Any) -> Value:
    organizer = _person(item.organizer)
    found: dict[str, Attendee] = {}
    for role, name in _ATTENDEE_LISTS:
        for one in getattr(item, name, None) or ():
            person = _person(one.mailbox)
            if person is None or not person.address or (organizer and person.address == organizer.address):
                continue
            response = RESPONSES.get(one.response_type, Response.UNKNOWN)
            found.setdefault(person.address, Attendee(person.address, person.name, role, response))
    return tuple(found[address] for address in sorted(found))


def _is_meeting(item: Any) -> Value:
    return bool(item.is_meeting) or bool(_attendees(item))


def _my_response(item: Any) -> Value:
    return RESPONSES.get(item.my_response_type, Response.UNKNOWN).value


def _recurrence(item: Any) -> Value:
    return RECURRENCES.get(item.type, "") if item.type else MISSING


def _series(item: Any) -> Value:
    # `wire` puts it in the place of exchangelib's own pattern
    return item.recurrence if isinstance(item.recurrence, Series) else MISSING


def _original(item: Any) -> Value:
    original = item.original_start
    if isinstance(original, datetime):
        return utc(original).replace(second=0)
    return plain_day(original) if isinstance(original, date) else MISSING


def _attachments(item: Any) -> Value:
    # `wire` puts them in the place of exchangelib's own
    return tuple(item.attachments or ())


def _conversation(item: Any) -> Value:
    found = getattr(item, "conversation_id", None)
    return found.id if found is not None else ""


def _references(item: Any) -> Value:
    return message_ids(item.references or "")


def _html(item: Any) -> Value:
    return str(item.body) if isinstance(item.body, HTMLBody) else ""


def _headers(item: Any) -> Value:
    return tuple((header.name or "", header.value or "") for header in item.headers or ())


_COMMON: dict[str, Reader] = {
    f.SUBJECT: Reader(("subject",), text("subject")),
    f.BODY: Reader(("text_body",), text("text_body"), deep=True),
    f.HTML: Reader(("body",), _html, deep=True),
    f.CATEGORIES: Reader(("categories",), _categories),
    f.SENSITIVITY: Reader(("sensitivity",), _sensitivity),
    f.KEY: Reader((ATTRIBUTE,), _key),
    f.CREATED: Reader(("datetime_created",), moment("datetime_created")),
    f.MODIFIED: Reader(("last_modified_time",), moment("last_modified_time")),
    f.ITEM_CLASS: Reader(("item_class",), text("item_class")),
}
_EVENT: dict[str, Reader] = {
    f.UID: Reader(("uid",), text("uid")),
    f.SPAN: Reader(("start", "end", "is_all_day", "_start_timezone", "_end_timezone"), _span),
    f.LOCATION: Reader(("location",), text("location")),
    f.SHOW_AS: Reader(("legacy_free_busy_status",), lambda item: SHOW_AS.get(item.legacy_free_busy_status, "busy")),
    f.REMINDER: Reader(("reminder_is_set", "reminder_minutes_before_start"), _reminder),
    f.ORGANIZER: Reader(("organizer",), _organizer),
    f.ATTENDEES: Reader(("organizer", *(name for _, name in _ATTENDEE_LISTS)), _attendees),
    f.MY_RESPONSE: Reader(("my_response_type",), _my_response),
    f.IS_MEETING: Reader(("is_meeting",), _is_meeting),
    f.IS_CANCELLED: Reader(("is_cancelled",), flag("is_cancelled")),
    f.OF_GROUP: Reader(("organizer",), _of_group),
    f.RECURRENCE: Reader(("type",), _recurrence),
    f.SERIES: Reader(series.NEEDS, _series),
    f.ORIGINAL: Reader(("original_start",), _original),  # of occurrences only
}
_EMAIL: dict[str, Reader] = {
    f.MESSAGE_ID: Reader(("message_id",), text("message_id")),
    f.CONVERSATION: Reader(("conversation_id",), _conversation),
    f.IN_REPLY_TO: Reader(("in_reply_to",), text("in_reply_to")),
    f.REFERENCES: Reader(("references",), _references),
    f.FROM: Reader(("author", "sender"), _sender),
    f.TO: Reader(("to_recipients",), _people("to_recipients")),
    f.CC: Reader(("cc_recipients",), _people("cc_recipients")),
    f.BCC: Reader(("bcc_recipients",), _people("bcc_recipients")),
    f.SENT_AT: Reader(("datetime_sent",), moment("datetime_sent")),
    f.RECEIVED_AT: Reader(("datetime_received",), moment("datetime_received")),
    f.IS_DRAFT: Reader(("is_draft",), flag("is_draft")),
    f.HAS_ATTACHMENTS: Reader(("has_attachments",), flag("has_attachments")),
    f.HEADERS: Reader(("headers",), _headers, deep=True),
    f.ATTACHMENTS: Reader(("attachments",), _attachments, deep=True),
}
READERS: dict[ItemKind, dict[str, Reader]] = {
    ItemKind.EVENT: {**_COMMON, **_EVENT},
    ItemKind.EMAIL: {**_COMMON, **_EMAIL},
    ItemKind.TASK: {**_COMMON, **codec_tasks.READERS},
    ItemKind.CONTACT: {**_COMMON, **codec_contacts.READERS},
}
# What a change feed tells at little cost: enough to drop private, foreign or old items before they are read.
_FEED = (f.ITEM_CLASS, f.SENSITIVITY, f.CATEGORIES, f.KEY)
_FEED_MORE = {ItemKind.EVENT: (f.RECURRENCE,), ItemKind.EMAIL: (f.RECEIVED_AT,)}


def feed_names(kind: ItemKind) -> tuple[str, ...]:
    """The neutral fields that the change feed of a folder of the kind tells."""
    return (*_FEED, *_FEED_MORE.get(kind, ()))


def needs(kind: ItemKind, names: Iterable[str]) -> frozenset[str]:
    """The exchangelib fields that the neutral fields are made of."""
    return frozenset(need for name in names for need in READERS[kind][name].needs)


def decode(item: Any, kind: ItemKind, names: Iterable[str]) -> Fields:
    """The neutral fields of an item that was read with `needs(kind, names)`."""
    values = {name: READERS[kind][name].value(item) for name in names}
    return {name: value for name, value in values.items() if value is not MISSING}


# --- writing


def _write_html(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    return {"body": HTMLBody(value) if value else None}


def _write_body(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    return {"body": Body(value) if value else None}


def _write_categories(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    return {"categories": list(value or ())}


def _write_reminder(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    if value is None:
        return {"reminder_is_set": False}
    return {"reminder_is_set": True, "reminder_minutes_before_start": int(value)}


def _write_series(value: Any, zone: EWSTimeZone) -> Mapping[str, Any]:
    return {"recurrence": None} if value is None else series_values(value, zone)


def _write_attendees(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    # answers belong to the people themselves: what is written says nothing about them
    return {
        name: [
            EWSAttendee(mailbox=Mailbox(email_address=one.address, name=one.name or None))
            for one in value or ()
            if one.role is role
        ]
        for role, name in _ATTENDEE_LISTS
    }


_MARKS: dict[str, Writer] = {f.CATEGORIES: _write_categories, f.KEY: as_is(ATTRIBUTE)}
_COMMON_WRITERS: dict[str, Writer] = {
    **_MARKS,
    f.SUBJECT: as_is("subject"),
    f.BODY: _write_body,
    f.HTML: _write_html,
    f.SENSITIVITY: word("sensitivity", _SENSITIVITIES_BACK, "Normal"),
}
WRITERS: dict[ItemKind, dict[str, Writer]] = {
    ItemKind.EVENT: {
        **_COMMON_WRITERS,
        f.LOCATION: as_is("location"),
        f.SPAN: span_values,
        f.SERIES: _write_series,
        f.SHOW_AS: word("legacy_free_busy_status", _SHOW_AS_BACK, "Busy"),
        f.REMINDER: _write_reminder,
        f.ATTENDEES: _write_attendees,
    },
    ItemKind.EMAIL: _MARKS,
    ItemKind.TASK: {**_COMMON_WRITERS, **codec_tasks.WRITERS},
    ItemKind.CONTACT: {**_COMMON_WRITERS, **codec_contacts.WRITERS},
}


def encode(kind: ItemKind, values: Fields, zone: EWSTimeZone, version: Any) -> dict[str, Any]:
    """The exchangelib fields and entries that write the neutral values, checked one by one: exchangelib would find a
    bad value only while it builds the request, and lose the other items of the call with it. Raises UnwritableError."""
    model, encoded = MODELS[kind], dict[str, Any]()

    def check_all(made: Mapping[str, Any]) -> None:
        for attribute, content in made.items():
            check(model, attribute, content, version)

    for made in written(WRITERS[kind], values, zone, check_all):
        encoded |= made
    if "start" in encoded and encoded["end"] < encoded["start"]:
        raise UnwritableError(f.SPAN)
    return encoded
