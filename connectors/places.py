"""Which of the mail folders of a mailbox are meant by the names that people give: `Mailbox.mail_folders`, as far as it
is the same for every vendor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from mapping.model.item import MORE_MAIL

Path = tuple[str, ...]  # the names of folders from the top, in small letters

ARCHIVE = "syncarchivefolder"


def role_of(folder_id: str) -> str:
    """A role that is the same whenever the folder is found, and short."""
    return MORE_MAIL + hashlib.sha256(folder_id.encode()).hexdigest()[:12]


def path_of(name: str) -> Path:
    """A name that people give, or that a folder bears, with slashes between the parts."""
    return tuple(part.strip().casefold() for part in name.split("/"))


def meant(names: Iterable[str], inbox: Path, archives: Iterable[Path]) -> list[Path]:
    """Where the folders of these names may stand; a name alone is that of a folder at the top or in the Inbox."""
    found: list[Path] = []
    for name in names:
        path = path_of(name)
        if path == (ARCHIVE,):
            found += archives
        else:
            found += [path, (*inbox, *path)] if len(path) == 1 else [path]
    return found


def within(path: Path, places: Iterable[Path]) -> bool:
    """Is it one of the places, or below one?"""
    return any(path[: len(place)] == place for place in places)
