"""Each kind of EWS value between its XML element and the JSON value that the sandbox keeps.

The JSON forms are also what the control routes and the seeding take: moments as `2026-11-23T10:00:00Z`, people as
`{"name": .., "address": ..}`, with a `type` for other mailboxes than a person's, attendees with a `response` more,
bodies as `{"text": .., "html": ..}`.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.errors import malformed
from connectors.sandbox.ews.wire import Node, add, attribute, child, children, local, text_of

Json = Any  # what `json` reads and writes
Read = Callable[[Node, "ZoneInfo | None"], Json]
Write = Callable[[Node, str, Json], None]


@dataclass(frozen=True, slots=True)
class Codec:
    """`write` appends the element to a parent; it may leave it out when there is nothing that the schema accepts.
    `holds`: the type of the JSON value."""

    read: Read
    write: Write
    holds: type | tuple[type, ...] = str

    def fits(self, value: Json) -> bool:
        """Has the JSON value the type? (Python takes true for a number; JSON does not.)"""
        return isinstance(value, self.holds) and (self.holds is bool or not isinstance(value, bool))


def _write_text(parent: Node, name: str, value: Json) -> None:
    add(parent, name, str(value))


def _write_bool(parent: Node, name: str, value: Json) -> None:
    add(parent, name, "true" if value else "false")


def _integer(node: Node, _: ZoneInfo | None) -> int:
    try:
        return int(text_of(node))
    except ValueError:
        raise malformed(f"The '{local(node)}' element is invalid: not a number.") from None


def _decimal(node: Node, _: ZoneInfo | None) -> float:
    try:
        return float(text_of(node))
    except ValueError:
        raise malformed(f"The '{local(node)}' element is invalid: not a number.") from None


def _moment(node: Node, assumed: ZoneInfo | None) -> str:
    try:
        return zones.stamp(zones.moment(text_of(node), assumed))
    except (ValueError, OverflowError):
        raise malformed(f"The '{local(node)}' element is invalid: not a dateTime.") from None


def _strings(node: Node, _: ZoneInfo | None) -> list[str]:
    return [text_of(each) for each in children(node)]


def _write_strings(parent: Node, name: str, value: Json) -> None:
    if value:
        holder = add(parent, name)
        for each in value:
            add(holder, "String", str(each))


def person(node: Node) -> Json:
    """A `t:Mailbox`."""
    return {"name": text_of(child(node, "Name")), "address": text_of(child(node, "EmailAddress"))}


def write_person(parent: Node, name: str, value: Json) -> None:
    mailbox = add(parent, name)
    if value.get("name"):
        add(mailbox, "Name", value["name"])
    if value.get("address"):
        add(mailbox, "EmailAddress", value["address"])
        add(mailbox, "RoutingType", "SMTP")
    if value.get("type"):
        add(mailbox, "MailboxType", value["type"])


def _single(node: Node, _: ZoneInfo | None) -> Json:
    mailbox = child(node, "Mailbox")
    return None if mailbox is None else person(mailbox)


def _write_single(parent: Node, name: str, value: Json) -> None:
    if value:
        write_person(add(parent, name), "Mailbox", value)


def _people(node: Node, _: ZoneInfo | None) -> Json:
    return [person(each) for each in children(node)]


def _write_people(parent: Node, name: str, value: Json) -> None:
    if value:
        holder = add(parent, name)
        for each in value:
            write_person(holder, "Mailbox", each)


def _attendees(node: Node, _: ZoneInfo | None) -> Json:
    found = []
    for each in children(node):
        mailbox = child(each, "Mailbox")
        if mailbox is not None:
            found.append({**person(mailbox), "response": text_of(child(each, "ResponseType")) or "Unknown"})
    return found


def _write_attendees(parent: Node, name: str, value: Json) -> None:
    if not value:
        return
    holder = add(parent, name)
    for each in value:
        node = add(holder, "Attendee")
        write_person(node, "Mailbox", each)
        add(node, "ResponseType", each.get("response") or "Unknown")
        if each.get("replied"):
            add(node, "LastResponseTime", each["replied"])


FORMS = {"file": "FileAttachment", "item": "ItemAttachment", "link": "ReferenceAttachment"}


def write_attachment(holder: Node, each: Json) -> Node:
    """The element of an attachment, without its content."""
    node = add(holder, FORMS[each["form"]])
    add(node, "AttachmentId", None, Id=each["id"])
    add(node, "Name", each["name"])
    add(node, "ContentType", each["type"])
    if each.get("content_id"):
        add(node, "ContentId", each["content_id"])
    add(node, "Size", str(each["size"]))
    add(node, "IsInline", "true" if each["inline"] else "false")
    if each["form"] == "link" and each.get("location"):
        add(node, "AttachLongPathName", each["location"])
    return node


def _write_attachments(parent: Node, name: str, value: Json) -> None:
    holder = add(parent, name)
    for each in value:
        write_attachment(holder, each)


def _body(node: Node, _: ZoneInfo | None) -> Json:
    return {"html" if attribute(node, "BodyType") == "HTML" else "text": text_of(node)}


def _write_body(parent: Node, name: str, value: Json) -> None:
    """The rendering in the wanted type happens before; here exactly one of the two is left."""
    if "html" in value:
        add(parent, name, value["html"], BodyType="HTML")
    else:
        add(parent, name, value.get("text") or "", BodyType="Text")


def _zone(node: Node, _: ZoneInfo | None) -> Json:
    return attribute(node, "Id") or attribute(node, "Name")


def _write_zone(parent: Node, name: str, value: Json) -> None:
    add(parent, name, None, Id=str(value), Name=str(value))


def _headers(node: Node, _: ZoneInfo | None) -> Json:
    return [[attribute(each, "HeaderName"), text_of(each)] for each in children(node)]


def _write_headers(parent: Node, name: str, value: Json) -> None:
    if value:
        holder = add(parent, name)
        for header, content in value:
            add(holder, "InternetMessageHeader", content, HeaderName=header)


def _pairs(node: Node, _: ZoneInfo | None) -> Json:
    return [[local(each), _pairs(each, None) if len(each) else text_of(each)] for each in children(node)]


def _write_pairs(parent: Node, name: str, value: Json) -> None:
    if not value:
        return
    holder = add(parent, name)
    for key, inner in value:
        if isinstance(inner, list):
            _write_pairs(holder, key, inner)
        else:
            add(holder, key, inner)


def _entries(node: Node, _: ZoneInfo | None) -> Json:
    return {
        attribute(each, "Key"): {local(part): text_of(part) for part in children(each)} if len(each) else text_of(each)
        for each in children(node)
    }


def _write_entries(parent: Node, name: str, value: Json) -> None:
    if not value:
        return
    holder = add(parent, name)
    for key, inner in value.items():
        if isinstance(inner, dict):
            entry = add(holder, "Entry", None, Key=key)
            for part in ("Street", "City", "State", "CountryOrRegion", "PostalCode"):
                if inner.get(part):
                    add(entry, part, inner[part])
        elif name == "EmailAddresses":
            # somebody of the same organization is kept by an X.500 name
            routing = "EX" if inner.lower().startswith("/o=") else "SMTP"
            add(holder, "Entry", inner, Key=key, Name=inner, RoutingType=routing)
        else:
            add(holder, "Entry", inner, Key=key)


def _mime(node: Node, _: ZoneInfo | None) -> Json:
    try:
        return base64.b64encode(base64.b64decode(text_of(node))).decode("ascii")
    except (binascii.Error, ValueError):
        raise malformed("The 'MimeContent' element is invalid: not base64.") from None


def _write_mime(parent: Node, name: str, value: Json) -> None:
    add(parent, name, value, CharacterSet="UTF-8")


def _write_id(parent: Node, name: str, value: Json) -> None:
    add(parent, name, None, Id=value["id"], ChangeKey=value["key"])


def _id(node: Node, _: ZoneInfo | None) -> Json:
    return {"id": attribute(node, "Id"), "key": attribute(node, "ChangeKey")}


def _write_occurrence(parent: Node, name: str, value: Json) -> None:
    node = add(parent, name)
    _write_id(node, "ItemId", value)
    for each in ("Start", "End", "OriginalStart"):
        add(node, each, value[each])


def _write_occurrences(parent: Node, name: str, value: Json) -> None:
    if value:
        holder = add(parent, name)
        for each in value:
            _write_occurrence(holder, "Occurrence", each)


def _write_deleted(parent: Node, name: str, value: Json) -> None:
    if value:
        holder = add(parent, name)
        for each in value:
            add(add(holder, "DeletedOccurrence"), "Start", each)


TEXT = Codec(lambda node, _: text_of(node), _write_text)
BOOL = Codec(lambda node, _: text_of(node).strip() in ("true", "1"), _write_bool, bool)
INT = Codec(_integer, _write_text, int)
FLOAT = Codec(_decimal, _write_text, (int, float))
WHEN = Codec(_moment, _write_text)
STRINGS = Codec(_strings, _write_strings, list)
SINGLE = Codec(_single, _write_single, dict)
PEOPLE = Codec(_people, _write_people, list)
ATTENDEES = Codec(_attendees, _write_attendees, list)
BODY = Codec(_body, _write_body, dict)
ZONE = Codec(_zone, _write_zone)
HEADERS = Codec(_headers, _write_headers, list)
PAIRS = Codec(_pairs, _write_pairs, list)
OCCURRENCE = Codec(_id, _write_occurrence, dict)
OCCURRENCES = Codec(_pairs, _write_occurrences, list)
DELETED = Codec(_strings, _write_deleted, list)
ENTRIES = Codec(_entries, _write_entries, dict)
ATTACHED = Codec(lambda _node, _zone: [], _write_attachments, list)
MIME = Codec(_mime, _write_mime)
ID = Codec(_id, _write_id, dict)


class _Plain(HTMLParser):
    """Readable text of an HTML body: blocks become lines, scripts and styles vanish."""

    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote"})
    SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in self.SILENT:
            self._silent += 1
        elif tag in self.BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in self.BREAKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # a line break in the markup is a space like any other; the spaces around words in other tags count
            self.parts.append(re.sub(r"\s+", " ", data))


def plain(markup: str) -> str:
    """HTML as text."""
    parser = _Plain()
    parser.feed(markup)
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.parts).split("\n")]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return "\n".join(kept).strip()


def body_in(value: Json, wanted: str) -> Json:
    """A stored body in the type that was asked for: Text, HTML or Best."""
    markup, text = value.get("html"), value.get("text")
    if wanted == "Text" or (wanted != "HTML" and markup is None):
        return {"text": text if text is not None else plain(markup or "")}
    if markup is not None:
        return {"html": markup}
    lines = "<br>\r\n".join(html.escape(line) for line in str(text or "").split("\n"))
    return {"html": f"<html><body>{lines}</body></html>"}
