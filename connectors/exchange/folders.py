"""The folders of a mailbox by role: those that every mailbox has, and ours, which are known by their names."""

from __future__ import annotations

from dataclasses import dataclass

from mapping.model.item import DELETED, MORE_MAIL, ItemKind

EMAILS = "emails"
DISTINGUISHED = {
    "inbox": "inbox", "sent": "sentitems", "calendar": "calendar", DELETED: "deleteditems", "tasks": "tasks",
    "contacts": "contacts",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Managed:
    """A folder that is made when it is missing. `parent`: the distinguished folder under which it stands."""

    name: str
    parent: str
    folder_class: str
    element: str

    def is_it(self, name: str, folder_class: str) -> bool:
        """Is it the folder of that name and class? One without a class holds mail."""
        same = name.casefold() == self.name.casefold()
        return same and (folder_class or "IPF.Note").casefold().startswith(self.folder_class.casefold())


MANAGED = {
    EMAILS: Managed("Salesforce Emails", "msgfolderroot", "IPF.Note", "t:Folder"),
    "synced_tasks": Managed("Salesforce Tasks", "tasks", "IPF.Task", "t:TasksFolder"),
    "synced_contacts": Managed("Salesforce Contacts", "contacts", "IPF.Contact", "t:ContactsFolder"),
}
KINDS = {
    "inbox": ItemKind.EMAIL, "sent": ItemKind.EMAIL, DELETED: ItemKind.EMAIL, EMAILS: ItemKind.EMAIL,
    "calendar": ItemKind.EVENT, "tasks": ItemKind.TASK, "synced_tasks": ItemKind.TASK,
    "contacts": ItemKind.CONTACT, "synced_contacts": ItemKind.CONTACT,
}  # fmt: skip


def kind_in(role: str) -> ItemKind | None:
    """What a folder of this role holds; None for a role that there is not."""
    return ItemKind.EMAIL if role.startswith(MORE_MAIL) else KINDS.get(role)
