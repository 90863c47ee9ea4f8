# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of the calendar: Event and Task, who and what they are about, and who is invited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import classic, event_times, records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules
from connectors.sandbox.salesforce.rules_relations import (
    EventRelationRules,
    carry_to_guests,
    check_rooms,
    children,
    junction_who,
    of_event,
    sync_links,
)
from connectors.sandbox.salesforce.series import before_series_create, expand_series, rewrite_series
from connectors.sandbox.salesforce.values import not_writable

CHILD_MAY_CHANGE = frozenset(("IsReminderSet", "ReminderDateTime"))


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


class EventRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        before_series_create(row)
        junction_who(row, lists, given, "Event")
        if row["IsRecurrence"] and row["StartDateTime"] is None:
            row["StartDateTime"] = row["RecurrenceStartDateTime"]
            given = given | {"StartDateTime"}
        self._set_times(call, row, given)
        if row["IsRecurrence"]:
            classic.check(row, new=True)
        elif any(row[name] is not None for name in given if name.startswith("Recurrence") and "2" not in name):
            raise integrity("only a series has a rule", ["IsRecurrence"])
        self._check(row)

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if old["IsChild"] and (wrong := sorted(given - CHILD_MAY_CHANGE)):
            raise not_writable(wrong)
        rule = sorted(name for name in given if name.startswith("Recurrence"))
        if rule and not row["IsRecurrence"]:
            raise integrity("only the row of a series has a rule", rule)
        if row["IsRecurrence"] and "StartDateTime" in given and "RecurrenceStartDateTime" not in given:
            row["RecurrenceStartDateTime"] = row["StartDateTime"]
        if given & event_times.GIVEN:
            self._set_times(call, row, given)
            check_rooms(call, row)
        if row["IsRecurrence"]:
            classic.check(row, new=False)
        self._check(row)

    def _set_times(self, call: Call, row: Row, given: frozenset[str]) -> None:
        settings = call.org.settings
        event_times.set_times(row, given, mode=settings.all_day_end, multi_day=settings.multi_day_events)

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
            sync_links(call, row, lists.get("EventWhoIds"))
        if row["IsRecurrence"]:
            row["RecurrenceActivityId"] = row["Id"]
            records.write_row(call, "Event", row)
            classic.make_occurrences(call, row)
        expand_series(call, row)

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        if row["IsChild"]:
            return
        relinked = "EventWhoIds" in lists or any(old[name] != row[name] for name in ("WhoId", "WhatId"))
        if call.org.settings.shared_activities and relinked:
            sync_links(call, row, lists.get("EventWhoIds"))
        carry_to_guests(call, old, row)
        if row["IsRecurrence"]:
            classic.rewrite(call, old, row)
        rewrite_series(call, old, row)

    def before_delete(self, call: Call, row: Row) -> None:
        if call.org.settings.shared_activities:
            row |= {"WhoId": None, "WhatId": None, "AccountId": None}

    def after_delete(self, call: Call, row: Row) -> None:
        for child in children(call, row["Id"]):
            records.remove(call, "Event", child)
        for occurrence in classic.occurrences(call, row["Id"]) if row["IsRecurrence"] else ():
            records.remove(call, "Event", occurrence)

    def after_undelete(self, call: Call, row: Row, since: str) -> None:
        for child in children(call, row["Id"], deleted_at=since):
            records.bring_back(call, "Event", child)
        if call.org.settings.shared_activities and not row["IsChild"]:
            own = [each for each in of_event(call, row["Id"]) if each["IsParent"]]
            row |= {
                "WhoId": next((each["RelationId"] for each in own if not each["IsWhat"]), None),
                "WhatId": next((each["RelationId"] for each in own if each["IsWhat"]), None),
            }
            self.derive(call, row)
            records.write_row(call, "Event", row)


def is_old_event(call: Call, row: Mapping[str, Any]) -> bool:
    return bool(row["StartDateTime"]) and row["StartDateTime"] < call.archive_line


class TaskRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        junction_who(row, lists, given, "Task")
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
