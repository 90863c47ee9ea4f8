"""The source of a message, and the tree of parts that the API tells of it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, compat32
from email.utils import format_datetime, formataddr
from typing import Any

from connectors.sandbox.google.state import Json

_ID = "ANGjdJ"


def written(given: dict[str, Any], at: datetime) -> str:
    """The source of a message, as base64url. `given`: from, to, cc, bcc ([{"address", "name"}]), subject, message_id,
    text, html, headers ({name: value}), attachments ([{"name", "type", "text"}]), invitation (an iCalendar text)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _people([given["from"]])
    for name in ("to", "cc", "bcc"):
        if given.get(name):
            message[name.title()] = _people(given[name])
    message["Subject"] = given.get("subject", "")
    message["Date"] = format_datetime(at)
    if given.get("message_id"):
        message["Message-ID"] = given["message_id"]
    for name, value in (given.get("headers") or {}).items():
        message[name] = value
    message.set_content(given.get("text", ""))
    if given.get("html"):
        message.add_alternative(given["html"], subtype="html")
    if given.get("invitation"):
        message.add_alternative(given["invitation"], subtype="calendar", params={"method": "REQUEST"})
    for each in given.get("attachments") or ():
        main, _, sub = each.get("type", "text/plain").partition("/")
        content = each.get("text", "").encode()
        message.add_attachment(content, maintype=main, subtype=sub, filename=each["name"])
    return encoded(bytes(message))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def decoded(raw: str) -> bytes:
    return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def _people(people: Iterable[dict[str, str]]) -> str:
    return ", ".join(formataddr((each.get("name", ""), each["address"])) for each in people)


def payload(raw: str) -> Json:
    return _part(message_from_bytes(decoded(raw), policy=compat32), "")


def body_of(raw: str, headers: Iterable[str]) -> Json:
    """What the form `metadata` tells: no content, and only the headers that are asked for, if any are."""
    told = payload(raw)
    wanted = {name.casefold() for name in headers}
    listed = [each for each in told["headers"] if not wanted or each["name"].casefold() in wanted]
    return {"mimeType": told["mimeType"], "headers": listed}


def attachment(raw: str, ident: str) -> bytes | None:
    """The content of an attachment; None when there is none of that id."""
    part: Message = message_from_bytes(decoded(raw), policy=compat32)
    for number in ident.removeprefix(_ID).split("."):
        below = [each for each in part.get_payload() if isinstance(each, Message)] if part.is_multipart() else []
        if not number.isdigit() or int(number) >= len(below):
            return None
        part = below[int(number)]
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else bytes(part)


def _part(message: Message, number: str) -> Json:
    told: Json = {
        "partId": number, "mimeType": message.get_content_type(), "filename": message.get_filename() or "",
        "headers": [{"name": name, "value": str(value)} for name, value in message.items()],
    }  # fmt: skip
    if message.is_multipart():
        parts = [part for part in message.get_payload() if isinstance(part, Message)]
        below = f"{number}." if number else ""
        return told | {"body": {"size": 0}, "parts": [_part(part, f"{below}{at}") for at, part in enumerate(parts)]}
    content = message.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if told["filename"]:
        return told | {"body": {"attachmentId": f"{_ID}{number}", "size": len(data)}}
    return told | {"body": {"size": len(data), "data": encoded(data)}}
