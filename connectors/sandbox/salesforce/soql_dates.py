"""Date literals: TODAY, LAST_N_DAYS:7 and their like, as half-open spans of days in the user's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.salesforce.soql_ast import malformed


def _month(day: date, step: int) -> date:
    months = day.year * 12 + day.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def _week(day: date, step: int) -> date:
    """Weeks begin on Sunday."""
    return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=step)


def _unit(unit: str, day: date, step: int) -> date:
    """First day of the unit that lies `step` units away from the day's own."""
    if unit == "DAY":
        return day + timedelta(days=step)
    if unit == "WEEK":
        return _week(day, step)
    if unit == "MONTH":
        return _month(day, step)
    if unit == "QUARTER":
        return _month(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), step * 3)
    return date(day.year + step, 1, 1)


_FIXED = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)")
_COUNTED = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S")
_AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO")


def span(word: str, number: int, today: date) -> tuple[date, date]:
    """First day and the day after the last. Raises MALFORMED_QUERY for a word that is no date literal."""
    if word in _FIXED:
        start = today + timedelta(days=_FIXED[word])
        return start, start + timedelta(days=1)
    if word == "LAST_90_DAYS":
        return today - timedelta(days=90), today + timedelta(days=1)
    if word == "NEXT_90_DAYS":
        return today + timedelta(days=1), today + timedelta(days=91)
    if found := _NAMED.fullmatch(word):
        step = {"LAST": -1, "THIS": 0, "NEXT": 1}[found[1]]
        return _unit(found[2], today, step), _unit(found[2], today, step + 1)
    if found := _COUNTED.fullmatch(word):
        unit = found[2]
        if found[1] == "LAST":
            # counted in days today belongs to it, in larger units the running one does not
            return _unit(unit, today, -number), _unit(unit, today, 1 if unit == "DAY" else 0)
        return _unit(unit, today, 1), _unit(unit, today, number + 1)
    if found := _AGO.fullmatch(word):
        return _unit(found[1], today, -number), _unit(found[1], today, 1 - number)
    raise malformed(f"unexpected token: '{word}'")


def today(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a day begins in a zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
