"""One EWS call: who asks, for which mailbox, and the ids in it resolved to what they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.sandbox.ews.errors import EwsError, malformed
from connectors.sandbox.ews.ids import folder_number, item_number
from connectors.sandbox.ews.items import Items, Stored
from connectors.sandbox.ews.state import Directory, Folder, Mailbox
from connectors.sandbox.ews.wire import Node, attribute, child, local, text_of

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Call:
    """`mailbox`: the one that is acted for, None for a service account without impersonation. `zone`: in which
    moments without an offset are meant, `zone_name` its Windows name."""

    sandbox: Sandbox
    directory: Directory
    items: Items
    mailbox: Mailbox | None
    zone: ZoneInfo | None
    zone_name: str

    @property
    def acting(self) -> Mailbox:
        if self.mailbox is None:
            raise EwsError("ErrorNonExistentMailbox", "The account has no mailbox of its own.")
        return self.mailbox

    def owns(self, mailbox: int) -> bool:
        return self.mailbox is not None and self.mailbox.id == mailbox

    def folder(self, node: Node) -> Folder:
        """A `t:FolderId` or `t:DistinguishedFolderId`."""
        if local(node) == "FolderId":
            found = self.directory.folder(folder_number(attribute(node, "Id")))
        elif local(node) == "DistinguishedFolderId":
            named = child(node, "Mailbox")
            address = text_of(child(named, "EmailAddress")) if named is not None else ""
            mailbox = self.directory.mailbox(address) if address else self.acting
            if not self.owns(mailbox.id):
                raise EwsError("ErrorAccessDenied")
            found = self.directory.distinguished(mailbox, attribute(node, "Id"))
        else:
            raise malformed(f"The element has invalid child element '{local(node)}'.")
        if not self.owns(found.mailbox):
            raise EwsError("ErrorAccessDenied")
        return found

    def item(self, node: Node, *, heavy: bool = True) -> Stored:
        """A `t:ItemId` (or an occurrence id, which is the series itself as long as nothing is expanded)."""
        match local(node):
            case "ItemId" | "ReferenceItemId":
                identifier = attribute(node, "Id")
            case "RecurringMasterItemId":
                identifier = attribute(node, "OccurrenceId")
            case "OccurrenceItemId":
                raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
            case other:
                raise malformed(f"The element has invalid child element '{other}'.")
        found = self.items.get(item_number(identifier), heavy=heavy)
        if not self.owns(found.mailbox):
            raise EwsError("ErrorItemNotFound")
        return found

    def trip(self, operation: str) -> None:
        """A scripted misfortune of a single item (`ews-item.UpdateItem`), raised as its error."""
        action = self.sandbox.faults.take(f"ews-item.{operation}")
        if action is not None and action.code:
            raise EwsError(action.code, action.message)

    def wrote(self, kind: str, verb: str) -> None:
        self.sandbox.ledger.write("ews", kind, verb)


Operation = Callable[[Call, Node], Node]
