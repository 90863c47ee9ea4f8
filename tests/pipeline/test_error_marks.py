"""Error marks: what the mailbox says of an item that could not be saved, and that it stops saying so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mapping.model.reasons import Reason, sentence
from mapping.rules.marks import status
from tests.pipeline.mail_words import categories, says
from tests.pipeline.test_events import TRACKED
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

REQUIRED = {"Event": [{"name": "Region__c", "required": True}]}
MISSING = "Status: Required fields are missing: Region__c"


@pytest.mark.rule("MKM-4")
def test_an_item_that_is_left_alone_says_why_until_it_is_healed(world: World) -> None:
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    trip = world.appointment(ann, "Trip", start=begin, minutes=20 * 1440, IsAllDayEvent=True,
                             Categories=["Family", "Salesforce"])  # fmt: skip
    world.sync(ann)

    told = status(sentence(Reason.TOO_LONG, days="20", limit="14"))
    assert world.entry(ann, "Trip")["Categories"] == ["Family", "Salesforce", "Sync Error", told]
    for _ in range(3):
        world.writes()
        world.later(minutes=30)
        world.sync(ann)
        assert world.writes() == {}

    world.edit(ann, trip, End=(begin + timedelta(days=2)).isoformat())
    world.sync(ann)
    assert world.entry(ann, "Trip")["Categories"] == ["Family", *TRACKED]
    assert world.event("Trip") is not None


@pytest.mark.rule("MKM-4")
def test_an_item_that_the_user_no_longer_marks_loses_the_error_mark(world: World) -> None:
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    trip = world.appointment(ann, "Trip", start=begin, minutes=20 * 1440, IsAllDayEvent=True, marked=True)
    world.sync(ann)
    marked = world.entry(ann, "Trip")["Categories"]
    assert "Sync Error" in marked

    world.later(minutes=30)
    world.edit(ann, trip, End=(begin + timedelta(days=2)).isoformat(),
               Categories=[each for each in marked if each != "Salesforce"])  # fmt: skip
    world.sync(ann)

    assert world.entry(ann, "Trip").get("Categories", []) == []
    assert world.event("Trip") is None


@pytest.mark.rule("MKM-4")
@pytest.mark.point("1.7.4")
def test_a_write_that_salesforce_refuses_is_told_with_its_fields_and_tried_again(world: World) -> None:
    world.setting(custom_fields=REQUIRED)
    ann = world.user()
    world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    assert world.entry(ann, "Lunch")["Categories"] == ["Salesforce", "Sync Error", MISSING]

    world.set(defaults__event=["Region__c=North"])
    world.later(hours=3)
    world.sync(ann)

    assert world.entry(ann, "Lunch")["Categories"] == TRACKED
    assert world.issues(ann) == []


@pytest.mark.rule("MKM-4")
def test_a_saved_item_whose_change_is_refused_keeps_its_mark_and_its_error_until_it_goes_through(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    refuses = {"object": "Event", "field": "Subject", "op": "equals", "value": "Forbidden", "message": "No"}
    world.setting(validation_rules=[refuses])

    world.later(minutes=30)
    world.edit(ann, lunch, Subject="Forbidden")
    world.sync(ann)
    refused = world.entry(ann, "Forbidden")["Categories"]
    assert refused[:2] == ["Salesforce", "Sync Error"]
    assert refused[2].startswith("Status: A validation rule of your Salesforce refuses it")

    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}  # it was tried again, and nothing new is to be told

    world.setting(validation_rules=[])
    world.later(hours=2)
    world.sync(ann)
    assert world.event("Forbidden") is not None
    assert world.entry(ann, "Forbidden")["Categories"] == TRACKED


@pytest.mark.rule("MKM-4")
def test_an_item_that_heals_while_both_sides_are_edited_is_healed_in_one_run(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    refuses = {"object": "Event", "field": "Subject", "op": "equals", "value": "Forbidden", "message": "No"}
    world.setting(validation_rules=[refuses])
    world.later(minutes=30)
    world.edit(ann, lunch, Subject="Forbidden")
    world.sync(ann)
    assert "Sync Error" in world.entry(ann, "Forbidden")["Categories"]

    world.later(hours=2)
    world.edit(ann, lunch, Subject="Dinner")
    world.change("Event", world.saved("Lunch")["Id"], Location="Springfield")
    world.sync(ann)

    assert world.saved("Dinner")["Location"] == "Springfield"
    healed = world.entry(ann, "Dinner")
    assert (healed["Location"], healed["Categories"]) == ("Springfield", TRACKED)
    assert world.issues(ann) == []


@pytest.mark.rule("MKM-4")
def test_what_nobody_asked_to_save_is_never_marked(world: World) -> None:
    world.setting(custom_fields=REQUIRED)
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    world.appointment(ann, "Trip", start=begin, minutes=20 * 1440, IsAllDayEvent=True)
    world.appointment(ann, "Lunch")

    world.sync(ann)

    assert set(world.issues(ann)) == {Reason.TOO_LONG.value, "REQUIRED_FIELD_MISSING"}
    assert [world.entry(ann, subject).get("Categories", []) for subject in ("Trip", "Lunch")] == [[], []]


@pytest.mark.rule("MKM-4")
def test_a_marked_mail_says_why_it_cannot_be_saved(world: World) -> None:
    ann = world.user()
    world.message(ann, "Offer", sender="who@nowhere.example", Categories=["Salesforce"])

    world.sync(ann)

    shown = categories(world, ann, "Offer")
    assert shown[:2] == ["Salesforce", "Sync Error"]
    assert says(world, shown, sentence(Reason.NO_PERSON_MARKED))
    assert world.issues(ann) == ["LINK.NONE"]
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("MKM-4", "REC-2")
def test_of_a_series_the_master_is_marked_and_no_occurrence(world: World) -> None:
    ann = world.user(recurrence__enabled=False)
    master = world.series(ann, "Weekly", "FREQ=WEEKLY;COUNT=3", marked=True)

    world.sync(ann)

    assert "Sync Error" in world.entry(ann, "Weekly")["Categories"]
    assert [op.ref for op in world.operations() if op.act == "mark"] == [world.known_as(ann, master)]


def test_a_preview_plans_the_error_mark_and_writes_nothing(world: World) -> None:
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    world.appointment(ann, "Trip", start=begin, minutes=20 * 1440, IsAllDayEvent=True, marked=True)

    world.sync(ann, preview=True)

    assert [(op.act, op.rule, op.reason) for op in world.operations()] == [("mark", "MKM-4", "error_marked")]
    assert world.entry(ann, "Trip")["Categories"] == ["Salesforce"]
