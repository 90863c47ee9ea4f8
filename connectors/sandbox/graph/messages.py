"""Mails between the messages of the store and Graph's JSON. Clients of this project change little of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from connectors.sandbox.ews import attachments, mime
from connectors.sandbox.ews.codecs import body_in
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.shapes import told_values
from connectors.sandbox.graph import ids
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.odata import EXTENDED
from connectors.sandbox.graph.values import (
    lower_first,
    read_extended,
    told_body,
    told_extended,
    told_person,
    upper_first,
)

KINDS = ("Message", "MeetingRequest", "MeetingCancellation", "MeetingResponse")
TYPE = "message"
HEADERS = "internetMessageHeaders"
ATTACHED = "attachments"
ON_REQUEST = frozenset({HEADERS, EXTENDED, ATTACHED, "uniqueBody"})
_TYPES = {
    "MeetingRequest": "eventMessageRequest", "MeetingCancellation": "eventMessage",
    "MeetingResponse": "eventMessageResponse",
}  # fmt: skip


def told(call: GraphCall, item: Stored) -> Json:
    """Everything that Graph has to say of a mail."""
    values = told_values(item)
    body = item.values.get("Body") or {}
    entity: Json = {
        "@odata.type": f"#microsoft.graph.{_TYPES.get(item.kind, TYPE)}",
        "@odata.etag": ids.etag(item.version),
        "id": call.item_id(item),
        "createdDateTime": values["DateTimeCreated"],
        "lastModifiedDateTime": values["LastModifiedTime"],
        "changeKey": ids.etag(item.version)[3:-1],
        "categories": list(values.get("Categories") or ()),
        "receivedDateTime": values["DateTimeReceived"],
        "sentDateTime": values["DateTimeSent"],
        "hasAttachments": bool(values.get("HasAttachments")),
        "internetMessageId": values.get("InternetMessageId") or "",
        "subject": values.get("Subject") or "",
        "bodyPreview": body_in(body, "Text")["text"][:255] if body else "",
        "importance": lower_first(values["Importance"]),
        "parentFolderId": call.folder_id(item.folder),
        "conversationId": (values.get("ConversationId") or {}).get("id"),
        "isDeliveryReceiptRequested": bool(values.get("IsDeliveryReceiptRequested")),
        "isReadReceiptRequested": bool(values.get("IsReadReceiptRequested")),
        "isRead": bool(values.get("IsRead")),
        "isDraft": bool(values.get("IsDraft")),
        "webLink": f"{call.root}/web/{call.item_id(item)}",
        "inferenceClassification": "focused",
        "body": told_body(body, as_text=call.prefer.text),
        "sender": told_person(values.get("Sender")),
        "from": told_person(values.get("From")),
        "toRecipients": [told_person(each) for each in values.get("ToRecipients") or ()],
        "ccRecipients": [told_person(each) for each in values.get("CcRecipients") or ()],
        "bccRecipients": [told_person(each) for each in values.get("BccRecipients") or ()],
        "replyTo": [told_person(each) for each in values.get("ReplyTo") or ()],
        "flag": {"flagStatus": "notFlagged"},
    }
    if HEADERS in (call.options.select or ()):
        headers = item.values.get("InternetMessageHeaders") or ()
        entity[HEADERS] = [{"name": name, "value": text} for name, text in headers]
    if ATTACHED in call.options.expand:
        entity[ATTACHED] = [_attachment(item, at, each) for at, each in enumerate(_held(item))]
    if call.options.extended:
        entity[EXTENDED] = told_extended(item, call.options.extended)
    return entity


def _held(item: Stored) -> list[Values]:
    held: list[Values] = item.values.get(attachments.NAME) or []
    return held


def _attachment(item: Stored, at: int, each: Values) -> Json:
    """What is told of it without its content."""
    kind = {"file": "fileAttachment", "item": "itemAttachment", "link": "referenceAttachment"}[each["form"]]
    told: Json = {
        "@odata.type": f"#microsoft.graph.{kind}", "id": ids.sealed(ids.ATTACHMENT, item.id, at),
        "name": each["name"], "contentType": each["type"], "size": each["size"], "isInline": each["inline"],
        "lastModifiedDateTime": item.modified,
    }  # fmt: skip
    return told | ({"contentId": each.get("content_id")} if each["form"] == "file" else {})


def content(call: GraphCall, item: Stored, identifier: str) -> bytes:
    """The content of an attachment. Raises ErrorItemNotFound."""
    named, held = ids.read(identifier), _held(item)
    if named.letter != ids.ATTACHMENT or named.mailbox != item.id or named.number >= len(held):
        raise GraphError(404, "ErrorItemNotFound")
    return attachments.data(call.store.sandbox.store, held[named.number])


def whole(item: Stored) -> bytes:
    """The message as MIME."""
    return base64.b64decode(item.values.get("MimeContent") or mime.compose(item.values))


def read(call: GraphCall, before: Values) -> Values:
    """What the body of a call sets. Raises GraphError: of a mail that is no draft only marks can be changed."""
    made: Values = {}
    for name, value in call.body.items():
        reader = _READERS.get(name)
        if reader is None:
            raise bad(f"The property '{name}' cannot be set on type 'microsoft.graph.message'.", "RequestBodyRead")
        made.update(reader(value, before))
    return made


_READERS: dict[str, Callable[[Any, Values], Values]] = {
    "categories": lambda value, _: {"Categories": value},
    "isRead": lambda value, _: {"IsRead": bool(value)},
    "importance": lambda value, _: {"Importance": upper_first(value)},
    EXTENDED: lambda value, before: read_extended(value, before),
}
