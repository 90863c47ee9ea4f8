"""What Exchange itself does to mails: conversation, ids and dates filled in, and delivery inside the sandbox."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid

from connectors.sandbox.ews import mime
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.ids import change_key
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.state import Mailbox

_PREFIXES = re.compile(r"^\s*((re|fw|fwd|aw|wg)\s*:\s*)+", re.IGNORECASE)
MESSAGE_FLAGS = "Integer 0x0e07"
_UNSENT = 8


def finish(values: Values, owner: Mailbox, now: str, *, draft: bool) -> Values:
    """A message as the server would keep it. MIME content, when given, says what the properties do not."""
    made = dict(values)
    if made.get("MimeContent"):
        read, _ = mime.read(base64.b64decode(made["MimeContent"]))
        made = {**read, **made}
    flags = (made.get("ExtendedProperty") or {}).get(MESSAGE_FLAGS)
    if flags is not None and str(flags["value"]).isdigit():
        # the well-known way to import a mail that is not a draft
        draft = bool(int(flags["value"]) & _UNSENT)
    topic = _PREFIXES.sub("", str(made.get("Subject") or ""))
    who = {"name": owner.name, "address": owner.address}
    for name, value in (
        ("IsDraft", draft),
        ("IsRead", draft),
        ("DateTimeSent", now),
        ("DateTimeReceived", made.get("DateTimeSent", now)),
        ("ConversationTopic", topic),
        ("InternetMessageId", f"<{uuid.uuid4().hex}@{owner.address.partition('@')[2]}>"),
        ("Body", {"text": ""}),
        ("HasAttachments", False),
    ):
        made.setdefault(name, value)
    if draft:
        made.setdefault("From", who)
    if made.get("From"):
        made.setdefault("Sender", made["From"])
    made.setdefault("ConversationId", conversation(owner, topic))
    return made


def conversation(owner: Mailbox, topic: str) -> Values:
    """Mails of one mailbox with the same topic are one conversation."""
    digest = hashlib.sha256(f"{owner.address}\n{topic.strip().lower()}".encode()).digest()[:18]
    return {"id": "AAQk" + base64.b64encode(digest).decode("ascii"), "key": change_key(1)}


def recipients(values: Values) -> list[Values]:
    return [each for name in ("ToRecipients", "CcRecipients", "BccRecipients") for each in values.get(name) or ()]


def send(call: Call, values: Values, sender: Mailbox) -> Values:
    """Count the mail, and put it into the Inbox of those recipients who live in this sandbox."""
    who = {"name": sender.name, "address": sender.address}
    sent = {**values, "From": values.get("From") or who, "Sender": who, "IsDraft": False, "IsRead": True}
    sent = {**sent, "DateTimeSent": call.items.now, "DateTimeReceived": call.items.now}
    addresses = [each["address"] for each in recipients(sent) if each.get("address")]
    call.sandbox.ledger.mail(call.vendor, sender.address, addresses, str(sent.get("Subject", "")), "message")
    hidden = ("BccRecipients", "Categories", "ExtendedProperty", "ConversationId", "MimeContent")
    for address in addresses:
        mailbox = call.directory.find_mailbox(address)
        if mailbox is not None:
            received = {name: value for name, value in sent.items() if name not in hidden}
            received = finish({**received, "IsRead": False}, mailbox, call.items.now, draft=False)
            call.items.create(call.directory.distinguished(mailbox, "inbox"), "Message", received)
    return sent


def is_sendable(item: Stored) -> bool:
    return item.kind == "Message" and bool(item.values.get("IsDraft"))
