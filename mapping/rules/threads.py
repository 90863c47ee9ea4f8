"""Threads: by what messages are known to belong together, and what is saved of a thread that a user wants as a whole.

Mailboxes tell a conversation each by an id of its own, which ends where the subject changes. References and In-Reply-To
name messages by their Message-IDs, which all users share, but not every program writes them. So a message belongs to a
thread when any of these says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.reasons import Reason
from mapping.rules import marks
from mapping.rules.addresses import AddressBook, others
from mapping.rules.decision import Decision, Me, Outcome, categories, is_private
from mapping.rules.identity import conversation_key, email_key
from mapping.rules.settings import Effective

FOLDERS = frozenset({"inbox", "sent"})  # where the mark counts (THR-2)

# What does not keep a message of a thread from being saved: it is about messages that nobody asked for.
_PASSED_OVER = frozenset(
    {
        Reason.AUTOSAVE_OFF,
        Reason.BEFORE_ACTIVATION,
        Reason.OTHER_DIRECTION,
        Reason.PEOPLE_PENDING,
        Reason.ALL_INTERNAL,
        Reason.ALL_BLOCKED,
        Reason.PRIVATE,
    }
)


@dataclass(frozen=True, slots=True)
class Keys:
    """`own`: by what the message and its thread are known from now on. `above`: of the messages that it follows."""

    own: tuple[str, ...]
    above: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.own, *self.above)))


def keys_of(org: str, mailbox: str, item: Item) -> Keys:
    """The keys of a message in a mailbox (its address)."""
    references = item.get(fields.REFERENCES)
    named = [each for each in references if isinstance(each, str)] if isinstance(references, tuple) else []
    parent = item.text(fields.IN_REPLY_TO)
    above = [*named, *([parent] if parent else [])]
    message_id, conversation = item.text(fields.MESSAGE_ID), item.text(fields.CONVERSATION)
    own = [email_key(org, each) for each in (*above[:1], message_id) if each]  # the root, and the message itself
    if conversation:
        own.append(conversation_key(org, mailbox, conversation))
    return Keys(tuple(dict.fromkeys(own)), tuple(email_key(org, each) for each in above))


def asks_for_thread(item: Item, settings: Effective) -> bool:
    """Does this message bear the mark by which its user wants the whole thread (THR-1)?"""
    if not settings.bool("threads.enabled") or item.ref.container not in FOLDERS:
        return False
    bears = categories(item)
    by_default = settings.bool("threads.by_default") and marks.is_marked(bears) and not marks.has(bears, marks.TRACKED)
    return by_default or marks.has(bears, marks.THREAD)


def decide(item: Item, decided: Decision, book: AddressBook, me: Me, settings: Effective) -> Decision:
    """What becomes of a message of a thread that the user wants as a whole. `decided`: what would become of it by
    itself, which stands when it was asked for, and when it can never be saved."""
    if decided.reason not in _PASSED_OVER or item.ref.container not in FOLDERS:
        return decided
    if settings.bool("mail.skip_private") and is_private(item):
        return Decision(Outcome.SKIP, Reason.PRIVATE, "FLT-14")
    people = others(item, me.addresses)
    if all(map(book.is_internal, people)):
        return Decision(Outcome.SKIP, Reason.ALL_INTERNAL, "THR-3")
    if not any(map(book.eligible, people)):
        return Decision(Outcome.SKIP, Reason.ALL_BLOCKED, "THR-3")
    return Decision(Outcome.SHARE, Reason.IN_THREAD, "THR-1")


def written(item: Item) -> datetime:
    """When a message was written, as far as it says."""
    for name in (fields.SENT_AT, fields.RECEIVED_AT, fields.CREATED):
        at = item.get(name)
        if isinstance(at, datetime):
            return at
    return datetime.max.replace(tzinfo=UTC)
