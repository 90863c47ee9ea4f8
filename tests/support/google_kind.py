"""Stories over Google Workspace: what Outlook calls `Subject` and `RequiredAttendees`, in the words of Google's API.

A mark is what people have there: a label on a mail, our group for a contact, our list for a task. On an event it is the
property that an add-in sets, because colours mean nothing unless they are switched on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connectors.google.events import first_popup
from connectors.google.html import is_html
from connectors.google.mailbox import GoogleMailbox
from connectors.protocols import Mailbox
from connectors.sandbox.google.calendar import REMINDERS
from mapping.model.item import Original
from mapping.model.series import stamp
from mapping.recurrence.zones import iana_of
from tests.support.google_mail import LABELS, MARKS, body_text, message, told_message

if TYPE_CHECKING:
    from tests.support.kinds import Handle, Values

KEY = "Google InboxSyncKey"  # of ours, as a story knows it of every mailbox
ACCOUNT = "svc@project.iam.gserviceaccount.com"
LISTS = {"tasks": "", **dict.fromkeys(("Salesforce Tasks", "Salesforce tasks", "synced_tasks"), "Salesforce tasks")}
GROUPS = {"contacts": [], "Salesforce Contacts": ["Salesforce Contacts"], "synced_contacts": ["Salesforce Contacts"]}
SHOW_AS = {"Free": "transparent", "Busy": "opaque", "Tentative": "opaque", "OOF": "opaque",
           "WorkingElsewhere": "transparent"}  # fmt: skip
NEUTRAL = {"Free": "free", "Busy": "busy", "Tentative": "tentative", "OOF": "oof",
           "WorkingElsewhere": "working_elsewhere"}  # fmt: skip
RESPONSES = {"Accept": "accepted", "Decline": "declined", "Tentative": "tentative", "Unknown": "needsAction",
             "NoResponseReceived": "needsAction"}  # fmt: skip
ANSWERS = {"accepted": "Accept", "declined": "Decline", "tentative": "Tentative", "needsAction": "NoResponseReceived"}
MEETINGS = (1, 3)  # a meeting, and one that was received: whoever has guests or another organizer
SAID_OTHERWISE = ("MyResponseType", "StartTimeZone", "IsAllDayEvent", "ReminderIsSet", "IsMeeting")
ROLES = {"RequiredAttendees": {}, "OptionalAttendees": {"optional": True}, "Resources": {"resource": True}}
SENSITIVITY = {"Normal": "default", "Personal": "default", "Private": "private", "Confidential": "confidential"}
PHONES = {"BusinessPhone": "work", "BusinessPhone2": "work", "MobilePhone": "mobile", "HomePhone": "home",
          "OtherTelephone": "other", "CarPhone": "car", "BusinessFax": "workFax"}  # fmt: skip
PLACES = {"Business": "work", "Home": "home", "Other": "other"}
ADDRESS = {"Street": "streetAddress", "City": "city", "State": "region", "PostalCode": "postalCode",
           "CountryOrRegion": "country"}  # fmt: skip


class Google:
    vendor = "google"
    wire = "google"
    connector: type[Mailbox] = GoogleMailbox
    can = GoogleMailbox.can
    marks = frozenset({"Salesforce", "Sync Error"})
    asks: Mapping[str, str] = {
        "read": "google.gmail.users.messages.get", "mark": "google.gmail.users.messages.modify",
        "content": "google.gmail.users.messages.attachments.get", "thread": "google.gmail.users.threads.get",
    }  # fmt: skip
    contents_fail = "google.gmail.users.messages.attachments.get"
    events: Mapping[str, str] = {
        ours: f"google*.calendar.events.{theirs}"
        for ours, theirs in {"read": "get", "create": "insert", "update": "patch", "delete": "delete"}.items()
    }
    troubles: Mapping[str, Values] = {
        "down": {"match": "google.*", "action": {"status": 503}},
        "busy": {"match": "google.*", "action": {"code": "userRateLimitExceeded"}},
        "closed": {"match": "google.*", "action": {"status": 401, "code": "invalid_grant"}},
    }
    refused: Mapping[str, Any] = {"match": "google*.calendar.events.insert", "action": {"status": 400}}
    nowhere: Mapping[str, str] = {"base_url": "http://127.0.0.1:9"}

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._below: dict[str, str] = {}  # labels that stand below others, by the last of their names
        self._zones: dict[str, ZoneInfo] = {}  # days are days in the zone of the calendar

    def connection(self) -> tuple[dict[str, str], dict[str, str]]:
        key_file = self._handle.post("google/accounts", email=ACCOUNT, domains=["acme.example"])
        return {"base_url": f"{self._handle.url}/google"}, {"service_account": json.dumps(key_file)}

    def open(self, address: str, name: str, aliases: Sequence[str], zone: str) -> None:
        self._handle.post("google/users", address=address, name=name, aliases=list(aliases), timezone=zone)
        self._zones[address] = ZoneInfo(zone)

    def _act(self, address: str, what: str, **given: Any) -> dict[str, Any]:
        return self._handle.post(f"google/{what}", mailbox=address, **given)

    def _content(self, address: str) -> dict[str, Any]:
        return self._handle.get("google/users", address=address)

    def create(self, address: str, kind: str, folder: str, values: Values) -> str:
        makers: Mapping[str, Callable[[str, str, Values], dict[str, Any]]] = {
            "CalendarItem": self._event, "Message": self._message, "Task": self._task, "Contact": self._contact,
        }  # fmt: skip
        return str(makers[kind](address, folder, values)["id"])

    def _event(self, address: str, folder: str, values: Values) -> dict[str, Any]:
        made, home = event(values, address, self._zones[address]), "" if folder == "calendar" else folder
        ident = hashlib.sha1(str(values.get("UID")).encode(), usedforsecurity=False).hexdigest()  # copies share it
        taken = "UID" not in values or any(each["id"] == ident for each in self._content(address)["events"])
        return self._act(address, "events", values=made, calendar=home, id="" if taken else ident)

    def _message(self, address: str, folder: str, values: Values) -> dict[str, Any]:
        marks = [MARKS.get(name, name) for name in values.get("Categories", ())]
        labels = [each for each in (self._label(folder), *marks) if each]
        at = values.get("DateTimeReceived") or values.get("DateTimeSent")
        return self._act(address, "messages", message=message(values), labels=labels, at=at)

    def _label(self, folder: str) -> str:
        """What a folder is among labels; '' for where mail goes that has none."""
        return LABELS.get(folder, self._below.get(folder, folder))

    def _task(self, address: str, folder: str, values: Values) -> dict[str, Any]:
        return self._act(address, "tasks", list=LISTS.get(folder, folder), values=task(values))

    def _contact(self, address: str, folder: str, values: Values) -> dict[str, Any]:
        made = self._act(address, "contacts", values=contact(values), groups=GROUPS.get(folder, [folder]))
        return {"id": made["resourceName"]}

    def update(self, address: str, item: str, values: Values, original: datetime | None = None) -> None:
        if item.startswith("people/"):
            old = self._held(address, "contacts", item.removeprefix("people/"))
            self._act(address, "contacts/update", id=old["id"], values=contact(values, old))
        elif any(each["id"] == item for each in self._content(address)["messages"]):
            self._relabel(address, item, values)
        elif any(each["id"] == item for tasks in self._content(address)["tasks"].values() for each in tasks):
            self._act(address, "tasks/update", id=item, values=task(values))
        elif values.get("AppointmentState") == 7:
            self._act(address, "events/delete", id=item)
        else:
            old = self._held(address, "events", item)
            changed = event(values, address, self._zones[address], old)
            self._act(address, "events/update", id=item, values=changed, **_only(original))

    def _held(self, address: str, what: str, item: str) -> dict[str, Any]:
        return next(each for each in self._content(address)[what] if each["id"] == item)

    def _relabel(self, address: str, item: str, values: Values) -> None:
        add, remove = [], []
        if "IsRead" in values:
            (remove if values["IsRead"] else add).append("UNREAD")
        if "Categories" in values:
            wanted = [MARKS.get(name, name) for name in values["Categories"] or ()]
            borne = [name for name in self._held(address, "messages", item)["labels"] if not name.isupper()]
            add += wanted
            remove += [name for name in borne if name not in wanted]
        self._act(address, "messages/labels", id=item, add=add, remove=remove)

    def delete(self, address: str, item: str, original: datetime | None = None, *, hard: bool = False) -> None:
        content = self._content(address)
        if item.startswith("people/"):
            self._act(address, "contacts/delete", id=item.removeprefix("people/"))
        elif any(each["id"] == item for each in content["messages"]):
            self._act(address, "messages/labels", id=item, add=["TRASH"], remove=["INBOX"])
        elif any(each["id"] == item for tasks in content["tasks"].values() for each in tasks):
            self._act(address, "tasks/delete", id=item)
        else:
            self._act(address, "events/delete", id=item, **_only(original))

    def known_as(self, address: str, item: str) -> str:
        return item

    def move(self, address: str, item: str, folder: str) -> str:
        content = self._content(address)
        if item.startswith("people/"):
            ident = item.removeprefix("people/")
            self._act(address, "contacts/update", id=ident, groups=GROUPS.get(folder, [folder]))
        elif any(each["id"] == item for each in content["messages"]):
            label = self._label(folder)
            self._act(address, "messages/labels", id=item, add=[label] if label else [], remove=["INBOX"])
        elif any(each["id"] == item for tasks in content["tasks"].values() for each in tasks):
            self._act(address, "tasks/move", id=item, list=LISTS.get(folder, folder))
        elif folder == "deleteditems":
            self._act(address, "events/delete", id=item)
        else:
            self._act(address, "events/move", id=item, calendar="" if folder == "calendar" else folder)
        return item

    def items(self, address: str, folder: str) -> list[dict[str, Any]]:
        content = self._content(address)
        if folder == "calendar":
            # what differs from a series is no item of its own in the words of Outlook
            events = [each for each in content["events"] if "recurringEventId" not in each]
            return [_told("CalendarItem", each, told_event(each, self._zones[address])) for each in events]
        if folder in content["calendars"]:
            events = content["calendars"][folder]
            return [_told("CalendarItem", each, told_event(each, self._zones[address])) for each in events]
        if folder == "deleteditems":
            gone = content["deleted"]
            found = [
                {"id": each, "change_key": "", "kind": "", "values": {}} for each in (*gone["tasks"], *gone["contacts"])
            ]
            return [*found, *(_told("Message", each, {}) for each in content["messages"] if "TRASH" in each["labels"])]
        label = self._label(folder)
        if folder in LABELS or label in content["labels"]:
            return [_told("Message", each, told_message(each)) for each in content["messages"]
                    if (label in each["labels"] if label else not {"INBOX", "SENT"} & {*each["labels"]})]  # fmt: skip
        if folder in LISTS or folder in content["tasks"]:
            tasks = content["tasks"].get(LISTS.get(folder, folder) or "My Tasks", [])
            return [_told("Task", each, told_task(each)) for each in tasks]
        groups = set(GROUPS.get(folder, [folder]))
        return [_told("Contact", {**each, "id": each["resourceName"]}, told_contact(each))
                for each in content["contacts"] if set(each["groups"]) - {"myContacts"} == groups]  # fmt: skip

    def agenda(self, address: str, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
        told = self._handle.get("google/calendar", address=address, start=start.isoformat(), end=end.isoformat())
        zone = self._zones[address]
        shown = [(_shown(each["start"], zone), each.get("summary", "")) for each in told["items"]]
        return sorted((datetime.fromisoformat(at), subject) for at, subject in shown)

    def categories(self, address: str) -> set[str]:
        back = {label: category for category, label in MARKS.items()}
        return {back.get(name, name) for name in self._content(address)["labels"]}

    def add_folder(self, address: str, name: str, parent: str, holds: str) -> None:
        entries = {"IPF.Note": ("labels", "name"), "IPF.Appointment": ("calendars", "name"),
                   "IPF.Task": ("lists", "title"), "IPF.Contact": ("groups", "name")}  # fmt: skip
        what, named = entries[holds]
        if name in LABELS:
            return
        if parent != "msgfolderroot" and what == "labels":
            self._below[name] = f"{self._label(parent)}/{name}"
        self._act(address, what, **{named: self._below.get(name, name)})

    def drop_folder(self, address: str, folder: str) -> None:
        if folder in LISTS:
            self._act(address, "lists/delete", title=LISTS[folder])
        elif folder in GROUPS:
            self._act(address, "groups/delete", name=folder)
        else:
            self._act(address, "labels/delete", name=self._label(folder))

    def listeners(self) -> int:
        return len(self._handle.get("google/channels")["channels"])

    def forget_cursors(self, address: str) -> None:
        for service in ("calendar", "gmail", "people"):
            self._act(address, "expire", service=service)


def _only(original: datetime | None) -> dict[str, str]:
    at: Original | None = original
    return {"original": stamp(at)} if at is not None else {}


def _told(kind: str, each: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {"id": each["id"], "change_key": each.get("etag", ""), "kind": kind, "values": values}


# --- events


def event(values: Values, address: str, home: ZoneInfo, old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The event, or with the old one the patch, that these values mean. `home`: the zone of the calendar."""
    made: dict[str, Any] = {}
    private: dict[str, Any] = {}
    named = iana_of(values.get("StartTimeZone", "")) or ((old or {}).get("start") or {}).get("timeZone")
    zone = ZoneInfo(named or "UTC")
    days = values.get("IsAllDayEvent", "date" in ((old or {}).get("start") or {}))
    for name, value in values.items():
        match name:
            case "Subject":
                made["summary"] = value
            case "Location":
                made["location"] = value
            case "Body":
                made["description"] = value.get("html") or body_text(value) if isinstance(value, Mapping) else value
            case "Start" | "End":
                made[name.lower()] = _time(str(value), home if days else zone, bool(days))
            case "Recurrence":
                made["recurrence"] = None if value is None else [f"RRULE:{value}"]
            case "Categories":
                private["inboxSyncCategories"] = "\n".join(value or ()) or None
            case "LegacyFreeBusyStatus":
                made["transparency"] = SHOW_AS[value]
                private["inboxSyncShowAs"] = NEUTRAL[value]
            case "Sensitivity":
                made["visibility"] = SENSITIVITY[value]
            case "Organizer":
                made["organizer"] = {"email": _whose(value), "displayName": value.get("name", "")}
            case "ReminderMinutesBeforeStart":
                made["reminders"] = {"useDefault": False, "overrides": [{"method": "popup", "minutes": value}]}
            case "ReminderIsSet" if value is False:
                made["reminders"] = {"useDefault": False, "overrides": []}
            case "AppointmentState" if value in MEETINGS:
                pass
            case "UID":
                made["iCalUID"] = value
            case "ExtendedProperty":
                private |= {"inboxSyncKey": value[KEY]["value"]} if value else {}
            case _ if name in ROLES or name in SAID_OTHERWISE:
                pass
            case _:
                raise KeyError(f"Google has nothing for {name}")
    guests = _guests(values, address, old)
    if guests is not None:
        made["attendees"] = guests
    kept = {name: value for name, value in private.items() if value is not None or old is not None}
    return {**made, **({"extendedProperties": {"private": kept}} if kept else {})}


def _whose(organizer: Mapping[str, str]) -> str:
    """A group calls its meetings in a calendar of its own, whose address they bear."""
    address = organizer["address"]
    of_group = organizer.get("type") == "GroupMailbox"
    return f"{address.split('@')[0]}@group.calendar.google.com" if of_group else address


def _time(text: str, zone: ZoneInfo, days: bool) -> dict[str, Any]:
    at = datetime.fromisoformat(text)
    if days:
        return {"date": at.astimezone(zone).date().isoformat(), "dateTime": None, "timeZone": None}
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "timeZone": zone.key, "date": None}


def _guests(values: Values, address: str, old: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    if not (ROLES.keys() | {"MyResponseType"}) & values.keys():
        return None
    found = [] if ROLES.keys() & values.keys() else list((old or {}).get("attendees", ()))
    for name, role in ROLES.items():
        for each in values.get(name, ()):
            answer = RESPONSES[each.get("response", "Unknown")]
            found.append(
                {"email": each["address"], "displayName": each.get("name", ""), "responseStatus": answer, **role}
            )
    mine = RESPONSES.get(values.get("MyResponseType", ""))
    if mine:
        found = [{k: v for k, v in each.items() if k not in ("self", "organizer")} for each in found]
        found = [each for each in found if each["email"] != address]
        found.append({"email": address, "responseStatus": mine})
    return found


def told_event(told: Mapping[str, Any], home: ZoneInfo) -> dict[str, Any]:
    private = (told.get("extendedProperties") or {}).get("private") or {}
    shown = {neutral: name for name, neutral in NEUTRAL.items()}.get(private.get("inboxSyncShowAs", ""))
    plain = "Free" if told.get("transparency") == "transparent" else "Busy"
    found: dict[str, Any] = {
        "Subject": told.get("summary", ""), "Start": _shown(told["start"], home),
        "End": _shown(told["end"], home),
        "IsAllDayEvent": "date" in told["start"], "UID": told["iCalUID"],
        "ExtendedProperty": {KEY: {"value": private["inboxSyncKey"]}} if "inboxSyncKey" in private else {},
        "LegacyFreeBusyStatus": shown if shown and SHOW_AS[shown] == told.get("transparency", "opaque") else plain,
    }  # fmt: skip
    if told.get("location"):
        found["Location"] = told["location"]
    if told.get("description"):
        found["Body"] = {"html" if is_html(told["description"]) else "text": told["description"]}
    if private.get("inboxSyncCategories"):
        found["Categories"] = private["inboxSyncCategories"].split("\n")
    reminders = told["reminders"]
    minutes = first_popup(REMINDERS if reminders["useDefault"] else reminders["overrides"])
    found["ReminderIsSet"] = minutes is not None
    if minutes is not None:
        found["ReminderMinutesBeforeStart"] = minutes
    organizer = told["organizer"]["email"]
    mine = next((each["responseStatus"] for each in told.get("attendees", ()) if each.get("self")), "")
    found["IsMeeting"] = any(each["email"] != organizer for each in told.get("attendees", ()))
    if mine or told["organizer"].get("self"):
        found["MyResponseType"] = ANSWERS[mine] if mine else "Organizer"
    for name, role in ROLES.items():
        people = [each for each in told.get("attendees", ()) if each["email"] != organizer and not each.get("self")
                  and {k: each[k] for k in ("optional", "resource") if each.get(k)} == role]  # fmt: skip
        if people:
            found[name] = [{"address": each["email"], "name": each.get("displayName", "")} for each in people]
    return found


def _shown(told: Mapping[str, Any], home: ZoneInfo) -> str:
    if "date" in told:
        at = datetime.fromisoformat(told["date"]).replace(tzinfo=home)
    else:
        at = datetime.fromisoformat(told["dateTime"])
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# --- tasks, contacts


def task(values: Values) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in values.items():
        match name:
            case "Subject":
                made["title"] = value
            case "DueDate":
                made["due"] = None if value is None else f"{str(value)[:10]}T00:00:00.000Z"
            case "Status":
                made["status"] = "completed" if value == "Completed" else "needsAction"
            case "Body":
                made["notes"] = body_text(value)
            case "Categories" | "PercentComplete":
                pass
            case _:
                raise KeyError(f"Google has nothing for {name}")
    return made


def told_task(told: Mapping[str, Any]) -> dict[str, Any]:
    text = str(told.get("notes", "")).partition("[Inbox Sync: ")[0]
    found: dict[str, Any] = {
        "Subject": told.get("title", ""), "Status": "Completed" if told["status"] == "completed" else "NotStarted",
        "PercentComplete": 100 if told["status"] == "completed" else 0, "IsComplete": told["status"] == "completed",
    }  # fmt: skip
    if told.get("due"):
        found["DueDate"] = f"{told['due'][:10]}T00:00:00Z"
    if text.strip():
        found["Body"] = {"text": text.strip()}
    return found


def contact(values: Values, old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {}

    def entry(name: str, kind: str = "") -> dict[str, Any]:
        entries = made.setdefault(name, [dict(each) for each in (old or {}).get(name, ())])
        found = next((each for each in entries if not kind or each.get("type") == kind), None)
        if found is None:
            entries.append(found := {"type": kind} if kind else {})
        return found

    names = {"GivenName": "givenName", "Surname": "familyName", "MiddleName": "middleName",
             "Salutation": "honorificPrefix"}  # fmt: skip
    work = {"CompanyName": "name", "JobTitle": "title", "Department": "department"}
    for name, value in values.items():
        match name:
            case _ if name in names:
                entry("names")[names[name]] = value
            case _ if name in work:
                entry("organizations")[work[name]] = value
            case "EmailAddresses":
                made["emailAddresses"] = [{"value": each, "type": "other"} for each in value.values()]
            case "PhoneNumbers":
                made["phoneNumbers"] = [{"type": PHONES[label], "value": each} for label, each in value.items()]
            case "PhysicalAddresses":
                made["addresses"] = [
                    {"type": PLACES[label], **{ADDRESS[part]: text for part, text in parts.items()}}
                    for label, parts in value.items()
                ]
            case "Nickname":
                entry("nicknames")["value"] = value
            case "BusinessHomePage":
                entry("urls", "work")["value"] = value
            case "AssistantName":
                entry("relations", "assistant")["person"] = value
            case "Birthday":
                day = datetime.fromisoformat(value)
                entry("birthdays")["date"] = {"year": day.year, "month": day.month, "day": day.day}
            case "Body":
                entry("biographies")["value"] = body_text(value)
            case "Categories":
                others = [each for each in (old or {}).get("clientData", ()) if each["key"] != "inboxSyncCategories"]
                kept = "\n".join(value or ())
                made["clientData"] = [*others, *([{"key": "inboxSyncCategories", "value": kept}] if kept else [])]
            case "Subject" | "DisplayName":
                pass
            case _:
                raise KeyError(f"Google has nothing for {name}")
    return made


def _labelled(
    types: Mapping[str, str], entries: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], Any]
) -> dict[str, Any] | None:
    """Entries by Outlook's labels; of two with one type the second has the second label."""
    left, found = list(entries), dict[str, Any]()
    for label, kind in types.items():
        at = next((at for at, each in enumerate(left) if each.get("type") == kind), None)
        if at is not None:
            found[label] = value(left.pop(at))
    return found or None


def told_contact(told: Mapping[str, Any]) -> dict[str, Any]:
    def entry(name: str, kind: str = "") -> Mapping[str, Any]:
        return next((each for each in told.get(name, ()) if not kind or each.get("type") == kind), {})

    kept = {each["key"]: each["value"] for each in told.get("clientData", ())}
    named, work = entry("names"), entry("organizations")
    found: dict[str, Any] = {
        "GivenName": named.get("givenName"), "Surname": named.get("familyName"), "JobTitle": work.get("title"),
        "CompanyName": work.get("name"), "Subject": named.get("displayName"),
        "Categories": kept.get("inboxSyncCategories", "").split("\n") if kept.get("inboxSyncCategories") else None,
        "DisplayName": named.get("displayName"), "FileAs": named.get("displayNameLastFirst"),
        "Nickname": entry("nicknames").get("value"),
        "EmailAddresses": {f"EmailAddress{n}": e["value"] for n, e in enumerate(told.get("emailAddresses", ()), 1)},
        "PhoneNumbers": _labelled(PHONES, told.get("phoneNumbers", ()), lambda each: each["value"]),
        "PhysicalAddresses": _labelled(PLACES, told.get("addresses", ()), lambda each: {
            part: each[name] for part, name in ADDRESS.items() if each.get(name)}),
        "BusinessHomePage": entry("urls", "work").get("value"), "AssistantName": entry("relations").get("person"),
        "Birthday": date(**entry("birthdays")["date"]).isoformat() if entry("birthdays") else None,
        "CompleteName": [["Title", named["honorificPrefix"]]] if named.get("honorificPrefix") else None,
        "Body": {"text": entry("biographies")["value"]} if entry("biographies").get("value") else None,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, {})}
