"""Three-way merge of one pair, row by row, compared as the CRM shows things.

Laws, for rows that go both ways and are told by both sides: a merged pair has nothing left to merge; edits to
different rows all survive; an untouched pair writes nothing; the same edit on both sides writes nothing; afterwards
both sides show the same view; a write down keeps the detail that the CRM cannot hold; every row is agreed or in
conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mapping.merge.baseline import Baseline, fingerprint
from mapping.merge.plan import FieldChange
from mapping.model.item import MISSING, Fields, Side, Value
from mapping.model.table import Direction, Field, Table, Winner

NOBODY: Mapping[str, Side] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Conflict:
    """One row edited on both sides. `baseline`: the mark of what they agreed on before, empty if they never did. `won`
    is None while a person has to decide."""

    field: str
    mailbox: Value
    crm: Value
    winner: Winner
    won: Side | None
    baseline: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that the table does not know what to do with; its row was left alone."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Merged:
    """`agreed`: the complete marks of the next baseline, once the writes are done."""

    to_mailbox: Fields
    to_crm: Fields
    agreed: dict[str, str]
    conflicts: tuple[Conflict, ...] = ()
    changes_mailbox: tuple[FieldChange, ...] = ()
    changes_crm: tuple[FieldChange, ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class _Work:
    """What has been decided so far; `mailbox` is how the mailbox item will look."""

    mailbox: dict[str, Value]
    base: Baseline
    newest: Side
    authority: Side | None
    decided: Mapping[str, Side]
    agreed: dict[str, str]
    to_mailbox: dict[str, Value] = field(default_factory=dict)
    to_crm: dict[str, Value] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    changes_mailbox: list[FieldChange] = field(default_factory=list)
    changes_crm: list[FieldChange] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def agree(self, row: Field, view: Value) -> None:
        self.agreed[row.name] = fingerprint(self.base.key, row.name, view)

    def up(self, row: Field, view: Value, before: Value) -> None:
        self.to_crm.update(row.to_columns(view))
        self.changes_crm.append(FieldChange(row.name, before, view))
        self.agree(row, view)

    def down(self, row: Field, view: Value) -> None:
        before = self.mailbox.get(row.reads, MISSING)
        value = row.to_mailbox(view, self.mailbox)
        self.to_mailbox[row.reads] = self.mailbox[row.reads] = value
        self.changes_mailbox.append(FieldChange(row.name, before, value))
        self.agree(row, view)


def merge(
    table: Table, mailbox: Fields, crm: Fields, base: Baseline, newest: Side, authority: Side | None = None,
    decided: Mapping[str, Side] = NOBODY,
) -> Merged:  # fmt: skip
    """What either side must be told so that both show the same; a row that a side does not tell is left alone. With an
    `authority` (one-way modes) that side is right wherever they differ, and edits of the other are undone.
    `decided`: of single rows, the side that a person said is right."""
    kept = {name: mark for name, mark in base.marks.items() if table.row(name)}
    work = _Work(dict(mailbox), base, newest, authority, decided, kept)
    # A row that needs other fields sees them as this merge leaves them, so it comes after the rows that write them.
    for row in sorted(table.fields, key=lambda row: bool(row.needs)):
        try:
            _merge_row(row, crm, work)
        except ValueError as error:
            work.refused.append(Refusal(row.name, str(error)))
    return Merged(
        work.to_mailbox,
        work.to_crm,
        work.agreed,
        tuple(work.conflicts),
        tuple(work.changes_mailbox),
        tuple(work.changes_crm),
        tuple(work.refused),
    )


def first_marks(table: Table, mailbox: Fields, crm: Fields, key: bytes) -> dict[str, str]:
    """What two copies that meet for the first time agree on: where one is empty, that, so that it takes the value of
    the other instead of emptying it."""
    marks: dict[str, str] = {}
    for row in table.fields:
        try:
            views = (row.view(mailbox), row.crm_view(crm))
        except ValueError:
            continue  # the merge says what is wrong with it
        for view in views:
            if view in ("", None):
                marks[row.name] = fingerprint(key, row.name, view)
    return marks


def _merge_row(row: Field, crm: Fields, work: _Work) -> None:
    #                    | CRM as agreed | CRM edited
    #   mailbox as agreed| 1 nothing     | 2 down
    #   mailbox edited   | 3 up          | 4 nothing when equal, else the winner
    # A row that goes one way has only the cell of its direction; a frozen row has none.
    if row.direction is Direction.UP_ONCE:
        return
    ours, theirs = row.view(work.mailbox), row.crm_view(crm)
    if ours is MISSING or theirs is MISSING:
        return
    edited = (
        row.direction.goes_up and work.base.changed(row.name, ours),
        row.direction.goes_down and work.base.changed(row.name, theirs),
    )
    if ours == theirs:
        work.agree(row, ours)  # 1, or 4 with the same edit
    elif (right := work.decided.get(row.name, work.authority)) is not None:
        _obey(row, ours, theirs, right, work)
    elif edited == (False, True):
        work.down(row, theirs)  # 2
    elif edited == (True, False):
        work.up(row, ours, theirs)  # 3
    elif edited == (True, True):
        _settle(row, ours, theirs, work)  # 4


def _obey(row: Field, ours: Value, theirs: Value, right: Side, work: _Work) -> None:
    if right is Side.MAILBOX and row.direction.goes_up:
        work.up(row, ours, theirs)
    elif right is Side.CRM and row.direction.goes_down:
        work.down(row, theirs)


def _settle(row: Field, ours: Value, theirs: Value, work: _Work) -> None:
    won = {
        Winner.MAILBOX: Side.MAILBOX,
        Winner.SALESFORCE: Side.CRM,
        Winner.NEWEST: work.newest,
        Winner.MANUAL: None,
    }[row.winner]
    work.conflicts.append(Conflict(row.name, ours, theirs, row.winner, won, work.base.marks.get(row.name, "")))
    if won is Side.MAILBOX:
        work.up(row, ours, theirs)
    elif won is Side.CRM:
        work.down(row, theirs)


def project_up(table: Table, mailbox: Fields, base_key: bytes) -> tuple[dict[str, Value], dict[str, str]]:
    """The columns of a new CRM record, and the marks that hold once it exists."""
    views = {row.name: row.view(mailbox) for row in table.fields if row.direction.goes_up}
    return table.project(mailbox), _marks(views, base_key)


def project_down(table: Table, crm: Fields, base_key: bytes) -> tuple[dict[str, Value], dict[str, str]]:
    """The neutral fields of a new mailbox item, and the marks that hold once it exists."""
    rows = [row for row in table.fields if row.direction.goes_down]
    views = {row.name: row.crm_view(crm) for row in rows}
    values = {row.reads: row.to_mailbox(views[row.name], {}) for row in rows if views[row.name] is not MISSING}
    return values, _marks(views, base_key)


def _marks(views: dict[str, Value], key: bytes) -> dict[str, str]:
    return {name: fingerprint(key, name, view) for name, view in views.items() if view is not MISSING}
