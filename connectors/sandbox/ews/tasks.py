"""What Exchange makes of a task by itself.

Status, percentage and date of completion go together, whichever of them is written. A recurring task is one item that
shows its current occurrence: completing it leaves a finished copy behind and moves the item on.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.ews.patterns import days

Values = dict[str, Any]

_DONE = "Completed"
_REGENERATION = "Regeneration"  # patterns that count from the day on which the task was completed


def finish(values: Values, before: Values | None, now: str) -> Values:
    """The values with all that follows from the status or, if only that was written, from the percentage."""
    old = before or {}
    status, percent = values.get("Status", "NotStarted"), float(values.get("PercentComplete", 0.0))
    if "Status" not in values or (before is not None and status == old.get("Status")):
        status = _status_of(status, percent, old)
    percent = {_DONE: 100.0, "NotStarted": 0.0}.get(status, 0.0 if percent == 100.0 else percent)
    made = {**values, "Status": status, "PercentComplete": percent, "IsComplete": status == _DONE}
    made["IsRecurring"] = bool(values.get("Recurrence"))
    # a date of completion that a client sends is not heard
    made["CompleteDate"] = old.get("CompleteDate") or now if status == _DONE else None
    return {name: value for name, value in made.items() if value is not None}


def _status_of(status: str, percent: float, old: Values) -> str:
    if percent == float(old.get("PercentComplete", 0.0)):
        return status
    if percent == 100.0:
        return _DONE
    if percent == 0.0:
        return "NotStarted" if status in (_DONE, "InProgress") else status
    return "InProgress" if status in (_DONE, "NotStarted") else status


def is_done(values: Values) -> bool:
    return values.get("Status") == _DONE


def moved_on(values: Values, now: str) -> Values | None:
    """The recurring task as it shows its next occurrence; None when this was the last."""
    recurrence = values["Recurrence"]
    name, told = recurrence[0]
    if name.endswith(_REGENERATION):
        following: date | None = _regenerated(name, date.fromisoformat(now[:10]), int(dict(told)["Interval"]))
    else:
        current = date.fromisoformat(str(values.get("DueDate") or now)[:10])
        following = next((day for day in days(recurrence) if day > current), None)
    if following is None:
        return None
    due = f"{following.isoformat()}T00:00:00Z"
    return {**values, "DueDate": due, "Status": "NotStarted", "PercentComplete": 0.0}


def _regenerated(name: str, today: date, every: int) -> date:
    unit = name.removesuffix(_REGENERATION)
    if unit in ("Daily", "Weekly"):
        return today + timedelta(days=every * (7 if unit == "Weekly" else 1))
    months = today.month - 1 + every * (12 if unit == "Yearly" else 1)
    year, month = today.year + months // 12, months % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
