"""What is wrong with an organization's changes to a table, held against the describe of its Salesforce, and what to do.

Everything is told at once: what makes no sense by itself, and what makes none in this org.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapping.model import fields
from mapping.model.table import Direction, Field, Table
from mapping.tables.adjust import Change, lay
from mapping.tables.describe import Describe, active_words

# column types that take any text; picklists do unless they are restricted
TEXTUAL = frozenset({"string", "textarea", "phone", "url", "email", "combobox", "encryptedstring", "picklist"})

# What a mailbox field of few words may say; all others are free text.
VOCABULARY: Mapping[str, frozenset[str]] = {
    fields.SENSITIVITY: frozenset({"normal", "personal", "private", "confidential"}),
    fields.SHOW_AS: frozenset({"free", "tentative", "busy", "oof", "working_elsewhere", "no_data"}),
    fields.MY_RESPONSE: frozenset({"unknown", "none", "tentative", "accepted", "declined", "organizer"}),
    fields.STATUS: frozenset({"not_started", "in_progress", "completed", "waiting", "deferred"}),
    fields.IMPORTANCE: frozenset({"low", "normal", "high"}),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """In the table of which kind, the how-manieth change (0: none in particular), of which row, what is wrong, and what
    to do about it."""

    kind: str
    number: int
    row: str
    text: str
    advice: str


def check(table: Table, changes: Sequence[Change], describe: Describe) -> tuple[Misfit, ...]:
    """Everything that is wrong, change by change."""
    made, wrong = lay(table, changes)
    kind = table.kind.value
    found = [Misfit(kind, each.number, each.name, each.text, "Correct the change.") for each in wrong]
    senseless = {each.number for each in wrong}
    for number, change in enumerate(changes, 1):
        row = made.row(str(change.get("name", "")).strip())
        if number in senseless or row is None or row.virtual:
            continue
        found += [Misfit(kind, number, row.name, *told) for told in _unfit(table, row, change, describe)]
    return tuple(sorted(found, key=lambda each: each.number))


def _unfit(table: Table, row: Field, change: Change, describe: Describe) -> Iterator[tuple[str, str]]:
    if not describe:
        yield f"{table.crm_object} is not there or hidden from the user of the connection", "Give that user access."
        return
    for column in row.columns:
        about = describe.get(column)
        if about is None:
            near = difflib.get_close_matches(column, list(describe), n=1, cutoff=0.6)
            meant = f"Did you mean {near[0]}? If not: make" if near else "Make"
            yield (
                f"{table.crm_object} has no {column}, or hides it from the user of the connection",
                f"{meant} the field in Salesforce, or give that user access to it.",
            )
            continue
        yield from _unwritable(row, column, about)
        if "column" in change:
            yield from _no_text(row, change, column, about)


def _unwritable(row: Field, column: str, about: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if not row.direction.goes_up:
        return
    needed = ("createable",) if row.direction is Direction.UP_ONCE else ("createable", "updateable")
    if not all(about.get(right) for right in needed):
        when = "when a record is made" if needed == ("createable",) else "by the user of the connection"
        yield f"{column} may not be written {when}", "Give that user edit access to the field, or take another column."


def _no_text(row: Field, change: Change, column: str, about: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    kind, length = str(about.get("type", "string")), about.get("length")
    if kind not in TEXTUAL:
        yield f"{column} is of type {kind}, which takes no text", "Take a text column."
    elif kind == "picklist" and about.get("restrictedPicklist"):
        words = VOCABULARY.get(row.reads)
        missing = sorted(words - active_words(about)) if words is not None else []
        if words is None:
            yield f"{column} is a restricted picklist, and {row.reads} is free text", "Take a text column."
        elif missing:
            yield f"{column} lacks the values {', '.join(missing)}", "Add them to the picklist, or take a text column."
    elif isinstance(length, int) and 0 < length < int(str(change.get("length", 0))):
        yield f"{column} holds {length} characters, not {change['length']}", f"Say length = {length}."
