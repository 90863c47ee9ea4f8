"""Was a record edited since both sides agreed, and where: in the rows of the table, or in what only the CRM knows?"""

from __future__ import annotations

from dataclasses import dataclass

from mapping.merge.baseline import Baseline, fingerprint
from mapping.model.item import MISSING, Item
from mapping.model.table import Direction, Table

SEEN = "seen"  # in the baseline: when the record had last been edited as it was last looked at


@dataclass(frozen=True, slots=True)
class Edits:
    """`mapped`: in a row that both sides share. `outside`: in any other column, or in a row that is frozen."""

    mapped: bool = False
    outside: bool = False

    def __bool__(self) -> bool:
        return self.mapped or self.outside


def seen(key: bytes, record: Item) -> dict[str, str]:
    """What the baseline keeps of having looked at a record."""
    return {SEEN: fingerprint(key, SEEN, record.get("LastModifiedDate"))}


def edits(table: Table, base: Baseline, record: Item, our_user: str) -> Edits:
    """What somebody other than `our_user` has edited. Rows that only go up do not count: what the CRM makes of them by
    itself is no edit (FLD-3)."""
    if record.text("LastModifiedById")[:15] == our_user[:15] or not base.changed(SEEN, record.get("LastModifiedDate")):
        return Edits()
    views = {row: row.crm_view(record.fields) for row in table.fields}
    changed = [row for row, view in views.items() if view is not MISSING and base.changed(row.name, view)]
    frozen = any(row.direction is Direction.UP_ONCE for row in changed)
    mapped = any(row.direction.goes_down for row in changed)
    return Edits(mapped, frozen or not changed)
