"""What hangs on items: kept by digest of its content, told with the item, given out by GetAttachment.

A user (or the transport) attaches it by `Attachments` in the values of an item:
`{"name": .., "content": base64 | "text": .. | "bytes": how many to make up, "type": .., "form": file | item | link,
"inline": .., "content_id": .., "location": .., "size": what the server says if it is something else}`. The content of
an attached item is its MIME.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import mimetypes
from typing import Any

from lxml import etree

from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.codecs import FORMS, write_attachment
from connectors.sandbox.ews.errors import EwsError, EwsFault
from connectors.sandbox.ews.ids import attachment_parts
from connectors.sandbox.ews.items import Values
from connectors.sandbox.ews.shapes import told_attachments
from connectors.sandbox.ews.wire import Node, add, attribute, child, children, failure, m, need, success, text_of
from connectors.sandbox.ews.wire import messages as answer
from connectors.sandbox.store import Store

NAME = "Attachments"
MOST_BYTES = 150 * 1024 * 1024  # the most that a server can be set to take in one message


def keep(store: Store, given: list[Values]) -> list[Values]:
    """Attachments as an item keeps them, their contents put away. Raises ValueError."""
    return [_kept(store, each) for each in given]


def _kept(store: Store, given: Values) -> Values:
    form = given.get("form", "file")
    if form not in FORMS:
        raise ValueError(f"no form of attachment {form!r}")
    content = _content(given)
    if len(content) > MOST_BYTES:
        raise ValueError("the attachment is larger than a message may be")
    digest = hashlib.sha256(content).hexdigest()
    store.run("INSERT OR IGNORE INTO ews_blob VALUES (?, ?)", (digest, content))
    name = str(given.get("name", ""))
    kept = {
        "name": name, "type": given.get("type") or mimetypes.guess_type(name)[0] or "application/octet-stream",
        "size": int(given.get("size", len(content))), "form": form, "inline": bool(given.get("inline")),
        "digest": digest,
    }  # fmt: skip
    return kept | {key: str(given[key]) for key in ("content_id", "location") if given.get(key)}


def _content(given: Values) -> bytes:
    if "content" in given:
        try:
            return base64.b64decode(given["content"], validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the content of an attachment is base64") from None
    if "bytes" in given:
        return (str(given.get("name", "")).encode() * (int(given["bytes"]) + 1))[: int(given["bytes"])]
    return str(given.get("text", "")).encode()


def in_sight(held: list[Values]) -> bool:
    """What the server says about it in HasAttachments: parts of the text do not count."""
    return any(not each["inline"] for each in held)


def data(store: Store, each: Values) -> bytes:
    return bytes(store.scalar("SELECT data FROM ews_blob WHERE digest = ?", (each["digest"],)))


# --- on the wire


def get_attachment(call: Call, operation: Node) -> Node:
    shape = child(operation, "AttachmentShape")
    with_mime = shape is not None and text_of(child(shape, "IncludeMimeContent")) in ("true", "1")
    made: list[Node] = []
    for node in children(need(operation, "AttachmentIds")):
        try:
            call.trip("GetAttachment")
            made.append(_told(call, attribute(node, "Id"), with_mime=with_mime))
        except EwsFault:
            raise
        except EwsError as error:
            message = failure("GetAttachment", error)
            etree.SubElement(message, m("Attachments"))
            made.append(message)
    return answer("GetAttachment", made)


def _told(call: Call, identifier: str, *, with_mime: bool) -> Node:
    number, at = attachment_parts(identifier)
    item = call.items.get(number)
    if not call.owns(item.mailbox):
        raise EwsError("ErrorItemNotFound")
    held: list[Values] = item.values.get(NAME) or []
    if at >= len(held):
        raise EwsError("ErrorItemNotFound")
    message = success("GetAttachment")
    each = told_attachments(item)[at]
    node = write_attachment(etree.SubElement(message, m("Attachments")), each)
    content: Any = base64.b64encode(data(call.sandbox.store, each)).decode("ascii")
    if each["form"] == "file":
        add(node, "Content", content)
    elif each["form"] == "item":
        inner = add(node, "Message")
        if with_mime:
            add(inner, "MimeContent", content, CharacterSet="UTF-8")
        add(inner, "Subject", each["name"])
    return message
