"""Plans that are too much to go ahead alone: held whole, told, and done, undone or dropped as a person says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from sync_tasks.services import deciding, pipeline, scheduling
from sync_tasks.stages import mirror
from sync_tasks.state.records import HoldDecision, UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def saved(world: World, user: UserView, count: int) -> list[str]:
    """So many appointments, saved to Salesforce; returns their ids."""
    items = [world.appointment(user, f"Call {n}", marked=True) for n in range(count)]
    world.sync(user)
    assert len(world.records("Event")) == count
    return items


def shown(world: World, user: UserView, count: int) -> list[str]:
    """So many events of Salesforce, shown in the calendar; returns their ids."""
    world.later(minutes=1)
    start = (world.now + timedelta(days=1)).isoformat()
    events = [
        world.record("Event", Subject=f"Visit {n}", StartDateTime=start, DurationInMinutes=30, OwnerId=user.crm_user_id)
        for n in range(count)
    ]
    world.sync(user)
    shown_now = {item["values"]["Subject"] for item in world.items(user)}
    assert shown_now >= {f"Visit {n}" for n in range(count)}
    return events


def decide(world: World, user: UserView, decision: HoldDecision) -> None:
    (hold,) = [each for each in world.holds(user) if not each.decision]
    assert deciding.decide(world.app, hold.id, decision, by="admin")


def quiet(world: World, user: UserView, runs: int = 3) -> None:
    """Some more runs write nothing."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


# --- what is held


@pytest.mark.every_mailbox(Can.SILENT_WRITE)
@pytest.mark.seed(19)
@pytest.mark.rule("SCP-16", "TOP-4", "DEL-3")
def test_switching_salesforce_events_off_waits_and_cancels_no_meeting(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    homer = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    meeting = world.record("Event", Subject="Review", StartDateTime=(world.now + timedelta(days=2)).isoformat(),
                           DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip
    world.record("EventRelation", EventId=meeting, RelationId=homer, Status="New")
    shown(world, ann, 30)
    world.writes()

    world.set(ann, events__down=False)
    world.later(minutes=30)
    run = world.sync(ann, ends="held")

    assert world.writes() == {}
    assert (len(world.items(ann)), len(world.records("Event"))) == (31, 31)
    assert run.error_code == "HELD.DELETES"
    decide(world, ann, HoldDecision.APPROVED)
    world.later(minutes=30)
    world.sync(ann)
    assert [item["values"]["Subject"] for item in world.items(ann)] == ["Review"]
    assert len(world.records("Event")) == 31
    assert world.mails() == 0
    assert world.holds(ann) == []
    quiet(world, ann)


@pytest.mark.rule("TOP-4")
def test_an_emptied_mailbox_deletes_nothing_and_holds_the_user(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    for item in saved(world, ann, 6):
        world.discard(ann, item)
    world.writes()

    for _ in range(3):
        world.later(minutes=30)
        run = world.sync(ann, ends="held")

    assert world.writes() == {}
    assert len(world.records("Event")) == 6
    (hold,) = world.holds(ann)
    assert (hold.guard, hold.seen_at, hold.decision) == ("empty", world.now, "")
    assert hold.run_id == run.id - 2
    assert hold.opened_at == world.now - timedelta(minutes=60)
    with world.app.store.reading() as unit:
        user = unit.accounts.user(ann.id)
    assert (user.held_at, user.failures) == (hold.opened_at, 0)


@pytest.mark.rule("TOP-4")
def test_a_calendar_that_is_read_anew_and_holds_nothing_deletes_nothing(world: World) -> None:
    ann = world.user()
    for item in saved(world, ann, 2):
        world.discard(ann, item)
    world.lose_cursors(ann, "mailbox:calendar")

    world.later(minutes=30)
    run = world.sync(ann, ends="held")

    assert run.error_code == "HELD.EMPTY"
    assert len(world.records("Event")) == 2


@pytest.mark.rule("TOP-4")
def test_a_salesforce_that_is_read_anew_and_holds_nothing_leaves_the_mailbox_alone(world: World) -> None:
    ann = world.user()
    for event in shown(world, ann, 2):
        world.remove("Event", event)
    world.lose_cursors(ann, "crm:event")

    world.later(minutes=30)
    run = world.sync(ann, ends="held")

    assert run.error_code == "HELD.EMPTY"
    assert len(world.items(ann)) == 2


@pytest.mark.rule("TOP-4")
def test_a_few_deletions_among_many_go_ahead(world: World) -> None:
    ann = world.user()
    items = saved(world, ann, 12)
    for item in items[:4]:
        world.discard(ann, item)

    world.later(minutes=30)
    world.sync(ann)

    assert len(world.records("Event")) == 8
    assert world.holds(ann) == []


@pytest.mark.rule("TOP-4")
def test_a_clock_that_jumps_a_year_ahead_lets_nothing_go_by_itself(world: World) -> None:
    ann = world.user()
    shown(world, ann, 25)

    world.later(days=365)
    world.sync(ann, ends="held")

    assert len(world.items(ann)) == 25


@pytest.mark.rule("CON-8", "TOP-4")
def test_many_contacts_deleted_at_once_wait_and_a_few_go(world: World) -> None:
    ann = world.user(contacts__enabled=True, contacts__forbid_remove=False)
    world.sync(ann)
    for number in range(40):
        world.contact(ann, f"Person{number}", folder="Salesforce Contacts")
    world.later(minutes=30)
    world.sync(ann)
    world.later(minutes=30)
    cards = [item["id"] for item in world.items(ann, "Salesforce Contacts")]
    assert len(world.records("Contact")) == len(cards) == 40

    for card in cards[:3]:
        world.discard(ann, card)
    world.sync(ann)
    assert len(world.records("Contact")) == 37

    for card in cards[3:30]:
        world.discard(ann, card)
    world.later(minutes=30)
    run = world.sync(ann, ends="held")

    assert run.error_code == "HELD.DELETES"
    assert len(world.records("Contact")) == 37


@pytest.mark.rule("TOP-4", "REC-10")
def test_a_series_that_its_owner_deletes_is_one_deletion_however_long_it_is(world: World) -> None:
    ann = world.user()
    saved(world, ann, 10)
    world.later(minutes=1)
    begin = world.now + timedelta(days=1)
    daily = world.series(ann, "Daily", "FREQ=DAILY;COUNT=30", start=begin, zone="UTC", marked=True)
    world.sync(ann)
    assert len(world.records("Event")) == 40
    world.later(minutes=30)

    world.discard(ann, daily)
    world.sync(ann)

    assert len(world.records("Event")) == 10


@pytest.mark.told_over("graph", why="the servers of the others are able to write silently")
@pytest.mark.rule("TOP-3", "TOP-4")
def test_guests_are_not_mailed_by_a_server_that_cannot_write_silently(world: World) -> None:
    ann = world.user()
    homer = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    event = world.record("Event", Subject="Visit", StartDateTime=(world.now + timedelta(days=1)).isoformat(),
                         DurationInMinutes=30, OwnerId=ann.crm_user_id)  # fmt: skip
    world.record("EventRelation", EventId=event, RelationId=homer, Status="New")

    run = world.sync(ann, ends="held")

    assert run.error_code == "HELD.MAILS"
    assert world.items(ann) == []
    decide(world, ann, HoldDecision.REJECTED)
    quiet(world, ann)
    assert world.items(ann) == []
    assert world.holds(ann) == []


# --- what becomes of it


@pytest.mark.rule("TOP-4")
def test_what_was_approved_is_done_together_with_what_came_meanwhile(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    for item in saved(world, ann, 25):
        world.discard(ann, item)
    world.later(minutes=30)
    world.sync(ann, ends="held")
    world.appointment(ann, "New", marked=True)
    world.sync(ann, ends="held")

    decide(world, ann, HoldDecision.APPROVED)
    world.later(minutes=2)
    world.sync(ann)

    assert [row["Subject"] for row in world.records("Event", "Subject")] == ["New"]
    assert world.holds(ann) == []
    quiet(world, ann)


@pytest.mark.rule("TOP-4", "DEL-3")
def test_what_was_rejected_is_let_go_and_both_copies_stay(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    shown(world, ann, 25)
    world.set(ann, events__down=False)
    world.later(minutes=30)
    world.sync(ann, ends="held")

    decide(world, ann, HoldDecision.REJECTED)
    world.later(minutes=30)
    world.sync(ann)

    assert (len(world.items(ann)), len(world.records("Event"))) == (25, 25)
    assert all(not item["values"].get("Categories") for item in world.items(ann))
    assert world.holds(ann) == []
    quiet(world, ann)
    world.edit(ann, world.items(ann)[0]["id"], Location="Elsewhere")
    quiet(world, ann)


@pytest.mark.rule("TOP-4", "DEL-3")
def test_rejecting_the_deletions_of_an_emptied_mailbox_keeps_salesforce(world: World) -> None:
    ann = world.user()
    for item in saved(world, ann, 25):
        world.discard(ann, item)
    world.later(minutes=30)
    world.sync(ann, ends="held")

    decide(world, ann, HoldDecision.REJECTED)
    quiet(world, ann)

    assert len(world.records("Event")) == 25
    assert world.items(ann) == []


@pytest.mark.rule("TOP-4", "REC-10")
@pytest.mark.parametrize("decision", [HoldDecision.APPROVED, HoldDecision.REJECTED])
def test_series_that_are_all_gone_wait_for_the_answer_too(world: World, decision: HoldDecision) -> None:
    ann = world.user()
    world.later(minutes=1)
    begin = world.now + timedelta(days=1)
    series = [
        world.series(ann, f"Weekly {n}", "FREQ=WEEKLY;COUNT=2", start=begin, zone="UTC", marked=True) for n in range(5)
    ]
    world.sync(ann)
    world.later(minutes=30)
    for item in series:
        world.discard(ann, item)
    world.sync(ann, ends="held")
    assert len(world.records("Event")) == 10

    decide(world, ann, decision)
    world.later(minutes=2)
    world.sync(ann)

    assert len(world.records("Event")) == (10 if decision is HoldDecision.REJECTED else 0)
    quiet(world, ann)


@pytest.mark.rule("TOP-4")
def test_approval_covers_what_was_shown_and_not_as_much_again(world: World) -> None:
    ann = world.user()
    items = saved(world, ann, 60)
    for item in items[:25]:
        world.discard(ann, item)
    world.later(minutes=30)
    world.sync(ann, ends="held")
    for item in items[25:55]:
        world.discard(ann, item)

    decide(world, ann, HoldDecision.APPROVED)
    world.later(minutes=2)
    world.sync(ann, ends="held")

    assert len(world.records("Event")) == 60
    assert [(hold.decision, len(hold.changes)) for hold in world.holds(ann)] == [("", 30), ("approved", 25)]
    decide(world, ann, HoldDecision.APPROVED)
    world.later(minutes=2)
    world.sync(ann)
    assert len(world.records("Event")) == 5


@pytest.mark.rule("TOP-4")
def test_a_hold_whose_cause_is_gone_closes_itself(world: World) -> None:
    ann = world.user()
    shown(world, ann, 25)
    world.set(ann, events__down=False)
    world.later(minutes=30)
    world.sync(ann, ends="held")
    (hold,) = world.holds(ann)

    world.set(ann, events__down=True)
    world.later(minutes=30)
    world.sync(ann)

    with world.app.store.reading() as unit:
        after, user = unit.holds.get(hold.id), unit.accounts.user(ann.id)
    assert after is not None
    assert (after.decision, after.closed_at, user.held_at) == ("vanished", world.now, None)
    assert not deciding.decide(world.app, hold.id, HoldDecision.APPROVED, by="admin")


@pytest.mark.rule("TOP-4")
def test_a_run_that_breaks_off_after_approval_is_finished_by_the_next(world: World) -> None:
    ann = world.user()
    shown(world, ann, 25)
    world.set(ann, events__down=False)
    world.later(minutes=30)
    world.sync(ann, ends="held")
    decide(world, ann, HoldDecision.APPROVED)

    world.trouble("delete", drop_before=True)
    world.later(minutes=2)
    world.sync(ann, ends="failed")
    world.later(minutes=30)
    world.sync(ann)

    assert world.items(ann) == []
    assert len(world.records("Event")) == 25


@pytest.mark.rule("TOP-4", "CON-2")
@pytest.mark.parametrize("answered", [False, True])
def test_a_list_that_is_refused_makes_no_hold_vanish_and_loses_no_answer(world: World, answered: bool) -> None:
    view = str(world.control("salesforce/listviews", object="Contact", where="Title = 'CEO'")["id"])
    ann = world.user(contacts__enabled=True, contacts__scope=f"view:{view}")
    world.enter("Contact", [{"LastName": f"Boss {n}", "Title": "CEO"} for n in range(30)])
    world.sync(ann)
    world.later(minutes=30)
    for row in world.records("Contact")[:25]:
        world.remove("Contact", row["Id"])
    world.sync(ann, ends="held")
    (hold,) = world.holds(ann)
    if answered:
        decide(world, ann, HoldDecision.APPROVED)

    world.control(
        "salesforce/listviews", object="Contact", id=view, where="Id IN (SELECT ContactId FROM CampaignMember)"
    )
    for minute in range(2):
        world.appointment(ann, f"Lunch {minute}", marked=True)
        world.later(minutes=30)
        world.sync(ann)

    assert [each.id for each in world.holds(ann)] == [hold.id]
    assert len(world.items(ann, "Salesforce Contacts")) == 30
    world.control("salesforce/listviews", object="Contact", id=view, where="Title = 'CEO'")
    world.later(minutes=30)
    if not answered:
        world.sync(ann, ends="held")
        assert [each.id for each in world.holds(ann)] == [hold.id]
        decide(world, ann, HoldDecision.APPROVED)
    world.sync(ann)
    assert len(world.items(ann, "Salesforce Contacts")) == 5
    assert world.holds(ann) == []


def test_a_plan_that_was_held_stays_held_when_its_stage_is_done_again(world: World) -> None:
    ann = world.user()
    for item in saved(world, ann, 6):
        world.discard(ann, item)
    with world.app.store.writing() as unit:
        ref = unit.runs.claim_user(ann.id, "manual", world.now, timedelta(minutes=5), world.app.vault.run_key())
        assert ref is not None
    for stage in ("fetch", "categorize", "resolve", "link"):
        assert pipeline.perform(world.app, ref, stage)
    with world.app.store.reading() as unit:
        run = unit.runs.get(ref.id)
    assert run is not None
    first = mirror.run(world.app.context(ref, run))  # the worker dies before it can say so

    assert not pipeline.perform(world.app, ref, "mirror")

    with world.app.store.reading() as unit:
        run = unit.runs.get(ref.id)
    assert run is not None
    assert (run.state, run.error_code, run.error_text) == ("held", *(first.held or ()))
    assert len(world.holds(ann)) == 1
    assert len(world.records("Event")) == 6


def test_a_held_user_does_not_hurry_before_somebody_has_answered(world: World) -> None:
    ann = world.user()
    for item in saved(world, ann, 6):
        world.discard(ann, item)
    world.later(minutes=30)

    def held_when_asked_for(*, answered: bool) -> float:
        """Seconds until the run after one that is held, when another was asked for meanwhile."""
        with world.app.store.writing() as unit:
            ref = unit.runs.claim_user(ann.id, "manual", world.now, timedelta(minutes=5), world.app.vault.run_key())
            assert ref is not None
        for stage in ("fetch", "categorize", "resolve", "link"):
            assert pipeline.perform(world.app, ref, stage)
        with world.app.store.reading() as unit:
            run = unit.runs.get(ref.id)
        assert run is not None
        mirror.run(world.app.context(ref, run))
        scheduling.force(world.app, ann.id)
        if answered:
            decide(world, ann, HoldDecision.APPROVED)
        assert not pipeline.perform(world.app, ref, "mirror")
        with world.app.store.reading() as unit:
            return (unit.accounts.user(ann.id).next_sync_at - world.now).total_seconds()

    assert held_when_asked_for(answered=False) > 1000
    assert held_when_asked_for(answered=True) == 60


def test_a_preview_tells_that_the_run_would_be_held_and_opens_nothing(world: World) -> None:
    ann = world.user()
    for item in saved(world, ann, 6):
        world.discard(ann, item)

    preview = world.sync(ann, preview=True)

    assert preview.error_code == "HELD.EMPTY"
    assert world.holds(ann) == []
