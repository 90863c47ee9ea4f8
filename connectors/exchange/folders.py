"""The folders of a mailbox by role: those that every mailbox has, and ours, which are known by their names."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.outlook.facts import CONTACTS, EMAILS, MANAGED_NAMES, TASKS
from mapping.model.item import DELETED

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
    EMAILS: Managed(MANAGED_NAMES[EMAILS], "msgfolderroot", "IPF.Note", "t:Folder"),
    TASKS: Managed(MANAGED_NAMES[TASKS], "tasks", "IPF.Task", "t:TasksFolder"),
    CONTACTS: Managed(MANAGED_NAMES[CONTACTS], "contacts", "IPF.Contact", "t:ContactsFolder"),
}
