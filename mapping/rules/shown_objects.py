"""The setting `objects.shown`: a list of small mappings, one for each Salesforce object that the calendar shows.

`[{"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c", "where": "Status__c != 'Draft'"}]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

from mapping.rules import marks
from mapping.tables.shown import ALL, MINE, ShownObject, table_of

Entry = Mapping[str, str]

NEEDED = ("object", "subject", "starts")
COLUMNS = ("subject", "starts", "ends", "location", "description", "owner")
WORDS = tuple(each.name for each in fields(ShownObject))

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_VIEW = re.compile(r"view:[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def read(told: object) -> tuple[Entry, ...]:
    """The entries of the setting, checked. Raises ValueError, which names everything that is wrong with any of them."""
    if not isinstance(told, (list, tuple)) or not all(isinstance(each, Mapping) for each in told):
        raise ValueError("it is a list of mappings, one for each object")
    entries = [{str(word): value for word, value in each.items()} for each in told]
    wrong = [
        f"entry {number} ({entry.get('object') or 'no object'}): {problem}"
        for number, entry in enumerate(entries, 1)
        for problem in _problems(entry)
    ]
    objects = [entry.get("object") for entry in entries]
    twice = sorted({str(name) for name in objects if objects.count(name) > 1})
    wrong += [f"{name} is named twice" for name in twice]
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple({word: value.strip() for word, value in entry.items()} for entry in entries)


def shown_objects(entries: tuple[Entry, ...]) -> tuple[ShownObject, ...]:
    """What the checked entries mean."""
    return tuple(ShownObject(**entry) for entry in entries)


def _problems(entry: Mapping[str, object]) -> Iterator[str]:
    unknown = sorted(entry.keys() - set(WORDS))
    if unknown:
        yield f"unknown word {', '.join(unknown)}; known are {', '.join(WORDS)}"
    texts = {word: value.strip() for word, value in entry.items() if isinstance(value, str) and value.strip()}
    empty = [word for word in WORDS if word in entry and word not in texts]
    if empty:
        yield f"{', '.join(empty)} must be a text that is not empty"
    lacking = [word for word in NEEDED if word not in entry]
    if lacking:
        yield f"{', '.join(lacking)} is missing"
    unusable = [word for word in ("object", *COLUMNS) if word in texts and not _NAME.fullmatch(texts[word])]
    if unusable:
        yield f"{', '.join(unusable)} must be an API name"
    if texts.get("object") == "Event":
        yield "events are shown anyway, by events.down"
    yield from _about_scope(texts)
    yield from _about_category(texts.get("category", ""))
    if not (unknown or empty or lacking or unusable):
        yield from _about_columns(texts)


def _about_scope(texts: Entry) -> Iterator[str]:
    scope = texts.get("scope", MINE)
    if scope not in (MINE, ALL) and not _VIEW.fullmatch(scope):
        yield "scope must be mine, all or view:ID of a list view"
    elif "owner" in texts and scope != MINE:
        yield "owner says whose a record is, which counts with the scope mine only"


def _about_category(category: str) -> Iterator[str]:
    if category and (category != marks.named(category) or marks.is_ours(category)):
        yield "category must be the name of a category that is not one of the engine's own"


def _about_columns(texts: Entry) -> Iterator[str]:
    try:
        table_of(ShownObject(**texts))
    except ValueError as error:
        yield str(error)
