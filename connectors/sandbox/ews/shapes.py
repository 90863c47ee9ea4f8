"""What of an item is told: response shapes in, item elements out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.sandbox.ews import contacts, mime, series, zones
from connectors.sandbox.ews.codecs import ENTRIES, body_in
from connectors.sandbox.ews.errors import EwsError, malformed
from connectors.sandbox.ews.extended import attributes_of, canonical, write_property
from connectors.sandbox.ews.fields import BY_NAME, DEFAULT_SHAPE, DICTIONARIES, FIELD_OF, FIELDS, Field, Told
from connectors.sandbox.ews.ids import attachment_id, change_key, folder_id
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.wire import Node, add, attribute, child, children, local, need, text_of

_RIGHTS = [
    [name, "true"]
    for name in (
        "CreateAssociated",
        "CreateContents",
        "CreateHierarchy",
        "Delete",
        "Modify",
        "Read",
        "ViewPrivateItems",
    )
]
_PATH = re.compile(r"[A-Za-z]+:[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Shape:
    """`names`: element names to tell, `everything`: all of them (but MimeContent, unless named). `entries`: single
    entries of dictionaries, as (element name, key, part of an address or '')."""

    names: frozenset[str]
    everything: bool
    extended: tuple[str, ...]
    body: str
    listing: bool
    entries: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def heavy(self) -> bool:
        return not self.listing and (self.everything or bool(self.names & _NEEDS_CONTENT))

    def tells(self, field: Field) -> bool:
        if field.name in self.names:
            return True
        return self.everything and field.name != "MimeContent" and not (self.listing and field.told is Told.READ)


_NEEDS_CONTENT = frozenset(
    {"Body", "Attachments", "MimeContent", "InternetMessageHeaders", "TextBody", "UniqueBody", "Preview"}
)
ID_ONLY = Shape(frozenset({"ItemId"}), False, (), "Best", True)


def read_shape(operation: Node, *, listing: bool) -> Shape:
    """`m:ItemShape`. Listings refuse the properties that only GetItem returns."""
    node = need(operation, "ItemShape")
    base = text_of(need(node, "BaseShape"))
    if base not in ("IdOnly", "Default", "AllProperties"):
        raise malformed(f"The 'BaseShape' element is invalid: '{base}'.")
    names = {"ItemId"}
    if base == "Default":
        names |= DEFAULT_SHAPE if listing else DEFAULT_SHAPE | {"Body"}
    extended: list[str] = []
    entries: set[tuple[str, str, str]] = set()
    wanted = child(node, "AdditionalProperties")
    for path in children(wanted) if wanted is not None else ():
        match local(path):
            case "FieldURI":
                names.add(_named(attribute(path, "FieldURI"), listing=listing))
            case "IndexedFieldURI":
                uri = attribute(path, "FieldURI")
                entries.add((dictionary(uri), attribute(path, "FieldIndex"), uri.partition(":")[2].partition(":")[2]))
            case "ExtendedFieldURI":
                extended.append(canonical(attributes_of(path)))
            case other:
                raise malformed(f"The element 'AdditionalProperties' has invalid child element '{other}'.")
    if text_of(child(node, "IncludeMimeContent")) in ("true", "1"):
        names.add(_named("item:MimeContent", listing=listing))
    return Shape(
        frozenset(names), base == "AllProperties", tuple(extended), text_of(child(node, "BodyType")) or "Best", listing,
        frozenset(entries),
    )  # fmt: skip


def _named(uri: str, *, listing: bool) -> str:
    field = FIELD_OF.get(uri)
    if field is None:
        if not _PATH.match(uri):
            raise malformed(f"The 'FieldURI' attribute is invalid: '{uri}'.")
        return ""
    if listing and field.told is Told.READ:
        raise EwsError("ErrorInvalidPropertyRequest", "", {"FieldURI": uri})
    return field.name


def dictionary(uri: str) -> str:
    """Element name of the dictionary to which an indexed path leads (`contacts:PhysicalAddress:Street`)."""
    for prefix, name in DICTIONARIES.items():
        if uri == prefix or uri.startswith(prefix + ":"):
            return name
    raise malformed(f"The 'FieldURI' attribute is invalid: '{uri}'.")


def write_id(parent: Node, item: Stored) -> None:
    add(parent, "ItemId", None, Id=item.identifier, ChangeKey=change_key(item.version))


def write_item(parent: Node, item: Stored, shape: Shape) -> Node:
    """Append the item's element with the properties of the shape, in schema order."""
    node = add(parent, item.kind)
    values = told_values(item)
    for field in FIELDS[item.kind]:
        if field.name == "ItemId":
            write_id(node, item)
        elif field.name == "ParentFolderId":
            if shape.tells(field):
                add(node, "ParentFolderId", None, Id=folder_id(item.mailbox, item.folder))
        elif field.name == "ExtendedProperty":
            for name in shape.extended:
                if name in item.extended:
                    write_property(node, item.extended[name])
        elif shape.tells(field):
            value = _derived(field.name, item, values, shape)
            if value is not None:
                if shape.listing and field.told is Told.BRIEFLY:
                    value = {"name": value.get("name") or value.get("address", "")}
                field.codec.write(node, field.name, value)
        elif field.codec is ENTRIES:
            field.codec.write(node, field.name, _asked(field.name, values.get(field.name) or {}, shape))
    return node


def _asked(name: str, held: Values, shape: Shape) -> Values:
    """The entries of a dictionary that were asked for one by one."""
    told: Values = {}
    for key, inner in held.items():
        parts = {part for dictionary_name, index, part in shape.entries if (dictionary_name, index) == (name, key)}
        if isinstance(inner, dict):
            inner = {part: text for part, text in inner.items() if part in parts}
        if parts and inner:
            told[key] = inner
    return told


def told_values(item: Stored) -> Values:
    """Stored values and those that follow from them."""
    values = dict(item.values)
    values["DateTimeCreated"] = item.created
    values["LastModifiedTime"] = item.modified
    values["Size"] = item.size
    values.setdefault("Sensitivity", "Normal")
    values.setdefault("Importance", "Normal")
    values.setdefault("HasAttachments", False)
    values.setdefault("DateTimeReceived", item.created)
    values.setdefault("DateTimeSent", item.created)
    values["DisplayTo"] = _display(values, ("ToRecipients", "RequiredAttendees"))
    values["DisplayCc"] = _display(values, ("CcRecipients", "OptionalAttendees"))
    values["EffectiveRights"] = _RIGHTS
    if "Start" in values and values.get("ReminderIsSet"):
        values.setdefault("ReminderDueBy", values["Start"])
    if item.kind == "Contact":
        prefix = item.extended.get(contacts.NAME_PREFIX, {}).get("value", "")
        values["CompleteName"] = contacts.complete_name(values, prefix)
    known = BY_NAME[item.kind]
    return {name: value for name, value in values.items() if name in known}


def _derived(name: str, item: Stored, values: Values, shape: Shape) -> Any:
    """The value to write, with bodies in the type that was asked for."""
    body = item.values.get("Body") or {}
    match name:
        case "Body":
            return body_in(body, shape.body) if body or not shape.everything else None
        case "UniqueBody":
            return body_in(body, shape.body) if body else None
        case "TextBody":
            return body_in(body, "Text") if body else None
        case "Preview":
            return None if shape.listing or not body else body_in(body, "Text")["text"][:255]
        case "Attachments":
            return told_attachments(item) or None
        case "MimeContent":
            return values.get(name) or (mime.compose(item.values) if item.kind == "Message" else None)
        case "FirstOccurrence" | "LastOccurrence" | "ModifiedOccurrences" | "DeletedOccurrences":
            return _of_series(name, item)
        case "Recurrence" if item.kind == "CalendarItem" and values.get(name):
            return _dated(values[name], item)
    return values.get(name)


def told_attachments(item: Stored) -> list[Values]:
    """What hangs on an item, each with its id."""
    held: list[Values] = item.values.get("Attachments") or []
    return [{**each, "id": attachment_id(item.mailbox, item.id, at)} for at, each in enumerate(held)]


def _dated(recurrence: Any, item: Stored) -> Any:
    """The recurrence with its dates as Exchange tells them: with the offset of midnight in the item's zone."""

    def dated(text: str) -> str:
        return text + zones.offset_of(date.fromisoformat(text), str(item.values.get("StartTimeZone", "")))

    pattern, (kind, told) = recurrence
    return [pattern, [kind, [[name, dated(text) if name.endswith("Date") else text] for name, text in told]]]


def _of_series(name: str, item: Stored) -> Any:
    """What only a master tells."""
    if not series.is_master(item):
        return None
    match name:
        case "FirstOccurrence":
            return _info(series.ends(item)[0])
        case "LastOccurrence":
            return _info(series.ends(item)[1])
        case "ModifiedOccurrences":
            return [_info(each) for each in series.exceptions(item)]
    return item.values.get(series.CANCELLED)


def _info(occurrence: Stored | None) -> Values | None:
    if occurrence is None:
        return None
    times = {name: occurrence.values[name] for name in ("Start", "End", "OriginalStart")}
    return {"id": occurrence.identifier, "key": change_key(occurrence.version), **times}


def _display(values: Values, names: tuple[str, ...]) -> str:
    people = [each for name in names for each in values.get(name) or ()]
    return "; ".join(each.get("name") or each.get("address") or "" for each in people)
