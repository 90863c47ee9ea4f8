"""Folders, lists and calendars of a mailbox, its categories, and the user behind it."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from lxml import etree

from connectors.sandbox.ews.misc_ops import CATEGORY_LIST, configuration
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.odata import EXTENDED, canonical, known, named, selected
from connectors.sandbox.graph.operations import LISTING, Answer, paged

WELL_KNOWN_MAIL = {
    name: name for name in ("inbox", "sentitems", "deleteditems", "drafts", "junkemail", "outbox", "msgfolderroot")
}
MAIL, CONTACTS, TASKS, CALENDAR = "IPF.Note", "IPF.Contact", "IPF.Task", "IPF.Appointment"
_PROPERTIES = "GraphExtended"  # under which a folder's own extended properties are kept
_SPACE = "{CategoryList.xsd}"


# --- folders


def mail_folder(call: GraphCall, identifier: str) -> Folder:
    if identifier.lower() == "archive":
        top = call.store.directory.distinguished(call.store.acting, "msgfolderroot")
        found = next((each for each in call.store.directory.below(top, deep=False) if each.name == "Archive"), None)
        if found is None:
            raise GraphError(404, "ErrorFolderNotFound")
        return found
    return call.folder(identifier, "IPF", **WELL_KNOWN_MAIL)


def contact_folder(call: GraphCall, identifier: str) -> Folder:
    return call.folder(identifier, CONTACTS, contacts="contacts")


def task_list(call: GraphCall, identifier: str) -> Folder:
    return call.folder(identifier, TASKS, tasks="tasks")


def calendar(call: GraphCall, identifier: str = "") -> Folder:
    if not identifier:
        return call.store.directory.distinguished(call.store.acting, "calendar")
    return call.folder(identifier, CALENDAR)


def mail_folders(call: GraphCall) -> Answer:
    top = call.store.directory.distinguished(call.store.acting, "msgfolderroot")
    return _listing(call, [each for each in call.store.directory.below(top, deep=False) if _is(each, MAIL)], _mail)


def mail_folders_delta(call: GraphCall) -> Answer:
    """The whole tree in one page; that a folder changes later is told to nobody."""
    call.options.allow("$select")
    top = call.store.directory.distinguished(call.store.acting, "msgfolderroot")
    found = [each for each in call.store.directory.below(top, deep=True) if _is(each, MAIL)]
    value = [selected(_mail(call, each), call.options) for each in found]
    return 200, {
        "@odata.context": call.context("mailFolders"), "value": value,
        "@odata.deltaLink": f"{call.root}{call.path}?$deltatoken=none",
    }  # fmt: skip


def contact_folders(call: GraphCall) -> Answer:
    """Those below the one that every mailbox has, which is not among them."""
    top = contact_folder(call, "contacts")
    found = [each for each in call.store.directory.below(top, deep=False) if _is(each, CONTACTS)]
    return _listing(call, found, _contacts)


def task_lists(call: GraphCall) -> Answer:
    found = [each for each in _kept(call) if _is(each, TASKS)]
    return _listing(call, found, _tasks)


def calendars(call: GraphCall) -> Answer:
    found = [each for each in _kept(call) if _is(each, CALENDAR)]
    return _listing(call, found, _calendar)


def _kept(call: GraphCall) -> list[Folder]:
    """All folders but those that were deleted."""
    directory = call.store.directory
    deleted = directory.below(directory.distinguished(call.store.acting, "deleteditems"), deep=True)
    gone = {each.id for each in deleted}
    return [each for each in directory.folders(call.store.acting) if each.id not in gone]


def _is(folder: Folder, folder_class: str) -> bool:
    return folder.folder_class.startswith(folder_class)


def _listing(call: GraphCall, found: list[Folder], told: Any) -> Answer:
    call.options.allow(*LISTING)
    wanted = call.options.given.get("$filter")
    if wanted:
        found = [each for each in found if each.name.lower() == named(wanted).lower()]
    part = found[call.options.skip : call.options.skip + call.options.top]
    return 200, paged(call, [told(call, each) for each in part], len(found))


def _mail(call: GraphCall, folder: Folder) -> Json:
    told: Json = {
        "id": call.folder_id(folder), "displayName": folder.name,
        "parentFolderId": call.folder_id(folder.parent or folder.id), "childFolderCount": 0, "isHidden": False,
        "totalItemCount": call.store.items.count(folder), "unreadItemCount": call.store.items.unread(folder),
    }  # fmt: skip
    if EXTENDED in call.options.expand:
        rows = call.store.sandbox.store.all(
            "SELECT part, value FROM ews_setting WHERE folder = ? AND name = ?", (folder.id, _PROPERTIES)
        )
        held = {row["part"]: row["value"] for row in rows}
        told[EXTENDED] = [{"id": name, "value": held[name]} for name in call.options.extended if name in held]
    return told


def _contacts(call: GraphCall, folder: Folder) -> Json:
    parent = call.folder_id(folder.parent or folder.id)
    return {"id": call.folder_id(folder), "displayName": folder.name, "parentFolderId": parent}


def _tasks(call: GraphCall, folder: Folder) -> Json:
    return {
        "id": call.folder_id(folder), "displayName": folder.name, "isOwner": True, "isShared": False,
        "wellknownListName": "defaultList" if folder.role == "tasks" else "none",
    }  # fmt: skip


def _calendar(call: GraphCall, folder: Folder) -> Json:
    owner = call.store.acting
    return {
        "id": call.folder_id(folder), "name": folder.name, "isDefaultCalendar": folder.role == "calendar",
        "canEdit": True, "canShare": True, "canViewPrivateItems": True, "isRemovable": folder.role != "calendar",
        "color": "auto", "owner": {"name": owner.name, "address": owner.address},
    }  # fmt: skip


def get_mail_folder(call: GraphCall, identifier: str) -> Answer:
    entity = _mail(call, mail_folder(call, identifier))
    known(call.options, "mailFolder", frozenset(entity) | {EXTENDED})
    return 200, selected(entity, call.options)


def patch_mail_folder(call: GraphCall, identifier: str) -> Answer:
    """Only the extended properties of a folder are written here."""
    folder = mail_folder(call, identifier)
    if set(call.body) != {EXTENDED}:
        raise bad("The property cannot be set on type 'microsoft.graph.mailFolder'.", "RequestBodyRead")
    for each in call.body[EXTENDED]:
        call.store.sandbox.store.run(
            "INSERT OR REPLACE INTO ews_setting VALUES (?, ?, ?, ?)",
            (folder.id, _PROPERTIES, canonical(str(each["id"])), str(each["value"])),
        )
    return 200, _mail(call, folder)


def add_mail_folder(call: GraphCall) -> Answer:
    return 201, _mail(call, _add(call, "msgfolderroot", MAIL))


def add_contact_folder(call: GraphCall) -> Answer:
    return 201, _contacts(call, _add(call, "contacts", CONTACTS))


def add_task_list(call: GraphCall) -> Answer:
    return 201, _tasks(call, _add(call, "tasks", TASKS))


def _add(call: GraphCall, parent: str, folder_class: str) -> Folder:
    name = str(call.body.get("displayName") or "")
    if not name or set(call.body) != {"displayName"}:
        raise bad("A folder needs a displayName, and takes nothing else.", "RequestBodyRead")
    where = call.store.directory.distinguished(call.store.acting, parent)
    return call.store.directory.add_folder(where, name, folder_class)


# --- categories: the list that Outlook keeps with the calendar


def categories(call: GraphCall) -> Answer:
    call.options.allow(*LISTING)
    return 200, paged(call, [_category(each) for each in _list(call)], 0)


def add_category(call: GraphCall) -> Answer:
    root, name = _list(call), str(call.body.get("displayName") or "")
    if not name or any(each.get("name", "").lower() == name.lower() for each in root):
        raise GraphError(409, "ErrorAlreadyExists" if name else "ErrorInvalidRequest")
    color = str(call.body.get("color") or "none")
    number = "-1" if color == "none" else color.removeprefix("preset")
    guid = f"{{{str(uuid.uuid4()).upper()}}}"
    made = etree.SubElement(root, f"{_SPACE}category", {"name": name, "color": number, "guid": guid})
    _keep(call, root)
    return 201, _category(made)


def drop_category(call: GraphCall, identifier: str) -> Answer:
    root = _list(call)
    found = next((each for each in root if _category(each)["id"] == identifier), None)
    if found is None:
        raise GraphError(404, "ErrorItemNotFound")
    root.remove(found)
    _keep(call, root)
    return 204, None


def _list(call: GraphCall) -> Any:
    stored = configuration(call.store, calendar(call), CATEGORY_LIST)
    return etree.fromstring(base64.b64decode(stored["XmlData"]))


def _keep(call: GraphCall, root: Any) -> None:
    text = base64.b64encode(etree.tostring(root)).decode("ascii")
    call.store.sandbox.store.run(
        "INSERT OR REPLACE INTO ews_setting VALUES (?, ?, 'XmlData', ?)", (calendar(call).id, CATEGORY_LIST, text)
    )


def _category(element: Any) -> Json:
    number = int(element.get("color", "-1"))
    return {
        "id": element.get("guid", "").strip("{}").lower(), "displayName": element.get("name", ""),
        "color": "none" if number < 0 else f"preset{number}",
    }  # fmt: skip


# --- the user


def user(call: GraphCall) -> Answer:
    mailbox = call.store.acting
    addresses = call.store.directory.aliases(mailbox)
    entity = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, mailbox.address)), "displayName": mailbox.name,
        "mail": mailbox.address, "userPrincipalName": mailbox.address,
        "proxyAddresses": [f"{'SMTP' if each == mailbox.address else 'smtp'}:{each}" for each in addresses],
    }  # fmt: skip
    known(call.options, "user", frozenset(entity))
    return 200, selected(entity, call.options)
