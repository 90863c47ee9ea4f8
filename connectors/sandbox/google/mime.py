"""The source of a message, and the tree of parts that the API tells of it."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, SMTPUTF8, compat32
from email.utils import format_datetime, formataddr, quote
from typing import Any

from connectors.sandbox.google.state import Json

_ID = "ANGjdJ"
_MESSAGE = "message/rfc822"
_RECIPIENTS = ("to", "cc", "bcc")
_PREFIXES = re.compile(r"^(\s*(re|fw|fwd)\s*:\s*)+", re.IGNORECASE)
_METHOD = re.compile(r"^METHOD:(\w+)", re.MULTILINE)


def written(given: dict[str, Any], at: datetime) -> str:
    """The source of a message, as base64url. `given`: from, to, cc, bcc ([{"address", "name"}]), subject, message_id,
    text, html, headers ({name: value}), invitation (an iCalendar text), attachments ([{"name", "type", "text" or
    "content": base64 or "bytes": how many to make up, "inline", "content_id"}]; message/rfc822 is a message),
    and `type`: the whole Content-Type of what is no letter, `multipart/report; report-type=delivery-status`."""
    everybody = [given["from"], *(each for name in _RECIPIENTS for each in given.get(name) or ())]
    ascii_only = all(each["address"].isascii() for each in everybody)
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)  # as RFC 6532 wants it
    message["From"] = _people([given["from"]])
    for name in _RECIPIENTS:
        if given.get(name):
            message[name.title()] = _people(given[name])
    message["Subject"] = given.get("subject", "")
    message["Date"] = format_datetime(at)
    if given.get("message_id"):
        message["Message-ID"] = given["message_id"]
    for name, value in (given.get("headers") or {}).items():
        message[name] = value
    _fill(message, given)
    for each in given.get("attachments") or ():
        _attach(message, each)
    return encoded(bytes(message))


def _fill(message: EmailMessage, given: dict[str, Any]) -> None:
    message.set_content(given.get("text", ""))
    if given.get("html"):
        message.add_alternative(given["html"], subtype="html")
    if given.get("invitation"):
        method = _METHOD.search(given["invitation"])
        message.add_alternative(
            given["invitation"], subtype="calendar", params={"method": method[1] if method else "REQUEST"}
        )
    kind = given.get("type", "")
    if kind.startswith("multipart/"):
        message.make_mixed()
    if kind:
        message.replace_header("Content-Type", f'{kind}; boundary="=_{_ID}"' if message.is_multipart() else kind)


def _attach(message: EmailMessage, given: dict[str, Any]) -> None:
    kind = given.get("type") or mimetypes.guess_type(given["name"])[0] or "application/octet-stream"
    held = {
        "filename": given["name"], "disposition": "inline" if given.get("inline") else "attachment",
        **({"cid": f"<{given['content_id']}>"} if given.get("content_id") else {}),
    }  # fmt: skip
    if kind == _MESSAGE:
        message.add_attachment(message_from_bytes(_content(given), policy=SMTP), **held)
    else:
        main, _, sub = kind.partition("/")
        message.add_attachment(_content(given), maintype=main, subtype=sub, **held)


def _content(given: dict[str, Any]) -> bytes:
    if "content" in given:
        return base64.b64decode(given["content"], validate=True)
    if "bytes" in given:
        return (str(given["name"]).encode() * (int(given["bytes"]) + 1))[: int(given["bytes"])]
    return str(given.get("text", "")).encode()


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def decoded(raw: str) -> bytes:
    return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def _people(people: Iterable[dict[str, str]]) -> str:
    return ", ".join(map(_person, people))


def _person(given: dict[str, str]) -> str:
    name, address = given.get("name", ""), given["address"]
    return formataddr((name, address)) if address.isascii() else f'"{quote(name)}" <{address}>'


def payload(raw: str) -> Json:
    return _part(message_from_bytes(decoded(raw), policy=compat32), "")


def threading(raw: str) -> tuple[str, str, frozenset[str]]:
    """By what threads are made: the Message-ID, the subject without what an answer puts before it, and the Message-IDs
    of what is answered."""
    headers = message_from_bytes(decoded(raw), policy=compat32)
    above = f"{headers.get('References', '')} {headers.get('In-Reply-To', '')}".split()
    topic = _PREFIXES.sub("", str(headers.get("Subject", ""))).strip()
    return str(headers.get("Message-ID", "")).strip(), topic, frozenset(above)


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
    return _held(part)


def _held(part: Message) -> bytes:
    """What a part holds; of a message that is attached its whole source."""
    below = part.get_payload()
    if part.get_content_type() == _MESSAGE and isinstance(below, list):
        return b"".join(bytes(each) for each in below if isinstance(each, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _header(value: object) -> str:
    """As it stands in the source; what is not ASCII is UTF-8, and the parser hands it over as lone surrogates."""
    return str(value).encode("ascii", "surrogateescape").decode("utf-8", "replace")


def _part(message: Message, number: str) -> Json:
    told: Json = {
        "partId": number, "mimeType": message.get_content_type(), "filename": message.get_filename() or "",
        "headers": [{"name": name, "value": _header(value)} for name, value in message.raw_items()],
    }  # fmt: skip
    if message.is_multipart():
        parts = [part for part in message.get_payload() if isinstance(part, Message)]
        below = f"{number}." if number else ""
        body: Json = {"size": 0}
        if told["filename"] and message.get_content_type() == _MESSAGE:
            body = {"attachmentId": f"{_ID}{number}", "size": len(_held(message))}
        return told | {"body": body, "parts": [_part(part, f"{below}{at}") for at, part in enumerate(parts)]}
    data = _held(message)
    if told["filename"]:
        return told | {"body": {"attachmentId": f"{_ID}{number}", "size": len(data)}}
    return told | {"body": {"size": len(data), "data": encoded(data)}}
