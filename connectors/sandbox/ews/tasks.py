"""What Exchange makes of a task by itself.

Status, percentage and date of completion go together, whichever of them is written. A recurring task is one item that
shows its current occurrence: completing it leaves a finished copy behind and moves the item on.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.ews.patterns import Pairs, days

Values = dict[str, Any]

_DONE = "Completed"


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
    pattern, reach = values["Recurrence"][0], values["Recurrence"][1]
    current = date.fromisoformat(str(values.get("DueDate") or now)[:10])
    following = _next(pattern, dict(reach[1]), current, date.fromisoformat(now[:10]))
    left = int(dict(reach[1]).get("NumberOfOccurrences", 0)) - 1
    if following is None or left == 0:
        return None
    span = [["StartDate", following.isoformat()], *([name, text] for name, text in reach[1] if name == "EndDate")]
    span += [["NumberOfOccurrences", str(left)]] if left > 0 else []
    made = {**values, "DueDate": f"{following.isoformat()}T00:00:00Z", "Status": "NotStarted", "PercentComplete": 0.0}
    made["Recurrence"] = [pattern, [reach[0], span]]
    return made


def _next(pattern: Pairs, reach: dict[str, str], current: date, today: date) -> date | None:
    name, parts = str(pattern[0]), dict(pattern[1])
    if name.endswith("Regeneration"):
        following = _regenerated(name, today, int(parts.get("Interval", 1)))
    else:
        start = min(current.isoformat(), reach["StartDate"][:10])
        endless: Pairs = [pattern, ["NoEndRecurrence", [["StartDate", start]]]]
        following = next(day for day in days(endless) if day > current)
    last = reach.get("EndDate")
    return None if last and following > date.fromisoformat(last[:10]) else following


def _regenerated(name: str, today: date, every: int) -> date:
    if name in ("DailyRegeneration", "WeeklyRegeneration"):
        return today + timedelta(days=every * (7 if name.startswith("Weekly") else 1))
    months = today.month - 1 + every * (12 if name.startswith("Yearly") else 1)
    year, month = today.year + months // 12, months % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
