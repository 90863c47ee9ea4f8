"""Mapping tables: which mailbox field is which CRM column, through which lens, in which direction, and who wins.

A table is read as an administrator would write it, and checks itself when it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from mapping.model.item import MISSING, Fields, ItemKind, Side, Value
from mapping.model.lens import Lens, identity


class Direction(StrEnum):
    BOTH = "both"
    UP = "up"  # mailbox -> CRM; an edit in the CRM is left alone
    DOWN = "down"  # CRM -> mailbox; an edit in the mailbox is left alone
    UP_ONCE = "up_once"  # written when the record is created, then frozen on both sides

    @property
    def goes_up(self) -> bool:
        return self is not Direction.DOWN

    @property
    def goes_down(self) -> bool:
        return self in (Direction.BOTH, Direction.DOWN)


class Winner(StrEnum):
    """Who prevails when one field was edited on both sides."""

    MAILBOX = "mailbox"
    SALESFORCE = "salesforce"
    NEWEST = "newest"
    MANUAL = "manual"


WINNERS: Mapping[Side, Winner] = {Side.MAILBOX: Winner.MAILBOX, Side.CRM: Winner.SALESFORCE}

Columns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How a view lies in the columns of a row. Law: `read(c, write(c, v)) == v`, MISSING when a column is absent."""

    name: str
    read: Callable[[Columns, Fields], Value]
    write: Callable[[Columns, Value], Fields]


def _read_one(columns: Columns, row: Fields) -> Value:
    return row.get(columns[0], MISSING)


def _write_one(columns: Columns, view: Value) -> Fields:
    return {columns[0]: view}


def _read_text(columns: Columns, row: Fields) -> Value:
    value = row.get(columns[0], MISSING)
    return "" if value is None else value


def _write_text(columns: Columns, view: Value) -> Fields:
    return {columns[0]: view or None}


def _read_word(columns: Columns, row: Fields) -> Value:
    return row.get(columns[0]) or MISSING


ONE = Form("one", _read_one, _write_one)
TEXT = Form("text", _read_text, _write_text)  # Salesforce keeps the empty text as null
WORD = Form("word", _read_word, _write_one)  # an empty picklist says nothing


@dataclass(frozen=True, slots=True)
class Field:
    """One row. `name` names the row, its mark in the baseline and, unless `source` says otherwise, the mailbox field.
    `needs`: further mailbox fields that its lens reads; the lens then gets them all as one tuple.
    `virtual`: the connector makes the column up; no describe knows it."""

    name: str
    columns: Columns
    lens: Lens = field(default_factory=identity)
    form: Form = ONE
    direction: Direction = Direction.BOTH
    winner: Winner = Winner.MAILBOX
    source: str = ""
    needs: tuple[str, ...] = ()
    virtual: bool = False

    @property
    def reads(self) -> str:
        """The mailbox field."""
        return self.source or self.name

    def view(self, mailbox: Fields) -> Value:
        """What the mailbox value looks like in the CRM; MISSING when the mailbox does not tell."""
        values = tuple(mailbox.get(name, MISSING) for name in (self.reads, *self.needs))
        if MISSING in values:
            return MISSING
        return self.lens.get(values if self.needs else values[0])

    def crm_view(self, crm: Fields) -> Value:
        """What the CRM shows, in normal form; MISSING when it does not tell."""
        value = self.form.read(self.columns, crm)
        return value if value is MISSING else self.lens.norm(value)

    def to_columns(self, view: Value) -> Fields:
        return self.form.write(self.columns, view)

    def to_mailbox(self, view: Value, mailbox: Fields) -> Value:
        """The neutral value that shows as `view` and keeps of the old one what the CRM cannot hold."""
        return self.lens.put(view, mailbox.get(self.reads, MISSING))


@dataclass(frozen=True, slots=True)
class Table:
    """`fixed`: columns that every new record gets, whatever the item says."""

    kind: ItemKind
    crm_object: str
    fields: tuple[Field, ...]
    fixed: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"table {self.kind.value} <-> {self.crm_object}"
        _refuse_twice(where, "row", [row.name for row in self.fields])
        _refuse_twice(where, "column", [*chain.from_iterable(row.columns for row in self.fields), *self.fixed])
        _refuse_twice(where, "mailbox field written by", [row.reads for row in self.fields if row.direction.goes_down])
        for row in self.fields:
            _check_row(where, row)

    def row(self, name: str) -> Field | None:
        return next((row for row in self.fields if row.name == name), None)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(row.columns for row in self.fields))

    def project(self, mailbox: Fields) -> dict[str, Value]:
        """The columns of a new CRM record for these mailbox fields."""
        columns = dict(self.fixed)
        for row in self.fields:
            view = row.view(mailbox) if row.direction.goes_up else MISSING
            if view is not MISSING:
                columns.update(row.to_columns(view))
        return columns


def _refuse_twice(where: str, what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{where}: {what} named twice: {', '.join(twice)}")


def _check_row(where: str, row: Field) -> None:
    if not row.name or not row.columns:
        raise ValueError(f"{where}: a row needs a name and a column")
    if row.direction.goes_down and (row.needs or not row.lens.two_way):
        raise ValueError(f"{where}: row {row.name} can only go up")
