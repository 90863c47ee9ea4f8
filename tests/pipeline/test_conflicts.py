"""A field edited on both sides: settled by the policy, or left alone until a person says whose value stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from mapping.model.item import Side
from sync_tasks.services import deciding, pipeline
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import ConflictView, UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def saved(world: World, user: UserView) -> tuple[str, str]:
    """(item, event) of an appointment that is kept the same."""
    item = world.appointment(user, "Lunch", marked=True, Location="Room 1")
    world.sync(user)
    world.later(minutes=30)
    return item, str(world.saved("Lunch")["Id"])


def edited_on_both_sides(world: World, user: UserView) -> tuple[str, str]:
    """The same, renamed on each side in its own way, and looked at by a run."""
    item, event = saved(world, user)
    world.edit(user, item, Subject="Dinner")
    world.change("Event", event, Subject="Breakfast")
    world.sync(user)
    world.later(minutes=30)
    return item, event


def subjects(world: World, user: UserView) -> tuple[str, str]:
    """(mailbox, Salesforce)"""
    (item,), (event,) = world.items(user), world.records("Event", "Subject")
    return item["values"]["Subject"], event["Subject"]


def the_conflict(world: World, user: UserView) -> ConflictView:
    (found,) = world.conflicts(user)
    return found


def settled(world: World, user: UserView) -> None:
    assert world.conflicts(user) == []
    assert world.issues(user) == []
    world.writes()
    for _ in range(2):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.rule("TOP-8")
def test_by_hand_neither_side_is_written_and_somebody_is_asked(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)

    assert subjects(world, ann) == ("Dinner", "Breakfast")
    conflict = the_conflict(world, ann)
    assert (conflict.kind, conflict.field, conflict.resolution) == ("event", "subject", "")
    assert world.issues(ann) == ["CONFLICT"]
    assert "conflict_open" in world.reasons(ann)
    values = deciding.both_values(world.app, conflict, by="admin")
    assert values == {Side.MAILBOX: "Dinner", Side.CRM: "Breakfast"}


@pytest.mark.rule("TOP-8")
def test_other_fields_go_on_meanwhile(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item, event = edited_on_both_sides(world, ann)

    world.edit(ann, item, Location="Room 2")
    world.sync(ann)

    assert world.records("Event", "Location")[0]["Location"] == "Room 2"
    assert subjects(world, ann) == ("Dinner", "Breakfast")
    assert len(world.conflicts(ann)) == 1
    world.later(minutes=30)
    world.change("Event", event, Location="Room 3")
    world.sync(ann)
    assert world.entry(ann, "Dinner")["Location"] == "Room 3"


@pytest.mark.rule("TOP-8")
@pytest.mark.parametrize(("side", "stays"), [(Side.MAILBOX, "Dinner"), (Side.CRM, "Breakfast")])
def test_the_answer_is_carried_out_by_the_next_run(world_on_both: World, side: Side, stays: str) -> None:
    world = world_on_both
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)
    conflict = the_conflict(world, ann)

    assert deciding.resolve(world.app, conflict.id, side, by="admin")
    world.later(minutes=1)
    world.sync(ann)

    assert subjects(world, ann) == (stays, stays)
    assert "conflict_resolved" in all_reasons(world)
    settled(world, ann)
    assert not deciding.resolve(world.app, conflict.id, side, by="admin")
    assert deciding.both_values(world.app, conflict, by="admin") is None


def all_reasons(world: World) -> set[str]:
    assert world.last is not None
    with world.app.store.reading() as unit:
        return {each.reason for each in unit.trail.of_run(world.last.id)}


@pytest.mark.rule("TOP-8")
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
def test_an_answer_whose_write_broke_off_is_not_asked_for_again(world: World, cut: str) -> None:
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)
    deciding.resolve(world.app, the_conflict(world, ann).id, Side.CRM, by="admin")
    world.later(minutes=1)

    world.trouble("update", **{cut: True})
    run_here(world.app, ann.id)
    world.later(minutes=30)
    world.sync(ann)

    assert subjects(world, ann) == ("Breakfast", "Breakfast")
    settled(world, ann)


@pytest.mark.rule("TOP-8")
def test_an_answer_that_salesforce_refuses_waits_with_its_item(world: World) -> None:
    rule = {"object": "Event", "field": "Subject", "op": "equals", "value": "Dinner", "message": "No such subject"}
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)
    deciding.resolve(world.app, the_conflict(world, ann).id, Side.MAILBOX, by="admin")
    world.setting(validation_rules=[rule])
    world.later(minutes=1)
    world.sync(ann)
    assert the_conflict(world, ann).resolution == "mailbox"

    world.setting(validation_rules=[])
    world.later(hours=2)
    world.sync(ann)

    assert subjects(world, ann) == ("Dinner", "Dinner")
    settled(world, ann)


@pytest.mark.rule("TOP-8")
def test_the_last_answer_before_the_run_counts(world: World) -> None:
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)
    conflict = the_conflict(world, ann)

    deciding.resolve(world.app, conflict.id, Side.MAILBOX, by="admin")
    deciding.resolve(world.app, conflict.id, Side.CRM, by="admin")
    world.later(minutes=1)
    world.sync(ann)

    assert subjects(world, ann) == ("Breakfast", "Breakfast")


@pytest.mark.rule("TOP-8")
def test_an_edit_that_makes_both_sides_agree_closes_the_conflict(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item, _ = edited_on_both_sides(world, ann)

    world.edit(ann, item, Subject="Breakfast")
    world.sync(ann)

    assert subjects(world, ann) == ("Breakfast", "Breakfast")
    settled(world, ann)


@pytest.mark.rule("TOP-8")
def test_a_conflict_goes_with_its_pair(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item, _ = edited_on_both_sides(world, ann)

    world.discard(ann, item)
    world.sync(ann)

    assert world.records("Event") == []
    settled(world, ann)


@pytest.mark.rule("TOP-8")
def test_contacts_wait_for_a_person_alike(world: World) -> None:
    ann = world.user(contacts__enabled=True, conflict__contact="manual")
    world.sync(ann)
    world.contact(ann, "Simpson", folder="Salesforce Contacts", JobTitle="Inspector")
    world.later(minutes=30)
    world.sync(ann)
    world.later(minutes=30)
    (item,), (record,) = world.items(ann, "Salesforce Contacts"), world.records("Contact")
    world.edit(ann, item["id"], JobTitle="Director")
    world.change("Contact", record["Id"], Title="Janitor")
    world.sync(ann)
    conflict = the_conflict(world, ann)
    assert (conflict.kind, conflict.field) == ("contact", "job_title")

    deciding.resolve(world.app, conflict.id, Side.CRM, by="admin")
    world.later(minutes=1)
    world.sync(ann)

    assert world.items(ann, "Salesforce Contacts")[0]["values"]["JobTitle"] == "Janitor"
    settled(world, ann)


@pytest.mark.rule("TOP-8")
def test_a_policy_that_decides_by_itself_takes_over_what_waits(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item, _ = edited_on_both_sides(world, ann)

    world.set(ann, conflict__event="mailbox")
    world.edit(ann, item, Location="Room 2")
    world.sync(ann)

    assert subjects(world, ann) == ("Dinner", "Dinner")
    settled(world, ann)


@pytest.mark.rule("IDN-4", "TOP-8")
@pytest.mark.parametrize(("policy", "stays"), [("mailbox", "Dinner"), ("salesforce", "Breakfast")])
def test_what_a_policy_decided_is_on_record_without_the_values(world: World, policy: str, stays: str) -> None:
    ann = world.user(conflict__event=policy)
    edited_on_both_sides(world, ann)

    assert subjects(world, ann) == (stays, stays)
    assert world.conflicts(ann) == []
    assert world.last is not None
    with world.app.store.reading() as unit:
        (told,) = [each for each in unit.trail.of_run(world.last.id) if each.reason == "conflict"]
    assert told.detail == {"field": "subject", "winner": policy}


@pytest.mark.rule("TOP-8", "TOP-22")
def test_nothing_of_a_conflict_can_be_read_in_the_store(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(conflict__event="manual")
    edited_on_both_sides(world, ann)

    with world.app.store.engine.connect() as connection:
        rows = [repr(row) for row in connection.execute(text("SELECT * FROM conflict"))]

    assert len(rows) == 1
    assert not any(word in row for row in rows for word in ("Dinner", "Breakfast", "Lunch"))


@pytest.mark.rule("TOP-8")
def test_an_answer_given_while_a_run_is_under_way_is_for_the_next(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item, _ = edited_on_both_sides(world, ann)
    world.edit(ann, item, Location="Room 2")
    with world.app.store.writing() as unit:
        ref = unit.runs.claim_user(ann.id, "manual", world.now, timedelta(minutes=5), world.app.vault.run_key())
        assert ref is not None
    for stage in ("fetch", "categorize", "resolve", "link", "mirror"):
        assert pipeline.perform(world.app, ref, stage)
    world.later(seconds=5)
    deciding.resolve(world.app, the_conflict(world, ann).id, Side.MAILBOX, by="admin")
    assert not pipeline.perform(world.app, ref, "delete")

    world.later(minutes=1)
    world.sync(ann)

    assert subjects(world, ann) == ("Dinner", "Dinner")
    settled(world, ann)
