# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of the calendar: Event and Task, who and what they are about, and who is invited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules
from connectors.sandbox.salesforce.series import before_series_create, expand_series, rewrite_series
from connectors.sandbox.salesforce.values import not_writable, read_date, read_moment, show_moment

DAY = 24 * 60
LONGEST = 14 * DAY
CHILD_MAY_CHANGE = frozenset(("IsReminderSet", "ReminderDateTime"))
# what an invited user's copy takes over from the organiser's event
COPIED = (
    "Subject", "Location", "Description", "StartDateTime", "EndDateTime", "EndDate", "ActivityDate", "ActivityDateTime",
    "DurationInMinutes", "IsAllDayEvent", "IsPrivate", "ShowAs", "WhoId", "WhatId", "AccountId", "Type",
)  # fmt: skip
RESETS_ANSWERS = ("StartDateTime", "EndDateTime", "IsAllDayEvent", "Location")


def all_day_end(start: datetime, days: int, mode: str) -> datetime:
    """What EndDateTime says of an all-day event: midnight of its last day, or (other reading) of the day after."""
    return start + timedelta(days=days - 1 if mode == "inclusive" else days)


def all_day_length(start: datetime, end: datetime, mode: str) -> int:
    """Days of an all-day event of which only the end was told."""
    return (end - start).days + (1 if mode == "inclusive" else 0)


def link_account(call: Call, row: Row) -> None:
    """AccountId follows from what the activity is about, else from who."""
    account = None
    for target, by in ((row.get("WhatId"), "AccountId"), (row.get("WhoId"), "AccountId")):
        if not target or account:
            continue
        kind = PREFIXES.get(target[:3])
        if kind == "Account":
            account = target
        elif kind in ("Opportunity", "Contact", "Case"):
            found = records.read(call, kind, target)
            account = found.get(by) if found else None
    row["AccountId"] = account


def check_links(row: Row) -> None:
    if row.get("WhoId") and PREFIXES.get(row["WhoId"][:3]) == "Lead" and row.get("WhatId"):
        raise integrity("Can't relate a record to both a lead (WhoId) and another record (WhatId)", ["WhoId", "WhatId"])


def check_reminder(row: Row) -> None:
    if row.get("IsReminderSet") and not row.get("ReminderDateTime"):
        raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [ReminderDateTime]", ["ReminderDateTime"])


def _mismatch(fields: list[str], message: str) -> SfError:
    return integrity(message, fields)


def set_times(row: Row, given: frozenset[str], *, mode: str, multi_day: bool) -> None:
    """Bring the six time columns into agreement with what was `given`. Raises FIELD_INTEGRITY_EXCEPTION."""
    told = {name for name in given if row.get(name) is not None}
    end_known = "EndDateTime" in told
    duration_known = "DurationInMinutes" in told
    if row["IsAllDayEvent"]:
        start = _all_day_start(row, told)
        if end_known:
            end = datetime.combine(read_moment(row["EndDateTime"]).date(), time(), UTC)
            days = all_day_length(start, end, mode)
            if duration_known and row["DurationInMinutes"] != days * DAY:
                raise _mismatch(["EndDateTime"], "duration and end date/time do not agree")
            minutes = days * DAY
        else:
            minutes = int(row["DurationInMinutes"] or DAY) if duration_known or "StartDateTime" not in told else DAY
            if not duration_known and row["DurationInMinutes"]:
                minutes = max(int(row["DurationInMinutes"]), DAY)
        if minutes % DAY:
            raise _mismatch(["DurationInMinutes"], "an all-day event lasts whole days")
        _check_length(minutes, duration_known, multi_day)
        end = all_day_end(start, minutes // DAY, mode)
        row["ActivityDateTime"] = None
    else:
        start = _timed_start(row, told)
        if end_known:
            minutes = int((read_moment(row["EndDateTime"]) - start).total_seconds() // 60)
            if duration_known and row["DurationInMinutes"] != minutes:
                raise _mismatch(["EndDateTime"], "duration and end date/time do not agree")
        elif row["DurationInMinutes"] is not None:
            minutes = int(row["DurationInMinutes"])
        else:
            names = ["DurationInMinutes", "EndDateTime"]
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)
        _check_length(minutes, duration_known, multi_day)
        end = start + timedelta(minutes=minutes)
        row["ActivityDateTime"] = show_moment(start)
    row["StartDateTime"], row["EndDateTime"] = show_moment(start), show_moment(end)
    row["ActivityDate"], row["EndDate"] = start.date().isoformat(), end.date().isoformat()
    row["DurationInMinutes"] = minutes


def _check_length(minutes: int, duration_known: bool, multi_day: bool) -> None:
    field = "DurationInMinutes" if duration_known else "EndDateTime"
    if minutes < 0:
        raise integrity("Event end cannot be before its start", [field])
    if minutes > LONGEST:
        raise integrity("Event duration cannot be longer than 14 days", [field])
    if minutes > DAY and not multi_day:
        raise integrity("Event duration cannot be longer than one day", [field])


def _timed_start(row: Row, told: set[str]) -> datetime:
    names = [name for name in ("StartDateTime", "ActivityDateTime") if name in told]
    if not names:
        names = [name for name in ("StartDateTime",) if row.get(name)]
    if not names:
        raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [StartDateTime]", ["StartDateTime"])
    starts = {name: read_moment(row[name]) for name in names}
    if len(set(starts.values())) > 1:
        raise _mismatch(["ActivityDateTime"], "ActivityDateTime and StartDateTime do not agree")
    start = starts[names[0]]
    if "ActivityDate" in told and read_date(row["ActivityDate"]) != start.date():
        raise _mismatch(["ActivityDate"], "ActivityDate and StartDateTime do not agree")
    return start


def _all_day_start(row: Row, told: set[str]) -> datetime:
    days = {
        name: read_date(row[name]) for name in ("StartDateTime", "ActivityDateTime", "ActivityDate") if name in told
    }
    if len(set(days.values())) > 1:
        raise _mismatch(["ActivityDate"], "ActivityDate and StartDateTime do not agree")
    if not days and row.get("StartDateTime"):
        days = {"StartDateTime": read_date(row["StartDateTime"])}
    if not days:
        raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDate]", ["ActivityDate"])
    return datetime.combine(next(iter(days.values())), time(), UTC)


class EventRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        settings = call.org.settings
        before_series_create(row)
        _junction_who(row, lists, given, "Event")
        set_times(row, given, mode=settings.all_day_end, multi_day=settings.multi_day_events)
        self._check(row)

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if old["IsChild"] and (wrong := sorted(given - CHILD_MAY_CHANGE)):
            raise not_writable(wrong)
        if given & {
            "StartDateTime",
            "EndDateTime",
            "DurationInMinutes",
            "ActivityDate",
            "ActivityDateTime",
            "IsAllDayEvent",
        }:
            settings = call.org.settings
            set_times(row, given, mode=settings.all_day_end, multi_day=settings.multi_day_events)
        self._check(row)

    def _check(self, row: Row) -> None:
        check_links(row)
        check_reminder(row)
        if row["IsPrivate"] and (row.get("WhoId") or row.get("WhatId")):
            raise integrity("A private event cannot be related to other records", ["IsPrivate"])

    def derive(self, call: Call, row: Row) -> None:
        if not row["IsDeleted"]:
            link_account(call, row)
        row["IsArchived"] = int(is_old_event(call, row))

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        if call.org.settings.shared_activities and not row["IsChild"]:
            _sync_who_relations(call, row, lists.get("EventWhoIds"))
        expand_series(call, row)

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        if row["IsChild"]:
            return
        if call.org.settings.shared_activities and ("EventWhoIds" in lists or old["WhoId"] != row["WhoId"]):
            _sync_who_relations(call, row, lists.get("EventWhoIds"))
        for child in children(call, row["Id"]):
            if any(child.get(name) != row.get(name) for name in COPIED):
                child |= {name: row[name] for name in COPIED if name in row}
                records.touch(call, "Event", child)
        if any(old[name] != row[name] for name in RESETS_ANSWERS):
            for relation in records.related(call, "EventRelation", "EventId", row["Id"]):
                if relation["Status"] != "New":
                    relation |= {"Status": "New", "RespondedDate": None, "Response": None}
                    records.touch(call, "EventRelation", relation)
        rewrite_series(call, old, row)

    def before_delete(self, call: Call, row: Row) -> None:
        if call.org.settings.shared_activities:
            row |= {"WhoId": None, "WhatId": None, "AccountId": None}

    def after_delete(self, call: Call, row: Row) -> None:
        for child in children(call, row["Id"]):
            records.remove(call, "Event", child)
        if row["IsRecurrence"]:
            for occurrence in records.related(call, "Event", "RecurrenceActivityId", row["Id"]):
                if occurrence["Id"] != row["Id"]:
                    records.remove(call, "Event", occurrence)


def is_old_event(call: Call, row: Mapping[str, Any]) -> bool:
    return bool(row["StartDateTime"]) and row["StartDateTime"] < call.archive_line


def children(call: Call, event_id: str) -> list[Row]:
    """The copies in the calendars of invited users."""
    sql = "SELECT child FROM sf_link WHERE org = ? AND kind = 'invitee' AND parent = ?"
    rows = (records.read(call, "Event", entry[0]) for entry in call.store.all(sql, (call.org.key, event_id)))
    return [row for row in rows if row is not None and not row["IsDeleted"]]


def _junction_who(row: Row, lists: Lists, given: frozenset[str], name: str) -> None:
    ids = lists.get(f"{name}WhoIds")
    if not ids:
        return
    kinds = {PREFIXES.get(entry[:3]) for entry in ids}
    if "Lead" in kinds and len(ids) > 1:
        raise integrity("an activity goes with one lead or with contacts, not with both", [f"{name}WhoIds"])
    if len(ids) > 50:
        raise integrity("an activity goes with 50 contacts at most", [f"{name}WhoIds"])
    if "WhoId" in given and row["WhoId"] and row["WhoId"] != ids[0]:
        raise integrity("WhoId must be the first of the listed people", ["WhoId"])
    row["WhoId"] = ids[0]


def _sync_who_relations(call: Call, row: Row, ids: list[str] | None) -> None:
    """With shared activities every person an event is about has a relation row of its own."""
    wanted = list(ids if ids is not None else [row["WhoId"]] if row["WhoId"] else [])
    have = {entry["RelationId"]: entry for entry in records.related(call, "EventRelation", "EventId", row["Id"])}
    for person in wanted:
        if person in have:
            have[person]["IsParent"] = 1
            records.touch(call, "EventRelation", have[person])
        else:
            values = {"EventId": row["Id"], "RelationId": person, "IsParent": 1, "IsInvitee": 0}
            records.insert(call, "EventRelation", values, user_made=False)
    for person, entry in have.items():
        if entry["IsParent"] and person not in wanted:
            records.remove(call, "EventRelation", entry)
    first = wanted[0] if wanted else None
    if row["WhoId"] != first or row.get("WhoCount") != len(wanted):
        row |= {"WhoId": first, "WhoCount": len(wanted), "WhatCount": int(bool(row["WhatId"]))}
        records.write_row(call, "Event", row)


class EventRelationRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        event = records.require(call, "Event", row["EventId"]) if row["EventId"] else None
        if event is None or not row["RelationId"]:
            names = [name for name in ("EventId", "RelationId") if not row[name]]
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)
        if event["IsChild"]:
            raise integrity("invitees belong to the organiser's event, not to a copy of it", ["EventId"])
        others = records.related(call, "EventRelation", "EventId", row["EventId"])
        listed = list(others)
        for other in listed:
            if other["RelationId"] == row["RelationId"]:
                message = f"duplicate value found: RelationId duplicates value on record with id: {other['Id']}"
                raise SfError("DUPLICATE_VALUE", message, [])
        if len(listed) >= 1000:
            raise SfError("LIMIT_EXCEEDED", "an event has 1000 invitees at most", ["EventId"])
        row["IsInvitee"] = 1

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        event = records.read(call, "Event", row["EventId"])
        if event is None:
            return
        if not event["IsGroupEvent"] and row["IsInvitee"]:
            event |= {"IsGroupEvent": 1, "GroupEventType": "1"}
            records.touch(call, "Event", event)
        if PREFIXES.get(row["RelationId"][:3]) == "User" and row["RelationId"] != event["OwnerId"]:
            values = {name: event[name] for name in COPIED if name in event}
            values |= {"OwnerId": row["RelationId"], "IsChild": 1, "IsGroupEvent": 1, "GroupEventType": "1"}
            child = records.insert(call, "Event", values, user_made=False)
            call.store.run(
                "INSERT OR REPLACE INTO sf_link VALUES(?, 'invitee', ?, ?)", (call.org.key, child, event["Id"])
            )

    def after_delete(self, call: Call, row: Row) -> None:
        for child in children(call, row["EventId"]):
            if child["OwnerId"] == row["RelationId"]:
                records.remove(call, "Event", child)


class TaskRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        _junction_who(row, lists, given, "Task")
        if row.get("TaskSubtype") == "Cadence":
            raise integrity("TaskSubtype: this value is not for callers", ["TaskSubtype"])
        row["TaskSubtype"] = row.get("TaskSubtype") or "Task"
        self._check(row)

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if old["IsRecurrence"] and (wrong := sorted(given & {"ActivityDate", "Status"})):
            raise not_writable(wrong)
        self._check(row)

    def _check(self, row: Row) -> None:
        check_links(row)
        check_reminder(row)

    def derive(self, call: Call, row: Row) -> None:
        link_account(call, row)
        row["IsClosed"] = int(row["Status"] == "Completed")
        row["IsHighPriority"] = int(row["Priority"] == "High")
        row["CompletedDateTime"] = (row["CompletedDateTime"] or call.stamp) if row["IsClosed"] else None
        when = row["ActivityDate"] or row["CreatedDate"]
        row["IsArchived"] = int(bool(row["IsClosed"]) and when[:10] < call.archive_line[:10])

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        if call.org.settings.shared_activities and row["WhoId"]:
            for person in lists.get("TaskWhoIds") or [row["WhoId"]]:
                values = {"TaskId": row["Id"], "RelationId": person, "IsWhat": 0, "AccountId": row["AccountId"]}
                records.insert(call, "TaskRelation", values, user_made=False)


RULES: Mapping[str, Rules] = {"Event": EventRules(), "EventRelation": EventRelationRules(), "Task": TaskRules()}
