"""Which record is the same as an item that is saved for the first time: it is adopted rather than made twice.

Each function gives the ids that are left after choosing: none, the one that is meant, or several that only a person can
tell apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mapping.model import fields
from mapping.model.item import Item, Span, Value
from mapping.model.people import PersonRecord
from mapping.rules.kinds import is_meeting
from mapping.tables.event import EVENT
from mapping.tables.task import TASK

_SUBJECT, _SPAN = (row for row in EVENT.fields if row.name in (fields.SUBJECT, fields.SPAN))

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


@dataclass(frozen=True, slots=True)
class Alike:
    """`record`: the one that an event is. `count`: how many records it may be, when that cannot be told."""

    record: str = ""
    count: int = 0


def same_events(items: Mapping[str, Item], records: Mapping[str, Item], guid: str) -> dict[str, Alike]:
    """For each item, by its key, the record among those of its owner that it is. The record that names its UID in the
    column `guid` is (IDN-2); else the one with the same subject and start, and for appointments the same end (IDN-1).
    Where several items or several records look the same, nobody can tell which belong together (IDN-5)."""
    named = Counter(record.text(guid) for record in records.values())
    found: dict[str, Alike] = {}
    for key, item in items.items():
        uid = item.text(fields.UID)
        if uid and named[uid] == 1:
            found[key] = Alike(next(crm_id for crm_id, record in records.items() if record.text(guid) == uid))
    taken = {alike.record for alike in found.values()}
    rest = {key: _look(item) for key, item in items.items() if key not in found}
    looks = Counter(look for look in rest.values() if look is not None)
    for key, look in rest.items():
        alike = [
            crm_id
            for crm_id, record in records.items()
            if look is not None and crm_id not in taken and _record_look(record, ends=len(look) > 2) == look
        ]
        alone = len(alike) == 1 and look is not None and looks[look] == 1
        found[key] = Alike(alike[0]) if alone else Alike(count=len(alike))
    return found


_Look = tuple[Value, ...]


def _look(item: Item) -> _Look | None:
    """What an item looks like as a record; None when that says too little."""
    return _told(_SUBJECT.view(item.fields), _SPAN.view(item.fields), ends=not is_meeting(item))


def _record_look(record: Item, *, ends: bool) -> _Look | None:
    return _told(_SUBJECT.crm_view(record.fields), _SPAN.crm_view(record.fields), ends=ends)


def _told(subject: Value, span: Value, *, ends: bool) -> _Look | None:
    if not subject or not isinstance(span, Span):
        return None
    return (subject, span.start, span.end) if ends else (subject, span.start)
