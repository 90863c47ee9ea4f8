"""Where an item went that vanished from its folder: EWS gives a moved item a new id and tells nothing of the way.

The key that an item bears goes with it. There is no search over a whole mailbox, so the folders are asked for it:
first those that hold events, tasks and contacts together with Deleted Items, and for what is in none of them the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from exchangelib.properties import FolderId

from connectors.errors import TRANSIENT, Scope
from connectors.exchange import wire, wire_folders
from connectors.exchange.codec import MODELS
from connectors.exchange.folders import DISTINGUISHED
from connectors.exchange.line import Line
from connectors.exchange.properties import ATTRIBUTE
from mapping.model.item import DELETED, ELSEWHERE

KEYS_AT_ONCE = 50  # a restriction of many alternatives is refused as too complex
FOLDERS_AT_ONCE = 100
_CLASSES = ("IPF.Appointment", "IPF.Task", "IPF.Contact")
_ROLES = {distinguished: role for role, distinguished in DISTINGUISHED.items()}


def find(line: Line, keys: Iterable[str]) -> dict[str, tuple[str, Any]]:
    """By key: the role of the folder in which the item stands, and the item, which knows its id. What lies in a folder
    under Deleted Items is deleted; of two items with one key the one that is not deleted counts."""
    left = list(dict.fromkeys(keys))
    if not left:
        return {}
    likely, rest, roles = folders(line)
    found = _search(line, likely, left, roles)
    found |= _search(line, rest, [key for key in left if key not in found], roles)
    return found


def folders(line: Line) -> tuple[list[str], list[str], Mapping[str, str]]:
    """Folder ids, first those that hold what is mirrored, then the rest; and the roles of all: one call."""
    top = wire.folder_id(line.account, "msgfolderroot")
    folders = line.call(lambda: wire_folders.FindFolder(account=line.account).below(top))
    ours = {ident: role for role, ident in line.folder_ids.items()}
    roles = {each.id: _ROLES.get(each.role) or ours.get(each.id, ELSEWHERE) for each in folders}
    parents = {each.id: each.parent for each in folders}
    for each in folders:
        if any(roles.get(above) == DELETED for above in _above(each.id, parents)):
            roles[each.id] = DELETED
    kept = [each for each in folders if roles[each.id] != DELETED]
    likely = [each.id for each in kept if each.folder_class.startswith(_CLASSES)]
    deleted = [ident for ident, role in roles.items() if role == DELETED]
    return [*likely, *deleted], [each.id for each in kept if each.id not in likely], roles


def _above(folder: str, parents: Mapping[str, str]) -> Iterator[str]:
    while folder in parents:
        folder = parents[folder]
        yield folder


def _search(
    line: Line, folders: Sequence[str], keys: Sequence[str], roles: Mapping[str, str]
) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for some in _chunks(folders, FOLDERS_AT_ONCE):
        for wanted in _chunks(keys, KEYS_AT_ONCE):
            for item in _bearing(line, some, wanted):
                key, role = getattr(item, ATTRIBUTE), roles.get(item.parent_folder_id.id, ELSEWHERE)
                if key not in found or found[key][0] == DELETED:
                    found[key] = (role, item)
    return found


def _bearing(line: Line, folders: Sequence[str], keys: Sequence[str]) -> Iterator[Any]:
    """The items in these folders that bear one of the keys. A folder that cannot be searched holds none of them."""
    fields = wire.paths(next(iter(MODELS.values())), (ATTRIBUTE, "parent_folder_id"))
    service = wire.FindItem(account=line.account)
    where = [FolderId(id=each) for each in folders]
    for answer in line.call(lambda: service.bearing(where, keys, fields), Scope.CONTAINER):
        if not isinstance(answer, Exception):
            if answer is not None:
                yield answer
        elif (error := line.fault(answer, Scope.CONTAINER)).fault in TRANSIENT:
            raise error


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
