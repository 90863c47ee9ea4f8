"""What Exchange makes of a contact by itself: the name to file under, and the complete name out of its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Values = dict[str, Any]

NAME_PREFIX = "String 0x3a45"  # the salutation is a property of MAPI; EWS tells it inside CompleteName only


def _joined(separator: str, *names: str) -> Callable[[Values], str]:
    return lambda values: separator.join(str(values[name]) for name in names if values.get(name))


_LAST_COMMA_FIRST = _joined(", ", "Surname", "_First")
_LAST_FIRST = _joined("", "Surname", "GivenName")
_LAST_SPACE_FIRST = _joined(" ", "Surname", "GivenName")
_COMPANY = _joined("", "CompanyName")


def _lines(first: Callable[[Values], str], second: Callable[[Values], str]) -> Callable[[Values], str]:
    return lambda values: "\r\n".join(line for line in (first(values), second(values)) if line)


# how each word of FileAsMapping files a contact; `_First` is the first name with the middle one
MAPPINGS: dict[str, Callable[[Values], str]] = {
    "LastCommaFirst": _LAST_COMMA_FIRST,
    "FirstSpaceLast": _joined(" ", "_First", "Surname", "Generation"),
    "Company": _COMPANY,
    "LastCommaFirstCompany": _lines(_LAST_COMMA_FIRST, _COMPANY),
    "CompanyLastCommaFirst": _lines(_COMPANY, _LAST_COMMA_FIRST),
    "CompanyLastFirst": _lines(_COMPANY, _LAST_FIRST),
    "CompanyLastSpaceFirst": _lines(_COMPANY, _LAST_SPACE_FIRST),
    "LastFirst": _LAST_FIRST,
    "LastFirstCompany": _lines(_LAST_FIRST, _COMPANY),
    "LastFirstSuffix": _joined("", "Surname", "GivenName", "Generation"),
    "LastFirstMiddleSuffix": _joined("", "Surname", "_First", "Generation"),
    "LastSpaceFirst": _LAST_SPACE_FIRST,
    "LastSpaceFirstCompany": _lines(_LAST_SPACE_FIRST, _COMPANY),
    "DisplayName": _joined("", "DisplayName"),
    "FirstName": _joined("", "GivenName"),
    "LastName": _joined("", "Surname"),
}
DEFAULT = "LastCommaFirst"


def finish(values: Values, before: Values | None) -> Values:
    """A contact is filed by its mapping as long as nobody says by which text."""
    old = before or {}
    said = values.get("FileAs") != old.get("FileAs")
    mapped = values.get("FileAsMapping") != old.get("FileAsMapping")
    if said and not mapped:
        return {**values, "FileAsMapping": "None"}
    mapping = values.get("FileAsMapping", DEFAULT)
    if mapping in MAPPINGS:
        parts = {**values, "_First": _joined(" ", "GivenName", "MiddleName")(values)}
        values = {**values, "FileAs": MAPPINGS[mapping](parts)}
    return {**values, "FileAsMapping": mapping}


def complete_name(values: Values, prefix: str) -> list[list[str]]:
    """The read-only `CompleteName`, in schema order."""
    parts: list[tuple[str, Any]] = [
        ("Title", prefix),
        ("FirstName", values.get("GivenName")),
        ("MiddleName", values.get("MiddleName")),
        ("LastName", values.get("Surname")),
        ("Suffix", values.get("Generation")),
        ("Initials", values.get("Initials")),
        ("FullName", values.get("DisplayName")),
        ("Nickname", values.get("Nickname")),
    ]
    return [[name, str(text)] for name, text in parts if text]
