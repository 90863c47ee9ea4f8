"""Contents of attachments, and of whole messages.

The ids that Gmail gives to attachments are others whenever a message is read. So an attachment is known by its place in
the message, and the message is asked for the id just before the content is fetched.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import drive
from connectors.google.config import Service
from connectors.google.labels import USER
from connectors.google.line import Line
from connectors.google.mails import parts_of
from connectors.google.multipart import Ask, Json
from mapping.model.item import Attachment, Form, ItemRef

_BODY = "partId,body(attachmentId,size)"
_STRUCTURE = f"id,payload({_BODY},parts({_BODY},parts({_BODY},parts({_BODY}))))"


def contents(line: Line, wanted: Sequence[tuple[ItemRef, Attachment]]) -> Iterator[bytes | ConnectorError]:
    """See `Mailbox.contents`. One call for each, and one before for each message."""
    known = ""
    ids: dict[str, str] = {}
    for ref, one in wanted:
        try:
            if one.form is Form.MAIL:
                yield _decoded(_message(line, ref, {"format": "raw"}).get("raw", ""))
                continue
            if one.form is Form.DRIVE:
                yield drive.content(line, one)
                continue
            if known != ref.id:
                known, ids = ref.id, _ids(_message(line, ref, {"format": "full", "fields": _STRUCTURE}))
            yield _attachment(line, ref, ids.get(one.id, ""))
        except ConnectorError as error:
            if error.scope is Scope.CONNECTION:
                raise
            yield error


def _message(line: Line, ref: ItemRef, params: Json) -> Json:
    ask = Ask("gmail.users.messages.get", "GET", f"{USER}/messages/{ref.id}", params)
    return line.call(Service.GMAIL, ask, Scope.ITEM)


def _ids(message: Json) -> dict[str, str]:
    """The present ids of attachments by their places."""
    bodies = ((part.get("partId", ""), part.get("body") or {}) for part in parts_of(message.get("payload") or {}))
    return {place: body["attachmentId"] for place, body in bodies if body.get("attachmentId")}


def _attachment(line: Line, ref: ItemRef, ident: str) -> bytes | ConnectorError:
    if not ident:
        return ConnectorError(Fault.NOT_FOUND, "the message has no such attachment", scope=Scope.ITEM)
    path = f"{USER}/messages/{ref.id}/attachments/{ident}"
    told = line.call(Service.GMAIL, Ask("gmail.users.messages.attachments.get", "GET", path), Scope.ITEM)
    return _decoded(told.get("data", ""))


def _decoded(text: str) -> bytes | ConnectorError:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return ConnectorError(Fault.INVALID, "the content that the server tells is broken", "BROKEN", Scope.ITEM)
