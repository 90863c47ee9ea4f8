"""What Exchange makes of a task by itself.

Status, percentage and date of completion go together, whichever of them is written. A recurring task is one item that
shows its current occurrence: completing it leaves a finished copy behind and moves the item on.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

Values = dict[str, Any]
Pairs = list[list[Any]]

_DONE = "Completed"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GROUPS = {"Day": _DAYS, "Weekday": _DAYS[:5], "WeekendDay": _DAYS[5:]}
_MONTHS = list(calendar.month_name)
_PLACES = {"First": 0, "Second": 1, "Third": 2, "Fourth": 3, "Last": -1}
_FAR = 99 * 31 + 366  # days to the next occurrence, at the most: every 99 months


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
    every = int(parts.get("Interval", 1))
    if name.endswith("Regeneration"):
        following = _regenerated(name, today, every)
    else:
        start = min(current, date.fromisoformat(reach["StartDate"][:10]))
        days = (current + timedelta(days=n) for n in range(1, _FAR))
        following = next(day for day in days if _matches(name, parts, every, start, day))
    last = reach.get("EndDate")
    return None if last and following > date.fromisoformat(last[:10]) else following


def _regenerated(name: str, today: date, every: int) -> date:
    if name in ("DailyRegeneration", "WeeklyRegeneration"):
        return today + timedelta(days=every * (7 if name.startswith("Weekly") else 1))
    months = today.month - 1 + every * (12 if name.startswith("Yearly") else 1)
    year, month = today.year + months // 12, months % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def _matches(name: str, parts: dict[str, str], every: int, start: date, day: date) -> bool:
    months = (day.year - start.year) * 12 + day.month - start.month
    match name:
        case "DailyRecurrence":
            return (day - start).days % every == 0
        case "WeeklyRecurrence":
            first = _DAYS.index(parts.get("FirstDayOfWeek", "Monday"))
            weeks = (_week(day, first) - _week(start, first)).days // 7
            return _DAYS[day.weekday()] in parts["DaysOfWeek"].split() and weeks % every == 0
        case "AbsoluteMonthlyRecurrence":
            return months % every == 0 and day.day == _day_in(day, int(parts["DayOfMonth"]))
        case "RelativeMonthlyRecurrence":
            return months % every == 0 and day == _placed(parts, day)
        case "AbsoluteYearlyRecurrence":
            return _MONTHS[day.month] == parts["Month"] and day.day == _day_in(day, int(parts["DayOfMonth"]))
    return _MONTHS[day.month] == parts["Month"] and day == _placed(parts, day)


def _week(day: date, first: int) -> date:
    """The day on which its week begins."""
    return day - timedelta(days=(day.weekday() - first) % 7)


def _day_in(month: date, number: int) -> int:
    """The 31st of a shorter month is its last day."""
    return min(number, calendar.monthrange(month.year, month.month)[1])


def _placed(parts: dict[str, str], month: date) -> date:
    wanted = [name for each in parts["DaysOfWeek"].split() for name in _GROUPS.get(each, (each,))]
    return [day for day in _days_of(month) if _DAYS[day.weekday()] in wanted][_PLACES[parts["DayOfWeekIndex"]]]


def _days_of(month: date) -> Iterator[date]:
    for number in range(1, calendar.monthrange(month.year, month.month)[1] + 1):
        yield month.replace(day=number)
