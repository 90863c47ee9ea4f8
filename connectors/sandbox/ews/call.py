"""One EWS call: who asks, for which mailbox, and the ids in it resolved to what they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.errors import EwsError, malformed
from connectors.sandbox.ews.ids import folder_number, is_occurrence, item_number, occurrence_parts
from connectors.sandbox.ews.items import Items, Stored
from connectors.sandbox.ews.state import Directory, Folder, Mailbox
from connectors.sandbox.ews.wire import Node, attribute, child, local, text_of

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Call:
    """`mailbox`: the one that is acted for, None for a service account without impersonation. `zone`: in which
    moments without an offset are meant, `zone_name` its Windows name. `vendor`: by whose protocol it came."""

    sandbox: Sandbox
    directory: Directory
    items: Items
    mailbox: Mailbox | None
    zone: ZoneInfo | None
    zone_name: str
    vendor: str = "ews"

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
        """A `t:ItemId`, or one of the two ids by which the items of a series lead to each other."""
        match local(node):
            case "ItemId" | "ReferenceItemId":
                return self.named(attribute(node, "Id"), heavy=heavy)
            case "RecurringMasterItemId":
                found = self.named(attribute(node, "OccurrenceId"), heavy=False)
                if not found.original:
                    raise EwsError("ErrorCalendarCannotUseIdForRecurringMasterId")
                return self.items.get(found.id, heavy=heavy)
            case "OccurrenceItemId":
                master = self.named(attribute(node, "RecurringMasterId"), heavy=heavy)
                if not series.is_master(master):
                    raise EwsError("ErrorCalendarCannotUseIdForOccurrenceId")
                return series.occurrence_number(master, _index(attribute(node, "InstanceIndex")))
            case other:
                raise malformed(f"The element has invalid child element '{other}'.")

    def named(self, identifier: str, *, heavy: bool = True) -> Stored:
        """The item or the occurrence of an id. Raises ErrorItemNotFound, ErrorInvalidIdMalformed."""
        single = is_occurrence(identifier)
        number, epoch, original = occurrence_parts(identifier) if single else (item_number(identifier), 0, 0)
        found = self.items.get(number, heavy=heavy)
        if not self.owns(found.mailbox):
            raise EwsError("ErrorItemNotFound")
        if not single:
            return found
        if not series.is_master(found) or found.values.get(series.EPOCH, 0) != epoch:
            raise EwsError("ErrorItemNotFound")
        return series.occurrence(found, zones.stamp(datetime.fromtimestamp(original, UTC)))

    def trip(self, operation: str) -> None:
        """A scripted misfortune of a single item (`ews-item.UpdateItem`), raised as its error."""
        action = self.sandbox.faults.take(f"ews-item.{operation}")
        if action is not None and action.code:
            raise EwsError(action.code, action.message)

    def wrote(self, kind: str, verb: str) -> None:
        self.sandbox.ledger.write(self.vendor, kind, verb)


def _index(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise malformed("The 'InstanceIndex' attribute is invalid.") from None


Operation = Callable[[Call, Node], Node]
