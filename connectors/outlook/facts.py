"""What a mailbox of Exchange is, whichever way one comes to it: over EWS on premises, over Graph in Microsoft 365.

A mailbox that moves from one to the other keeps all of this, and with it what this project left there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.protocols import Write
from mapping.model.item import DELETED, MORE_MAIL, ItemKind

# The one named property that we write: the key of an item. Named properties are a finite resource of a mailbox, so
# there must never be a second one. Graph calls it `String {PROPERTY_SET} Name PROPERTY_NAME`.
PROPERTY_SET = "9d0f3c5e-6a5b-4e0c-8f57-2b8f1c7a4e63"
PROPERTY_NAME = "InboxSyncKey"

# the categories that we put into the mailbox's list, with Outlook's numbers of their colours: blue, blue, steel, red
CATEGORIES = {"Salesforce": 7, "Salesforce Thread": 7, "Salesforce Unsync": 10, "Sync Error": 0}

EMAILS, TASKS, CONTACTS = "emails", "synced_tasks", "synced_contacts"
MANAGED_NAMES = {EMAILS: "Salesforce Emails", TASKS: "Salesforce Tasks", CONTACTS: "Salesforce Contacts"}
KINDS = {
    "inbox": ItemKind.EMAIL, "sent": ItemKind.EMAIL, DELETED: ItemKind.EMAIL, EMAILS: ItemKind.EMAIL,
    "calendar": ItemKind.EVENT, "tasks": ItemKind.TASK, TASKS: ItemKind.TASK,
    "contacts": ItemKind.CONTACT, CONTACTS: ItemKind.CONTACT,
}  # fmt: skip
_CREATABLE = (ItemKind.EVENT, ItemKind.TASK, ItemKind.CONTACT)


def kind_of(role: str) -> ItemKind | None:
    """What a folder of this role holds; None for a role that there is not."""
    return ItemKind.EMAIL if role.startswith(MORE_MAIL) else KINDS.get(role)


def not_creatable(writes: Sequence[Write]) -> Iterator[int]:
    """The creations, by their places, of what is no item of its folder, or one that only people make."""
    for at, write in enumerate(writes):
        if write.kind not in _CREATABLE or write.kind is not kind_of(write.target):
            yield at


def bare(proxy: str) -> str:
    """`SMTP:ann@acme.example` as an address; '' for an address of another kind (X.500, SIP)."""
    kind, sign, address = proxy.rpartition(":")
    return address if not sign or kind.lower() == "smtp" else ""
