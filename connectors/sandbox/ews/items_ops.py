"""GetItem, DeleteItem, MoveItem, SendItem."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from connectors.sandbox.ews import meetings, messages, tasks
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed
from connectors.sandbox.ews.ids import version_number
from connectors.sandbox.ews.items import Stored
from connectors.sandbox.ews.shapes import ID_ONLY, Shape, read_shape, write_item
from connectors.sandbox.ews.wire import Node, attribute, child, children, failure, m, need, success
from connectors.sandbox.ews.wire import messages as answer

SILENT = "SendToNone"


def each_item(call: Call, name: str, nodes: list[Node], do: Callable[[Node], Node]) -> Node:
    """Answer one message per node; what goes wrong with one leaves the others alone."""
    made: list[Node] = []
    for node in nodes:
        try:
            call.trip(name)
            with call.sandbox.store.transaction():
                made.append(do(node))
        except EwsFault:
            raise
        except EwsError as error:
            made.append(with_items(failure(name, error)) if name in _WITH_ITEMS else failure(name, error))
    return answer(name, made)


_WITH_ITEMS = frozenset({"GetItem", "CreateItem", "UpdateItem", "MoveItem", "CopyItem"})


def with_items(message: Node, item: Stored | None = None, shape: Shape = ID_ONLY) -> Node:
    """Add `m:Items` with the item, or empty."""
    holder = etree.SubElement(message, m("Items"))
    if item is not None:
        write_item(holder, item, shape)
    return message


def get_item(call: Call, operation: Node) -> Node:
    nodes = list(children(need(operation, "ItemIds")))
    try:
        shape = read_shape(operation, listing=False)
    except EwsFault:
        raise
    except EwsError as error:
        return answer("GetItem", [with_items(failure("GetItem", error)) for _ in nodes])
    made: list[Node] = []
    for node in nodes:
        try:
            call.trip("GetItem")
            made.append(with_items(success("GetItem"), call.item(node, heavy=shape.heavy), shape))
        except EwsFault:
            raise
        except EwsError as error:
            made.append(with_items(failure("GetItem", error)))
    return answer("GetItem", made)


def fresh(call: Call, node: Node) -> Stored:
    """The item of an id; a change key that is not the present one is a conflict."""
    item = call.item(node)
    key = attribute(node, "ChangeKey")
    if key and version_number(key) != item.version:
        raise EwsError("ErrorIrresolvableConflict")
    return item


def delete_item(call: Call, operation: Node) -> Node:
    how = attribute(operation, "DeleteType")
    if how not in ("HardDelete", "SoftDelete", "MoveToDeletedItems"):
        raise malformed("The 'DeleteType' attribute is invalid.")
    telling = attribute(operation, "SendMeetingCancellations")

    def do(node: Node) -> Node:
        item = call.item(node)
        if item.kind == "CalendarItem":
            if not telling:
                raise EwsError("ErrorSendMeetingCancellationsRequired", "Send meeting cancellations must be specified.")
            tell_of_removal(call, item, telling)
            # telling may have written the item (an answer to the organizer)
            item = call.item(node)
        if item.kind == "Task":
            affected = attribute(operation, "AffectedTaskOccurrences")
            if affected not in ("AllOccurrences", "SpecifiedOccurrenceOnly"):
                raise EwsError("ErrorAffectedTaskOccurrencesRequired", "Affected task occurrences must be specified.")
            if affected == "SpecifiedOccurrenceOnly" and _skip_occurrence(call, item):
                call.wrote(item.kind, "delete")
                return success("DeleteItem")
        remove(call, item, for_good=how != "MoveToDeletedItems")
        call.wrote(item.kind, "delete")
        return success("DeleteItem")

    return each_item(call, "DeleteItem", list(children(need(operation, "ItemIds"))), do)


def _skip_occurrence(call: Call, item: Stored) -> bool:
    """Let a recurring task show its next occurrence; False when there is none."""
    following = tasks.moved_on(item.values, call.items.now) if item.values.get("Recurrence") else None
    if following is None:
        return False
    call.items.replace(item, tasks.finish(following, item.values, call.items.now))
    return True


def tell_of_removal(call: Call, item: Stored, telling: str) -> None:
    if telling == SILENT or not item.values.get("IsMeeting") or item.values.get("IsCancelled"):
        return
    if item.values.get("IsOrganizer"):
        meetings.cancel(call, item)
    elif item.values.get("MyResponseType") != "Decline":
        meetings.respond(call, item, "Decline", tell=True)


def remove(call: Call, item: Stored, *, for_good: bool) -> None:
    """Delete, or move to Deleted Items (out of which deleting is for good). Of an occurrence nothing is left."""
    trash = call.directory.distinguished(call.directory.mailbox_by_id(item.mailbox), "deleteditems")
    if for_good or item.original or item.folder == trash.id:
        call.items.delete(item)
    else:
        call.items.move(item, trash)


def move_item(call: Call, operation: Node) -> Node:
    return _transfer(call, operation, "MoveItem")


def copy_item(call: Call, operation: Node) -> Node:
    return _transfer(call, operation, "CopyItem")


def _transfer(call: Call, operation: Node, name: str) -> Node:
    def do(node: Node) -> Node:
        folder = call.folder(next(children(need(operation, "ToFolderId"))))
        item = call.item(node)
        if name == "MoveItem":
            made = call.items.move(item, folder)
        elif item.original:
            raise EwsError("ErrorCalendarCannotMoveOrCopyOccurrence")
        else:
            made = call.items.create(folder, item.kind, item.values)
        call.wrote(item.kind, "move" if name == "MoveItem" else "copy")
        return with_items(success(name), made)

    return each_item(call, name, list(children(need(operation, "ItemIds"))), do)


def send_item(call: Call, operation: Node) -> Node:
    keep = attribute(operation, "SaveItemToFolder") in ("true", "1")

    def do(node: Node) -> Node:
        item = fresh(call, node)
        if not messages.is_sendable(item):
            raise EwsError("ErrorInvalidOperation", "Only drafts can be sent.")
        sender = call.directory.mailbox_by_id(item.mailbox)
        values = messages.send(call, item.values, sender)
        call.items.delete(item)
        if keep:
            target = child(operation, "SavedItemFolderId")
            folder = (
                call.folder(next(children(target)))
                if target is not None
                else call.directory.distinguished(sender, "sentitems")
            )
            call.items.create(folder, "Message", values)
        call.wrote("Message", "send")
        return success("SendItem")

    return each_item(call, "SendItem", list(children(need(operation, "ItemIds"))), do)
