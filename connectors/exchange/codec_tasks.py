"""The fields of a task.

Exchange keeps status, percentage and date of completion in step by itself. Only exchangelib insists on sending a
percentage with every new task, so it is told the one that goes with the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchangelib import EWSTimeZone

from connectors.exchange.rows import Reader, Writer, day, flag
from connectors.exchange.zones import ews_date, ews_time, utc
from connectors.outlook.codec import word
from mapping.model import fields as f
from mapping.model.item import MISSING, Value

STATUSES = {
    "NotStarted": "not_started", "InProgress": "in_progress", "Completed": "completed", "WaitingOnOthers": "waiting",
    "Deferred": "deferred",
}  # fmt: skip
IMPORTANCES = {"Low": "low", "Normal": "normal", "High": "high"}
_STATUSES_BACK = {neutral: name for name, neutral in STATUSES.items()}
_PERCENT = {"NotStarted": Decimal(0), "Completed": Decimal(100)}


def _reminder_at(item: Any) -> Value:
    if not item.reminder_is_set:
        return None
    return MISSING if item.reminder_due_by is None else utc(item.reminder_due_by).replace(second=0, microsecond=0)


READERS: dict[str, Reader] = {
    f.DUE: Reader(("due_date",), day("due_date")),
    f.STATUS: Reader(("status",), lambda item: STATUSES.get(item.status, MISSING)),
    f.IMPORTANCE: Reader(("importance",), lambda item: IMPORTANCES.get(item.importance, "normal")),
    f.REMINDER_AT: Reader(("reminder_is_set", "reminder_due_by"), _reminder_at),
    f.IS_RECURRING: Reader(("is_recurring",), flag("is_recurring")),
}


def _write_due(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    return {"due_date": None if value is None else ews_date(value)}


def _write_status(value: Any, _: EWSTimeZone) -> Mapping[str, Any]:
    status = _STATUSES_BACK[value or "not_started"]
    return {"status": status, **({"percent_complete": _PERCENT[status]} if status in _PERCENT else {})}


def _write_reminder_at(value: Any, zone: EWSTimeZone) -> Mapping[str, Any]:
    if value is None:
        return {"reminder_is_set": False}
    return {"reminder_is_set": True, "reminder_due_by": ews_time(value, zone)}


WRITERS: dict[str, Writer] = {
    f.DUE: _write_due,
    f.STATUS: _write_status,
    f.IMPORTANCE: word("importance", {neutral: name for name, neutral in IMPORTANCES.items()}, "Normal"),
    f.REMINDER_AT: _write_reminder_at,
}
