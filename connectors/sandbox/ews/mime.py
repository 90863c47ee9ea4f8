"""Mails as bytes against EWS values: lenient reading (real mail is often broken), plain composing."""

from __future__ import annotations

import base64
import codecs
import email.policy
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from typing import Any

from connectors.sandbox.ews.wire import clean
from connectors.sandbox.ews.zones import stamp


def decode(data: bytes, charset: str | None) -> tuple[str, str]:
    """Text of bytes, and what was wrong (empty when nothing): unknown charsets and bad bytes are replaced."""
    name = (charset or "utf-8").strip().strip("\"'")
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace"), f"unknown charset {name!r}, read as utf-8"
    try:
        return data.decode(name), ""
    except (UnicodeDecodeError, LookupError, ValueError):
        text = data.decode("utf-8", "replace") if charset is None else _replaced(data, name)
        return text, f"bytes that are not {name} were replaced"


def _replaced(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def header_text(raw: str) -> tuple[str, str]:
    """An encoded header as text, and what was wrong with it."""
    # the parser hands bytes that are not ASCII over as lone surrogates
    plain, problem = decode_raw(re.sub(r"\r?\n[ \t]*", " ", raw).encode("utf-8", "surrogateescape"))
    if "=?" not in plain:
        return clean(plain), problem
    try:
        parts = decode_header(plain)
    except (HeaderParseError, ValueError) as error:
        return clean(plain), f"header left encoded ({error})"
    texts, problems = [], [problem]
    for part, charset in parts:
        if isinstance(part, str):
            text = part
        elif charset is None:
            text = _unescaped(part)
        else:
            text, problem = decode(part, charset)
            problems.append(problem)
        texts.append(text)
    return clean("".join(texts)), next((each for each in problems if each), "")


def decode_raw(data: bytes) -> tuple[str, str]:
    """Bytes in a header that says no charset: utf-8 when they are, else Latin."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "unencoded bytes in a header, read as latin-1"


def _unescaped(data: bytes) -> str:
    """Undo what `decode_header` does to the parts that are not encoded."""
    try:
        return data.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def people(raw: Iterable[str]) -> list[dict[str, str]]:
    """Everybody in address headers; those without an address keep their name."""
    found = []
    for name, address in getaddresses([decode_raw(each.encode("utf-8", "surrogateescape"))[0] for each in raw]):
        shown = header_text(name)[0].strip()
        if address or shown:
            found.append({"name": shown, "address": clean(address.strip())})
    return found


def read(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """Values of a message (with the bytes as MimeContent), and the problems met. Never fails."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(data)
    problems: list[str] = []
    headers = []
    for name, raw in message.raw_items():
        text, problem = header_text(str(raw))
        headers.append([clean(name), text])
        if problem:
            problems.append(f"{name}: {problem}")
    values: dict[str, Any] = {
        "MimeContent": base64.b64encode(data).decode("ascii"),
        "InternetMessageHeaders": headers,
        "Subject": _first(headers, "Subject"),
        "InternetMessageId": _first(headers, "Message-ID").strip(),
        "ToRecipients": people(_raw(message, "To")),
        "CcRecipients": people(_raw(message, "Cc")),
        "BccRecipients": people(_raw(message, "Bcc")),
        "ReplyTo": people(_raw(message, "Reply-To")),
        "InReplyTo": _first(headers, "In-Reply-To"),
        "References": _first(headers, "References"),
    }
    senders = people(_raw(message, "From")) or people(_raw(message, "Sender"))
    if senders:
        values["From"] = values["Sender"] = senders[0]
    else:
        problems.append("no From")
    sent, problem = date_of(_first(headers, "Date"))
    if sent is None:
        problems.append(problem)
    else:
        values["DateTimeSent"] = values["DateTimeReceived"] = stamp(sent)
    body, attached, troubles = _parts(message)
    values["Body"] = body
    values["HasAttachments"] = attached
    problems += troubles
    return {name: value for name, value in values.items() if value not in ("", [], None)}, problems


def date_of(text: str) -> tuple[datetime | None, str]:
    """The moment of a Date header, or why there is none. Without an offset it is UTC."""
    if not text.strip():
        return None, "no Date"
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, f"unreadable Date {text[:60]!r}"
    return found, ""


def _raw(message: Message, name: str) -> list[str]:
    return [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]


def _first(headers: list[list[str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def _parts(message: Message) -> tuple[dict[str, str], bool, list[str]]:
    """Body (the first text and the first HTML), whether something is attached, and problems."""
    body: dict[str, str] = {}
    attached = False
    problems: list[str] = [f"mime: {type(defect).__name__}" for defect in message.defects]
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        form = {"text/plain": "text", "text/html": "html"}.get(kind)
        if form is None or form in body or str(part.get("Content-Disposition", "")).lower().startswith("attachment"):
            attached = True
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")
        text, problem = decode(data, _charset(part))
        body[form] = clean(text.replace("\r\n", "\n"))
        if problem:
            problems.append(f"body: {problem}")
    return body or {"text": ""}, attached, problems


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
    except (ValueError, LookupError, TypeError):
        return None
    value = found[2] if isinstance(found, tuple) else found
    return str(value) if value else None


def compose(values: dict[str, Any]) -> str:
    """A message that was not received as bytes, written as MIME, in base64. Lenient: whatever is stored gets a form."""
    body = values.get("Body") or {}
    made: Message = MIMEText(body.get("text") or "", "plain", "utf-8")
    if body.get("html"):
        both = MIMEMultipart("alternative")
        both.attach(made)
        both.attach(MIMEText(body["html"], "html", "utf-8"))
        made = both
    sender = values.get("From") or values.get("Sender")
    headers = {
        "Subject": values.get("Subject"),
        "From": _listed([sender] if sender else []),
        "To": _listed(values.get("ToRecipients") or []),
        "Cc": _listed(values.get("CcRecipients") or []),
        "Message-ID": values.get("InternetMessageId"),
        "Date": format_datetime(datetime.fromisoformat(values["DateTimeSent"])) if values.get("DateTimeSent") else "",
    }
    for name, text in headers.items():
        line = " ".join(str(text or "").split())
        if line:
            made[name] = line if line.isascii() else Header(line, "utf-8").encode()
    return base64.b64encode(made.as_bytes()).decode("ascii")


def _listed(everybody: list[dict[str, str]]) -> str:
    return ", ".join(f"{each.get('name') or ''} <{each.get('address') or ''}>".strip() for each in everybody)
