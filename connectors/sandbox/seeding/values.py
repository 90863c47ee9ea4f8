"""What the components of a calendar say about an item: texts, people, marks, alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.ews.appointments import CANCELLED, MEETING, RECEIVED
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.fields import MAX_REMINDER
from connectors.sandbox.ews.items import Values
from connectors.sandbox.ews.wire import clean
from connectors.sandbox.seeding.report import FileReport
from connectors.sandbox.seeding.when import Home, Times, moment, prop

_SENSITIVITY = {"PRIVATE": "Private", "CONFIDENTIAL": "Confidential"}
_ANSWERS = {"ACCEPTED": "Accept", "TENTATIVE": "Tentative", "DECLINED": "Decline", "NEEDS-ACTION": "NoResponseReceived"}
_BUSY = {"FREE": "Free", "TENTATIVE": "Tentative", "BUSY": "Busy", "OOF": "OOF", "WORKINGELSEWHERE": "WorkingElsewhere"}


def title(component: Any) -> str:
    return f"{component.name} {text_of(component, 'SUMMARY') or text_of(component, 'UID')}".strip()


def text_of(component: Any, name: str) -> str:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return clean(str(value)).strip() if value is not None else ""


def listed(component: Any, name: str) -> list[Any]:
    value = component.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def sequence(component: Any) -> int:
    try:
        return int(component.get("SEQUENCE") or 0)
    except (TypeError, ValueError):
        return 0


def parameter(value: Any, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, "")).upper()


def common(component: Any, home: Home, report: FileReport) -> Values:
    """What events and tasks have in common."""
    values: Values = {"Subject": text_of(component, "SUMMARY")}
    markup = next(
        (str(each) for each in listed(component, "X-ALT-DESC") if "html" in str(getattr(each, "params", "")).lower()),
        "",
    )
    if text_of(component, "DESCRIPTION") or markup:
        values["Body"] = {"text": text_of(component, "DESCRIPTION")} | ({"html": clean(markup)} if markup else {})
    values["Sensitivity"] = _SENSITIVITY.get(text_of(component, "CLASS").upper(), "Normal")
    categories = [clean(str(cat)) for each in listed(component, "CATEGORIES") for cat in getattr(each, "cats", [each])]
    if categories:
        values["Categories"] = list(dict.fromkeys(each for each in categories if each.strip()))
    priority = text_of(component, "PRIORITY")
    if priority.isdigit() and int(priority):
        values["Importance"] = "High" if int(priority) < 5 else "Normal" if int(priority) == 5 else "Low"
    if listed(component, "ATTACH"):
        report.note(f"{title(component)}: attachments are left out")
    values["DateTimeReceived"] = moment(component, "CREATED", home) or moment(component, "DTSTAMP", home) or None
    return {name: value for name, value in values.items() if value is not None}


def busy(component: Any, *, all_day: bool) -> str:
    said = _BUSY.get(text_of(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper())
    if said is not None:
        return said
    if text_of(component, "STATUS").upper() == "TENTATIVE":
        return "Tentative"
    shown = text_of(component, "TRANSP").upper()
    return "Free" if shown == "TRANSPARENT" or (all_day and not shown) else "Busy"


def people(call: Call, component: Any) -> Values:
    """Organizer and attendees; without an organizer, or with the owner as such, the meeting is the owner's own."""
    values: Values = {}
    owner = call.acting
    own = {owner.address, *call.directory.aliases(owner)}
    organizer = next((person(each) for each in listed(component, "ORGANIZER")), None)
    mine = organizer is None or organizer["address"].lower() in own
    my_answer = "Organizer" if mine else "NoResponseReceived"
    seen: set[str] = set()
    for each in listed(component, "ATTENDEE"):
        attendee = person(each)
        address = attendee["address"].lower()
        if not address or address in seen or (organizer is not None and address == organizer["address"].lower()):
            continue
        seen.add(address)
        answer = _ANSWERS.get(parameter(each, "PARTSTAT"), "Unknown")
        if address in own and not mine:
            my_answer = answer if answer != "Unknown" else my_answer
        room = parameter(each, "CUTYPE") in ("RESOURCE", "ROOM") or parameter(each, "ROLE") == "NON-PARTICIPANT"
        role = "Resources" if room else "OptionalAttendees" if parameter(each, "ROLE") == "OPT-PARTICIPANT" else ""
        values.setdefault(role or "RequiredAttendees", []).append({**attendee, "response": answer})
    state = 0 if mine else MEETING | RECEIVED
    if text_of(component, "STATUS").upper() == "CANCELLED":
        state |= CANCELLED
    if not mine:
        values["Organizer"] = organizer
    return {**values, "AppointmentState": state, "MyResponseType": my_answer}


def person(value: Any) -> dict[str, str]:
    """A calendar address. The bodies of a `mailto:` are addresses, other schemes are not."""
    scheme, colon, rest = clean(str(value)).strip().partition(":")
    address = rest if colon and scheme.lower() == "mailto" else "" if colon else scheme
    named = str(getattr(value, "params", {}).get("CN", "")).strip().strip('"')
    if "@" not in address:
        address = str(getattr(value, "params", {}).get("EMAIL", ""))
    return {"name": clean(named), "address": clean(address.strip())}


def reminder(component: Any, times: Times, report: FileReport) -> Values:
    minutes: list[int] = []
    for alarm in component.walk("VALARM"):
        trigger = prop(alarm, "TRIGGER")
        if trigger is None:
            continue
        if parameter(trigger, "RELATED") == "END":
            report.note(f"{title(component)}: an alarm counted from the end is left out")
            continue
        value = trigger.dt
        if isinstance(value, datetime):
            value = value - times.start if value.tzinfo is not None else None
        if isinstance(value, timedelta) and 0 <= -value.total_seconds() // 60 <= MAX_REMINDER:
            minutes.append(int(-value.total_seconds() // 60))
        else:
            report.note(f"{title(component)}: an alarm after the start is left out")
    if len(set(minutes)) > 1:
        report.note(f"{title(component)}: only the first of {len(minutes)} alarms is kept")
    return {"ReminderIsSet": True, "ReminderMinutesBeforeStart": minutes[0]} if minutes else {"ReminderIsSet": False}
