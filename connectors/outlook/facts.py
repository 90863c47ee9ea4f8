"""What a mailbox of Exchange is, whichever way one comes to it: over EWS on premises, over Graph in Microsoft 365.

A mailbox that moves from one to the other keeps all of this, and with it what this project left there.
"""

from __future__ import annotations

from mapping.model.item import DELETED, ItemKind

# The one named property that we write: the key of an item. Named properties are a finite resource of a mailbox, so
# there must never be a second one. Graph calls it `String {PROPERTY_SET} Name PROPERTY_NAME`.
PROPERTY_SET = "9d0f3c5e-6a5b-4e0c-8f57-2b8f1c7a4e63"
PROPERTY_NAME = "InboxSyncKey"

# the categories that we put into the mailbox's list, with Outlook's numbers of their colours: blue, steel, red
CATEGORIES = {"Salesforce": 7, "Salesforce Unsync": 10, "Sync Error": 0}

EMAILS, TASKS, CONTACTS = "emails", "synced_tasks", "synced_contacts"
MANAGED_NAMES = {EMAILS: "Salesforce Emails", TASKS: "Salesforce Tasks", CONTACTS: "Salesforce Contacts"}
KINDS = {
    "inbox": ItemKind.EMAIL, "sent": ItemKind.EMAIL, DELETED: ItemKind.EMAIL, EMAILS: ItemKind.EMAIL,
    "calendar": ItemKind.EVENT, "tasks": ItemKind.TASK, TASKS: ItemKind.TASK,
    "contacts": ItemKind.CONTACT, CONTACTS: ItemKind.CONTACT,
}  # fmt: skip
