"""Keys: what makes two things the same thing, for every user of an organization and on every machine.

A key is stamped on both sides and makes every create repeatable. It is a hash, so it tells nothing of the content.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from mapping.model import fields
from mapping.model.item import Item, ItemKind, Person, Value

PREFIX = {ItemKind.EVENT: "ev:", ItemKind.TASK: "tk:", ItemKind.CONTACT: "ct:", ItemKind.EMAIL: "em:"}


def event_key(org: str, uid: str, original_start: str = "") -> str:
    """All copies of a meeting share its UID; an occurrence is told apart by where it started at first."""
    return "ev:" + _digest("event", org, uid.strip(), original_start)


def crm_key(org: str, kind: ItemKind, crm_id: str) -> str:
    """For what was born in Salesforce. The 15 first characters of an id are the id."""
    return PREFIX[kind] + _digest(f"crm-{kind.value}", org, crm_id[:15])


def mailbox_key(org: str, kind: ItemKind, item_id: str) -> str:
    """For a task or contact born in a mailbox, where nothing but the first id tells it apart."""
    return PREFIX[kind] + _digest(f"mailbox-{kind.value}", org, item_id)


def email_key(org: str, message_id: str) -> str:
    """All copies of a message share its Message-ID; upper and lower case are different there."""
    return "em:" + _digest("email", org, bare_message_id(message_id))


def conversation_key(org: str, mailbox: str, conversation: str) -> str:
    """For what one mailbox takes for a conversation; another mailbox has another id for the same."""
    return "cv:" + _digest("conversation", org, mailbox, conversation)


def bare_message_id(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">").strip()


def nomid_key(org: str, item: Item) -> str:
    """For a message without a Message-ID: who wrote what to whom, and in which second (DUP-10)."""
    sent = item.get(fields.SENT_AT)
    second = sent.astimezone(UTC).replace(microsecond=0).isoformat() if isinstance(sent, datetime) else ""
    sender = "".join(_addresses(item.get(fields.FROM)))
    people = sorted({each for name in (fields.TO, fields.CC) for each in _addresses(item.get(name))})
    content = hashlib.sha256(item.text(fields.BODY).strip().encode("utf-8", "replace")).hexdigest()
    return "nomid:" + _digest(
        "nomid", org, sender, ",".join(people), second, item.text(fields.SUBJECT).strip(), content
    )


def _addresses(value: Value) -> list[str]:
    people = value if isinstance(value, tuple) else (value,)
    return [each.address for each in people if isinstance(each, Person)]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:40]
