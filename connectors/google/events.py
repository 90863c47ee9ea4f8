"""Events of Google's calendar to and from the neutral fields of `mapping.model.fields`.

Each neutral field is one row of `READERS`, and of `WRITERS` when it is ours to write. Where Google knows fewer words
than others, the exact one is kept beside, and counts as long as Google's own word still goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import UnwritableError
from connectors.google import beside
from connectors.google.config import COLOURS
from connectors.google.html import is_html, plain
from connectors.google.times import moment, original, span, written
from mapping.model import fields as f
from mapping.model.item import MISSING, Attendee, Fields, Person, Response, Role, Span, Value
from mapping.model.people import normalise
from mapping.rules import marks

Json = dict[str, Any]

RESPONSES = {
    "needsAction": Response.NONE, "tentative": Response.TENTATIVE, "accepted": Response.ACCEPTED,
    "declined": Response.DECLINED,
}  # fmt: skip
# neutral word -> Google's, the first of each being what Google's word alone means
TRANSPARENCY = {"busy": "opaque", "free": "transparent", "tentative": "opaque", "oof": "opaque",
                "working_elsewhere": "transparent", "no_data": "opaque"}  # fmt: skip
VISIBILITY = {"normal": "default", "private": "private", "confidential": "confidential", "personal": "default"}
GROUPS = ("@group.calendar.google.com", "@resource.calendar.google.com")


@dataclass(frozen=True, slots=True)
class Colours:
    """The numbers of the colours that stand for our marks; '' for none."""

    mark: str = ""
    error: str = ""

    @classmethod
    def named(cls, mark: str, error: str) -> Colours:
        """By Google's names. Raises ValueError for one that there is not."""
        for name in (mark, error):
            if name and name.lower() not in COLOURS:
                raise ValueError(f"there is no colour {name!r}; known: {', '.join(COLOURS)}")
        return cls(COLOURS.get(mark.lower(), ""), COLOURS.get(error.lower(), ""))

    @property
    def ours(self) -> frozenset[str]:
        return frozenset({self.mark, self.error}) - {""}


@dataclass(frozen=True, slots=True)
class Context:
    """What is needed to understand an event besides itself. `reminder`: minutes of the calendar's own reminder, None
    when it has none, MISSING while nobody has told."""

    address: str
    zone: str
    colours: Colours
    reminder: Value = MISSING


# --- reading


def _categories(event: Json, context: Context) -> Value:
    """With colours on, they are what people see and set, so they decide about the marks that they stand for."""
    kept = beside.split(beside.private(event).get(beside.CATEGORIES, ""))
    for colour, mark in ((context.colours.mark, marks.SALESFORCE), (context.colours.error, marks.ERROR)):
        if not colour:
            continue
        bears = event.get("colorId") == colour
        if bears and not marks.has(kept, mark):
            kept = (*kept, mark)
        # an error takes the colour of the mark away, but not the mark
        if not bears and mark == marks.ERROR:
            kept = marks.without_error(kept)
        elif not bears and event.get("colorId") not in context.colours.ours:
            kept = tuple(each for each in kept if not marks.has((each,), mark))
    return kept


def _word(words: Mapping[str, str], told: str, kept: str) -> str:
    """The exact word if it goes with what Google tells, else the one that Google's word means."""
    if words.get(kept) == told:
        return kept
    return next((neutral for neutral, name in words.items() if name == told), next(iter(words)))


def _sensitivity(event: Json, _: Context) -> Value:
    kept = beside.private(event).get(beside.SENSITIVITY, "")
    told = event.get("visibility", "default")
    return _word(VISIBILITY, "default" if told == "public" else told, kept)


def _show_as(event: Json, _: Context) -> Value:
    return _word(TRANSPARENCY, event.get("transparency", "opaque"), beside.private(event).get(beside.SHOW_AS, ""))


def _reminder(event: Json, context: Context) -> Value:
    told = event.get("reminders") or {}
    if told.get("useDefault"):
        return context.reminder
    return first_popup(told.get("overrides") or ())


def first_popup(reminders: Any) -> int | None:
    """Minutes of the reminder that comes up on the screen last before the event; mails are none of our business."""
    return min((int(each["minutes"]) for each in reminders if each.get("method") == "popup"), default=None)


def _organizer(event: Json, _: Context) -> Value:
    return _person(event.get("organizer"))


def _person(told: Json | None) -> Person | None:
    if not told:
        return None
    return Person(normalise(told.get("email", "")), told.get("displayName", ""))


def _attendees(event: Json, _: Context) -> Value:
    organizer = normalise((event.get("organizer") or {}).get("email", ""))
    found: dict[str, Attendee] = {}
    for each in event.get("attendees") or ():
        address = normalise(each.get("email", ""))
        if not address or address == organizer:
            continue
        role = Role.RESOURCE if each.get("resource") else Role.OPTIONAL if each.get("optional") else Role.REQUIRED
        response = RESPONSES.get(each.get("responseStatus", ""), Response.UNKNOWN)
        found.setdefault(address, Attendee(address, each.get("displayName", ""), role, response))
    return tuple(found[address] for address in sorted(found))


def _my_response(event: Json, context: Context) -> Value:
    organizer = event.get("organizer") or {}
    if organizer.get("self") or normalise(organizer.get("email", "")) == context.address:
        return Response.ORGANIZER.value
    mine: Json = next((each for each in event.get("attendees") or () if each.get("self")), {})
    return RESPONSES.get(mine.get("responseStatus", ""), Response.UNKNOWN).value


def _recurrence(event: Json, _: Context) -> Value:
    if event.get("recurrence"):
        return "master"
    return "exception" if event.get("recurringEventId") else ""


def _description(event: Json, _: Context) -> Value:
    told = event.get("description", "")
    return plain(told) if is_html(told) else told


def _html(event: Json, _: Context) -> Value:
    told = event.get("description", "")
    return told if is_html(told) else ""


def _text(name: str) -> Reader:
    return lambda event, _: event.get(name) or ""


def _moment(name: str) -> Reader:
    return lambda event, _: moment(event.get(name)) or MISSING


Reader = Callable[[Json, Context], Value]
READERS: dict[str, Reader] = {
    f.SUBJECT: _text("summary"),
    f.BODY: _description,
    f.HTML: _html,
    f.CATEGORIES: _categories,
    f.SENSITIVITY: _sensitivity,
    f.KEY: lambda event, _: beside.private(event).get(beside.KEY) or MISSING,
    f.CREATED: _moment("created"),
    f.MODIFIED: _moment("updated"),
    f.UID: _text("iCalUID"),
    f.SPAN: lambda event, _: span(event) or MISSING,
    f.LOCATION: _text("location"),
    f.SHOW_AS: _show_as,
    f.REMINDER: _reminder,
    f.ORGANIZER: _organizer,
    f.ATTENDEES: _attendees,
    f.MY_RESPONSE: _my_response,
    f.IS_MEETING: lambda event, context: bool(_attendees(event, context)),
    f.IS_CANCELLED: lambda event, _: event.get("status") == "cancelled",
    f.OF_GROUP: lambda event, _: (event.get("organizer") or {}).get("email", "").endswith(GROUPS),
    f.RECURRENCE: _recurrence,
    f.ORIGINAL: lambda event, _: original(event.get("originalStartTime")) or MISSING,
}
DEEP = frozenset({f.BODY, f.HTML})


def decode(event: Json, context: Context, *, deep: bool) -> dict[str, Value]:
    """The neutral fields of an event, the series aside."""
    values = {name: read(event, context) for name, read in READERS.items() if deep or name not in DEEP}
    return {name: value for name, value in values.items() if value is not MISSING}


# --- writing


def _properties(**values: str | None) -> Json:
    return {"extendedProperties": {"private": values}}


def _write_show_as(value: Any, _: Context) -> Json:
    word = value or "busy"
    return {"transparency": TRANSPARENCY[word], **_properties(**{beside.SHOW_AS: word})}


def _write_sensitivity(value: Any, _: Context) -> Json:
    word = value or "normal"
    return {"visibility": VISIBILITY[word], **_properties(**{beside.SENSITIVITY: word})}


def _write_reminder(value: Any, _: Context) -> Json:
    overrides = [] if value is None else [{"method": "popup", "minutes": int(value)}]
    return {"reminders": {"useDefault": False, "overrides": overrides}}


def _write_attendees(value: Any, _: Context) -> Json:
    roles: Mapping[Role, Json] = {Role.OPTIONAL: {"optional": True}, Role.RESOURCE: {"resource": True}}
    return {
        "attendees": [
            {"email": one.address, **({"displayName": one.name} if one.name else {}), **roles.get(one.role, {})}
            for one in value or ()
        ]
    }


def _write_html(value: Any, _: Context) -> Json:
    return {"description": value or None}


def _as_is(name: str) -> Writer:
    return lambda value, _: {name: value or None}


Writer = Callable[[Any, Context], Json]
WRITERS: dict[str, Writer] = {
    f.SUBJECT: _as_is("summary"),
    f.BODY: _as_is("description"),
    f.HTML: _write_html,
    f.CATEGORIES: lambda value, _: _properties(**{beside.CATEGORIES: beside.joined(value or ()) or None}),
    f.KEY: lambda value, _: _properties(**{beside.KEY: value or None}),
    f.LOCATION: _as_is("location"),
    f.SPAN: lambda value, context: written(value, context.zone),
    f.SHOW_AS: _write_show_as,
    f.SENSITIVITY: _write_sensitivity,
    f.REMINDER: _write_reminder,
    f.ATTENDEES: _write_attendees,
}


def encode(values: Fields, context: Context) -> Json:
    """The body that writes the neutral values. Raises UnwritableError."""
    body: Json = {}
    for name, value in values.items():
        if value is MISSING:
            continue
        writer = WRITERS.get(name)
        if writer is None:
            raise UnwritableError(name)
        try:
            _lay(body, writer(value, context))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise UnwritableError(name) from None
    when = values.get(f.SPAN)
    if isinstance(when, Span) and when.end < when.start:
        raise UnwritableError(f.SPAN)
    return body


def _lay(body: Json, more: Json) -> None:
    """Private properties come together; everything else is written once."""
    kept = more.pop("extendedProperties", None)
    body.update(more)
    if kept:
        body.setdefault("extendedProperties", {}).setdefault("private", {}).update(kept["private"])


def coloured(body: Json, categories: tuple[str, ...], present: Json, colours: Colours) -> Json:
    """The body with the colour that goes with the categories: ours, or the one that the event had before."""
    if not colours.ours:
        return body
    now, kept = present.get("colorId") or "", beside.private(present).get(beside.COLOUR, "")
    wanted = ""
    if marks.has(categories, marks.ERROR):
        wanted = colours.error
    if not wanted and marks.has(categories, marks.SALESFORCE):
        wanted = colours.mark
    if wanted == now:
        return body
    if not wanted and now not in colours.ours:
        return body
    body = dict(body)
    if wanted:
        before = kept if now in colours.ours else now or beside.DEFAULT_COLOUR
        _lay(body, {"colorId": wanted, **_properties(**{beside.COLOUR: before or None})})
    else:
        back = None if kept in ("", beside.DEFAULT_COLOUR) else kept
        _lay(body, {"colorId": back, **_properties(**{beside.COLOUR: None})})
    return body


def answers_kept(body: Json, present: Json) -> Json:
    """The body whose attendees keep what they answered, and with the organizer if he stands among them: the list is
    written as a whole, and what is missing in it is taken away."""
    if "attendees" not in body:
        return body
    known = {normalise(each.get("email", "")): each for each in present.get("attendees") or ()}
    organizer = [each for each in known.values() if each.get("organizer")]
    names = ("responseStatus", "comment", "additionalGuests")
    wanted = [
        each | {name: old[name] for name in names if name in old}
        for each in body["attendees"]
        for old in [known.get(normalise(each["email"]), {})]
    ]
    return {**body, "attendees": [*({"email": o["email"], "responseStatus": o["responseStatus"]} for o in organizer),
                                  *wanted]}  # fmt: skip
