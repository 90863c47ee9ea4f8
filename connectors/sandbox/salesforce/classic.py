"""Series as Salesforce Classic keeps them: one row that is the series, and one row for each occurrence.

Sources: Object Reference, Event (recurrence fields by type, what may be updated, what a deletion takes along);
knowledge articles on how many occurrences there may be. The series row is no occurrence and in no calendar; what it
says is copied into its occurrences. What nobody has confirmed is kept in one place each: what too many occurrences
come to (`series_over_cap`), and that all occurrences ahead are made anew when the rule or the time changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, SU, WEEKLY, YEARLY, rrule

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import KEY_FIELD
from connectors.sandbox.salesforce.values import read_moment, show_moment

Row = dict[str, Any]

DAY = 24 * 60
_ALWAYS = ("RecurrenceStartDateTime", "RecurrenceEndDateOnly", "RecurrenceType")
_INTERVAL, _DAYS, _DAY, _NTH, _MONTH = (
    "RecurrenceInterval", "RecurrenceDayOfWeekMask", "RecurrenceDayOfMonth", "RecurrenceInstance",
    "RecurrenceMonthOfYear",
)  # fmt: skip
# type of recurrence -> frequency, the fields it needs, and how many occurrences there may be
_TYPES: dict[str, tuple[Literal[0, 1, 2, 3], tuple[str, ...], int]] = {
    "RecursDaily": (DAILY, (_INTERVAL,), 100),
    "RecursEveryWeekday": (WEEKLY, (_DAYS,), 100),
    "RecursWeekly": (WEEKLY, (_INTERVAL, _DAYS), 53),
    "RecursMonthly": (MONTHLY, (_INTERVAL, _DAY), 60),
    "RecursMonthlyNth": (MONTHLY, (_INTERVAL, _DAYS, _NTH), 60),
    "RecursYearly": (YEARLY, (_DAY, _MONTH), 10),
    "RecursYearlyNth": (YEARLY, (_DAYS, _NTH, _MONTH), 10),
}
_PLACES = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_OF_RULE = (*_ALWAYS, "RecurrenceTimeZoneSidKey", _INTERVAL, _DAYS, _DAY, _NTH, _MONTH)
_OF_TIME = ("IsAllDayEvent", "DurationInMinutes")
# what an occurrence takes over from its series
_SHARED = ("OwnerId", "Subject", "Location", "Description", "ShowAs", "IsPrivate", "WhoId", "WhatId", "IsAllDayEvent",
           "EventSubtype", "IsReminderSet")  # fmt: skip


def check(row: Row, *, new: bool) -> None:
    """A series row must say all of its rule and nothing besides. Raises SfError."""
    missing = [name for name in _ALWAYS if row[name] is None]
    if missing:
        raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    _, needed, _ = _TYPES[row["RecurrenceType"]]
    if missing := [name for name in needed if row[name] is None]:
        raise integrity("this type of recurrence needs these fields", missing)
    if extra := [n for n in (_INTERVAL, _DAYS, _DAY, _NTH, _MONTH) if n not in needed and row[n] is not None]:
        raise integrity("this type of recurrence has no use for these fields", extra)
    if row["RecurrenceType"] == "RecursEveryWeekday" and row[_DAYS] & (1 | 64):
        raise integrity("weekdays are Monday to Friday", [_DAYS])
    if row["RecurrenceStartDateTime"][:10] > row["RecurrenceEndDateOnly"]:
        raise integrity("the recurrence must start before it ends", ["RecurrenceEndDateOnly"])
    if row["Recurrence2PatternText"]:
        raise integrity("a series is either of Classic or of Lightning", ["Recurrence2PatternText"])
    if new and (row["DurationInMinutes"] or 0) > DAY:
        raise integrity("a recurring event lasts a day at most", ["DurationInMinutes"])


def takes_place(row: Row) -> Iterator[datetime]:
    """The starts of all occurrences, by the wall clock of the series' zone, without an end to their number."""
    frequency, needed, _ = _TYPES[row["RecurrenceType"]]
    zone = UTC if row["IsAllDayEvent"] else ZoneInfo(row["RecurrenceTimeZoneSidKey"] or "UTC")
    start = read_moment(row["RecurrenceStartDateTime"]).astimezone(zone).replace(tzinfo=None)
    rule: dict[str, Any] = {"interval": row[_INTERVAL] or 1, "wkst": SU}
    if _DAYS in needed:
        # Sunday is 1 and Saturday is 64; the library counts from Monday
        rule["byweekday"] = [(day - 1) % 7 for day in range(7) if row[_DAYS] >> day & 1]
    if _DAY in needed:
        rule["bymonthday"] = row[_DAY]
    if _NTH in needed:
        rule["bysetpos"] = _PLACES[row[_NTH]]
    if _MONTH in needed:
        rule["bymonth"] = _MONTHS.index(row[_MONTH]) + 1
    last = datetime.fromisoformat(f"{row['RecurrenceEndDateOnly']}T23:59:59")
    for naive in rrule(frequency, dtstart=start, until=last, **rule):
        yield naive.replace(tzinfo=zone).astimezone(UTC)


def make_occurrences(call: Call, row: Row, since: datetime | None = None) -> None:
    """Make the rows of a series, or of its part from a moment on. Raises FIELD_INTEGRITY_EXCEPTION for too many."""
    _, _, most = _TYPES[row["RecurrenceType"]]
    starts = [start for start in takes_place(row) if since is None or start >= since]
    if not starts and since is None:
        raise integrity("the rule yields no occurrence", ["RecurrenceType"])
    if len(starts) > most and call.org.settings.series_over_cap == "refuse":
        raise integrity(f"a series of this type has {most} occurrences at most", ["RecurrenceEndDateOnly"])
    guests = records.related(call, "EventRelation", "EventId", row["Id"])
    for start in starts[:most]:
        values = {**_shared(row, start), **_times(row, start), "RecurrenceActivityId": row["Id"]}
        made = records.insert(call, "Event", values, user_made=False)
        for guest in guests:
            invite(call, made, guest)


def invite(call: Call, event_id: str, guest: Row) -> None:
    """Whoever is invited to a series is invited to its occurrences."""
    values = {name: guest[name] for name in ("RelationId", "Status", "RespondedDate", "Response", "IsInvitee")}
    records.insert(call, "EventRelation", {**values, "EventId": event_id}, user_made=False)


def _shared(row: Row, start: datetime) -> Row:
    values = {name: row[name] for name in _SHARED}
    if row["ReminderDateTime"]:
        before = read_moment(row["StartDateTime"]) - read_moment(row["ReminderDateTime"])
        values["ReminderDateTime"] = show_moment(start - before)
    custom = {name: value for name, value in row.items() if name.endswith("__c") and name != KEY_FIELD}
    return {**values, **custom}


def _times(row: Row, start: datetime) -> Row:
    end = start + (read_moment(row["EndDateTime"]) - read_moment(row["StartDateTime"]))
    return {
        "StartDateTime": show_moment(start), "EndDateTime": show_moment(end),
        "ActivityDateTime": None if row["IsAllDayEvent"] else show_moment(start),
        "ActivityDate": start.date().isoformat(), "EndDate": end.date().isoformat(),
        "DurationInMinutes": row["DurationInMinutes"],
    }  # fmt: skip


def occurrences(call: Call, series_id: str) -> list[Row]:
    """The rows of a series without the row that is the series."""
    rows = records.related(call, "Event", "RecurrenceActivityId", series_id)
    return [row for row in rows if row["Id"] != series_id]


def rewrite(call: Call, old: Row, row: Row) -> None:
    """Carry a change of the series row to the occurrences that lie ahead. Those in the past stay as they are."""
    ahead = [o for o in occurrences(call, row["Id"]) if o["StartDateTime"] >= show_moment(call.now)]
    if any(old[name] != row[name] for name in (*_OF_RULE, *_OF_TIME)):
        for occurrence in ahead:
            records.remove(call, "Event", occurrence)
        make_occurrences(call, row, since=call.now)
        return
    for occurrence in ahead:
        shared = _shared(row, read_moment(occurrence["StartDateTime"]))
        if any(occurrence[name] != value for name, value in shared.items()):
            records.change(call, "Event", occurrence, shared)
