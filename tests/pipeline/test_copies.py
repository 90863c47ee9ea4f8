"""Copies of saved items: they bear our marks and our key, but nobody asked to save them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mapping.model.reasons import Reason
from tests.pipeline.test_events import TRACKED
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.rule("MRK-7")
def test_a_copy_is_not_saved_by_the_mark_it_inherited_and_loses_it(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, Location="Here")
    world.sync(ann)

    world.later(minutes=30)
    later = (world.now + timedelta(days=3)).isoformat()
    copy = world.copy(ann, lunch, Subject="Copy", Start=later, End=later, Categories=["Family", *TRACKED])
    world.sync(ann)

    assert Reason.COPIED in world.reasons(ann)
    assert (world.event("Copy"), world.saved("Lunch")["Location"]) == (None, "Here")
    item = world.entry(ann, "Copy")
    assert (item["Categories"], world.key(ann, "Copy")) == (["Family"], "")
    assert world.entry(ann, "Lunch")["Categories"] == TRACKED

    world.edit(ann, copy, Categories=["Salesforce"])
    world.edit(ann, lunch, Location="There")
    world.sync(ann)
    assert (world.saved("Lunch")["Location"], world.saved("Copy")["Location"]) == ("There", "Here")


@pytest.mark.rule("MRK-7")
def test_a_copy_that_is_saved_automatically_becomes_an_event_of_its_own(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    lunch = world.appointment(ann, "Lunch")
    world.sync(ann)

    world.later(minutes=30)
    world.copy(ann, lunch, Subject="Copy")
    world.sync(ann)

    keys = {world.saved(subject)["InboxSync_Key__c"] for subject in ("Lunch", "Copy")}
    assert len(keys) == 2
    assert world.entry(ann, "Copy")["Categories"] == TRACKED
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("MRK-7")
def test_the_same_item_twice_in_one_calendar_is_saved_once(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)

    world.later(minutes=30)
    world.copy(ann, lunch, same_uid=True)
    world.writes()
    world.sync(ann)

    assert Reason.SAME_TWICE in world.reasons(ann)
    assert world.writes() == {}


@pytest.mark.rule("MRK-7")
def test_an_item_that_was_moved_away_and_back_is_no_copy(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)

    world.later(minutes=30)
    world.copy(ann, lunch, same_uid=True, Location="There")
    world.discard(ann, lunch, hard=True)
    world.sync(ann)

    assert world.saved("Lunch")["Location"] == "There"
    assert len(world.records("Event")) == 1
