"""*.ics into calendar items and tasks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar

from connectors.sandbox.ews import appointments, writes, zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.items import Values
from connectors.sandbox.ews.rules import recurrence
from connectors.sandbox.ews.wire import clean
from connectors.sandbox.seeding.report import FileReport
from connectors.sandbox.seeding.when import Home, Times, Unusable, home_of, moment, prop, times_of
from mapping.model.item import Series, Span

MAX_COMPONENTS = 50_000
MAX_REMINDER = 2_629_800
_SENSITIVITY = {"PRIVATE": "Private", "CONFIDENTIAL": "Confidential"}
_ANSWERS = {"ACCEPTED": "Accept", "TENTATIVE": "Tentative", "DECLINED": "Decline", "NEEDS-ACTION": "NoResponseReceived"}
_BUSY = {"FREE": "Free", "TENTATIVE": "Tentative", "BUSY": "Busy", "OOF": "OOF", "WORKINGELSEWHERE": "WorkingElsewhere"}
_TASK = {"COMPLETED": "Completed", "IN-PROCESS": "InProgress", "CANCELLED": "Deferred", "NEEDS-ACTION": "NotStarted"}
_TROUBLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError, ArithmeticError)


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
    newest = _newest(roots)
    for count, (component, calendar_zone) in enumerate(_components(roots)):
        if count >= MAX_COMPONENTS:
            report.skip("the rest of the file", f"more than {MAX_COMPONENTS} components in one file")
            break
        home = home_of(calendar_zone, call.acting.timezone)
        what = _title(component)
        try:
            with call.sandbox.store.transaction():
                _add(call, component, home, newest, report)
        except Unusable as error:
            report.skip(what, str(error))
        except EwsError as error:
            report.skip(what, error.text)
        except _TROUBLE as error:
            report.skip(what, f"broken ({type(error).__name__}: {error})")
    if not report.loaded and not report.skipped:
        report.skip(path.name, "no event and no task in it")


def _components(roots: list[Any]) -> Iterator[tuple[Any, str]]:
    """Everything on the top level or in a calendar, with the calendar's default zone. Zones are not items."""
    for root in roots:
        zone = str(root.get("X-WR-TIMEZONE") or "") if root.name == "VCALENDAR" else ""
        for component in root.subcomponents if root.name == "VCALENDAR" else [root]:
            if component.name != "VTIMEZONE":
                yield component, zone


def _newest(roots: list[Any]) -> dict[str, int]:
    """The highest SEQUENCE of every UID: lower ones are revisions that no longer hold."""
    found: dict[str, int] = {}
    for component, _ in _components(roots):
        if component.name == "VEVENT" and "RECURRENCE-ID" not in component:
            uid = str(component.get("UID") or "")
            found[uid] = max(found.get(uid, 0), _sequence(component))
    return found


def _sequence(component: Any) -> int:
    try:
        return int(component.get("SEQUENCE") or 0)
    except (TypeError, ValueError):
        return 0


def _title(component: Any) -> str:
    return f"{component.name} {_text(component, 'SUMMARY') or _text(component, 'UID')}".strip()


def _text(component: Any, name: str) -> str:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return clean(str(value)).strip() if value is not None else ""


def _add(call: Call, component: Any, home: Home, newest: dict[str, int], report: FileReport) -> None:
    for name, problem in component.errors:
        report.note(f"{_title(component)}: {name} ignored ({problem})")
    match component.name:
        case "VEVENT":
            _add_event(call, component, home, newest, report)
        case "VTODO":
            _add_task(call, component, home, report)
        case "VJOURNAL" | "VFREEBUSY" | "VAVAILABILITY" as name:
            raise Unusable(f"Exchange has no place for a {name}")
        case other:
            raise Unusable(f"unknown component {other}")


def _add_event(call: Call, component: Any, home: Home, newest: dict[str, int], report: FileReport) -> None:
    uid = _text(component, "UID")
    if "RECURRENCE-ID" in component:
        raise Unusable("a changed occurrence of a series; occurrences are not kept apart from their series")
    if _sequence(component) < newest.get(uid, 0):
        raise Unusable("an older revision of the same UID")
    calendar = call.directory.distinguished(call.acting, "calendar")
    if uid and call.items.by_uid(calendar, uid):
        raise Unusable("the calendar has an item of this UID already")
    times = times_of(component, home)
    values = _common(component, home, report)
    values |= {
        "Start": zones.stamp(times.start),
        "End": zones.stamp(times.end),
        "IsAllDayEvent": times.all_day,
        "StartTimeZone": times.zone_name,
        "EndTimeZone": times.zone_name,
        "LegacyFreeBusyStatus": _busy(component, all_day=times.all_day),
        "AppointmentSequenceNumber": _sequence(component),
    }
    if times.note:
        report.note(f"{_title(component)}: {times.note}")
    for name, target in (("UID", "UID"), ("LOCATION", "Location")):
        if _text(component, name):
            values[target] = _text(component, name)
    pattern = _pattern(component, times, report)
    if pattern:
        values["Recurrence"] = pattern
    _people(call, component, values)
    _reminder(component, times, values, report)
    finished = appointments.finish(values, call.acting, call.items.now)
    _store(call, "CalendarItem", finished, component, home)
    report.loaded["CalendarItem"] += 1


def _common(component: Any, home: Home, report: FileReport) -> Values:
    """What events and tasks have in common."""
    values: Values = {"Subject": _text(component, "SUMMARY")}
    markup = next(
        (str(each) for each in _listed(component, "X-ALT-DESC") if "html" in str(getattr(each, "params", "")).lower()),
        "",
    )
    if _text(component, "DESCRIPTION") or markup:
        values["Body"] = {"text": _text(component, "DESCRIPTION")} | ({"html": clean(markup)} if markup else {})
    values["Sensitivity"] = _SENSITIVITY.get(_text(component, "CLASS").upper(), "Normal")
    categories = [clean(str(cat)) for each in _listed(component, "CATEGORIES") for cat in getattr(each, "cats", [each])]
    if categories:
        values["Categories"] = list(dict.fromkeys(each for each in categories if each.strip()))
    priority = _text(component, "PRIORITY")
    if priority.isdigit() and int(priority):
        values["Importance"] = "High" if int(priority) < 5 else "Normal" if int(priority) == 5 else "Low"
    if _listed(component, "ATTACH"):
        report.note(f"{_title(component)}: attachments are left out")
    values["DateTimeReceived"] = moment(component, "CREATED", home) or moment(component, "DTSTAMP", home) or None
    return {name: value for name, value in values.items() if value is not None}


def _listed(component: Any, name: str) -> list[Any]:
    value = component.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _busy(component: Any, *, all_day: bool) -> str:
    said = _BUSY.get(_text(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper())
    if said is not None:
        return said
    if _text(component, "STATUS").upper() == "TENTATIVE":
        return "Tentative"
    shown = _text(component, "TRANSP").upper()
    return "Free" if shown == "TRANSPARENT" or (all_day and not shown) else "Busy"


def _pattern(component: Any, times: Times, report: FileReport) -> Any:
    rules = _listed(component, "RRULE")
    if _listed(component, "RDATE"):
        raise Unusable("EWS has no single dates (RDATE) in a recurrence")
    if len(rules) > 1 or _listed(component, "EXRULE"):
        raise Unusable("EWS has no series of several rules")
    if not rules:
        return None
    if times.zone is None:
        raise Unusable("a series in a time zone that has no Windows name")
    span = Span(times.start, times.end)
    if times.all_day:
        span = Span(times.start.astimezone(times.zone).date(), times.end.astimezone(times.zone).date())
    pattern = _recurrence(Series(_text_of(rules[0]), span, times.zone.key))
    if _listed(component, "EXDATE"):
        report.note(f"{_title(component)}: the series is kept without its deleted occurrences")
    return pattern


def _people(call: Call, component: Any, values: Values) -> None:
    """Organizer and attendees; without an organizer, or with the owner as such, the meeting is the owner's own."""
    owner = call.acting
    own = {owner.address, *call.directory.aliases(owner)}
    organizer = next((_person(each) for each in _listed(component, "ORGANIZER")), None)
    mine = organizer is None or organizer["address"].lower() in own
    my_answer = "Organizer" if mine else "NoResponseReceived"
    seen: set[str] = set()
    for each in _listed(component, "ATTENDEE"):
        person = _person(each)
        address = person["address"].lower()
        if not address or address in seen or (organizer is not None and address == organizer["address"].lower()):
            continue
        seen.add(address)
        answer = _ANSWERS.get(_parameter(each, "PARTSTAT"), "Unknown")
        if address in own and not mine:
            my_answer = answer if answer != "Unknown" else my_answer
        room = _parameter(each, "CUTYPE") in ("RESOURCE", "ROOM") or _parameter(each, "ROLE") == "NON-PARTICIPANT"
        role = "Resources" if room else "OptionalAttendees" if _parameter(each, "ROLE") == "OPT-PARTICIPANT" else ""
        values.setdefault(role or "RequiredAttendees", []).append({**person, "response": answer})
    state = 0 if mine else appointments.MEETING | appointments.RECEIVED
    if _text(component, "STATUS").upper() == "CANCELLED":
        state |= appointments.CANCELLED
    if not mine:
        values["Organizer"] = organizer
    values |= {"AppointmentState": state, "MyResponseType": my_answer}


def _person(value: Any) -> dict[str, str]:
    """A calendar address. The bodies of a `mailto:` are addresses, other schemes are not."""
    scheme, colon, rest = clean(str(value)).strip().partition(":")
    address = rest if colon and scheme.lower() == "mailto" else "" if colon else scheme
    named = str(getattr(value, "params", {}).get("CN", "")).strip().strip('"')
    if "@" not in address:
        address = str(getattr(value, "params", {}).get("EMAIL", ""))
    return {"name": clean(named), "address": clean(address.strip())}


def _parameter(value: Any, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, "")).upper()


def _reminder(component: Any, times: Times, values: Values, report: FileReport) -> None:
    minutes: list[int] = []
    for alarm in component.walk("VALARM"):
        trigger = prop(alarm, "TRIGGER")
        if trigger is None:
            continue
        if _parameter(trigger, "RELATED") == "END":
            report.note(f"{_title(component)}: an alarm counted from the end is left out")
            continue
        value = trigger.dt
        if isinstance(value, datetime):
            value = value - times.start if value.tzinfo is not None else None
        if isinstance(value, timedelta) and 0 <= -value.total_seconds() // 60 <= MAX_REMINDER:
            minutes.append(int(-value.total_seconds() // 60))
        else:
            report.note(f"{_title(component)}: an alarm after the start is left out")
    values["ReminderIsSet"] = bool(minutes)
    if minutes:
        values["ReminderMinutesBeforeStart"] = minutes[0]
        if len(set(minutes)) > 1:
            report.note(f"{_title(component)}: only the first of {len(minutes)} alarms is kept")


def _add_task(call: Call, component: Any, home: Home, report: FileReport) -> None:
    values = _common(component, home, report)
    for name, target in (("DTSTART", "StartDate"), ("DUE", "DueDate"), ("COMPLETED", "CompleteDate")):
        text = moment(component, name, home)
        if text:
            values[target] = text
    status = _TASK.get(_text(component, "STATUS").upper())
    values["Status"] = status or ("Completed" if "CompleteDate" in values else "NotStarted")
    percent = _text(component, "PERCENT-COMPLETE")
    if percent.isdigit() and int(percent) <= 100:
        values["PercentComplete"] = float(percent)
    if _listed(component, "RRULE"):
        begins = prop(component, "DTSTART") or prop(component, "DUE")
        if begins is None:
            raise Unusable("a recurring task without a date")
        first = begins.dt.date() if isinstance(begins.dt, datetime) else begins.dt
        values["Recurrence"] = _task_pattern(component, first)
    _store(call, "Task", writes.finish(call, "Task", values, call.acting), component, home)
    report.loaded["Task"] += 1


def _task_pattern(component: Any, first: date) -> Any:
    rules = _listed(component, "RRULE")
    if len(rules) > 1 or _listed(component, "RDATE"):
        raise Unusable("EWS has no series of several rules")
    return _recurrence(Series(_text_of(rules[0]), Span(first, first + timedelta(days=1))))


def _text_of(rule: Any) -> str:
    return str(rule.to_ical().decode())


def _recurrence(series: Series) -> Any:
    try:
        return recurrence(series)
    except ValueError as error:
        raise Unusable(str(error)) from None


def _store(call: Call, kind: str, values: Values, component: Any, home: Home) -> None:
    folder = call.directory.distinguished(call.acting, writes.HOMES[kind])
    created = moment(component, "CREATED", home) or moment(component, "DTSTAMP", home)
    modified = moment(component, "LAST-MODIFIED", home) or created
    call.items.create(folder, kind, values, created=created, modified=modified)
