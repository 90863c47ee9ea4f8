"""Which record is the same as an item that is saved for the first time: it is adopted rather than made twice.

Each function gives the ids that are left after choosing: none, the one that is meant, or several that only a person can
tell apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.people import PersonRecord
from mapping.tables.task import TASK

SAME = (fields.SUBJECT, fields.DUE)  # rows in which two tasks of one owner are the same (TSK-14)


def same_contact(found: Sequence[PersonRecord], user_id: str, taken: Collection[str]) -> tuple[str, ...]:
    """Among those who carry the address: the user's own before others, then whoever was dealt with last (CON-16)."""
    alike = {p.id: p for p in found if p.object == "Contact" and p.primary and p.id not in taken}
    mine = [p for p in alike.values() if user_id and p.owner_id[:15] == user_id[:15]] or list(alike.values())
    last = max((p.last_activity for p in mine), default="")
    return tuple(p.id for p in mine if p.last_activity == last)


def same_task(item: Item, found: Sequence[Item], taken: Collection[str]) -> tuple[str, ...]:
    """Among the tasks of the user: with the same subject and due date, and as finished or open as this one."""
    rows = [row for row in TASK.fields if row.name in SAME]
    done = item.text(fields.STATUS) == "completed"
    return tuple(
        record.ref.id
        for record in found
        if record.ref.id not in taken
        and (record.text("Status") == "Completed") is done
        and all(row.view(item.fields) == row.crm_view(record.fields) for row in rows)
    )
