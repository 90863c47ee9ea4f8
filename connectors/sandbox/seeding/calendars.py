"""*.ics into calendar items and tasks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar

from connectors.sandbox.ews import writes
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.rules import recurrence
from connectors.sandbox.seeding.events import load_events
from connectors.sandbox.seeding.report import FileReport
from connectors.sandbox.seeding.values import common, listed, text_of, title
from connectors.sandbox.seeding.when import Home, Unusable, home_of, moment, prop
from mapping.model.item import Series, Span

_KNOWN = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
MAX_COMPONENTS = 50_000
_TASK = {"COMPLETED": "Completed", "IN-PROCESS": "InProgress", "CANCELLED": "Deferred", "NEEDS-ACTION": "NotStarted"}
_TROUBLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError, ArithmeticError)

Entry = tuple[Any, Home]  # a component, and in which zone its floating times are meant


def load_ics(call: Call, path: Path, report: FileReport) -> None:
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            roots: list[Any] = list(icalendar.Component.from_ical(path.read_bytes(), multiple=True))
    except (*_TROUBLE, RecursionError) as error:
        report.skip(path.name, f"not readable as iCalendar ({error})")
        return
    for warning in said:
        report.note(str(warning.message))
    entries = list(_entries(roots, call.acting.timezone))
    if len(entries) > MAX_COMPONENTS:
        report.skip("the rest of the file", f"more than {MAX_COMPONENTS} components in one file")
    for group in _groups(entries[:MAX_COMPONENTS]):
        _load(call, group, report)
    if not report.loaded and not report.skipped:
        report.skip(path.name, "no event and no task in it")


def _entries(roots: list[Any], timezone: str) -> Iterator[Entry]:
    """Everything on the top level, in a calendar, or in a component that nobody knows but that holds items. Zones are
    not items."""
    for root in roots:
        zone = str(root.get("X-WR-TIMEZONE") or "") if root.name == "VCALENDAR" else ""
        for component in _items(root):
            yield component, home_of(zone, timezone)


def _items(component: Any) -> Iterator[Any]:
    if component.name == "VTIMEZONE":
        return
    if component.name == "VCALENDAR" or (component.name not in _KNOWN and component.subcomponents):
        for inner in component.subcomponents:
            yield from _items(inner)
    else:
        yield component


def _groups(entries: list[Entry]) -> list[list[Entry]]:
    """The events of one UID together, all else by itself, in the order of the file."""
    groups: dict[str, list[Entry]] = {}
    for number, entry in enumerate(entries):
        component = entry[0]
        uid = text_of(component, "UID") if component.name == "VEVENT" else ""
        groups.setdefault(f"uid {uid}" if uid else str(number), []).append(entry)
    return list(groups.values())


def _load(call: Call, group: list[Entry], report: FileReport) -> None:
    first, home = group[0]
    for component, _ in group:
        for name, problem in component.errors:
            report.note(f"{title(component)}: {name} ignored ({problem})")
    try:
        with call.sandbox.store.transaction():
            match first.name:
                case "VEVENT":
                    load_events(call, group, report)
                case "VTODO":
                    _add_task(call, first, home, report)
                case "VJOURNAL" | "VFREEBUSY" | "VAVAILABILITY" as name:
                    raise Unusable(f"Exchange has no place for a {name}")
                case other:
                    raise Unusable(f"unknown component {other}")
    except (Unusable, EwsError, *_TROUBLE) as error:
        for component, _ in group:
            report.skip(title(component), _reason(error))


def _reason(error: Exception) -> str:
    match error:
        case Unusable():
            return str(error)
        case EwsError():
            return error.text
    return f"broken ({type(error).__name__}: {error})"


def _add_task(call: Call, component: Any, home: Home, report: FileReport) -> None:
    values = common(component, home, report)
    for name, target in (("DTSTART", "StartDate"), ("DUE", "DueDate"), ("COMPLETED", "CompleteDate")):
        text = moment(component, name, home)
        if text:
            values[target] = text
    status = _TASK.get(text_of(component, "STATUS").upper())
    values["Status"] = status or ("Completed" if "CompleteDate" in values else "NotStarted")
    percent = text_of(component, "PERCENT-COMPLETE")
    if percent.isdigit() and int(percent) <= 100:
        values["PercentComplete"] = float(percent)
    if listed(component, "RRULE"):
        begins = prop(component, "DTSTART") or prop(component, "DUE")
        if begins is None:
            raise Unusable("a recurring task without a date")
        first = begins.dt.date() if isinstance(begins.dt, datetime) else begins.dt
        values["Recurrence"] = _task_pattern(component, first)
    folder = call.directory.distinguished(call.acting, writes.HOMES["Task"])
    created = moment(component, "CREATED", home) or moment(component, "DTSTAMP", home)
    modified = moment(component, "LAST-MODIFIED", home) or created
    finished = writes.finish(call, "Task", values, call.acting)
    call.items.create(folder, "Task", finished, created=created, modified=modified)
    report.loaded["Task"] += 1


def _task_pattern(component: Any, first: date) -> Any:
    rules = listed(component, "RRULE")
    if len(rules) > 1 or listed(component, "RDATE"):
        raise Unusable("EWS has no series of several rules")
    rule = rules[0].to_ical().decode()
    try:
        return recurrence(Series(rule, Span(first, first + timedelta(days=1))))
    except ValueError as error:
        raise Unusable(str(error)) from None
