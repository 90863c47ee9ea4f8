"""CreateItem and UpdateItem: properties read from XML, changes applied, meeting mails sent as asked."""

from __future__ import annotations

from typing import Any

from lxml import etree

from connectors.sandbox.ews import appointments, contacts, copies, meetings, messages, tasks
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.codecs import ATTENDEES, ENTRIES
from connectors.sandbox.ews.errors import EwsError, malformed
from connectors.sandbox.ews.extended import attributes_of, canonical, read_property
from connectors.sandbox.ews.fields import BY_NAME, FIELD_OF, objection
from connectors.sandbox.ews.ids import version_number
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.items_ops import SILENT, each_item, remove, with_items
from connectors.sandbox.ews.shapes import dictionary
from connectors.sandbox.ews.state import Folder, Mailbox
from connectors.sandbox.ews.wire import Node, add, attribute, child, children, local, m, need, success, t

HOMES = {"CalendarItem": "calendar", "Contact": "contacts", "Task": "tasks", "Message": "drafts"}
ANSWERS = {"AcceptItem": "Accept", "TentativelyAcceptItem": "Tentative", "DeclineItem": "Decline"}
WRITABLE = frozenset(HOMES)
_OF_MASTER = ("Recurrence", "UID")  # single occurrences have none of their own


def read_values(call: Call, node: Node) -> Values:
    """Properties of an item element that a client may set."""
    kind = local(node)
    values: Values = {}
    for each in children(node):
        name = local(each)
        if name == "ExtendedProperty":
            key, value = read_property(each)
            values.setdefault("ExtendedProperty", {})[key] = value
            continue
        field = BY_NAME[kind].get(name)
        if field is None:
            raise malformed(f"The element '{kind}' has invalid child element '{name}'.")
        if field.fixed:
            raise EwsError("ErrorInvalidPropertySet", "", {"FieldURI": field.uri})
        values[name] = field.codec.read(each, call.zone)
        refused = objection(field, values[name])
        if refused:
            raise malformed(f"The '{name}' element is invalid: {refused}.")
        if field.codec is ATTENDEES:
            # what somebody answered is not the client's to say
            values[name] = [{**attendee, "response": "Unknown"} for attendee in values[name]]
    return values


def finish(
    call: Call, kind: str, values: Values, owner: Mailbox, *, draft: bool = True, before: Values | None = None
) -> Values:
    """The values as the server keeps them. `before`: what they were, of an item that is there already."""
    if kind == "CalendarItem":
        if call.zone_name:
            values = {"StartTimeZone": call.zone_name, **values}
        return appointments.finish(values, owner, call.items.now, before)
    if kind == "Message":
        return messages.finish(values, owner, call.items.now, draft=draft)
    if kind == "Contact":
        return contacts.finish(values, before)
    return tasks.finish(values, before, call.items.now)


def rewrite(call: Call, item: Stored, values: Values, *, verb: str = "update") -> Stored:
    """Keep the new values of an item. A recurring task that was completed moves on and leaves a finished copy."""
    if item.kind in WRITABLE:
        owner = call.directory.mailbox_by_id(item.mailbox)
        values = finish(call, item.kind, values, owner, before=item.values)
    if item.kind == "Task" and tasks.is_done(values) and values.get("Recurrence"):
        following = tasks.moved_on(values, call.items.now)
        if following is not None:
            single = {name: value for name, value in values.items() if name != "Recurrence"}
            call.items.create(
                call.directory.folder(item.folder), "Task", tasks.finish(single, item.values, call.items.now)
            )
            values = tasks.finish(following, values, call.items.now)
    return call.items.replace(item, values, verb=verb)


def create_item(call: Call, operation: Node) -> Node:
    target = child(operation, "SavedItemFolderId")
    disposition = attribute(operation, "MessageDisposition")
    telling = attribute(operation, "SendMeetingInvitations")

    def do(node: Node) -> Node:
        kind = local(node)
        if kind in ANSWERS:
            return _answer(call, node, ANSWERS[kind], tell=disposition != "SaveOnly")
        if kind == "CancelCalendarItem":
            return _cancel(call, node)
        if kind not in WRITABLE:
            raise EwsError("ErrorInvalidItemForOperationCreateItem", f"{kind} items cannot be created.")
        folder = call.folder(next(children(target))) if target is not None else None
        owner = call.acting if folder is None else call.directory.mailbox_by_id(folder.mailbox)
        values = read_values(call, node)
        if kind == "Message" and disposition in ("SendOnly", "SendAndSaveCopy"):
            return _send(call, values, owner, folder, keep=disposition == "SendAndSaveCopy")
        if kind == "Message" and not disposition:
            raise EwsError("ErrorMessageDispositionRequired", "Message disposition must be specified.")
        if kind == "CalendarItem" and not telling:
            raise EwsError("ErrorSendMeetingInvitationsRequired", "Send meeting invitations must be specified.")
        made = call.items.create(
            folder or call.directory.distinguished(owner, HOMES[kind]), kind, finish(call, kind, values, owner)
        )
        if kind == "CalendarItem" and telling != SILENT:
            made = meetings.invite(call, made)
        call.wrote(kind, "create")
        return with_items(success("CreateItem"), made)

    return each_item(call, "CreateItem", list(children(need(operation, "Items"))), do)


def _send(call: Call, values: Values, owner: Mailbox, folder: Folder | None, *, keep: bool) -> Node:
    made = messages.send(call, messages.finish(values, owner, call.items.now, draft=True), owner)
    if keep:
        call.items.create(folder or call.directory.distinguished(owner, "sentitems"), "Message", made)
    call.wrote("Message", "send")
    return with_items(success("CreateItem"))


def _answer(call: Call, node: Node, answer: str, *, tell: bool) -> Node:
    item = call.item(need(node, "ReferenceItemId"))
    if item.kind == "MeetingRequest":
        copy = copies.of(call, item, call.acting)
        remove(call, item, for_good=False)
    else:
        copy = item
    if copy is None or copy.kind != "CalendarItem":
        raise EwsError("ErrorCalendarMeetingRequestIsOutOfDate", "The meeting is not in the calendar any more.")
    if copy.values.get("IsOrganizer"):
        raise EwsError("ErrorCalendarIsOrganizerForAccept", "The organizer cannot answer the own meeting.")
    copy = meetings.respond(call, copy, answer, tell=tell)
    call.wrote("CalendarItem", "respond")
    if answer == "Decline":
        remove(call, copy, for_good=False)
        return with_items(success("CreateItem"))
    return with_items(success("CreateItem"), copy)


def _cancel(call: Call, node: Node) -> Node:
    item = call.item(need(node, "ReferenceItemId"))
    if item.kind != "CalendarItem" or not item.values.get("IsOrganizer"):
        raise EwsError("ErrorCalendarIsNotOrganizer", "Only the organizer can cancel a meeting.")
    meetings.cancel(call, item)
    remove(call, item, for_good=False)
    call.wrote("CalendarItem", "delete")
    return with_items(success("CreateItem"))


def update_item(call: Call, operation: Node) -> Node:
    policy = attribute(operation, "ConflictResolution", "AutoResolve")
    telling = attribute(operation, "SendMeetingInvitationsOrCancellations")

    def do(node: Node) -> Node:
        reference = next(children(node))
        item = call.item(reference)
        key = attribute(reference, "ChangeKey")
        if not key and policy != "AlwaysOverwrite":
            raise EwsError("ErrorChangeKeyRequiredForWriteOperations")
        if policy == "NeverOverwrite" and version_number(key) != item.version:
            raise EwsError("ErrorIrresolvableConflict")
        if item.kind == "CalendarItem" and not telling:
            raise EwsError(
                "ErrorSendMeetingInvitationsOrCancellationsRequired", "Send meeting invitations must be specified."
            )
        values = dict(item.values)
        touched: set[str] = set()
        for change in children(need(node, "Updates")):
            touched.add(_change(call, item, values, change))
        made = rewrite(call, item, values, verb="read" if touched == {"IsRead"} else "update")
        if item.kind == "CalendarItem" and telling != SILENT:
            made = tell_of_update(call, item, made, telling)
        call.wrote(item.kind, "update")
        message = with_items(success("UpdateItem"), made)
        add(etree.SubElement(message, m("ConflictResults")), "Count", "0")
        return message

    return each_item(call, "UpdateItem", list(children(need(operation, "ItemChanges"))), do)


def tell_of_update(call: Call, before: Stored, after: Stored, telling: str) -> Stored:
    """Invite those who are new, tell the rest, cancel for those who were taken off."""
    if not after.values.get("IsOrganizer"):
        return after
    old = {each["address"].lower() for each in appointments.attendees(before.values) if each.get("address")}
    new = {each["address"].lower() for each in appointments.attendees(after.values) if each.get("address")}
    meetings.cancel(call, before, frozenset(old - new))
    after = meetings.invite(call, after, only=frozenset(new - old))
    changed_only = telling in ("SendOnlyToChanged", "SendToChangedAndSaveCopy")
    return meetings.invite(call, after, update=True, only=frozenset() if changed_only else frozenset(new & old))


def _change(call: Call, item: Stored, values: Values, change: Node) -> str:
    """Apply one SetItemField, AppendToItemField or DeleteItemField; answers the element name it touched."""
    kind = item.kind
    path, *rest = list(children(change))
    verb = local(change)
    if local(path) == "ExtendedFieldURI":
        _change_extended(values, canonical(attributes_of(path)), verb, rest)
        return "ExtendedProperty"
    uri = attribute(path, "FieldURI")
    if local(path) == "IndexedFieldURI":
        name = dictionary(uri)
        _change_entry(call, values, name, path, rest[0] if rest else None)
        return name
    field = FIELD_OF.get(uri)
    of_master = field is not None and bool(item.original) and field.name in _OF_MASTER
    known = field is not None and field.name in BY_NAME[kind] and not field.fixed and field.codec is not ENTRIES
    if field is None or not known or of_master:
        raise EwsError("ErrorInvalidPropertySet", "", {"FieldURI": uri})
    if verb == "DeleteItemField":
        if field.name in ("Start", "End"):
            raise EwsError("ErrorInvalidPropertyDelete", "Property cannot be deleted.", {"FieldURI": uri})
        values.pop(field.name, None)
        return field.name
    new = read_values(call, _element(rest, kind))
    if field.name not in new:
        raise EwsError("ErrorUpdatePropertyMismatch", "The property does not match its path.", {"FieldURI": uri})
    if field.codec is ATTENDEES:
        new[field.name] = _with_answers(new[field.name], appointments.attendees(values))
    values[field.name] = (
        _appended(values.get(field.name), new[field.name]) if verb == "AppendToItemField" else new[field.name]
    )
    return field.name


def _element(rest: list[Node], kind: str) -> Node:
    """The item element of a change; meeting messages may be named as what they extend."""
    if not rest:
        raise malformed("The element 'SetItemField' has incomplete content.")
    if local(rest[0]) != kind:
        rest[0].tag = t(kind)
    return rest[0]


def _with_answers(people: list[Values], before: list[Values]) -> list[Values]:
    """The new attendees; those who were there keep their answer, and of the others none is known."""
    known = {each.get("address", "").lower(): each for each in before}
    return [
        {**known.get(each.get("address", "").lower(), {"response": "Unknown"}), **_identity(each)} for each in people
    ]


def _identity(person: Values) -> Values:
    return {name: value for name, value in person.items() if name in ("name", "address") and value}


def _appended(old: Any, new: Any) -> Any:
    if isinstance(old, list):
        return old + new
    if isinstance(old, dict) and isinstance(new, dict):
        return {form: str(old.get(form, "")) + text for form, text in new.items()}
    return new


def _change_extended(values: Values, name: str, verb: str, rest: list[Node]) -> None:
    extended = dict(values.get("ExtendedProperty") or {})
    if verb == "DeleteItemField":
        extended.pop(name, None)
    else:
        element = rest[0] if rest else None
        node = child(element, "ExtendedProperty") if element is not None else None
        if node is None:
            raise malformed("The element 'SetItemField' has incomplete content.")
        key, value = read_property(node)
        extended[key] = value
    values["ExtendedProperty"] = extended


def _change_entry(call: Call, values: Values, name: str, path: Node, element: Node | None) -> None:
    """One entry of a dictionary (an e-mail address, one part of a postal address)."""
    key = attribute(path, "FieldIndex")
    uri = attribute(path, "FieldURI")
    part = uri.split(":")[2:]
    entries = dict(values.get(name) or {})
    if element is not None:
        told = read_values(call, element).get(name, {})
        if set(told) != {key}:
            raise EwsError("ErrorUpdatePropertyMismatch", "The entry does not match its path.", {"FieldURI": uri})
        new = told[key]
        entries[key] = {**entries.get(key, {}), **new} if isinstance(new, dict) else new
    elif part and isinstance(entries.get(key), dict):
        entries[key] = {name: value for name, value in entries[key].items() if name != part[0]}
    else:
        entries.pop(key, None)
    values[name] = entries
