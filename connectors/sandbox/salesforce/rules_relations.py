# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Who is on an event: invitees and the copies in their calendars, rooms, and (shared activities) who it is about."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.salesforce import classic, records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules

MOST, MOST_OF_SERIES, MOST_CONTACTS = 1000, 100, 50
# what an invited user's copy takes over from the organiser's event
COPIED = (
    "Subject", "Location", "Description", "StartDateTime", "EndDateTime", "EndDate", "ActivityDate", "ActivityDateTime",
    "DurationInMinutes", "IsAllDayEvent", "IsPrivate", "ShowAs", "WhoId", "WhatId", "AccountId", "Type",
)  # fmt: skip
RESETS_ANSWERS = ("StartDateTime", "EndDateTime", "IsAllDayEvent", "Location")


def of_event(call: Call, event_id: str) -> list[Row]:
    return list(records.related(call, "EventRelation", "EventId", event_id))


def children(call: Call, event_id: str, deleted_at: str = "") -> list[Row]:
    """The copies in the calendars of invited users; those that went with the event when that was deleted."""
    sql = "SELECT child FROM sf_link WHERE org = ? AND kind = 'invitee' AND parent = ?"
    rows = (records.read(call, "Event", entry[0]) for entry in call.store.all(sql, (call.org.key, event_id)))
    found = [row for row in rows if row is not None]
    if deleted_at:
        return [row for row in found if row["IsDeleted"] and row["SystemModstamp"] == deleted_at]
    return [row for row in found if not row["IsDeleted"]]


def carry_to_guests(call: Call, old: Row, row: Row) -> None:
    """A changed event changes its copies; when it moved, everybody has to answer anew. Rooms have accepted by being
    there."""
    for child in children(call, row["Id"]):
        if any(child.get(name) != row.get(name) for name in COPIED):
            child |= {name: row[name] for name in COPIED if name in row}
            records.touch(call, "Event", child)
    if all(old[name] == row[name] for name in RESETS_ANSWERS):
        return
    for relation in of_event(call, row["Id"]):
        if relation["Status"] != "New" and not _is_room(relation):
            relation |= {"Status": "New", "RespondedDate": None, "Response": None}
            records.touch(call, "EventRelation", relation)


# --- rooms


def _is_room(relation: Mapping[str, object]) -> bool:
    return PREFIXES.get(str(relation["RelationId"])[:3]) == "Calendar"


def check_rooms(call: Call, row: Row) -> None:
    """An event that moves must find its rooms free. Raises FIELD_INTEGRITY_EXCEPTION."""
    for relation in of_event(call, row["Id"]) if row.get("Id") else ():
        if _is_room(relation):
            _check_free(call, relation["RelationId"], row)


def _check_room(call: Call, relation: Row, event: Row, given: frozenset[str]) -> None:
    room = records.read(call, "Calendar", relation["RelationId"])
    if room is None or room["Type"] != "Resource" or not room["IsActive"]:
        raise integrity("only an active resource can be added to an event", ["RelationId"])
    if "Status" in given and relation["Status"] != "Accepted":
        raise integrity("a resource can only have accepted", ["Status"])
    relation["Status"] = "Accepted"
    _check_free(call, room["Id"], event)


def _check_free(call: Call, room_id: str, event: Row) -> None:
    for other in records.related(call, "EventRelation", "RelationId", room_id):
        booked = records.read(call, "Event", other["EventId"]) if other["EventId"] != event["Id"] else None
        if booked is None or booked["IsDeleted"] or booked["IsRecurrence"]:
            continue
        if booked["StartDateTime"] < event["EndDateTime"] and event["StartDateTime"] < booked["EndDateTime"]:
            raise integrity("the resource is not available at that time", ["RelationId"])


# --- who and what an event is about


def junction_who(row: Row, lists: Lists, given: frozenset[str], name: str) -> None:
    ids = lists.get(f"{name}WhoIds")
    if not ids:
        return
    kinds = {PREFIXES.get(entry[:3]) for entry in ids}
    if "Lead" in kinds and len(ids) > 1:
        raise integrity("an activity goes with one lead or with contacts, not with both", [f"{name}WhoIds"])
    if len(ids) > MOST_CONTACTS:
        raise integrity(f"an activity goes with {MOST_CONTACTS} contacts at most", [f"{name}WhoIds"])
    if "WhoId" in given and row["WhoId"] and row["WhoId"] != ids[0]:
        raise integrity("WhoId must be the first of the listed people", ["WhoId"])
    row["WhoId"] = ids[0]


def sync_links(call: Call, row: Row, ids: list[str] | None) -> None:
    """With shared activities everybody and everything an event is about has a relation row of its own. Without a list
    of `ids` the one in WhoId is the first of them."""
    have = {entry["RelationId"]: entry for entry in of_event(call, row["Id"])}
    linked = [e["RelationId"] for e in have.values() if e["IsParent"] and not e["IsWhat"]]
    people = list(ids) if ids is not None else _with_first(linked, row["WhoId"])
    wanted = {**dict.fromkeys(people, 0), **({row["WhatId"]: 1} if row["WhatId"] else {})}
    for target, is_what in wanted.items():
        if target not in have:
            values = {"EventId": row["Id"], "RelationId": target, "IsParent": 1, "IsWhat": is_what, "IsInvitee": 0}
            values["AccountId"] = row["AccountId"]
            records.insert(call, "EventRelation", values, user_made=False)
        elif not have[target]["IsParent"]:
            have[target]["IsParent"] = 1
            records.touch(call, "EventRelation", have[target])
    for target, entry in have.items():
        if entry["IsParent"] and target not in wanted:
            _unlink(call, entry)
    first = people[0] if people else None
    counts = {"WhoCount": len(people), "WhatCount": int(bool(row["WhatId"]))}
    if row["WhoId"] != first or any(row.get(name) != count for name, count in counts.items()):
        row |= {"WhoId": first, **counts}
        records.write_row(call, "Event", row)


def _with_first(linked: list[str], first: str | None) -> list[str]:
    """The people linked so far with this one in front; without one the next moves up. A lead stands alone."""
    if first is None:
        return linked[1:]
    if any(PREFIXES.get(person[:3]) == "Lead" for person in (first, *linked)):
        return [first]
    return [first, *(person for person in linked if person != first)]


def _unlink(call: Call, entry: Row) -> None:
    if entry["IsInvitee"]:
        entry |= {"IsParent": 0}
        records.touch(call, "EventRelation", entry)
    else:
        records.remove(call, "EventRelation", entry)


class EventRelationRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        event = records.require(call, "Event", row["EventId"]) if row["EventId"] else None
        if event is None or not row["RelationId"]:
            names = [name for name in ("EventId", "RelationId") if not row[name]]
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)
        if event["IsChild"]:
            raise integrity("invitees belong to the organiser's event, not to a copy of it", ["EventId"])
        others = of_event(call, row["EventId"])
        for other in others:
            if other["RelationId"] == row["RelationId"]:
                message = f"duplicate value found: RelationId duplicates value on record with id: {other['Id']}"
                raise SfError("DUPLICATE_VALUE", message, [])
        most = MOST_OF_SERIES if event["IsRecurrence"] or event["RecurrenceActivityId"] else MOST
        if len(others) >= most:
            raise SfError("LIMIT_EXCEEDED", f"an event has {most} invitees at most", ["EventId"])
        if not (row["IsParent"] or row["IsWhat"]):
            row["IsInvitee"] = 1
        if _is_room(row):
            _check_room(call, row, event, given)

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if _is_room(row) and row["Status"] != "Accepted":
            raise integrity("a resource can only have accepted", ["Status"])

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        if row["IsInvitee"]:
            self._invited(call, row)

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        if row["IsInvitee"] and not old["IsInvitee"]:
            self._invited(call, row)

    def _invited(self, call: Call, row: Row) -> None:
        event = records.read(call, "Event", row["EventId"])
        if event is None:
            return
        if not event["IsGroupEvent"]:
            event |= {"IsGroupEvent": 1, "GroupEventType": "1"}
            records.touch(call, "Event", event)
        if event["IsRecurrence"]:
            for occurrence in classic.occurrences(call, event["Id"]):
                classic.invite(call, occurrence["Id"], row)
        elif PREFIXES.get(row["RelationId"][:3]) == "User" and row["RelationId"] != event["OwnerId"]:
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
        event = records.read(call, "Event", row["EventId"])
        if event is None or event["IsDeleted"]:
            return
        if event["IsRecurrence"]:
            self._uninvited(call, event, row)
        column = "WhatId" if row["IsWhat"] else "WhoId"
        if row["IsParent"] and event[column] == row["RelationId"]:
            rest = [e["RelationId"] for e in of_event(call, event["Id"]) if e["IsParent"] and not e["IsWhat"]]
            event[column] = rest[0] if rest and column == "WhoId" else None
            records.touch(call, "Event", event)

    def _uninvited(self, call: Call, series: Row, row: Row) -> None:
        for occurrence in classic.occurrences(call, series["Id"]):
            for relation in of_event(call, occurrence["Id"]):
                if relation["RelationId"] == row["RelationId"] and relation["IsInvitee"]:
                    records.remove(call, "EventRelation", relation)
