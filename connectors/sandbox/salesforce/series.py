"""Recurring events. The vendor spreads a rule over single rows: Classic ones share a series id, Lightning ones do not
show what belongs together, yet changing one that lies ahead changes them all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dateutil.rrule import rrulestr

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import integrity
from connectors.sandbox.salesforce.values import read_moment, show_moment

Row = dict[str, Any]
MOST = 100
_SHARED = ("Subject", "Location", "Description", "ShowAs", "IsPrivate", "WhoId", "WhatId", "OwnerId", "AccountId")
# in the order in which the vendor writes them
_PARTS = ("FREQ", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST", "BYSETPOS", "INTERVAL", "UNTIL", "COUNT")
_LONGEST_INTERVAL = {"DAILY": 999, "WEEKLY": 99, "MONTHLY": 99, "YEARLY": 1}
MOST_COUNT = 999
_BY_CLASSIC = ("IsRecurrence", "RecurrenceType", "RecurrenceStartDateTime", "RecurrenceEndDateOnly")


def before_series_create(row: Row) -> None:
    """Bring a Lightning rule into the form in which the vendor gives it back. Raises FIELD_INTEGRITY_EXCEPTION."""
    text = row.get("Recurrence2PatternText")
    if not text:
        return
    if any(row[name] for name in _BY_CLASSIC):
        raise integrity("a series is either of Classic or of Lightning", ["Recurrence2PatternText"])
    pairs = dict(part.split("=", 1) for part in str(text).removeprefix("RRULE:").split(";") if "=" in part)
    pairs.setdefault("INTERVAL", "1")
    if not _is_supported(pairs):
        raise integrity("Recurrence Pattern: not a supported rule", ["Recurrence2PatternText"])
    row["Recurrence2PatternText"] = "RRULE:" + ";".join(f"{key}={pairs[key]}" for key in _PARTS if key in pairs)
    row |= {"IsRecurrence2": 1, "Recurrence2PatternVersion": "1", "Recurrence2PatternTimeZone": "GMT"}


def _is_supported(pairs: dict[str, str]) -> bool:
    longest = _LONGEST_INTERVAL.get(pairs.get("FREQ", ""), 0)
    numbers = {name: int(pairs[name]) for name in ("INTERVAL", "COUNT") if pairs.get(name, "").isdigit()}
    ends = ("COUNT" in pairs) != ("UNTIL" in pairs)
    counted = "COUNT" not in pairs or 1 <= numbers.get("COUNT", 0) <= MOST_COUNT
    return not set(pairs) - set(_PARTS) and ends and counted and 1 <= numbers.get("INTERVAL", 0) <= longest


def expand_series(call: Call, row: Row) -> None:
    """Make the other occurrences of a Lightning series."""
    if not row["IsRecurrence2"] or row["Recurrence2PatternStartDate"]:
        return
    start = read_moment(row["StartDateTime"])
    row["Recurrence2PatternStartDate"] = row["StartDateTime"]
    records.write_row(call, "Event", row)
    _remember(call, row["Id"], row["Id"])
    length = timedelta(minutes=row["DurationInMinutes"])
    rule = rrulestr(row["Recurrence2PatternText"], dtstart=start)
    for number, moment in enumerate(rule):
        if number >= MOST:
            break
        if moment == start:
            continue
        values = {key: value for key, value in row.items() if key not in ("Id", "InboxSync_Key__c")}
        values |= {"StartDateTime": show_moment(moment), "EndDateTime": show_moment(moment + length)}
        values |= {"ActivityDate": moment.date().isoformat(), "EndDate": (moment + length).date().isoformat()}
        values["ActivityDateTime"] = None if row["IsAllDayEvent"] else values["StartDateTime"]
        _remember(call, records.insert(call, "Event", values, user_made=False), row["Id"])


def _remember(call: Call, child: str, parent: str) -> None:
    call.store.run("INSERT OR REPLACE INTO sf_link VALUES(?, 'series', ?, ?)", (call.org.key, child, parent))


def _series(call: Call, event_id: str) -> list[Row]:
    sql = (
        "SELECT b.child FROM sf_link a JOIN sf_link b ON b.org = a.org AND b.kind = 'series' AND b.parent = a.parent "
        "WHERE a.org = ? AND a.kind = 'series' AND a.child = ?"
    )
    rows = (records.read(call, "Event", entry[0]) for entry in call.store.all(sql, (call.org.key, event_id)))
    return [row for row in rows if row is not None and not row["IsDeleted"]]


def rewrite_series(call: Call, old: Row, row: Row) -> None:
    """Changing an occurrence that lies ahead changes every occurrence; one in the past becomes an exception."""
    if not row["IsRecurrence2"]:
        return
    if row["StartDateTime"] < show_moment(call.now):
        row["IsRecurrence2Exception"] = 1
        records.write_row(call, "Event", row)
        return
    shift = read_moment(row["StartDateTime"]) - read_moment(old["StartDateTime"])
    for other in _series(call, row["Id"]):
        if other["Id"] == row["Id"]:
            continue
        other |= {name: row[name] for name in _SHARED}
        for name in ("StartDateTime", "EndDateTime", "ActivityDateTime"):
            if other[name]:
                other[name] = show_moment(read_moment(other[name]) + shift)
        other["ActivityDate"] = other["StartDateTime"][:10]
        records.touch(call, "Event", other)


def delete_from_here(call: Call, event_id: str) -> bool:
    """Remove an occurrence and all later ones; False when the event is not of a Lightning series."""
    row = records.require(call, "Event", event_id, writing=True)
    if not row["IsRecurrence2"]:
        return False
    with call.store.transaction():
        for other in _series(call, row["Id"]):
            if other["StartDateTime"] >= row["StartDateTime"]:
                records.remove(call, "Event", other)
    return True
