"""Further mail folders that people want looked at, found by their names in one reading of the whole tree."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from connectors.exchange import wire, wire_folders
from connectors.exchange.folders import MANAGED
from connectors.exchange.line import Line
from connectors.exchange.wire_folders import FoundFolder
from mapping.model.item import MORE_MAIL

ARCHIVE = "syncarchivefolder"
# Exchange gives it no name of its own over EWS; programs make it with the name of their language
_ARCHIVES = frozenset(
    {"archive", "archiv", "archives", "archivo", "archivio", "archief", "arkiv", "arkisto", "arquivo"}
)

# folders that have a role of their own, or none that mail is kept in
_NEVER = frozenset({"inbox", "sentitems", "drafts", "outbox", "deleteditems", "junkemail"})
_OURS = frozenset(each.name.casefold() for each in MANAGED.values())

Path = tuple[str, ...]


def mail_folders(line: Line, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
    """See `Mailbox.mail_folders`. What was found is known to the line from now on."""
    top = wire.folder_id(line.account, "msgfolderroot")
    folders = line.call(lambda: wire_folders.FindFolder(account=line.account).below(top))
    found = {role_of(each.id): each.id for each in chosen(folders, wanted, without)}
    line.folder_ids.update(found)
    return found


def role_of(folder_id: str) -> str:
    """A role that is the same whenever the folder is found, and short."""
    return MORE_MAIL + hashlib.sha256(folder_id.encode()).hexdigest()[:12]


def chosen(folders: Sequence[FoundFolder], wanted: Iterable[str], without: Iterable[str]) -> list[FoundFolder]:
    """Those of the folders that are wanted, in the order of their paths."""
    by_id = {each.id: each for each in folders}
    paths = {each.id: _path(each, by_id) for each in folders}
    inbox = next((paths[each.id] for each in folders if each.role == "inbox"), ("inbox",))
    take, leave = _places(wanted, inbox), _places(without, inbox)
    barred = [paths[each.id] for each in folders if each.role in _NEVER - {"inbox", "sentitems"}]
    found = [
        each for each in folders
        if each.role not in _NEVER and _holds_mail(each)
        and _within(paths[each.id], take) and not _within(paths[each.id], [*leave, *barred])
    ]  # fmt: skip
    return sorted(found, key=lambda each: paths[each.id])


def _path(folder: FoundFolder, by_id: Mapping[str, FoundFolder]) -> Path:
    above = by_id.get(folder.parent)
    return (*(_path(above, by_id) if above is not None else ()), folder.name.casefold())


def _places(names: Iterable[str], inbox: Path) -> list[Path]:
    """Where the folders of these names may stand."""
    found: list[Path] = []
    for name in names:
        path = tuple(part.strip().casefold() for part in name.split("/"))
        if path == (ARCHIVE,):
            found += [(each,) for each in sorted(_ARCHIVES)]
        else:
            found += [path, (*inbox, *path)] if len(path) == 1 else [path]
    return found


def _within(path: Path, places: Iterable[Path]) -> bool:
    return any(path[: len(place)] == place for place in places)


def _holds_mail(folder: FoundFolder) -> bool:
    mail = (folder.folder_class or "IPF.Note").casefold().startswith("ipf.note")
    return mail and folder.name.casefold() not in _OURS
