"""An organization's own changes laid over a table: extra rows, other directions, other winners, rows taken out.

A change is a small mapping, as it stands in a mapping file:
`{"name": "location", "remove": true}`, `{"name": "subject", "winner": "newest"}`,
`{"name": "show_as", "direction": "up"}`,
`{"name": "where", "from": "location", "column": "Where__c", "length": 80}` (an extra row; it goes up).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from mapping.model import fields
from mapping.model.item import ItemKind
from mapping.model.lens import plain_text
from mapping.model.table import TEXT, Direction, Field, Table, Winner
from mapping.tables.contact import CONTACT

# Mailbox fields that are plain text, so that any text column can take them; and those that a mailbox takes back.
_WRITABLE: Mapping[ItemKind, tuple[str, ...]] = {
    ItemKind.EVENT: (fields.SUBJECT, fields.BODY, fields.LOCATION),
    ItemKind.TASK: (fields.SUBJECT, fields.BODY),
    ItemKind.CONTACT: tuple(row.reads for row in CONTACT.fields if row.lens.shorter and not row.virtual),
    ItemKind.EMAIL: (),
}
_READABLE: Mapping[ItemKind, tuple[str, ...]] = {
    ItemKind.EVENT: (fields.UID, fields.SENSITIVITY, fields.SHOW_AS, fields.MY_RESPONSE, fields.ITEM_CLASS),
    ItemKind.TASK: (fields.SENSITIVITY, fields.STATUS, fields.IMPORTANCE),
    ItemKind.CONTACT: (fields.PHONE_PRIMARY, fields.SENSITIVITY),
    ItemKind.EMAIL: (
        fields.SUBJECT, fields.BODY, fields.MESSAGE_ID, fields.CONVERSATION, fields.ITEM_CLASS, fields.SENSITIVITY,
    ),
}  # fmt: skip
WORDS = frozenset({"name", "remove", "from", "column", "length", "direction", "winner"})
LENGTH = 255

Change = Mapping[str, object]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A change that makes no sense: the how-manieth, of which row, and why."""

    number: int
    name: str
    text: str


def adjust(table: Table, changes: Sequence[Change]) -> Table:
    """The table with the changes applied in order; a change that makes no sense raises ValueError and says why."""
    made, wrong = lay(table, changes)
    if wrong:
        raise ValueError(f"change {wrong[0].number} of the {table.crm_object} table: {wrong[0].text}")
    return made


def downwards(table: Table) -> Table:
    """The table of a record that must not be written: what goes both ways goes down, what only goes up is gone."""
    rows = (replace(row, direction=Direction.DOWN) for row in table.fields if row.direction.goes_down)
    return replace(table, fields=tuple(rows))


def lay(table: Table, changes: Sequence[Change]) -> tuple[Table, tuple[Wrong, ...]]:
    """The table with those changes applied that make sense, and everything that is wrong with the others."""
    wrong: list[Wrong] = []
    for number, change in enumerate(changes, 1):
        found = list(_faults(table, change))
        if not found:
            try:
                table = _apply(table, change)
            except ValueError as error:  # the table checks itself: a column or a mailbox field named twice
                found = [str(error)]
        wrong += [Wrong(number, str(change.get("name", "")), text) for text in found]
    return table, tuple(wrong)


def sources(kind: ItemKind) -> tuple[str, ...]:
    """The mailbox fields that an extra row may read."""
    return (*_WRITABLE[kind], *_READABLE[kind])


def columns(changes: Iterable[Change]) -> tuple[str, ...]:
    """The Salesforce columns of extra rows."""
    return tuple(str(change["column"]) for change in changes if change.get("column"))


# --- what is wrong


def _faults(table: Table, change: Change) -> Iterator[str]:
    unknown = sorted(set(change) - WORDS)
    if unknown:
        yield f"unknown word {', '.join(unknown)}; known are {', '.join(sorted(WORDS))}"
    yield from _no_word(change, "direction", Direction)
    yield from _no_word(change, "winner", Winner)
    yield from _no_length(change)
    if table.kind is ItemKind.EMAIL and not {"direction", "winner"}.isdisjoint(change):
        yield "an e-mail is written once and never read back, so it has no direction and no winner"
    if not isinstance(change.get("remove", False), bool):
        yield "remove must be true or false"
    name = _text(change, "name")
    if not name:
        yield "name must be a name that is not empty"
        return
    row = table.row(name)
    yield from _wrong_extra(table, name, change) if row is None else _wrong_change(row, change)


def _wrong_change(row: Field, change: Change) -> Iterator[str]:
    if "from" in change or "column" in change:
        yield f"row {row.name} exists already; remove it first to map it elsewhere"
    length = change.get("length")
    if _is_length(length) and (row.lens.shorter is None or int(str(length)) > row.lens.limit):
        most = f"; the most is {row.lens.limit}" if row.lens.shorter else "; it is no text"
        yield f"row {row.name} cannot be {length} characters long{most}"


def _wrong_extra(table: Table, name: str, change: Change) -> Iterator[str]:
    known = _near(name, (row.name for row in table.fields))
    if change.get("remove") is True:
        yield f"there is no row {name}{known} to remove"
        return
    if "column" not in change:
        yield f"there is no row {name}{known}; an extra row needs a column"
        return
    if not _text(change, "column"):
        yield "column must be a name that is not empty"
    source = _text(change, "from")
    if not source:
        yield "from must be a name that is not empty"
    elif source not in sources(table.kind):
        possible = ", ".join(sources(table.kind))
        yield f"{source} cannot be mapped to a column{_near(source, sources(table.kind))}; possible are {possible}"
    elif change.get("direction") in (Direction.BOTH, Direction.DOWN) and source not in _WRITABLE[table.kind]:
        yield f"{source} can only go up: the mailbox does not take it back"


def _no_word(change: Change, word: str, kind: type[StrEnum]) -> Iterator[str]:
    allowed = [each.value for each in kind]
    if word in change and change[word] not in allowed:
        yield f"{word} must be one of {', '.join(allowed)}"


def _no_length(change: Change) -> Iterator[str]:
    if "length" in change and not _is_length(change["length"]):
        yield "length must be a whole number above 0"


def _is_length(value: object) -> bool:
    return type(value) is int and value > 0


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""


# --- what is right


def _apply(table: Table, change: Change) -> Table:
    name = _text(change, "name")
    row = table.row(name)
    if row is None:
        return replace(table, fields=(*table.fields, _extra(name, change)))
    if change.get("remove") is True:
        return replace(table, fields=tuple(each for each in table.fields if each is not row))
    changed = _changed(row, change)
    return replace(table, fields=tuple(changed if each is row else each for each in table.fields))


def _changed(row: Field, change: Change) -> Field:
    shorter, length = row.lens.shorter, change.get("length")
    return replace(
        row,
        lens=shorter(length) if shorter is not None and isinstance(length, int) else row.lens,
        direction=_word(change, "direction", Direction, row.direction),
        winner=_word(change, "winner", Winner, row.winner),
    )


def _extra(name: str, change: Change) -> Field:
    source, length = _text(change, "from"), change.get("length")
    return Field(
        name,
        (_text(change, "column"),),
        plain_text(length if isinstance(length, int) else LENGTH),
        TEXT,
        _word(change, "direction", Direction, Direction.UP),
        _word(change, "winner", Winner, Winner.MAILBOX),
        source="" if source == name else source,
    )


def _text(change: Change, word: str) -> str:
    value = change.get(word)
    return value.strip() if isinstance(value, str) else ""


def _word(change: Change, word: str, kind: type[Word], default: Word) -> Word:
    return kind(str(change[word])) if word in change else default
