"""Further mail folders that people want looked at, found by their names in the whole tree of a mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.outlook.facts import MANAGED_NAMES
from connectors.places import Path, meant, within

INBOX, SENT, ARCHIVE = "inbox", "sentitems", "archive"
# folders that have a role of their own, or none that mail is kept in
NEVER = frozenset({INBOX, SENT, "drafts", "outbox", "deleteditems", "junkemail"})
# Over EWS the archive has no role; programs make it with the name of their language.
_ARCHIVES = frozenset(
    {"archive", "archiv", "archives", "archivo", "archivio", "archief", "arkiv", "arkisto", "arquivo"}
)
_OURS = frozenset(name.casefold() for name in MANAGED_NAMES.values())


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder of the tree. `role`: the name that it has beside its own, empty for folders that people made."""

    id: str
    parent: str
    name: str
    role: str = ""
    holds_mail: bool = True


def chosen(folders: Sequence[Branch], wanted: Iterable[str], without: Iterable[str]) -> list[Branch]:
    """Those of the folders that are wanted, in the order of their paths."""
    by_id = {each.id: each for each in folders}
    paths = {each.id: _path(each, by_id) for each in folders}
    roles = {each.role: paths[each.id] for each in folders if each.role}
    archives = [roles[ARCHIVE]] if ARCHIVE in roles else [(each,) for each in sorted(_ARCHIVES)]
    inbox = roles.get(INBOX, (INBOX,))
    take, leave = (meant(names, inbox, archives) for names in (wanted, without))
    barred = [paths[each.id] for each in folders if each.role in NEVER - {INBOX, SENT}]
    found = [
        each for each in folders
        if each.role not in NEVER and each.holds_mail and each.name.casefold() not in _OURS
        and within(paths[each.id], take) and not within(paths[each.id], [*leave, *barred])
    ]  # fmt: skip
    return sorted(found, key=lambda each: paths[each.id])


def _path(folder: Branch, by_id: dict[str, Branch]) -> Path:
    above = by_id.get(folder.parent)
    return (*(_path(above, by_id) if above is not None else ()), folder.name.casefold())
