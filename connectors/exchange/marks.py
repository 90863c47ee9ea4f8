"""What is managed in a mailbox: our folders, and our entries in the list of categories.

Categories work on items without being in the list; the list gives them their colour and puts them into menus. So a
server that does not let us change the list is no reason to fail.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence

from exchangelib.util import to_xml, xml_to_str

from connectors.errors import ConnectorError, Fault
from connectors.exchange import stored, wire, wire_folders
from connectors.exchange.folders import MANAGED
from connectors.exchange.line import Line
from connectors.outlook.facts import CATEGORIES

log = logging.getLogger(__name__)

_LIST = "CategoryList"
_NS = "CategoryList.xsd"
_EMPTY = f'<?xml version="1.0"?><categories xmlns="{_NS}" default="Salesforce" lastSavedSession="0"/>'.encode()


def ensure_folders(line: Line, roles: Collection[str]) -> None:
    """See to it that the managed folders of these roles are there: one call finds them, one for each parent folder
    makes what is missing."""
    found = line.find_folders(roles) if roles else frozenset()
    by_parent: dict[str, list[str]] = {}
    for role in roles:
        if role not in found:
            by_parent.setdefault(MANAGED[role].parent, []).append(role)
    for parent, missing in by_parent.items():
        _create(line, parent, missing)


def _create(line: Line, parent: str, roles: Sequence[str]) -> None:
    where = wire.folder_id(line.account, parent)
    service = wire_folders.CreateFolder(account=line.account)
    try:
        ids = line.call(lambda: service.under(where, [MANAGED[role] for role in roles]), writing=True)
        line.folder_ids.update(zip(roles, line.matched(ids, len(roles)), strict=True))
    except ConnectorError as error:
        # another run, or the call whose outcome was not told, made them meanwhile
        meanwhile = error.fault in (Fault.DUPLICATE, Fault.UNKNOWN)
        if not meanwhile or not line.find_folders(roles).issuperset(roles):
            raise


def ensure_categories(line: Line) -> bool:
    """Put our categories into the mailbox's list; False when the server does not let us."""
    try:
        present = stored.read(line, _LIST)
        wanted = with_categories(present or _EMPTY)
        if wanted is not None:
            stored.write(line, _LIST, wanted, new=present is None)
    except ConnectorError as error:
        log.warning("category_list_refused fault=%s code=%s", error.fault.value, error.vendor_code)
        return False
    return True


def remove_categories(line: Line) -> None:
    """Take our categories out of the mailbox's list. On items they stay, like those of anybody else."""
    present = stored.read(line, _LIST)
    wanted = without_categories(present) if present else None
    if wanted is not None:
        stored.write(line, _LIST, wanted, new=False)


def without_categories(listing: bytes) -> bytes | None:
    """The list without ours; None when none of them is there."""
    root = to_xml(listing).getroot()
    ours = {name.casefold() for name in CATEGORIES}
    found = [entry for entry in root.findall(f"{{{_NS}}}category") if str(entry.get("name", "")).casefold() in ours]
    for entry in found:
        root.remove(entry)
    return bytes(xml_to_str(root, encoding="utf-8", xml_declaration=True)) if found else None


def with_categories(listing: bytes) -> bytes | None:
    """The list with ours added; None when nothing is missing. What the user made of an entry of ours stays."""
    root = to_xml(listing).getroot()
    present = {str(entry.get("name", "")).casefold() for entry in root.findall(f"{{{_NS}}}category")}
    missing = [name for name in CATEGORIES if name.casefold() not in present]
    for name in missing:
        root.append(root.makeelement(f"{{{_NS}}}category", _entry(name)))
    return bytes(xml_to_str(root, encoding="utf-8", xml_declaration=True)) if missing else None


def _entry(name: str) -> dict[str, str]:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"inbox-sync:category:{name}")
    return {
        "name": name, "color": str(CATEGORIES[name]), "keyboardShortcut": "0", "renameOnFirstUse": "0",
        "guid": f"{{{str(identity).upper()}}}",
    }  # fmt: skip
