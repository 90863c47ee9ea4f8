"""Polling for changes: what it tells and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Change, CrmChanges, Watch
from mapping.model.item import Attendee, ItemKind, Response
from tests.contract.salesforce_connector.world import SOON, World

OBJECTS = {ItemKind.EVENT: "Event", ItemKind.TASK: "Task", ItemKind.CONTACT: "Contact"}


def poll(world: World, cursor: str | None = None, kind: ItemKind = ItemKind.EVENT, **more: Any) -> CrmChanges:
    """One watch; its error is raised."""
    watch = Watch("it", kind, more.pop("object", OBJECTS[kind]), **more)
    told = world.crm.changes([watch], world.user_id, {"it": cursor} if cursor else {})["it"]
    if isinstance(told, ConnectorError):
        raise told
    return told


def by_id(changes: CrmChanges) -> dict[str, Change]:
    return {change.ref.id: change for change in changes.changes}


def test_the_first_poll_tells_what_still_matters_in_one_call(world: World) -> None:
    coming = world.event("Coming")
    recent = world.event("Recent", SOON - timedelta(days=20))
    world.event("Long past", SOON - timedelta(days=90))
    with world.calls(1):
        first = poll(world)
    assert set(by_id(first)) == {coming, recent}
    assert not first.more


def test_an_event_comes_with_its_columns_its_stamp_and_nobody_invited(world: World) -> None:
    event = world.event("Coming", Location="Room 1", Description="Long text")
    item = by_id(poll(world))[event].item
    assert item is not None
    assert item.text("Location") == "Room 1"
    assert item.text("Description") == "Long text"
    assert item.fields["StartDateTime"] == SOON
    assert item.fields["Invitees"] == ()
    assert item.version.endswith("Z")


def test_an_owner_with_no_change_costs_one_call_and_tells_nothing(world: World) -> None:
    person = world.make("Contact", LastName="Guest", Email="guest@example.com")
    event = world.event()
    world.make("EventRelation", EventId=event, RelationId=person)
    cursor = poll(world).cursor
    for _ in range(3):
        with world.calls(1):
            again = poll(world, cursor)
        assert again.changes == ()
        cursor = again.cursor


def test_an_owner_who_never_had_an_event_costs_one_call(world: World) -> None:
    cursor = poll(world).cursor
    with world.calls(1):
        again = poll(world, cursor)
    assert again.changes == ()
    event = world.event()
    assert set(by_id(poll(world, again.cursor))) == {event}


def test_a_changed_event_is_told_once(world: World) -> None:
    event = world.event()
    cursor = poll(world).cursor
    world.later()
    world.change("Event", event, Subject="Moved")
    with world.calls(1):
        moved = poll(world, cursor)
    item = by_id(moved)[event].item
    assert item is not None
    assert item.text("Subject") == "Moved"
    assert poll(world, moved.cursor).changes == ()


def test_a_deleted_event_is_told_as_deleted(world: World) -> None:
    event = world.event()
    cursor = poll(world).cursor
    world.later()
    world.remove("Event", event)
    gone = poll(world, cursor)
    assert [(c.ref.id, c.deleted, c.item) for c in gone.changes] == [(event, True, None)]


def test_a_change_that_was_committed_late_is_not_lost(world: World) -> None:
    cursor = poll(world).cursor
    world.event("On time")
    cursor = poll(world, cursor).cursor
    world.switch(commit_delay_seconds=120)
    late = world.event("Stamped before the last poll, visible after it")
    assert set(by_id(poll(world, cursor))) == {late}


def test_invitees_come_with_the_changed_event_in_the_same_call(world: World) -> None:
    contact = world.make("Contact", FirstName="Ann", LastName="Guest", Email="Ann@Example.com")
    lead = world.make("Lead", LastName="Lead", Company="X", Email="lead@example.com")
    user = world.user("colleague@acme.example")
    event = world.event()
    accepted = world.make("EventRelation", EventId=event, RelationId=contact, Status="Accepted")
    declined = world.make("EventRelation", EventId=event, RelationId=lead, Status="Declined")
    invited = world.make("EventRelation", EventId=event, RelationId=user)
    with world.calls(1):
        item = by_id(poll(world))[event].item
    assert item is not None
    assert item.fields["Invitees"] == (
        Attendee("ann@example.com", "Ann Guest", response=Response.ACCEPTED),
        Attendee("colleague@acme.example", "Colleague", response=Response.NONE),
        Attendee("lead@example.com", "Lead", response=Response.DECLINED),
    )
    assert item.fields["InviteeIds"] == tuple(
        sorted(
            [
                (accepted, contact, "ann@example.com"),
                (declined, lead, "lead@example.com"),
                (invited, user, "colleague@acme.example"),
            ]
        )
    )


def test_an_invited_user_is_told_the_organizers_event_and_not_the_copy(world: World) -> None:
    event = world.event()
    colleague = world.user("colleague@acme.example")
    relation = world.make("EventRelation", EventId=event, RelationId=colleague)
    own = by_id(poll(world))
    assert set(own) == {event}
    watch = Watch("it", ItemKind.EVENT, "Event")
    with world.calls(2):
        told = world.crm.changes([watch], colleague, {})["it"]
    assert isinstance(told, CrmChanges)
    item = by_id(told)[event].item
    assert item is not None
    assert (item.flag("Invited"), item.flag("IsChild"), item.text("OwnerId")) == (True, False, world.user_id)
    assert item.fields["InviteeIds"] == ((relation, colleague, "colleague@acme.example"),)
    with world.calls(1):
        again = world.crm.changes([watch], colleague, {"it": told.cursor})["it"]
    assert isinstance(again, CrmChanges)
    assert again.changes == ()


def test_an_event_whose_invitee_alone_changed_is_told_with_all_invitees(world: World) -> None:
    ann = world.make("Contact", LastName="Ann", Email="ann@example.com")
    bob = world.make("Contact", LastName="Bob", Email="bob@example.com")
    event = world.event()
    relation = world.make("EventRelation", EventId=event, RelationId=ann)
    world.make("EventRelation", EventId=event, RelationId=bob)
    world.later(3600)
    other = world.event("Later, so that the first lies behind the overlap")
    cursor = poll(world).cursor
    world.later()
    world.change("EventRelation", relation, Status="Accepted")
    told = poll(world, cursor)
    item = by_id(told)[event].item
    assert item is not None
    assert other not in by_id(told)
    assert item.fields["Invitees"] == (
        Attendee("ann@example.com", "Ann", response=Response.ACCEPTED),
        Attendee("bob@example.com", "Bob", response=Response.NONE),
    )
    with world.calls(1):
        assert poll(world, told.cursor).changes == ()


def test_an_event_that_lost_an_invitee_is_told(world: World) -> None:
    ann = world.make("Contact", LastName="Ann", Email="ann@example.com")
    event = world.event()
    relation = world.make("EventRelation", EventId=event, RelationId=ann)
    cursor = poll(world).cursor
    world.later()
    world.remove("EventRelation", relation)
    item = by_id(poll(world, cursor))[event].item
    assert item is not None
    assert item.fields["Invitees"] == ()


def test_pages_are_followed_with_one_call_each(world: World) -> None:
    world.switch(batch_size=2)
    events = {world.event(f"Visit {n}") for n in range(5)}
    with world.calls(3):
        assert set(by_id(poll(world))) == events


def test_a_field_hidden_since_the_describe_is_noticed_and_left_out(world: World) -> None:
    event = world.event(Location="Room 1")
    me = world.rows(f"SELECT Username FROM User WHERE Id = '{world.user_id}'")[0]["Username"]
    world.switch(fls_hidden={me: {"Event": ["Location"]}})
    item = by_id(poll(world))[event].item
    assert item is not None
    assert "Location" not in item.fields
    assert not world.crm.shape().has("Event", "Location")


def test_tasks_and_contacts_are_polled_the_same_way(world: World) -> None:
    task = world.make("Task", Subject="Call", Status="Not Started", Priority="Normal")
    contact = world.make("Contact", LastName="Ann")
    for kind, record_id, crm_object in ((ItemKind.TASK, task, "Task"), (ItemKind.CONTACT, contact, "Contact")):
        with world.calls(1):
            first = poll(world, None, kind)
        assert set(by_id(first)) == {record_id}
        world.later()
        world.remove(crm_object, record_id)
        assert [c.deleted for c in poll(world, first.cursor, kind).changes] == [True]


def test_a_cursor_of_somebody_else_is_a_lost_cursor(world: World) -> None:
    with pytest.raises(ConnectorError) as caught:
        poll(world, "what is this")
    assert caught.value.fault is Fault.CURSOR_LOST
