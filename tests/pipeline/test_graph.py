"""Stories of mailboxes in Microsoft 365: what costs less there, what goes wrong otherwise, and what cannot be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync_tasks.services import deciding
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import HoldDecision
from tests.support.world import World

pytestmark = pytest.mark.told_over("graph", why="these are its own ways")


def settled(world: World, **settings: Any) -> Any:
    """A user whose mailbox has been read, with one event saved."""
    ann = world.user(**{"autosave__appointments": True, "autosave__emails": True, **settings})
    world.later(minutes=1)
    world.appointment(ann, "Lunch")
    for _ in range(2):
        world.sync(ann)
        world.later(minutes=20)
    world.calls()
    return ann


def test_an_idle_run_costs_one_call_to_the_mailbox_and_one_to_salesforce(world: World) -> None:
    ann = settled(world, tasks__enabled=True, contacts__enabled=True)

    run = world.sync(ann)

    assert world.calls() == {"graph": {"graph.batch": 1}, "salesforce": {"sf.composite": 1}}
    assert run.stage == "fetch"


def test_a_token_is_kept_until_it_ends_and_a_refused_one_is_renewed(world: World) -> None:
    ann = settled(world)
    world.later(minutes=31)
    world.sync(ann)
    assert world.calls()["graph"] == {"graph.token": 1, "graph.batch": 1}

    world.control("graph/tokens/revoke")
    world.sync(ann)

    assert world.calls()["graph"] == {"graph.token": 1, "graph.batch": 2}


@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.rule("TOP-5", "DUP-9")
def test_a_batch_whose_answer_never_comes_duplicates_nothing(world: World, cut: str) -> None:
    ann = world.user(autosave__appointments=True, tasks__enabled=True, tasks__down=True)
    world.later(minutes=1)
    world.appointment(ann, "Review")
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.record("Task", Subject="Call back", OwnerId=ann.crm_user_id, Status="Not Started")
    for nth in (1, 2, 3, 4, 5, 6):
        world.control("faults", match="graph.batch", nth=nth, times=1, action={cut: True})
        run_here(world.app, ann.id)
        world.later(minutes=30)
    world.sandbox.faults.clear()

    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)

    assert sorted(row["Subject"] for row in world.query("SELECT Subject FROM Event")) == ["Review", "Visit"]
    assert sorted(item["values"]["Subject"] for item in world.items(ann)) == ["Review", "Visit"]
    assert [item["values"]["Subject"] for item in world.items(ann, "Salesforce Tasks")] == ["Call back"]
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


def test_a_part_of_a_batch_that_is_throttled_is_tried_again_and_the_others_are_done(world: World) -> None:
    ann = settled(world)
    for name in ("First", "Second", "Third"):
        world.record("Event", Subject=name, StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                     OwnerId=ann.crm_user_id)  # fmt: skip
    busy = {"code": "ApplicationThrottled", "headers": {"Retry-After": "2.5"}}
    world.control("faults", match="graph-item.createEvent", nth=2, times=1, action=busy)
    world.sync(ann)
    assert len(world.items(ann)) == 3

    world.later(hours=2)
    world.sync(ann)

    assert sorted(i["values"]["Subject"] for i in world.items(ann)) == ["First", "Lunch", "Second", "Third"]
    assert world.issues(ann) == []


def test_what_stands_outside_of_the_window_of_the_view_is_noticed_all_the_same(world: World) -> None:
    ann = settled(world)
    far = world.appointment(ann, "Far", start=world.now.replace(year=2029), marked=True)
    world.sync(ann)
    assert world.saved("Far")["Location"] in (None, "")

    world.later(minutes=30)
    world.edit(ann, far, Location="Mars")
    world.sync(ann)
    assert world.saved("Far")["Location"] == "Mars"

    world.later(minutes=30)
    world.discard(ann, far)
    world.sync(ann)
    assert world.event("Far") is None


def test_the_window_is_laid_anew_once_a_month_and_nothing_is_read_twice(world: World) -> None:
    ann = settled(world)
    kept = world.appointment(ann, "Party", start=world.now + timedelta(days=40), marked=True)
    world.sync(ann)
    world.later(days=31)
    world.edit(ann, kept, Location="Garden")

    world.sync(ann)

    assert world.calls()["graph"]["graph.calendarViewDelta"] == 2  # the new view, and the old one once more
    assert world.saved("Party")["Location"] == "Garden"
    world.later(minutes=30)
    world.sync(ann)
    world.calls()
    world.later(minutes=5)
    world.sync(ann)
    assert world.calls()["graph"] == {"graph.batch": 1}


def approve(world: World, user: Any) -> None:
    (hold,) = [each for each in world.holds(user) if not each.decision]
    assert deciding.decide(world.app, hold.id, HoldDecision.APPROVED, by="admin")


@pytest.mark.rule("TOP-4")
def test_whatever_would_mail_guests_waits_until_somebody_approves(world: World) -> None:
    ann = settled(world, deletion__events="all")
    homer = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    visit = world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                         OwnerId=ann.crm_user_id, WhoId=homer)  # fmt: skip
    world.record("EventRelation", EventId=visit, RelationId=homer)
    for number, act in enumerate(
        (
            lambda: None,  # it was created
            lambda: world.change("Event", visit, Subject="Inspection"),
            lambda: world.remove("Event", visit),
        )
    ):
        act()
        world.later(minutes=30)

        world.sync(ann, ends="held")
        assert world.mails() == number

        approve(world, ann)
        world.sync(ann)
        assert world.mails() == number + 1
    assert [item["values"]["Subject"] for item in world.items(ann)] == ["Lunch"]


def test_what_only_its_owner_sees_of_a_meeting_is_written_without_asking(world: World) -> None:
    ann = settled(world)
    homer = {"address": "homer@globex.example", "name": "Homer"}
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")

    world.appointment(ann, "Review", RequiredAttendees=[homer], marked=True)
    world.sync(ann)

    assert "Status: Tracked successfully" in world.entry(ann, "Review")["Categories"]
    assert world.mails() == 0
