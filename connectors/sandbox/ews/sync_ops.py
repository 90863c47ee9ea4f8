"""SyncFolderItems and FindItem: the two ways to list a folder."""

from __future__ import annotations

from datetime import datetime, timedelta

from lxml import etree

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed
from connectors.sandbox.ews.ids import item_id, item_number, sync_state
from connectors.sandbox.ews.items import Stored
from connectors.sandbox.ews.search import Sql, order, restriction
from connectors.sandbox.ews.shapes import read_shape, write_item
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.ews.wire import (
    Node,
    add,
    attribute,
    child,
    children,
    failure,
    m,
    messages,
    need,
    success,
    text_of,
)
from connectors.sandbox.store import Row

_ELEMENTS = {"create": "Create", "update": "Update", "delete": "Delete", "read": "ReadFlagChange"}
MAX_PAGE = 1000
MAX_VIEW = timedelta(days=366 + 365)


def sync_folder_items(call: Call, operation: Node) -> Node:
    name = "SyncFolderItems"
    given = text_of(child(operation, "SyncState"))
    limit_text = text_of(need(operation, "MaxChangesReturned"))
    if not limit_text.isdigit() or not 1 <= int(limit_text) <= 512:
        raise malformed("The 'MaxChangesReturned' element is invalid: it must be 1 to 512.")
    try:
        shape = read_shape(operation, listing=True)
        try:
            folder = call.folder(next(children(need(operation, "SyncFolderId"))))
        except EwsError as error:
            if error.code == "ErrorFolderNotFound":
                raise EwsError("ErrorSyncFolderNotFound") from error
            raise
        state = sync_state(given, folder.id)
        if given and not call.items.remembers(state):
            raise EwsError("ErrorInvalidSyncStateData")
    except EwsFault:
        raise
    except EwsError as error:
        message = failure(name, error)
        etree.SubElement(message, m("SyncState")).text = given
        etree.SubElement(message, m("IncludesLastItemInRange")).text = "true"
        return messages(name, [message])
    ignored = _ignored(operation)
    steps, after = call.items.steps(state, int(limit_text))
    found = call.items.many(step.item for step in steps)
    message = success(name)
    etree.SubElement(message, m("SyncState")).text = after.text()
    etree.SubElement(message, m("IncludesLastItemInRange")).text = "false" if after.midway else "true"
    changes = etree.SubElement(message, m("Changes"))
    for step in steps:
        if step.item in ignored:
            continue
        if step.verb == "delete":
            add(add(changes, "Delete"), "ItemId", None, Id=item_id(folder.mailbox, step.item))
        elif step.item in found and step.verb == "read":
            node = add(changes, "ReadFlagChange")
            add(node, "ItemId", None, Id=item_id(folder.mailbox, step.item))
            add(node, "IsRead", "true" if found[step.item].values.get("IsRead") else "false")
        elif step.item in found:
            write_item(add(changes, _ELEMENTS[step.verb]), found[step.item], shape)
    return messages(name, [message])


def _ignored(operation: Node) -> set[int]:
    node = child(operation, "Ignore")
    return set() if node is None else {item_number(attribute(each, "Id")) for each in children(node)}


def find_item(call: Call, operation: Node) -> Node:
    name = "FindItem"
    made: list[Node] = []
    for node in children(need(operation, "ParentFolderIds")):
        try:
            shape = read_shape(operation, listing=True)
            folder = call.folder(node)
            calendar = child(operation, "CalendarView")
            if calendar is not None:
                found, attributes = _view(call, folder, calendar, operation)
            else:
                found, attributes = _page(call, folder, operation)
            message = success(name)
            root = etree.SubElement(message, m("RootFolder"), attributes)
            holder = add(root, "Items")
            for item in found:
                write_item(holder, item, shape)
            made.append(message)
        except EwsFault:
            raise
        except EwsError as error:
            made.append(failure(name, error))
    return messages(name, made)


def _page(call: Call, folder: Folder, operation: Node) -> tuple[list[Stored], dict[str, str]]:
    condition: Sql = ("1", [])
    node = child(operation, "Restriction")
    if node is not None:
        condition = restriction(node)
    if child(operation, "QueryString") is not None:
        raise EwsError("ErrorUnsupportedQueryFilter", "Query strings are not available here.")
    if attribute(operation, "Traversal", "Shallow") != "Shallow":
        # nothing is soft-deleted or associated in here
        condition = ("0", [])
    view = child(operation, "IndexedPageItemView")
    limit = min(_count(view, "MaxEntriesReturned", MAX_PAGE), MAX_PAGE) if view is not None else MAX_PAGE
    offset = _count(view, "Offset", 0) if view is not None else 0
    sql, values = condition
    terms, keys = order(child(operation, "SortOrder"))
    total = int(
        call.sandbox.store.scalar(
            f"SELECT count(*) FROM ews_item i WHERE i.folder = ? AND ({sql})",  # noqa: S608 - bound values only
            [folder.id, *values],
        )
    )
    if view is not None and attribute(view, "BasePoint") == "End":
        offset = max(0, total - offset - limit)
    rows = call.sandbox.store.all(
        f"SELECT i.id FROM ews_item i WHERE i.folder = ? AND ({sql}) ORDER BY {terms} LIMIT ? OFFSET ?",  # noqa: S608
        [folder.id, *values, *keys, limit, offset],
    )
    after = offset + len(rows)
    return _ordered(call, rows), {
        "IndexedPagingOffset": str(after),
        "TotalItemsInView": str(total),
        "IncludesLastItemInRange": "true" if after >= total else "false",
    }


def _view(call: Call, folder: Folder, view: Node, operation: Node) -> tuple[list[Stored], dict[str, str]]:
    """What takes place in a span of time: single items and the occurrences of series, never a master."""
    if child(operation, "Restriction") is not None:
        raise EwsError("ErrorRestrictionTooComplex", "A calendar view and a restriction exclude each other.")
    try:
        start, end = (zones.moment(attribute(view, name), call.zone) for name in ("StartDate", "EndDate"))
    except ValueError:
        raise malformed("The 'CalendarView' element is invalid: not a dateTime.") from None
    if end < start:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > MAX_VIEW:
        raise EwsError("ErrorCalendarViewRangeTooBig")
    limit = _count(view, "MaxEntriesReturned", MAX_PAGE)
    found = calendar_view(call, folder, start, end)
    complete = "true" if len(found) <= limit else "false"
    return found[:limit], {"TotalItemsInView": str(len(found)), "IncludesLastItemInRange": complete}


def calendar_view(call: Call, folder: Folder, start: datetime, end: datetime) -> list[Stored]:
    """What a calendar shows between the moments, in the order of the starts."""
    values = [folder.id, zones.stamp(end), zones.stamp(start), zones.stamp(start)]
    found = _ordered(call, call.sandbox.store.all(_SINGLES, values))
    for master in _ordered(call, call.sandbox.store.all(_MASTERS, [folder.id])):
        found += series.view(master, start, end)
    return sorted(found, key=lambda item: (item.values["Start"], item.id))


_SINGLES = """
SELECT id FROM ews_item WHERE folder = ? AND starts < ? AND (ends > ? OR starts >= ?) AND kind = 'CalendarItem'
 AND json_extract(doc, '$.CalendarItemType') <> 'RecurringMaster'
"""
# all of them: an exception may stand before the first place of its series
_MASTERS = """
SELECT id FROM ews_item WHERE folder = ? AND kind = 'CalendarItem'
 AND json_extract(doc, '$.CalendarItemType') = 'RecurringMaster'
"""


def _ordered(call: Call, rows: list[Row]) -> list[Stored]:
    """The items of the rows, in their order."""
    found = call.items.many(row["id"] for row in rows)
    return [found[row["id"]] for row in rows if row["id"] in found]


def _count(node: Node, name: str, default: int) -> int:
    text = attribute(node, name, str(default))
    if not text.isdigit():
        raise malformed(f"The '{name}' attribute is invalid.")
    return int(text)
