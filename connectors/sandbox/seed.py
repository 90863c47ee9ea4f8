"""Real files into the sandbox: mails, calendars, contacts into a mailbox, tables into Salesforce objects."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.control import call_for
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.state import Directory
from connectors.sandbox.seeding.calendars import load_ics
from connectors.sandbox.seeding.contacts import load_vcf
from connectors.sandbox.seeding.mails import load_eml, load_mbox
from connectors.sandbox.seeding.report import FileReport, SeedReport
from connectors.sandbox.seeding.rows import load_rows, rank

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

__all__ = ["DEFAULT_MAILBOX", "FileReport", "SeedReport", "load"]

DEFAULT_MAILBOX = "demo@acme.example"
MAX_FILE = 256 * 1024 * 1024
_MAILBOX_FILES: dict[str, Callable[[Call, Path, FileReport], Any]] = {
    ".eml": load_eml,
    ".mbox": load_mbox,
    ".ics": load_ics,
    ".vcf": load_vcf,
}
_TABLES = frozenset({".json", ".csv"})
# what libraries raise on input that nobody foresaw
_TROUBLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError, ArithmeticError, RecursionError, OSError)


def load(
    sandbox: Sandbox, directory: str | Path, *, mailbox: str = DEFAULT_MAILBOX, org: str | None = None
) -> SeedReport:
    """Load every file below the directory. The mailbox is made when it is missing. A bad file stops nothing: the
    report says for each file what came of it. Raises NotADirectoryError."""
    home = Path(directory)
    if not home.is_dir():
        raise NotADirectoryError(str(home))
    people = Directory(sandbox.store)
    if people.find_mailbox(mailbox) is None:
        people.add_mailbox(mailbox)
    call = call_for(sandbox, mailbox)
    known: dict[str, str] = {}
    report = SeedReport()
    for path in sorted(_files(home), key=lambda path: (rank(path) if _kind(path) in _TABLES else -1, str(path))):
        file = FileReport(path.relative_to(home).as_posix())
        report.files.append(file)
        try:
            _load_one(sandbox, call, path, file, org, known)
        except EwsError as error:
            file.skip(path.name, error.text)
        except _TROUBLE as error:
            file.skip(path.name, f"broken ({type(error).__name__}: {error})")
    return report


def _load_one(
    sandbox: Sandbox, call: Call, path: Path, file: FileReport, org: str | None, known: dict[str, str]
) -> None:
    kind = _kind(path)
    if path.stat().st_size > MAX_FILE:
        file.skip(path.name, f"larger than {MAX_FILE // 1024 // 1024} MB")
    elif kind in _TABLES:
        load_rows(sandbox, org, path, file, known)
    elif kind in _MAILBOX_FILES:
        with sandbox.store.transaction():
            _MAILBOX_FILES[kind](call, path, file)
    else:
        file.skip(path.name, f"files of type {kind or 'none'} are not loaded")


def _files(home: Path) -> list[Path]:
    """All regular files; links out of the directory are not followed."""
    return [
        Path(parent) / name
        for parent, _, names in os.walk(home)
        for name in names
        if not name.startswith(".") and (Path(parent) / name).is_file() and not (Path(parent) / name).is_symlink()
    ]


def _kind(path: Path) -> str:
    return path.suffix.lower()
