"""Messages of Gmail to the neutral fields of `mapping.model.fields`, and their labels to categories and back.

Labels are categories: ours have names that people know from Gmail, all others are called alike. Why something failed is
no label: Gmail would list every reason for ever; the reason stands with the issue.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from connectors.google.drive import linked
from connectors.google.html import plain
from mapping.model import fields as f
from mapping.model.item import MISSING, Attachment, Form, Person, Value
from mapping.model.people import normalise
from mapping.rules import marks
from mapping.rules.linking_clues import message_ids

Json = dict[str, Any]

INBOX, SENT = "INBOX", "SENT"
OWN = "Label_"  # how the ids of labels begin that people make
ARCHIVED = "archived"  # no label: what was archived, and filed nowhere
ROLE_LABELS = {"inbox": INBOX, "sent": SENT}
_NOWHERE = frozenset({"TRASH", "SPAM", "DRAFT", "CHAT"})
# what a mailbox does to messages by itself, or a reader by looking at them
_NOISE = frozenset({"UNREAD", "STARRED", "IMPORTANT"})
MARK_LABEL = "Salesforce Emails"
LABELS: Mapping[str, str] = {
    MARK_LABEL: marks.SALESFORCE, "Tracked successfully": marks.TRACKED, f"{MARK_LABEL}/Sync Error": marks.ERROR,
}  # fmt: skip
_LABELS_BACK = {category.casefold(): name for name, category in LABELS.items()}
# what HEAD needs: the tree of parts tells what kind of message it is, without any content
STRUCTURE = (
    "id,threadId,labelIds,internalDate,payload(mimeType,filename,headers,parts(mimeType,filename,parts(mimeType,"
    "filename,parts(mimeType,filename))))"
)
_SENSITIVITIES = {"personal": "personal", "private": "private", "company-confidential": "confidential"}
_CLASSES = {
    "text/calendar": "IPM.Schedule.Meeting.Request", "multipart/report": "REPORT.IPM.Note.NDR",
    "multipart/encrypted": "IPM.Note.SMIME", "application/pkcs7-mime": "IPM.Note.SMIME",
    "application/x-pkcs7-mime": "IPM.Note.SMIME", "multipart/signed": "IPM.Note.SMIME.MultipartSigned",
}  # fmt: skip
_MESSAGE = "message/rfc822"
_AWAY = "IPM.Note.Rules.OofTemplate.Microsoft"


def role_of(labels: Iterable[str], mark: str, further: Mapping[str, str] = {}) -> str:
    """The folder role in which a message stands; '' for none. `mark`: the id of our label. An archived message that
    bears it stands in our folder, else in the first of the labels that are looked at as well (`further`: their ids by
    role), of which `ARCHIVED` stands for no label of the user's at all."""
    borne = set(labels)
    if borne & _NOWHERE:
        return ""
    where = next((role for role, label in ROLE_LABELS.items() if label in borne), "")
    if not where and mark and mark in borne:
        where = "emails"
    if not any(label.startswith(OWN) for label in borne):
        borne.add(ARCHIVED)
    return where or next((role for role, label in further.items() if label in borne), "")


def is_noise(labels: Iterable[str]) -> bool:
    return all(label in _NOISE or label.startswith("CATEGORY_") for label in labels)


def version_of(labels: Iterable[str]) -> str:
    """Nothing but the labels of a message ever changes."""
    kept = sorted(label for label in labels if not is_noise([label]))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:24]


def categories_of(labels: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """`names`: of the user's labels, by id."""
    own = (names[label] for label in labels if label in names)
    return tuple(LABELS.get(name, name) for name in own)


def label_of(category: str) -> str | None:
    """The name of the label that stands for a category; None for one that has none here."""
    known = _LABELS_BACK.get(category.casefold())
    if known is not None:
        return known
    return None if marks.is_ours(category) else category


def decode(message: Json, names: Mapping[str, str], *, deep: bool) -> dict[str, Value]:
    payload = message.get("payload") or {}
    headers = [(each.get("name", ""), _readable(each.get("value", ""))) for each in payload.get("headers") or ()]
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.casefold(), value)
    labels = message.get("labelIds") or ()
    received = datetime.fromtimestamp(int(message.get("internalDate", "0")) / 1000, UTC)
    parts = list(parts_of(payload))
    values: dict[str, Value] = {
        f.SUBJECT: first.get("subject", ""),
        f.CATEGORIES: categories_of(labels, names),
        f.SENSITIVITY: _SENSITIVITIES.get(first.get("sensitivity", "").strip().casefold(), "normal"),
        f.ITEM_CLASS: _class(parts, first.get("auto-submitted", "")),
        f.MESSAGE_ID: first.get("message-id", "").strip(),
        f.IN_REPLY_TO: next(iter(message_ids(first.get("in-reply-to", ""))), ""),
        f.REFERENCES: message_ids(first.get("references", "")),
        f.CONVERSATION: message.get("threadId", ""),
        f.FROM: next(iter(_people(first.get("from", ""))), None),
        f.TO: tuple(_people(first.get("to", ""))),
        f.CC: tuple(_people(first.get("cc", ""))),
        f.BCC: tuple(_people(first.get("bcc", ""))),
        f.SENT_AT: _date(first.get("date", "")) or received,
        f.RECEIVED_AT: received,
        f.IS_DRAFT: "DRAFT" in labels,
        f.HAS_ATTACHMENTS: any(part.get("filename") for part in parts),
    }
    if deep:
        html = _content(parts, "text/html")
        values |= {f.BODY: _content(parts, "text/plain") or plain(html), f.HTML: html, f.HEADERS: tuple(headers)}
        values[f.ATTACHMENTS] = (*(_attachment(part) for part in parts if part.get("filename")), *linked(html))
    return {name: value for name, value in values.items() if value is not MISSING}


def parts_of(part: Json) -> Iterator[Json]:
    """The part and all below it, in the order of the message; not what a message that is attached to it holds."""
    yield part
    within = () if str(part.get("mimeType", "")).lower() == _MESSAGE else part.get("parts") or ()
    for below in within:
        yield from parts_of(below)


def _attachment(part: Json) -> Attachment:
    """Known by its place in the message, because its id is another one with every reading."""
    headers = {each["name"].casefold(): each.get("value", "") for each in part.get("headers") or ()}
    kind = str(part.get("mimeType", "")).lower()
    return Attachment(
        part.get("partId", ""), _readable(part["filename"]), kind, int((part.get("body") or {}).get("size", 0)),
        Form.ITEM if kind == _MESSAGE else Form.FILE,
        headers.get("content-disposition", "").lower().startswith("inline"),
        headers.get("content-id", "").strip("<> "),
    )  # fmt: skip


def _class(parts: Sequence[Json], submitted: str) -> str:
    """In the words of Exchange, which the rules know. `submitted`: what the message says of who sent it; one that was
    sent because its sender is away says `auto-replied`. A sealed message is one part with a name, whereas an invitation
    with a name is a file that hangs on a letter."""
    kinds = [str(part.get("mimeType", "")).lower() for part in parts if part is parts[0] or not part.get("filename")]
    plain = _AWAY if submitted.strip().casefold().startswith("auto-replied") else "IPM.Note"
    return next((_CLASSES[kind] for kind in kinds if kind in _CLASSES), plain)


def _content(parts: Iterable[Json], kind: str) -> str:
    found = (
        _text(part) for part in parts if str(part.get("mimeType", "")).lower() == kind and not part.get("filename")
    )
    return "\n".join(text for text in found if text)


def _text(part: Json) -> str:
    data = (part.get("body") or {}).get("data", "")
    raw = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    return raw.decode(_charset(part), "replace").replace("\r\n", "\n").strip("\n")


def _charset(part: Json) -> str:
    """Contents come as they were sent."""
    kind = next((h["value"] for h in part.get("headers") or () if h["name"].casefold() == "content-type"), "")
    _, found, rest = kind.casefold().partition("charset=")
    name = rest.split(";")[0].strip().strip("\"'") if found else ""
    try:
        "".encode(name or "utf-8")
    except LookupError:
        return "utf-8"
    return name or "utf-8"


def _readable(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, ValueError, LookupError):
        return value


def _people(header: str) -> Iterator[Person]:
    for name, address in getaddresses([header]):
        known = normalise(address)
        if known:
            yield Person(known, name)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
