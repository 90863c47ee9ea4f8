"""Acceptance stories of the calendar that are told nowhere else; `seed` says which of the numbered stories it is."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from sync_tasks.state.records import UserView
from tests.pipeline.test_shared_meetings import HOMER, copy_of, events, known_customer, people_on, settled
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.seed(4)
@pytest.mark.rule("DEL-2")
def test_a_colleagues_meeting_deleted_in_salesforce_stays_in_the_guests_calendar(world: World) -> None:
    ann, ben = world.user(), world.user("ben@acme.example")
    known_customer(world)
    world.later(minutes=1)
    copy_of(world, ann, ann.address, ben.address)
    copy_of(world, ben, ann.address, ben.address)
    world.sync(ann)
    world.sync(ben)
    (event,) = events(world)

    world.later(minutes=30)
    world.remove("Event", event["Id"])
    world.sync(ann)
    world.sync(ben)

    assert world.item(ann, "Kick-off") is not None
    assert world.item(ben, "Kick-off") is not None
    assert events(world) == []
    settled(world, ann, ben)


def person(name: str, answer: str = "Unknown") -> dict[str, str]:
    return {"address": f"{name}@globex.example", "name": name.title(), "response": answer}


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.seed(6)
@pytest.mark.rule("ATT-1", "ATT-2", "ATT-3", "ATT-4", "ATT-5", "STS-1", "STS-2", "STS-4")
def test_lists_of_guests_and_their_answers_cell_by_cell(world: World) -> None:
    ann = world.user()
    account = world.record("Account", Name="Globex")
    known = {name: world.record("Contact", LastName=name.title(), Email=f"{name}@globex.example", AccountId=account)
             for name in ("homer", "marge", "lisa", "bart", "maggie", "ned")}  # fmt: skip
    world.later(minutes=1)
    first = [person("homer", "Accept"), person("marge", "Decline"), person("lisa", "Tentative"), person("bart")]
    item = world.appointment(ann, "Round", RequiredAttendees=first)
    world.sync(ann)
    event = world.records("Event")[0]["Id"]
    assert people_on(world, event) == {
        known["homer"]: "Accepted", known["marge"]: "Declined", known["lisa"]: "New", known["bart"]: "New",
    }  # fmt: skip

    world.later(minutes=30)
    world.record("EventRelation", EventId=event, RelationId=known["maggie"], Status="Accepted")  # ATT-1
    rows = {row["RelationId"]: row["Id"] for row in world.records("EventRelation", "RelationId")}
    world.remove("EventRelation", rows[known["lisa"]])  # ATT-2: she stays on the mailbox's list
    world.change("EventRelation", rows[known["homer"]], Status="Declined")  # STS-4: his own answer counts
    now = [person("homer", "Accept"), person("lisa", "Tentative"), person("bart", "Accept"), person("ned", "Accept")]
    world.edit(ann, item, RequiredAttendees=now)  # ATT-3: Ned is new, ATT-4: Marge is gone
    world.sync(ann)

    told = people_on(world, event)
    assert told[known["homer"]] == told[known["bart"]] == told[known["ned"]] == "Accepted"
    assert known["marge"] not in told
    listed = {each["address"].split("@")[0] for each in (world.item(ann, "Round") or {})["RequiredAttendees"]}
    assert listed == {"homer", "lisa", "bart", "ned", "maggie"}

    # ATT-5: Maggie was added there and is taken off here before the next run: she was agreed on, so removal wins
    world.later(minutes=30)
    world.sync(ann)
    world.edit(ann, item, RequiredAttendees=now)
    world.sync(ann)
    assert known["maggie"] not in people_on(world, event)
    assert world.mails() == 0


@pytest.mark.seed(7)
@pytest.mark.rule("ROL-1", "ROL-8")
@pytest.mark.parametrize("chance", range(3))
def test_five_colleagues_in_any_order_make_one_event(world: World, chance: int) -> None:
    users = [world.user(f"{name}@acme.example") for name in ("ann", "ben", "cid", "dot", "eve")]
    known_customer(world)
    world.later(minutes=1)
    for user in users:
        copy_of(world, user, users[0].address, *(u.address for u in users))
    dice = random.Random(chance)

    for _ in range(3):
        for user in dice.sample(users, len(users)):
            world.later(minutes=10)
            world.sync(user)

    (event,) = events(world)
    assert event["OwnerId"] == users[0].crm_user_id
    children = world.query("SELECT OwnerId FROM Event WHERE IsChild = true")
    assert {row["OwnerId"] for row in children} <= {user.crm_user_id for user in users[1:]}
    for user in users[1:]:
        world.later(hours=25)
        world.sync(user)
    assert len(events(world)) == 1


@pytest.mark.seed(10)
@pytest.mark.rule("FLD-3")
def test_a_reminder_that_has_fired_in_salesforce_stays_set_in_the_calendar(world: World) -> None:
    ann = world.user()
    world.later(minutes=1)
    world.appointment(ann, "Call", marked=True, ReminderIsSet=True, ReminderMinutesBeforeStart=30)
    world.sync(ann)
    (event,) = world.records("Event", "IsReminderSet")
    assert event["IsReminderSet"] is True

    world.later(hours=23)
    world.change("Event", event["Id"], IsReminderSet=False)  # as the platform does once it has reminded
    world.writes()
    world.sync(ann)

    item = world.item(ann, "Call")
    assert item is not None
    assert (item["ReminderIsSet"], item["ReminderMinutesBeforeStart"]) == (True, 30)
    assert world.writes() == {}


def everything(world: World, user: UserView) -> None:
    """One of each kind, born on each side."""
    known_customer(world)
    world.later(minutes=1)
    start = world.now + timedelta(days=2)
    world.appointment(user, "Appointment", marked=True)
    world.appointment(user, "Meeting", RequiredAttendees=[HOMER])
    world.appointment(user, "Whole day", start=start.replace(hour=0), minutes=1440, IsAllDayEvent=True, marked=True)
    world.series(user, "Series", "FREQ=DAILY;COUNT=3", start=start, marked=True)
    world.mail_item(user, "Task", "tasks", Subject="Task", Categories=["Salesforce"])
    world.mail_item(user, "Contact", "contacts", GivenName="Ida", Surname="Birch", Categories=["Salesforce"])
    world.message(user, "Mail", sender=HOMER["address"])
    record: dict[str, Any] = {"StartDateTime": start.isoformat(), "DurationInMinutes": 30, "OwnerId": user.crm_user_id}
    world.record("Event", Subject="From Salesforce", **record)
    world.record("Task", Subject="Task from Salesforce", OwnerId=user.crm_user_id, Status="Not Started")
    world.record("Contact", LastName="Sommer", Email="sommer@globex.example", OwnerId=user.crm_user_id)


@pytest.mark.seed(31)
@pytest.mark.rule("FLD-1")
def test_a_second_run_writes_nothing_of_any_kind(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True, tasks__down=True, contacts__down=True)
    everything(world, ann)
    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)  # what Salesforce made of the first
    assert {row["Subject"] for row in world.records("Event", "Subject")} >= {"Appointment", "Meeting", "Series"}
    world.writes()

    for _ in range(3):
        world.later(minutes=30)
        world.sync(ann)

    assert world.writes() == {}
