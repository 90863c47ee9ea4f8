"""An organization's own changes laid over a table: extra rows, other directions, other winners, rows taken out.

A change is a small mapping, as it stands in a settings file:
`{"name": "location", "remove": true}`, `{"name": "subject", "winner": "newest"}`,
`{"name": "show_as", "direction": "up"}`,
`{"name": "where", "from": "location", "column": "Where__c", "length": 80}` (an extra row; it goes up).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from mapping.model import fields
from mapping.model.lens import plain_text
from mapping.model.table import TEXT, Direction, Field, Table, Winner

# Mailbox fields that are plain text, so that any text column can take them.
TEXTS = (
    fields.SUBJECT,
    fields.BODY,
    fields.LOCATION,
    fields.UID,
    fields.SENSITIVITY,
    fields.SHOW_AS,
    fields.MY_RESPONSE,
    fields.MESSAGE_ID,
    fields.CONVERSATION,
    fields.ITEM_CLASS,
)
WORDS = frozenset({"name", "remove", "from", "column", "length", "direction", "winner"})
LENGTH = 255

Word = TypeVar("Word", bound=StrEnum)


def adjust(table: Table, rows: Sequence[Mapping[str, object]]) -> Table:
    """The table with the changes applied in order; a change that makes no sense raises ValueError and says why."""
    for number, change in enumerate(rows, 1):
        try:
            table = _apply(table, change)
        except ValueError as error:
            raise ValueError(f"change {number} of the {table.crm_object} table: {error}") from None
    return table


def downwards(table: Table) -> Table:
    """The table of a record that must not be written: what goes both ways goes down, what only goes up is gone."""
    rows = (replace(row, direction=Direction.DOWN) for row in table.fields if row.direction.goes_down)
    return replace(table, fields=tuple(rows))


def _apply(table: Table, change: Mapping[str, object]) -> Table:
    unknown = sorted(set(change) - WORDS)
    if unknown:
        raise ValueError(f"unknown word {', '.join(unknown)}; known are {', '.join(sorted(WORDS))}")
    name = _text(change, "name")
    row = table.row(name)
    if row is None:
        return replace(table, fields=(*table.fields, _extra(name, change)))
    if "from" in change or "column" in change:
        raise ValueError(f"row {name} exists already; remove it first to map it elsewhere")
    if change.get("remove") is True:
        return replace(table, fields=tuple(each for each in table.fields if each is not row))
    changed = _changed(row, change)
    return replace(table, fields=tuple(changed if each is row else each for each in table.fields))


def _changed(row: Field, change: Mapping[str, object]) -> Field:
    lens = row.lens
    if "length" in change:
        length = _length(change)
        if lens.shorter is None or length > lens.limit:
            raise ValueError(f"row {row.name} cannot be {length} characters long")
        lens = lens.shorter(length)
    return replace(
        row,
        lens=lens,
        direction=_word(change, "direction", Direction, row.direction),
        winner=_word(change, "winner", Winner, row.winner),
    )


def _extra(name: str, change: Mapping[str, object]) -> Field:
    if "column" not in change:
        raise ValueError(f"there is no row {name}; an extra row needs a column")
    source = _text(change, "from")
    if source not in TEXTS:
        raise ValueError(f"{source} cannot be mapped to a column; possible are {', '.join(TEXTS)}")
    return Field(
        name,
        (_text(change, "column"),),
        plain_text(_length(change) if "length" in change else LENGTH),
        TEXT,
        _word(change, "direction", Direction, Direction.UP),
        _word(change, "winner", Winner, Winner.MAILBOX),
        source="" if source == name else source,
    )


def _text(change: Mapping[str, object], word: str) -> str:
    value = change.get(word)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{word} must be a name that is not empty")
    return value.strip()


def _length(change: Mapping[str, object]) -> int:
    value = change["length"]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("length must be a whole number above 0")
    return value


def _word(change: Mapping[str, object], word: str, kind: type[Word], default: Word) -> Word:
    if word not in change:
        return default
    try:
        return kind(str(change[word]))
    except ValueError:
        allowed = ", ".join(each.value for each in kind)
        raise ValueError(f"{word} must be one of {allowed}") from None
