"""Stories of shown records that leave the calendar, and of settings that do not fit the org."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from sync_tasks.services import deciding
from sync_tasks.state.records import HoldDecision
from tests.pipeline.test_objects import TIMED, settled, showing, subjects, visit
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

# --- what leaves


@pytest.mark.rule("OBJ-2")
def test_a_deleted_record_takes_its_item_along(world: World) -> None:
    ann = showing(world)
    record = visit(world, ann)
    visit(world, ann, "Other")
    world.sync(ann)
    world.later(minutes=30)

    world.remove("Visit__c", record)
    world.sync(ann)

    assert subjects(world, ann) == ["Other"]
    settled(world, ann)


@pytest.mark.rule("OBJ-2")
def test_a_record_that_leaves_the_filter_takes_its_item_along_and_brings_it_back(world_on_both: World) -> None:
    world = world_on_both
    ann = showing(world, {**TIMED, "where": "Status__c != 'Cancelled'"})
    record = visit(world, ann, Status__c="Planned")
    visit(world, ann, "Never", Status__c="Cancelled")
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]

    world.later(minutes=30)
    world.change("Visit__c", record, Status__c="Cancelled")
    world.sync(ann)
    assert world.items(ann) == []
    settled(world, ann)

    world.later(minutes=30)
    world.change("Visit__c", record, Status__c="Planned")
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]
    settled(world, ann)


@pytest.mark.rule("OBJ-2")
def test_a_record_that_left_is_not_made_again_for_being_deleted_here(world: World) -> None:
    ann = showing(world, {**TIMED, "where": "Status__c != 'Cancelled'"})
    record = visit(world, ann, Status__c="Planned")
    world.sync(ann)
    world.later(minutes=30)

    world.discard(ann, world.items(ann)[0]["id"])
    world.change("Visit__c", record, Status__c="Cancelled")
    world.sync(ann)

    assert world.items(ann) == []
    settled(world, ann)


@pytest.mark.rule("OBJ-2")
def test_a_record_given_to_a_colleague_moves_to_his_calendar(world: World) -> None:
    ann, bob = showing(world), world.user("bob@acme.example")
    record = visit(world, ann)
    world.sync(ann)
    world.sync(bob)
    assert (subjects(world, ann), subjects(world, bob)) == (["Visit"], [])

    world.later(minutes=30)
    world.change("Visit__c", record, OwnerId=bob.crm_user_id)
    world.sync(ann)
    world.sync(bob)

    assert (subjects(world, ann), subjects(world, bob)) == ([], ["Visit"])
    settled(world, ann)


@pytest.mark.rule("OBJ-2")
def test_another_column_can_say_whose_a_record_is(world: World) -> None:
    ann = showing(world, {**TIMED, "owner": "Consultant__c"})
    bob = world.user("bob@acme.example")
    field = {"name": "Consultant__c", "type": "reference", "length": 18, "to": ["User"]}
    world.setting(custom_fields={"Visit__c": [field]})
    record = visit(world, bob, Consultant__c=ann.crm_user_id)
    visit(world, ann, "Nobody's")
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]

    world.later(minutes=30)
    world.change("Visit__c", record, Consultant__c=None)
    world.sync(ann)
    assert world.items(ann) == []


def test_everybody_has_an_item_of_his_own_of_what_is_for_all(world: World) -> None:
    ann, bob = showing(world, {**TIMED, "scope": "all"}), world.user("bob@acme.example")
    record = visit(world, ann)
    world.sync(ann)
    world.sync(bob)
    world.later(minutes=30)

    world.discard(bob, world.items(bob)[0]["id"])
    world.sync(bob)
    world.sync(ann)
    assert (subjects(world, ann), subjects(world, bob)) == (["Visit"], ["Visit"])

    world.later(minutes=30)
    world.remove("Visit__c", record)
    world.sync(bob)
    assert (subjects(world, ann), subjects(world, bob)) == (["Visit"], [])


@pytest.mark.rule("OBJ-2")
def test_a_list_view_says_which_records_are_shown(world: World) -> None:
    view = world.control("salesforce/listviews", object="Visit__c", where="Status__c = 'Planned'")["id"]
    ann = showing(world, {**TIMED, "scope": f"view:{view}"})
    record = visit(world, ann, Status__c="Planned")
    visit(world, ann, "Done", Status__c="Done")
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]

    world.later(minutes=30)
    world.change("Visit__c", record, Status__c="Done")
    world.sync(ann)
    assert world.items(ann) == []


@pytest.mark.rule("OBJ-2")
def test_what_is_long_over_leaves_the_calendar_and_stays_in_salesforce(world: World) -> None:
    ann = showing(world)
    record = visit(world, ann)
    world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, world.items(ann)[0]["id"], Start="2026-02-01T12:00:00Z", End="2026-02-01T13:00:00Z")
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]  # where the user moved it to does not count

    world.later(days=16)
    world.sync(ann)

    assert world.items(ann) == []
    assert [row["Id"] for row in world.records("Visit__c")] == [record]
    settled(world, ann)


# --- switched off


@pytest.mark.rule("OBJ-2", "SCP-16")
def test_switched_off_the_items_leave_the_calendar_and_come_back_with_the_switch(world: World) -> None:
    ann = showing(world)
    visit(world, ann)
    world.sync(ann)

    world.later(minutes=30)
    world.set(ann, objects__down=False)
    world.sync(ann)
    assert (world.items(ann), len(world.records("Visit__c"))) == ([], 1)
    settled(world, ann)

    world.set(ann, objects__down=True)
    world.sync(ann)
    assert subjects(world, ann) == ["Visit"]


@pytest.mark.rule("OBJ-2", "SCP-16")
def test_an_object_that_is_no_longer_named_takes_its_items_along(world: World) -> None:
    ann = showing(world)
    world.appointment(ann, "Lunch")
    visit(world, ann)
    world.sync(ann)

    world.later(minutes=30)
    world.set(objects__shown=[])
    world.sync(ann)

    assert subjects(world, ann) == ["Lunch"]
    settled(world, ann)


@pytest.mark.rule("SCP-16")
def test_very_many_items_leave_only_when_somebody_approves(world: World) -> None:
    ann = showing(world)
    for number in range(25):
        visit(world, ann, f"Visit {number}")
    world.sync(ann)

    world.later(minutes=30)
    world.set(ann, objects__down=False)
    world.sync(ann, ends="held")

    assert len(world.items(ann)) == 25
    (hold,) = world.holds(ann)
    assert hold.guard == "deletes"
    assert deciding.decide(world.app, hold.id, HoldDecision.REJECTED, by="admin")
    world.later(minutes=30)
    world.sync(ann)
    world.set(ann, objects__down=True)
    settled(world, ann)
    assert len(world.items(ann)) == 25
    assert not any(item["values"].get("Categories") for item in world.items(ann))


# --- a setting that does not fit


def test_a_wrong_column_is_an_issue_and_everything_else_goes_on(world: World) -> None:
    ann = showing(world, {**TIMED, "location": "Where__c"})
    visit(world, ann)
    world.record("Event", Subject="Call", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip

    world.sync(ann)

    with world.app.store.reading() as unit:
        (issue,) = unit.trail.issues(ann.id)
    assert (issue.ref, issue.code, issue.fields) == ("watch:Visit__c", "INVALID_FIELD", ("Where__c",))
    assert world.last is not None
    with world.app.store.reading() as unit:
        (told,) = [each for each in unit.trail.of_run(world.last.id) if each.ref == issue.ref]
    assert (told.reason, told.rule) == (Reason.LIST_REFUSED.value, "OBJ-2")
    assert subjects(world, ann) == ["Call"]

    world.setting(custom_fields={"Visit__c": [{"name": "Where__c"}]})
    world.later(minutes=30)
    world.sync(ann)
    assert (world.issues(ann), subjects(world, ann)) == ([], ["Call", "Visit"])


def test_an_object_that_the_org_does_not_have_is_an_issue(world: World) -> None:
    ann = showing(world, {**TIMED, "object": "Meeting__c"})

    world.sync(ann)

    assert world.issues(ann) == ["Meeting__c"]


def test_a_condition_that_makes_no_sense_is_an_issue(world: World) -> None:
    ann = showing(world, {**TIMED, "where": "Status__c !!"})

    world.sync(ann)

    assert world.issues(ann) == ["MALFORMED_QUERY"]
