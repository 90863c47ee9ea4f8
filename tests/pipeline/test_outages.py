"""A vendor that is down: nobody is suspended for it, few look whether it is back, one notice is given, all catch up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sync_tasks.services import users
from sync_tasks.services.pipeline import next_stage, perform
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.state.notifications import Notice
from sync_tasks.state.records import RunRef, RunView, UserView
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="the trouble is Salesforce's, and what is done about it the same over all")

NAMES = ("ann", "ben", "cem", "dan", "eve")
MINUTE = timedelta(minutes=1)
INTERVAL = timedelta(minutes=33)  # the usual one, with its jitter


def company(world: World) -> list[UserView]:
    """Five users who have run once, each with something to save since."""
    users = [world.user(f"{name}@acme.example", autosave__appointments=True) for name in NAMES]
    for user in users:
        world.sync(user)
    world.later(minutes=1)
    for user in users:
        world.appointment(user, f"Lunch of {user.address}")
    return users


def until(world: World, end: datetime) -> None:
    """What beat and the workers do, minute by minute."""
    while world.now < end:
        dispatch_due(world.app, lambda ref, stage: work(world, ref, stage))
        world.later(minutes=1)


def work(world: World, ref: RunRef, stage: str | None) -> None:
    while stage is not None:
        stage = next_stage(stage) if perform(world.app, ref, stage) else None


def runs(world: World) -> list[RunView]:
    with world.app.store.reading() as unit:
        return unit.runs.recent(None, 1000)


def notices(world: World) -> list[Notice]:
    with world.app.store.reading() as unit:
        return unit.notifications.listed(closed=True)


def users_now(world: World) -> list[UserView]:
    with world.app.store.reading() as unit:
        return unit.accounts.users()


@pytest.mark.rule("TOP-11")
def test_three_hours_without_salesforce_suspend_nobody_and_all_catch_up_within_one_interval(world: World) -> None:
    staff = company(world)
    world.control("faults", match="sf.*", action={"status": 503}, times=None)

    three_hours_that_pass(world, staff, "SALESFORCE")


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-11")
def test_three_hours_without_mailboxes_suspend_nobody_and_all_catch_up_within_one_interval(world: World) -> None:
    staff = company(world)
    world.mailboxes_fail("down")

    three_hours_that_pass(world, staff, "MAILBOX")


def three_hours_that_pass(world: World, staff: list[UserView], scope: str) -> None:
    """A vendor is down for so long, and what becomes of the users. `scope`: of the codes that tell of it."""
    before = len(runs(world))

    until(world, world.now + timedelta(hours=3))

    assert {user.status for user in users_now(world)} == {"enabled"}
    assert not any(user.standing.prompt for user in users_now(world))
    assert [(notice.cause, notice.address) for notice in notices(world)] == [(f"{scope}.TRANSIENT.OUTAGE", "")]
    failed = runs(world)[: len(runs(world)) - before]
    assert {run.error_code for run in failed} == {f"{scope}.TRANSIENT.UNAVAILABLE"}
    assert len(failed) < 45  # the first of each, and one look every few minutes

    world.sandbox.faults.clear()
    until(world, world.now + INTERVAL)

    assert len(world.records("Event")) == len(staff)
    assert [user.failures for user in users_now(world)] == [0] * len(staff)
    (notice,) = notices(world)
    assert notice.closed_at is not None


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-11")
def test_one_mailbox_in_trouble_is_its_owner_s_trouble_alone(world: World) -> None:
    staff = company(world)
    with world.app.store.writing() as unit:  # Ann's own server, which is not there
        unit.accounts.put_connection(world.org, staff[0].id, "mailbox", world.mailboxes.vendor, world.mailboxes.nowhere)

    until(world, world.now + timedelta(hours=3))

    ann, *others = users_now(world)
    assert ann.suspended_code == "MAILBOX.TRANSIENT.UNAVAILABLE"
    assert ann.standing.probe_at is not None
    assert {user.status for user in others} == {"enabled"}
    assert len(world.records("Event")) == len(others)


@pytest.mark.rule("TOP-11")
@pytest.mark.point("1.13.1")
def test_whoever_was_suspended_for_trouble_that_passes_is_tried_and_resumes_by_himself(world: World) -> None:
    ann = world.user(autosave__appointments=True)  # alone, so nobody can tell an outage from her own trouble
    world.sync(ann)
    world.control("faults", match="sf.*", action={"status": 503}, times=None)
    until(world, world.now + timedelta(hours=3))
    (ann,) = users_now(world)
    assert ann.suspended_code == "SALESFORCE.TRANSIENT.UNAVAILABLE"
    world.appointment(ann, "Lunch")
    world.sandbox.faults.clear()

    until(world, world.now + timedelta(hours=1))

    (ann,) = users_now(world)
    assert (ann.status, ann.failures) == ("enabled", 0)
    assert world.event("Lunch") is not None
    assert all(notice.closed_at is not None for notice in notices(world))


@pytest.mark.rule("TOP-11")
def test_a_suspended_user_who_asks_for_a_run_is_tried_at_once(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.control("faults", match="sf.*", action={"status": 503}, times=None)
    until(world, world.now + timedelta(hours=3))
    assert users_now(world)[0].suspended_at is not None
    world.sandbox.faults.clear()

    users.force(world.app, ann, by="ann")
    until(world, world.now + 2 * MINUTE)

    assert users_now(world)[0].status == "enabled"


@pytest.mark.rule("TOP-11")
def test_a_look_that_ends_in_something_else_says_nothing_and_somebody_else_looks(world: World) -> None:
    staff = company(world)
    world.control("faults", match="sf.*", action={"status": 503}, times=None)
    until(world, world.now + 5 * MINUTE)
    world.sandbox.faults.clear()
    with world.app.store.writing() as unit:  # whoever looks next cannot even reach his mailbox
        for user in staff[:4]:
            unit.accounts.put_connection(world.org, user.id, "mailbox", world.mailboxes.vendor, world.mailboxes.nowhere)

    until(world, world.now + timedelta(hours=1))

    assert world.event(f"Lunch of {staff[4].address}") is not None
    assert all(notice.closed_at is not None for notice in notices(world) if notice.cause.startswith("SALESFORCE"))
