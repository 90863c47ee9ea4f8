"""The setting `link.restrict`: which records of an object may be linked to at all.

`[{"object": "Opportunity", "where": "Type != 'Renewal'"}, {"object": "Contact", "view": "00B000000000001AAA"}]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mapping.model.people import SEARCHED

Entry = Mapping[str, str]

_WORDS = ("object", "where", "view")
_VIEW = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def read(told: object) -> tuple[Entry, ...]:
    """The entries of the setting, checked. Raises ValueError, which names everything that is wrong with any of them."""
    if not isinstance(told, (list, tuple)) or not all(isinstance(each, Mapping) for each in told):
        raise ValueError("it is a list of mappings, one for each object")
    entries = [{str(word): str(value).strip() for word, value in each.items()} for each in told]
    wrong = [
        f"entry {number} ({entry.get('object') or 'no object'}): {problem}"
        for number, entry in enumerate(entries, 1)
        for problem in _problems(entry)
    ]
    objects = [entry.get("object") for entry in entries]
    wrong += [f"{name} is named twice" for name in sorted({str(n) for n in objects if objects.count(n) > 1})]
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(entries)


def _problems(entry: Entry) -> Iterator[str]:
    if unknown := sorted(entry.keys() - set(_WORDS)):
        yield f"unknown word {', '.join(unknown)}; known are {', '.join(_WORDS)}"
    if entry.get("object") not in SEARCHED:
        yield f"object must be one of {', '.join(SEARCHED)}"
    if not (entry.get("where") or entry.get("view")):
        yield "where or view is missing"
    if entry.get("view") and not _VIEW.fullmatch(entry["view"]):
        yield "view must be the id of a list view"


def restrictions(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """By object what the checked entries say."""
    return {entry["object"]: entry for entry in entries}
