"""GetFolder, FindFolder, CreateFolder, UpdateFolder, DeleteFolder, SyncFolderHierarchy."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed
from connectors.sandbox.ews.ids import SyncState, change_key, folder_id, sync_state
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.ews.wire import (
    Node,
    add,
    attribute,
    child,
    children,
    failure,
    local,
    m,
    messages,
    need,
    success,
    text_of,
)

_KINDS = {"IPF.Appointment": "CalendarFolder", "IPF.Contact": "ContactsFolder", "IPF.Task": "TasksFolder"}
_CLASSES = {kind: name for name, kind in _KINDS.items()}
_RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")


def read_folder_shape(operation: Node) -> frozenset[str]:
    """Element names to tell of a folder."""
    node = need(operation, "FolderShape")
    names = {"FolderId"}
    if text_of(need(node, "BaseShape")) != "IdOnly":
        names |= {"ParentFolderId", "FolderClass", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"}
        names |= {"EffectiveRights", "DistinguishedFolderId"}
    wanted = child(node, "AdditionalProperties")
    for path in children(wanted) if wanted is not None else ():
        names.add(attribute(path, "FieldURI").partition(":")[2])
    return frozenset(names)


def write_folder(call: Call, parent: Node, folder: Folder, names: frozenset[str]) -> None:
    node = add(parent, _KINDS.get(folder.folder_class, "Folder"))
    add(node, "FolderId", None, Id=folder_id(folder.mailbox, folder.id), ChangeKey=change_key(folder.version))
    if "ParentFolderId" in names and folder.parent is not None:
        add(node, "ParentFolderId", None, Id=folder_id(folder.mailbox, folder.parent))
    if "FolderClass" in names:
        add(node, "FolderClass", folder.folder_class)
    if "DisplayName" in names:
        add(node, "DisplayName", folder.name)
    if "TotalCount" in names:
        add(node, "TotalCount", str(call.items.count(folder)))
    if "ChildFolderCount" in names:
        add(node, "ChildFolderCount", str(len(call.directory.below(folder, deep=False))))
    if "EffectiveRights" in names:
        rights = add(node, "EffectiveRights")
        for right in _RIGHTS:
            add(rights, right, "true")
    if "DistinguishedFolderId" in names and folder.role:
        add(node, "DistinguishedFolderId", folder.role)
    if "UnreadCount" in names and folder.folder_class not in ("IPF.Appointment", "IPF.Contact"):
        add(node, "UnreadCount", str(call.items.unread(folder)))


def _each(call: Call, name: str, nodes: list[Node], do: Callable[[Node], Node]) -> Node:
    made: list[Node] = []
    for node in nodes:
        try:
            with call.sandbox.store.transaction():
                made.append(do(node))
        except EwsFault:
            raise
        except EwsError as error:
            made.append(failure(name, error))
    return messages(name, made)


def _with_folder(call: Call, name: str, folder: Folder, names: frozenset[str]) -> Node:
    message = success(name)
    write_folder(call, etree.SubElement(message, m("Folders")), folder, names)
    return message


_ID = frozenset({"FolderId"})


def get_folder(call: Call, operation: Node) -> Node:
    names = read_folder_shape(operation)
    return _each(
        call,
        "GetFolder",
        list(children(need(operation, "FolderIds"))),
        lambda node: _with_folder(call, "GetFolder", call.folder(node), names),
    )


def find_folder(call: Call, operation: Node) -> Node:
    names = read_folder_shape(operation)
    deep = attribute(operation, "Traversal") == "Deep"
    view = child(operation, "IndexedPageFolderView")
    offset = int(attribute(view, "Offset", "0")) if view is not None else 0
    limit = int(attribute(view, "MaxEntriesReturned", "1000")) if view is not None else 1000
    only = _only(operation)

    def do(node: Node) -> Node:
        found = [each for each in call.directory.below(call.folder(node), deep=deep) if only(each)]
        page = found[offset : offset + limit]
        message = success("FindFolder")
        root = etree.SubElement(message, m("RootFolder"))
        root.set("IndexedPagingOffset", str(offset + len(page)))
        root.set("TotalItemsInView", str(len(found)))
        root.set("IncludesLastItemInRange", "true" if offset + len(page) >= len(found) else "false")
        holder = add(root, "Folders")
        for each in page:
            write_folder(call, holder, each, names)
        return message

    return _each(call, "FindFolder", list(children(need(operation, "ParentFolderIds"))), do)


def _only(operation: Node) -> Callable[[Folder], bool]:
    """A restriction on folders: equality of name or class, or one of several, is what clients use."""
    node = child(operation, "Restriction")
    if node is None:
        return lambda folder: True  # noqa: ARG005
    inner = next(children(node))
    tests = [_equality(each) for each in (children(inner) if local(inner) == "Or" else [inner])]
    return lambda folder: any(test(folder) for test in tests)


def _equality(equal: Node) -> Callable[[Folder], bool]:
    path = child(equal, "FieldURI")
    if local(equal) != "IsEqualTo" or path is None:
        raise EwsError("ErrorUnsupportedPathForQuery")
    wanted = attribute(need(need(equal, "FieldURIOrConstant"), "Constant"), "Value")
    match attribute(path, "FieldURI"):
        case "folder:DisplayName":
            return lambda folder: folder.name.lower() == wanted.lower()
        case "folder:FolderClass":
            return lambda folder: folder.folder_class == wanted
    raise EwsError("ErrorUnsupportedPathForQuery")


def create_folder(call: Call, operation: Node) -> Node:
    parent_node = next(children(need(operation, "ParentFolderId")))

    def do(node: Node) -> Node:
        name = text_of(child(node, "DisplayName"))
        if not name:
            raise EwsError("ErrorFolderSave", "A folder needs a display name.")
        parent = call.folder(parent_node)
        folder_class = text_of(child(node, "FolderClass")) or _CLASSES.get(local(node), "IPF.Note")
        made = call.directory.add_folder(parent, name, folder_class)
        call.wrote("Folder", "create")
        return _with_folder(call, "CreateFolder", made, _ID)

    return _each(call, "CreateFolder", list(children(need(operation, "Folders"))), do)


def update_folder(call: Call, operation: Node) -> Node:
    def do(node: Node) -> Node:
        folder = call.folder(next(children(node)))
        for change in children(need(node, "Updates")):
            path, *rest = list(children(change))
            name = text_of(child(rest[0], "DisplayName")) if rest else ""
            if attribute(path, "FieldURI") != "folder:DisplayName" or not name:
                raise EwsError("ErrorInvalidPropertySet", "", {"FieldURI": attribute(path, "FieldURI")})
            folder = call.directory.rename_folder(folder, name)
        call.wrote("Folder", "update")
        return _with_folder(call, "UpdateFolder", folder, _ID)

    return _each(call, "UpdateFolder", list(children(need(operation, "FolderChanges"))), do)


def delete_folder(call: Call, operation: Node) -> Node:
    if attribute(operation, "DeleteType") not in ("HardDelete", "SoftDelete", "MoveToDeletedItems"):
        raise malformed("The 'DeleteType' attribute is invalid.")

    def do(node: Node) -> Node:
        folder = call.folder(node)
        if folder.role:
            raise EwsError("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        remove_folder(call, folder)
        call.wrote("Folder", "delete")
        return success("DeleteFolder")

    return _each(call, "DeleteFolder", list(children(need(operation, "FolderIds"))), do)


def remove_folder(call: Call, folder: Folder) -> None:
    """The folder, what is below it, and everything in them."""
    for each in [*call.directory.below(folder, deep=True), folder]:
        for item in call.items.inside(each, heavy=False):
            call.items.delete(item)
        call.directory.drop_folder(each)


def sync_folder_hierarchy(call: Call, operation: Node) -> Node:
    """Folders that are new, changed or gone. The state lists what the client knows as one number per mailbox."""
    name = "SyncFolderHierarchy"
    names = read_folder_shape(operation)
    given = text_of(child(operation, "SyncState"))
    target = child(operation, "SyncFolderId")
    try:
        top = (
            call.folder(next(children(target)))
            if target is not None
            else call.directory.distinguished(call.acting, "msgfolderroot")
        )
        state = sync_state(given, top.id)
    except EwsFault:
        raise
    except EwsError as error:
        message = failure(name, error)
        etree.SubElement(message, m("SyncState")).text = given
        etree.SubElement(message, m("IncludesLastFolderInRange")).text = "true"
        return messages(name, [message])
    lines = call.directory.hierarchy_since(top, state.head)
    head = max([state.head, *(line.seq for line in lines)])
    message = success(name)
    etree.SubElement(message, m("SyncState")).text = SyncState(top.id, head, head, head).text()
    etree.SubElement(message, m("IncludesLastFolderInRange")).text = "true"
    changes = etree.SubElement(message, m("Changes"))
    for line in lines:
        if line.gone and line.made > state.head:
            continue
        if line.gone:
            node = add(changes, "Delete")
            add(node, "FolderId", None, Id=folder_id(top.mailbox, line.folder.id))
        else:
            node = add(changes, "Create" if line.made > state.head else "Update")
            write_folder(call, node, line.folder, names)
    return messages(name, [message])
