"""Items that fail again and again: the rest goes through, they wait longer and longer, and come back when told to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.services import replaying
from sync_tasks.state.records import IssueView, UserView
from tests.pipeline.test_events import TRACKED
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

REFUSES = {"object": "Event", "field": "Subject", "op": "equals", "value": "Forbidden", "message": "No such subject"}
CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def poisoned(world: World, good: int = 3, **values: Any) -> tuple[UserView, str]:
    """A user with one appointment that Salesforce refuses among good ones, and the id of it."""
    world.setting(validation_rules=[REFUSES])
    ann = world.user()
    for number in range(good):
        world.appointment(ann, f"Good {number}", marked=True)
    return ann, world.appointment(ann, "Forbidden", marked=True, **values)


def issue(world: World, user: UserView) -> IssueView:
    with world.app.store.reading() as unit:
        (found,) = unit.trail.issues(user.id)
    return found


def quarantined(world: World, user: UserView) -> None:
    """Let the item fail until it is given up."""
    world.set(retry__most=5)
    for _ in range(5):
        world.sync(user)
        world.later(hours=1)
    assert issue(world, user).quarantined


@pytest.mark.any_mailbox(why="it is Salesforce that refuses, row by row")
@pytest.mark.rule("TOP-7")
@pytest.mark.point("1.8.3")
def test_of_200_items_199_are_written_and_the_bad_one_is_quarantined_and_says_so(world: World) -> None:
    ann, _ = poisoned(world, good=199)

    world.sync(ann)

    assert len(world.records("Event")) == 199
    assert world.issues(ann) == [CODE]
    quarantined(world, ann)
    assert issue(world, ann).times == 5
    marks = world.entry(ann, "Forbidden")["Categories"]
    assert marks[:2] == ["Salesforce", "Sync Error"]
    assert marks[2].startswith("Status: A validation rule of your Salesforce refuses it")
    world.calls()
    world.sync(ann)
    assert world.calls()["salesforce"] == {"sf.composite": 1}  # no longer tried


@pytest.mark.any_mailbox(why="it is Salesforce that refuses")
@pytest.mark.rule("TOP-7")
def test_after_three_failures_an_item_is_tried_once_an_hour(world: World) -> None:
    ann, _ = poisoned(world)
    times = []
    for _ in range(12):
        world.sync(ann)
        times.append(issue(world, ann).times)
        world.later(minutes=30)

    assert times == [1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert not issue(world, ann).quarantined


@pytest.mark.rule("TOP-7")
def test_a_quarantined_item_is_put_back_by_name_and_goes_through_once_it_is_mended(world: World) -> None:
    ann, item = poisoned(world)
    quarantined(world, ann)
    world.setting(validation_rules=[])
    world.sync(ann)
    assert world.event("Forbidden") is None  # nobody told it

    known = world.known_as(ann, item)
    (back,) = replaying.items(world.app, [ann], [known], [])
    assert (back.user, back.ref, back.kind) == (ann.address, known, "event")
    world.later(minutes=2)
    world.sync(ann)

    assert world.event("Forbidden") is not None
    assert world.entry(ann, "Forbidden")["Categories"] == TRACKED
    assert world.issues(ann) == []


@pytest.mark.any_mailbox(why="it is Salesforce that refuses")
@pytest.mark.rule("TOP-7")
def test_what_failed_in_a_run_is_put_back_together_and_starts_from_the_bottom_of_the_ladder(world: World) -> None:
    ann, _ = poisoned(world)
    world.appointment(ann, "Forbidden", marked=True, start=world.now + timedelta(days=2))
    world.set(retry__most=2)
    for _ in range(2):
        run = world.sync(ann)
    assert {each.quarantined for each in issues(world, ann)} == {True}

    assert len(replaying.run(world.app, ann, run.id)) == 2
    world.sync(ann)

    assert [(each.times, each.quarantined) for each in issues(world, ann)] == [(3, False), (3, False)]
    assert replaying.run(world.app, ann, run.id) == []  # they failed in a later run since


@pytest.mark.rule("TOP-7")
def test_what_the_mailbox_refuses_holds_up_nothing_else_and_comes_back_by_name(world: World) -> None:
    world.set(retry__most=3)
    ann = world.user()
    world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    visit = world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                         OwnerId=ann.crm_user_id)  # fmt: skip
    world.change("Event", world.saved("Lunch")["Id"], Location="Terrace")
    world.control("faults", **world.mailboxes.refused, times=None)

    for _ in range(3):
        world.sync(ann)
        world.later(hours=1)

    assert world.entry(ann, "Lunch")["Location"] == "Terrace"
    assert world.item(ann, "Visit") is None
    assert (issue(world, ann).times, issue(world, ann).quarantined) == (3, True)
    world.sandbox.faults.clear()
    assert len(replaying.items(world.app, [ann], [visit], [])) == 1
    world.later(minutes=2)
    world.sync(ann)
    assert world.item(ann, "Visit") is not None
    assert world.issues(ann) == []


def issues(world: World, user: UserView) -> list[IssueView]:
    with world.app.store.reading() as unit:
        return unit.trail.issues(user.id)


@pytest.mark.rule("TOP-7")
def test_an_item_that_was_left_alone_is_looked_at_again_though_nobody_changed_it(world: World) -> None:
    ann = world.user()
    trip = world.appointment(ann, "Trip", minutes=20 * 1440, marked=True)
    for _ in range(3):  # the error mark, which we set, is looked at once
        world.sync(ann)
        world.later(minutes=30)
    assert world.reasons(ann) == set()

    assert len(replaying.items(world.app, [ann], [world.known_as(ann, trip)], [])) == 1
    world.sync(ann)

    assert world.reasons(ann) == {Reason.TOO_LONG}


@pytest.mark.rule("TOP-7")
def test_a_saved_item_that_is_replayed_is_written_nowhere_again(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    world.writes()

    assert len(replaying.items(world.app, [ann], [world.known_as(ann, lunch)], [])) == 1
    world.sync(ann)

    assert world.writes() == {}
    assert replaying.items(world.app, [ann], ["nothing of this name"], []) == []
