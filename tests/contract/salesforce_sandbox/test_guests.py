"""Who is on an event: rooms, people it is about, and answers that do not survive a change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.salesforce_sandbox.sandbox_org import Org


def room(org: Org, name: str = "Blue Room", **fields: Any) -> str:
    row = {"object": "Calendar", "fields": {"Name": name, "Type": "Resource", "IsActive": True, **fields}}
    return str(org.control("salesforce/records", [row])["ids"][0])


def relations(org: Org, event: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = org.query(f"SELECT RelationId, {', '.join(columns)} FROM EventRelation WHERE EventId = '{event}'")
    return [tuple(row[name] for name in ("RelationId", *columns)) for row in rows]


def at(hour: int) -> str:
    return f"2026-11-24T{hour:02d}:00:00Z"


# --- rooms


def test_a_room_accepts_by_being_there(org: Org) -> None:
    blue, event = room(org), org.event()
    assert (
        org.refused("EventRelation", EventId=event, RelationId=blue, Status="Declined") == "FIELD_INTEGRITY_EXCEPTION"
    )
    relation = org.create("EventRelation", EventId=event, RelationId=blue)
    assert relations(org, event, "Status") == [(blue, "Accepted")]
    assert org.call("PATCH", f"sobjects/EventRelation/{relation}", {"Status": "Declined"})[0] == 400
    org.call("PATCH", f"sobjects/Event/{event}", {"Location": "Elsewhere"})
    assert relations(org, event, "Status") == [(blue, "Accepted")]


@pytest.mark.parametrize("fields", [{"IsActive": False}, {"Type": "Public"}])
def test_only_an_active_resource_can_be_booked(fields: dict[str, Any], org: Org) -> None:
    other = room(org, **fields)
    assert org.refused("EventRelation", EventId=org.event(), RelationId=other) == "FIELD_INTEGRITY_EXCEPTION"


def test_a_room_takes_one_event_at_a_time(org: Org) -> None:
    blue = room(org)
    org.create("EventRelation", EventId=org.event(StartDateTime=at(10), DurationInMinutes=60), RelationId=blue)
    overlapping = org.event(StartDateTime=at(10), DurationInMinutes=30)
    after = org.event(StartDateTime=at(11), DurationInMinutes=30)
    assert org.refused("EventRelation", EventId=overlapping, RelationId=blue) == "FIELD_INTEGRITY_EXCEPTION"
    org.create("EventRelation", EventId=after, RelationId=blue)
    status, body = org.call("PATCH", f"sobjects/Event/{after}", {"StartDateTime": at(10), "DurationInMinutes": 30})
    assert (status, body[0]["errorCode"]) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_calendars_are_only_read(org: Org) -> None:
    blue = room(org)
    assert (
        org.query("SELECT Name FROM Calendar WHERE Type = 'Resource' AND Name = 'BLUE ROOM'")[0]["Name"] == "Blue Room"
    )
    assert org.refused("Calendar", Name="Red") == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert org.call("DELETE", f"sobjects/Calendar/{blue}")[0] >= 400


# --- answers


@pytest.mark.parametrize(
    "change",
    [{"Location": "Room 2"}, {"StartDateTime": at(12), "DurationInMinutes": 30}, {"DurationInMinutes": 90},
     {"IsAllDayEvent": True, "DurationInMinutes": 1440}],
)  # fmt: skip
def test_whoever_has_answered_is_asked_anew_when_the_event_moves(change: dict[str, Any], org: Org) -> None:
    ann, event = org.create("Contact", LastName="Ann"), org.event()
    org.create("EventRelation", EventId=event, RelationId=ann, Status="Accepted")
    org.call("PATCH", f"sobjects/Event/{event}", {"Subject": "Another name", "ShowAs": "Free"})
    assert relations(org, event, "Status") == [(ann, "Accepted")]
    assert org.call("PATCH", f"sobjects/Event/{event}", change)[0] == 204
    assert relations(org, event, "Status") == [(ann, "New")]


# --- shared activities


def test_without_shared_activities_relations_are_invitations_only(org: Org) -> None:
    ann, account = org.create("Contact", LastName="Ann"), org.create("Account", Name="Acme")
    event = org.event(WhoId=ann, WhatId=account)
    assert org.query("SELECT Id FROM EventRelation") == []
    assert org.query_error("SELECT IsWhat FROM EventRelation") == "INVALID_FIELD"
    assert org.refused("EventRelation", EventId=event, RelationId=account) == "FIELD_INTEGRITY_EXCEPTION"


def test_with_shared_activities_everybody_and_everything_has_a_row(org: Org) -> None:
    org.settings(shared_activities=True)
    ann, account = org.create("Contact", LastName="Ann"), org.create("Account", Name="Acme")
    event = org.event(WhoId=ann, WhatId=account)
    flags = ("IsWhat", "IsParent", "IsInvitee")
    assert sorted(relations(org, event, *flags)) == sorted([(ann, False, True, False), (account, True, True, False)])
    bob = org.create("Contact", LastName="Bob")
    org.create("EventRelation", EventId=event, RelationId=bob)
    assert (bob, False, False, True) in relations(org, event, *flags)
    row = org.get("Event", event)
    assert (row["WhoCount"], row["WhatCount"]) == (1, 1)
    org.call("PATCH", f"sobjects/Event/{event}", {"WhatId": None})
    assert account not in {relation for relation, *_ in relations(org, event, *flags)}


def test_with_shared_activities_the_next_person_moves_up(org: Org) -> None:
    org.settings(shared_activities=True)
    ann, bob, cid = (org.create("Contact", LastName=name) for name in ("Ann", "Bob", "Cid"))
    event = org.event(EventWhoIds=[ann, bob])
    first = org.query(f"SELECT Id FROM EventRelation WHERE RelationId = '{ann}'")[0]["Id"]
    org.call("DELETE", f"sobjects/EventRelation/{first}")
    assert org.get("Event", event)["WhoId"] == bob
    org.call("PATCH", f"sobjects/Event/{event}", {"WhoId": cid})
    row = org.get("Event", event)
    assert (row["WhoId"], row["WhoCount"]) == (cid, 2)
    org.call("PATCH", f"sobjects/Event/{event}", {"WhoId": None})
    assert org.get("Event", event)["WhoId"] is not None


def test_with_shared_activities_the_links_of_a_deleted_event_are_not_to_be_trusted(org: Org) -> None:
    org.settings(shared_activities=True)
    event = org.event(WhoId=org.create("Contact", LastName="Ann"))
    org.call("DELETE", f"sobjects/Event/{event}")
    assert org.query("SELECT WhoId FROM Event", "queryAll")[0]["WhoId"] is None


# --- copies


def test_a_copy_can_be_deleted_and_leaves_the_event_as_it_is(org: Org) -> None:
    ann = org.control("salesforce/users", {"username": "ann@acme.example"})["users"][0]["id"]
    event = org.event()
    org.create("EventRelation", EventId=event, RelationId=ann)
    (copy,) = org.query("SELECT Id FROM Event WHERE IsChild = true")
    assert org.call("DELETE", f"sobjects/Event/{copy['Id']}")[0] == 204
    assert [row["Id"] for row in org.query("SELECT Id FROM Event")] == [event]
