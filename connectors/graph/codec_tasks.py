"""The fields of a task of Microsoft To Do.

Such tasks have neither named properties nor a sensitivity. Our key stands in a linked resource, which people see as a
link beside the task, and which the server tells of no other way to the same task: it is written by calls of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph.rows import Json, Reader, Writer, text
from connectors.graph.times import clock, day_of, known_zone, to_the_minute, written
from connectors.outlook.codec import word
from mapping.model import fields as f
from mapping.model.item import MISSING, Value

STATUSES = {
    "notStarted": "not_started", "inProgress": "in_progress", "completed": "completed", "waitingOnOthers": "waiting",
    "deferred": "deferred",
}  # fmt: skip
IMPORTANCES = ("low", "normal", "high")
LINKS = "linkedResources"
APPLICATION = "Inbox Sync"


def link_of(told: Json) -> Json | None:
    """The linked resource that is ours, if the task has one."""
    return next((each for each in told.get(LINKS) or () if each.get("applicationName") == APPLICATION), None)


def link(key: str) -> dict[str, str]:
    """A linked resource that holds the key."""
    return {"applicationName": APPLICATION, "displayName": "Salesforce", "externalId": key}


def _key(told: Json) -> Value:
    return (link_of(told) or {}).get("externalId") or MISSING


def _due(told: Json) -> Value:
    """The date that is meant: To Do keeps midnight, in the zone of whoever set it."""
    found = told.get("dueDateTime")
    return day_of(clock(found), known_zone(found.get("timeZone") or "UTC")) if found else None


def _reminder_at(told: Json) -> Value:
    found = told.get("reminderDateTime")
    if not told.get("isReminderOn"):
        return None
    return to_the_minute(clock(found)) if found else MISSING


READERS: dict[str, Reader] = {
    f.SUBJECT: Reader(("title",), text("title")),
    f.KEY: Reader((), _key, expand=LINKS),
    f.DUE: Reader(("dueDateTime",), _due),
    f.STATUS: Reader(("status",), lambda told: STATUSES.get(str(told.get("status")), MISSING)),
    f.IMPORTANCE: Reader(("importance",), lambda told: told.get("importance") or "normal"),
    f.REMINDER_AT: Reader(("isReminderOn", "reminderDateTime"), _reminder_at),
    f.IS_RECURRING: Reader(("recurrence",), lambda told: bool(told.get("recurrence"))),
}


def _write_due(value: Any, _: ZoneInfo) -> Mapping[str, Any]:
    # in UTC, in which it is read again as the same date everywhere
    return {"dueDateTime": None if value is None else written(value, ZoneInfo("UTC"))}


def _write_reminder_at(value: Any, zone: ZoneInfo) -> Mapping[str, Any]:
    if value is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderDateTime": written(value, zone)}


WRITERS: dict[str, Writer] = {
    f.DUE: _write_due,
    f.STATUS: word("status", {neutral: name for name, neutral in STATUSES.items()}, "notStarted"),
    f.IMPORTANCE: word("importance", {name: name for name in IMPORTANCES}, "normal"),
    f.REMINDER_AT: _write_reminder_at,
}
