"""What a user does in Outlook, as JSON: /control/ews/... for tests, the demo and seeding; and the dump of all state.

Items are given with the property names of the schema: {"Subject": .., "Start": "2026-11-23T10:00:00Z",
"RequiredAttendees": [{"address": .., "name": .., "response": "Accept"}], "Body": {"text": ..}}. The Recurrence of a
calendar item may also be an RRULE: "FREQ=WEEKLY;COUNT=10", which then counts from Start in StartTimeZone. An occurrence
is named by its own id, or by the id of its series with "original": where it starts by the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.wrappers import Request

from connectors.sandbox import rounds
from connectors.sandbox.control import Handler, body, route
from connectors.sandbox.ews import attachments, meetings, push, series, writes, zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.extended import canonical
from connectors.sandbox.ews.fields import BY_NAME, names_in, objection
from connectors.sandbox.ews.folders_ops import remove_folder
from connectors.sandbox.ews.ids import change_key, folder_id
from connectors.sandbox.ews.items import Items, Stored, Values
from connectors.sandbox.ews.items_ops import remove
from connectors.sandbox.ews.misc_ops import category_names
from connectors.sandbox.ews.rules import recurrence
from connectors.sandbox.ews.shapes import told_values
from connectors.sandbox.ews.state import Directory, Folder, Mailbox
from connectors.sandbox.ews.sync_ops import calendar_view
from connectors.sandbox.ews.wire import clean
from mapping.model.item import Series, Span

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

T = TypeVar("T")
_MOMENTS = names_in(
    "Start End DueDate StartDate DateTimeSent DateTimeReceived CompleteDate ReminderDueBy Birthday WeddingAnniversary"
)
_EXTENDED = "ExtendedProperty"
# ids that the server made up
_GENERATED = re.compile(r"040000008200E00074C5B7101A82E008[0-9A-F]{32}|<[0-9a-f]{32}@[^>]*>")
# differ between two runs that end in the same state
_PASSING = names_in(
    "DateTimeCreated LastModifiedTime Size ConversationId AssociatedCalendarItemId DateTimeReceived "
    "DateTimeSent AppointmentReplyTime CompleteDate EffectiveRights"
)


def call_for(sandbox: Sandbox, address: str) -> Call:
    """A call in which the mailbox's owner acts, without any client."""
    directory = Directory(sandbox.store)
    try:
        mailbox = directory.mailbox(address)
    except EwsError as error:
        raise ValueError(f"no mailbox {address!r}") from error
    return Call(sandbox, directory, Items(sandbox.store, sandbox.clock.now()), mailbox, None, "")


def find_folder(call: Call, wanted: str) -> Folder:
    """By role (`inbox`) or by display name."""
    for folder in call.directory.folders(call.acting):
        if wanted in (folder.role, folder.name):
            return folder
    raise ValueError(f"no folder {wanted!r}")


def checked(kind: str, given: Values) -> Values:
    """Values from JSON: names must be known, moments are brought to UTC, extended properties to their stored form."""
    if kind not in BY_NAME:
        raise ValueError(f"no item kind {kind!r}")
    values: Values = cleaned(given)
    for name, value in values.copy().items():
        if name not in BY_NAME[kind]:
            raise ValueError(f"{kind} has no {name!r}")
        if name in _MOMENTS and value is not None:
            values[name] = zones.stamp(zones.moment(str(value)))
        if name == "Body" and isinstance(value, str):
            values[name] = {"text": value}
        refused = objection(BY_NAME[kind][name], values[name]) if value is not None and name != _EXTENDED else ""
        if refused:
            raise ValueError(f"{name}: {refused}")
    extended = values.get(_EXTENDED)
    if isinstance(extended, list):
        values[_EXTENDED] = {canonical(each["uri"]): each for each in extended}
    return values


def cleaned(value: Any) -> Any:
    """A JSON value without characters that XML cannot carry."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {clean(name): cleaned(each) for name, each in value.items()}
    return value


def add_item(call: Call, folder: str, kind: str, values: Values) -> Stored:
    """Put an item into a folder as if its owner (or the mail transport) had; nothing is mailed."""
    target = find_folder(call, folder or writes.HOMES.get(kind, "inbox"))
    received = target.role not in ("drafts", "outbox")
    values = checked(kind, _with_pattern(call, values))
    if values.get(attachments.NAME):
        values[attachments.NAME] = attachments.keep(call.sandbox.store, values[attachments.NAME])
        values["HasAttachments"] = attachments.in_sight(values[attachments.NAME])
    if kind == "Message" and received:
        values.setdefault("From", values.get("Sender"))
    finished = writes.finish(call, kind, values, call.acting, draft=not received)
    return call.items.create(target, kind, finished)


def _with_pattern(call: Call, values: Values, before: Values | None = None) -> Values:
    """The values with a Recurrence in the form of the schema, if it is given as an RRULE. Raises ValueError."""
    rule = values.get("Recurrence")
    if not isinstance(rule, str):
        return values
    known = {"StartTimeZone": call.acting.timezone, **(before or {}), **values}
    start, end = (zones.moment(known[name]) for name in ("Start", "End"))
    zone = zones.zone(known["StartTimeZone"])
    span = Span(start, end)
    if known.get("IsAllDayEvent"):
        span = Span(start.astimezone(zone).date(), end.astimezone(zone).date())
    series = Series(rule, span, zone.key if zone is not None else "")
    return {**values, "Recurrence": recurrence(series)}


def _told(item: Stored) -> Values:
    told: Values = {"id": item.identifier, "change_key": change_key(item.version), "kind": item.kind}
    if series.is_master(item):
        told["exceptions"] = [_told(each) for each in series.exceptions(item)]
        told["cancelled"] = item.values.get(series.CANCELLED) or []
    return {**told, "values": told_values(item)}


def _pushing(handler: Handler) -> Handler:
    """Push subscribers hear of what the entry did."""

    def act(request: Request, sandbox: Sandbox) -> Any:
        told = handler(request, sandbox)
        rounds.start(sandbox)
        return told

    return act


@route("POST", "/control/ews/users")
def _users(request: Request, sandbox: Sandbox) -> Any:
    """{"name", "password", "mailbox": own address, "impersonates": ["*"] or addresses}"""
    given = body(request)
    Directory(sandbox.store).add_user(
        given["name"], given["password"], given.get("mailbox", ""), given.get("impersonates", [])
    )
    return {"name": given["name"]}


@route("POST", "/control/ews/mailboxes")
def _mailboxes(request: Request, sandbox: Sandbox) -> Any:
    """{"address", "name", "aliases": [], "timezone": Windows name, "password": optional own sign-in}"""
    given = body(request)
    directory = Directory(sandbox.store)
    timezone = given.get("timezone", "UTC")
    if zones.zone(timezone) is None:
        raise ValueError(f"no time zone {timezone!r}")
    mailbox = directory.add_mailbox(
        given["address"],
        given.get("name", ""),
        aliases=given.get("aliases", []),
        timezone=zones.windows_name(timezone) or timezone,
    )
    if given.get("password"):
        directory.add_user(mailbox.address, given["password"], mailbox.address)
    return _describe(sandbox, mailbox)


@route("GET", "/control/ews/mailboxes")
def _mailbox(request: Request, sandbox: Sandbox) -> Any:
    """All mailboxes, or ?address= one with its folders; &items=1 with everything in them."""
    directory = Directory(sandbox.store)
    address = request.args.get("address", "")
    if not address:
        return {"mailboxes": [_describe(sandbox, each) for each in directory.mailboxes()]}
    call = call_for(sandbox, address)
    described = _describe(sandbox, call.acting)
    if request.args.get("items"):
        for folder in directory.folders(call.acting):
            described["folders"][folder.role or folder.name]["items"] = [
                _told(each) for each in call.items.inside(folder)
            ]
    return described


@route("GET", "/control/ews/calendar")
def _agenda(request: Request, sandbox: Sandbox) -> Any:
    """What a calendar shows between two moments: single items and the occurrences of series."""
    call = call_for(sandbox, request.args.get("address", ""))
    start, end = (zones.moment(request.args.get(name, "")) for name in ("start", "end"))
    found = calendar_view(call, find_folder(call, "calendar"), start, end)
    return {"items": [_told(item)["values"] for item in found]}


def _describe(sandbox: Sandbox, mailbox: Mailbox) -> dict[str, Any]:
    call = call_for(sandbox, mailbox.address)
    return {
        "address": mailbox.address,
        "name": mailbox.name,
        "timezone": mailbox.timezone,
        "aliases": call.directory.aliases(mailbox),
        "folders": {
            folder.role or folder.name: {
                "id": folder_id(folder.mailbox, folder.id),
                "name": folder.name,
                "class": folder.folder_class,
                "count": call.items.count(folder),
            }
            for folder in call.directory.folders(mailbox)
        },
    }


@route("POST", "/control/ews/items")
@_pushing
def _create(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "folder": role or name, "kind", "values", "send": true mails the invitations of a meeting}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    kind = given.get("kind", "CalendarItem")
    with sandbox.store.transaction():
        made = _or_value_error(lambda: add_item(call, given.get("folder", ""), kind, given.get("values", {})))
        if kind == "CalendarItem" and given.get("send"):
            made = meetings.invite(call, made)
    return _told(made)


@route("POST", "/control/ews/items/update")
@_pushing
def _update(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "id", "original", "values", "send"}; a null value empties the property"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    with sandbox.store.transaction():
        item = _item(call, given)
        new = checked(item.kind, _with_pattern(call, given.get("values", {}), item.values))
        values = {name: value for name, value in {**item.values, **new}.items() if value is not None}
        verb = "read" if set(new) == {"IsRead"} else "update"
        made = _or_value_error(lambda: writes.rewrite(call, item, values, verb=verb))
        if item.kind == "CalendarItem" and given.get("send"):
            made = meetings.invite(call, made, update=True)
    return _told(made)


@route("POST", "/control/ews/items/delete")
@_pushing
def _delete(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "id", "original", "hard": false, "send": cancels a meeting}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    with sandbox.store.transaction():
        item = _item(call, given)
        if given.get("send") and item.kind == "CalendarItem" and item.values.get("IsOrganizer"):
            meetings.cancel(call, item)
        _or_value_error(lambda: remove(call, item, for_good=bool(given.get("hard"))))
    return {"deleted": given["id"]}


@route("POST", "/control/ews/items/move")
@_pushing
def _move(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "id", "folder"}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    return _told(call.items.move(_item(call, given), find_folder(call, given["folder"])))


@route("POST", "/control/ews/items/respond")
@_pushing
def _respond(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "id", "original", "response": Accept | Tentative | Decline, "send": tell the organizer}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    if given["response"] not in ("Accept", "Tentative", "Decline"):
        raise ValueError(f"no response {given['response']!r}")
    with sandbox.store.transaction():
        made = meetings.respond(call, _item(call, given), given["response"], tell=bool(given.get("send")))
    return _told(made)


@route("GET", "/control/ews/categories")
def _categories(request: Request, sandbox: Sandbox) -> Any:
    """?address=: the names in the mailbox's own list of categories"""
    call = call_for(sandbox, request.args.get("address", ""))
    return {"names": category_names(call, find_folder(call, "calendar"))}


@route("POST", "/control/ews/folders")
def _folder(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "name", "class", "parent": role or name}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    parent = find_folder(call, given.get("parent", "msgfolderroot"))
    made = _or_value_error(lambda: call.directory.add_folder(parent, given["name"], given.get("class", "IPF.Note")))
    return {"id": folder_id(made.mailbox, made.id), "name": made.name}


@route("POST", "/control/ews/folders/delete")
def _drop_folder(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox", "folder": role or name}"""
    given = body(request)
    call = call_for(sandbox, given["mailbox"])
    with sandbox.store.transaction():
        remove_folder(call, find_folder(call, given["folder"]))
    return {"deleted": given["folder"]}


@route("POST", "/control/ews/cursors/forget")
def _forget(request: Request, sandbox: Sandbox) -> Any:
    """{"mailbox"}: none of the sync states and delta tokens given so far is of any use any more"""
    call = call_for(sandbox, body(request)["mailbox"])
    folders = call.directory.folders(call.acting)
    with sandbox.store.transaction():
        for folder in folders:
            call.items.forget(folder.id)
    return {"folders": len(folders)}


@route("POST", "/control/ews/push")
def _push(request: Request, sandbox: Sandbox) -> Any:
    """Post to the push subscribers now, with {"status": true} also to those for whom nothing is new."""
    return {"told": push.tell_all(sandbox, status=bool(body(request).get("status")))}


def _item(call: Call, given: Values) -> Stored:
    """The item that is meant. Raises ValueError."""
    original = given.get("original")

    def found() -> Stored:
        item = call.named(given["id"])
        return series.occurrence(item, zones.stamp(zones.moment(original))) if original else item

    return _or_value_error(found)


def _or_value_error(do: Callable[[], T]) -> T:
    try:
        return do()
    except EwsError as error:
        raise ValueError(f"{error.code}: {error.text}") from error


def dump(sandbox: Sandbox, *, normalise: bool) -> Any:
    """{address: {folder: [items]}}. Normalised: without ids, versions and system times, in an order of its own."""
    directory = Directory(sandbox.store)
    items = Items(sandbox.store, sandbox.clock.now())
    return {
        mailbox.address: {
            folder.role or folder.name: _content(items, folder, normalise=normalise)
            for folder in directory.folders(mailbox)
            if folder.role not in ("root", "msgfolderroot")
        }
        for mailbox in directory.mailboxes()
    }


def _lasts(name: str, value: Any) -> bool:
    """Is the value the same in another run of the same story?"""
    made_up = name in ("UID", "InternetMessageId") and _GENERATED.fullmatch(str(value)) is not None
    return name not in _PASSING and not made_up


def _content(items: Items, folder: Folder, *, normalise: bool) -> list[Values]:
    if not normalise:
        # what no schema has a word for, as the links of tasks, is a part of it
        return [{**_told(item), "values": {**told_values(item), **item.values}} for item in items.inside(folder)]
    return sorted((_lasting(item) for item in items.inside(folder)), key=repr)


def _lasting(item: Stored) -> Values:
    told = {"kind": item.kind, **{name: value for name, value in told_values(item).items() if _lasts(name, value)}}
    if series.is_master(item):
        own: Values = item.values.get(series.EXCEPTIONS) or {}
        told["exceptions"] = {
            original: {name: value for name, value in values.items() if _lasts(name, value)}
            for original, values in own.items()
        }
        told["cancelled"] = item.values.get(series.CANCELLED) or []
    return told
