"""Does a table fit this Salesforce org? What does not fit is taken out of the table and told as a finding.

A describe tells of each column, as far as the org says it: `type`, `length`, `createable`, `updateable`,
`restrictedPicklist`, and the active `values` of a picklist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from mapping.model.lens import Lens
from mapping.model.table import Field, Table

Describe = Mapping[str, Mapping[str, object]]


class Gap(StrEnum):
    MISSING = "missing"
    READ_ONLY = "read_only"
    SHORTER = "shorter"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the org that changes what is synchronized."""

    gap: Gap
    row: str
    column: str
    text: str


def fit(table: Table, describe: Describe) -> tuple[Table, tuple[Finding, ...]]:
    """The table as far as the org can hold it, and what had to give way."""
    found: list[Finding] = []
    rows = [fitted for row in table.fields if (fitted := _fit_row(row, describe, found))]
    fixed = {name: value for name, value in table.fixed.items() if _fits_fixed(name, value, describe, found)}
    return replace(table, fields=tuple(rows), fixed=fixed), tuple(found)


def _fit_row(row: Field, describe: Describe, found: list[Finding]) -> Field | None:
    if row.virtual:
        return row
    for column in row.columns:
        about = describe.get(column)
        if about is None:
            found.append(Finding(Gap.MISSING, row.name, column, f"{column} is not there or hidden from the user"))
            return None
        if row.direction.goes_up and not (about.get("createable") or about.get("updateable")):
            found.append(Finding(Gap.READ_ONLY, row.name, column, f"{column} may not be written"))
            return None
    return replace(row, lens=_fit_lens(row, describe, found))


def _fit_lens(row: Field, describe: Describe, found: list[Finding]) -> Lens:
    lens, column = row.lens, row.columns[0]
    missing = sorted(lens.words - active_words(describe[column])) if lens.words else []
    if missing:
        text = f"{column} lacks the picklist values {', '.join(missing)}"
        found.append(Finding(Gap.WORDS, row.name, column, text))
    length = describe[column].get("length")
    if lens.shorter and isinstance(length, int) and 0 < length < lens.limit:
        text = f"{column} holds {length} characters, not {lens.limit}; longer text is cut"
        found.append(Finding(Gap.SHORTER, row.name, column, text))
        return lens.shorter(length)
    return lens


def _fits_fixed(column: str, value: object, describe: Describe, found: list[Finding]) -> bool:
    about = describe.get(column)
    if about is None or not about.get("createable"):
        found.append(Finding(Gap.MISSING, "", column, f"{column} cannot be set on a new record"))
        return False
    words = active_words(about)
    # An unrestricted picklist takes any word, and a text column lists none.
    if words and about.get("restrictedPicklist") and value not in words:
        found.append(Finding(Gap.WORDS, "", column, f"{column} lacks the picklist value {value}"))
        return False
    return True


def active_words(about: Mapping[str, object]) -> frozenset[str]:
    """The values that a picklist offers; none for anything else."""
    values = about.get("values")
    return frozenset(map(str, values)) if isinstance(values, (list, tuple)) else frozenset()
