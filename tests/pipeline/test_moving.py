"""A mailbox that moves from Exchange to Microsoft 365 keeps every link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError
from mapping.model.reasons import Reason
from sync_tasks.bootstrap import secrets_of
from sync_tasks.services import moving
from sync_tasks.services.moving import Moved
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit
from tests.support.kinds import Graph, Handle
from tests.support.world import World

pytestmark = pytest.mark.told_over("exchange", why="it moves from there, and to Microsoft 365")

MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


def moved(world: World, user: UserView) -> Moved:
    """The user's mailbox is in Microsoft 365 from now on."""
    facts, secrets = Graph(Handle(world.server.url, world.control, world.control_get)).connection()

    def connect(unit: Unit) -> None:
        connection = unit.accounts.put_connection(user.org_id, user.id, "mailbox", "graph", facts)
        for name, value in secrets_of("graph", secrets).items():
            unit.accounts.put_credential(connection, name, world.app.seal_secret(connection, name, value))

    return moving.move(world.app, user, world.app.mailbox_at(user, "graph", facts, secrets), connect)


def full(world: World, **settings: Any) -> UserView:
    """A user with saved items of every kind, on Exchange."""
    given = {"tasks__enabled": True, "tasks__down": True, "contacts__enabled": True}
    ann = world.user(**{"autosave__appointments": True, "autosave__emails": True, **given, **settings})
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    world.sync(ann)
    homer = {"address": "homer@globex.example", "name": "Homer"}
    world.appointment(ann, "Lunch", minutes=90, Location="Canteen")
    world.appointment(ann, "Review", RequiredAttendees=[homer], marked=True)
    world.appointment(ann, "Fair", IsAllDayEvent=True, start=datetime(2026, 3, 12, tzinfo=UTC), minutes=2880)
    series = world.series(ann, "Weekly", "FREQ=WEEKLY;BYDAY=MO;COUNT=5", start=MONDAY, marked=True)
    world.edit_occurrence(ann, series, MONDAY + timedelta(days=7), Subject="Weekly, elsewhere")
    world.message(ann, "Order", sender="homer@globex.example")
    for number in range(3):
        world.task(ann, f"Call {number}", due=date(2026, 3, 10), folder="Salesforce Tasks")
        # with a page of its own, or it would be given that of its record when it is next looked at
        world.contact(ann, f"Flanders{number}", email=f"ned{number}@leftorium.example", folder="Salesforce Contacts",
                      BusinessHomePage="https://leftorium.example")  # fmt: skip
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.record("Task", Subject="Write back", OwnerId=ann.crm_user_id, Status="Not Started")
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
    world.writes()
    return ann


def everything(world: World) -> Mapping[str, Any]:
    return {name: world.records(name) for name in ("Event", "Task", "Contact", "EmailMessage")}


@pytest.mark.point("1.9.5")
def test_every_link_follows_and_the_first_run_writes_nothing(world: World) -> None:
    ann = full(world)
    before = everything(world)

    told = moved(world, ann)
    world.writes()
    world.later(minutes=30)
    world.sync(ann)

    assert (told.released, sum(told.followed.values())) == ({}, len(told_pairs(world, ann)))
    assert world.writes() == {}
    assert everything(world) == before
    world.calls()
    world.later(minutes=5)
    world.sync(ann)
    assert world.calls() == {"graph": {"graph.batch": 1}, "salesforce": {"sf.composite": 1}}


def told_pairs(world: World, user: UserView) -> list[str]:
    """The keys of the pairs whose item has to be found."""
    with world.app.store.reading() as unit:
        return [p.key for p in unit.pairs.of_user(user.id) if p.state == "live" and p.mailbox_id and p.kind != "email"]


def test_edits_travel_both_ways_afterwards(world: World) -> None:
    ann = full(world)
    moved(world, ann)
    world.later(minutes=30)
    world.sync(ann)

    lunch = next(item for item in world.items(ann) if item["values"]["Subject"] == "Lunch")
    world.edit(ann, lunch["id"], Location="Terrace")
    visit = world.saved("Visit")
    world.change("Event", visit["Id"], Subject="Inspection")
    task = next(row for row in world.records("Task", "Subject") if row["Subject"] == "Call 1")
    world.change("Task", task["Id"], Subject="Call once more")
    world.later(minutes=30)
    world.sync(ann)

    assert world.saved("Lunch")["Location"] == "Terrace"
    assert world.entry(ann, "Inspection")["Start"] == "2026-03-05T10:00:00Z"
    assert world.item(ann, "Call once more", "Salesforce Tasks") is not None
    assert world.item(ann, "Call 1", "Salesforce Tasks") is None


def test_what_was_edited_between_the_last_run_and_the_move_is_not_lost(world: World) -> None:
    ann = full(world)
    lunch = next(item for item in world.items(ann) if item["values"]["Subject"] == "Lunch")
    world.edit(ann, lunch["id"], Location="Terrace")
    task = next(item for item in world.items(ann, "Salesforce Tasks") if item["values"]["Subject"] == "Call 0")
    world.edit(ann, task["id"], DueDate="2026-03-20T00:00:00Z")

    assert moved(world, ann).released == {}
    world.later(minutes=30)
    world.sync(ann)

    assert world.saved("Lunch")["Location"] == "Terrace"
    assert {row["ActivityDate"] for row in world.query("SELECT ActivityDate FROM Task WHERE Subject = 'Call 0'")} == {
        "2026-03-20"
    }


def test_what_is_not_found_is_let_go_and_nothing_is_deleted(world: World) -> None:
    ann = full(world)
    before = everything(world)
    for item in world.items(ann):
        if item["values"]["Subject"] in ("Lunch", "Weekly"):
            world.discard(ann, item["id"], hard=True)

    told = moved(world, ann)
    world.later(minutes=30)
    world.sync(ann)

    assert told.released == {"event": 7}  # the series and each of its occurrences are links
    assert everything(world) == before
    with world.app.store.reading() as unit:
        gone = [pair for pair in unit.pairs.of_user(ann.id) if pair.reason == Reason.MAILBOX_MOVED]
    assert {pair.state for pair in gone} == {"released"}


def test_a_mailbox_that_cannot_be_read_whole_changes_nothing(world: World) -> None:
    ann = full(world)
    world.control("faults", match="graph-item.getEvent", nth=2, action={"code": "ErrorItemSave", "status": 400})

    with pytest.raises(ConnectorError):
        moved(world, ann)

    world.later(minutes=30)
    world.sync(ann)
    assert "ews" in world.calls()


def test_a_mailbox_can_move_back(world: World) -> None:
    ann = full(world)
    before = everything(world)
    moved(world, ann)
    world.later(minutes=30)
    world.sync(ann)
    facts, secrets = world.mailboxes.connection()

    def connect(unit: Unit) -> None:
        connection = unit.accounts.put_connection(ann.org_id, ann.id, "mailbox", "exchange", facts)
        unit.accounts.put_credential(
            connection, "password", world.app.seal_secret(connection, "password", secrets["password"])
        )

    told = moving.move(world.app, ann, world.app.mailbox_at(ann, "exchange", facts, secrets), connect)
    world.later(minutes=30)
    world.sync(ann)

    assert told.released == {}
    assert everything(world) == before
