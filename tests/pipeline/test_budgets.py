"""The calls of a day run short: routine runs wait and say why, what people ask for goes on, nobody is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sync_tasks.cli.main import main
from sync_tasks.metering.tallies import Tallies
from sync_tasks.services import budgets, pipeline, users
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.services.scheduling import dispatch_due, force, go_through
from sync_tasks.state.overview import Reach
from sync_tasks.state.records import RunRef, RunView, UserView
from tests.support.web import visiting
from tests.support.world import ORG, World

pytestmark = pytest.mark.any_mailbox(why="the calls that run short are Salesforce's")

EVERYBODY = Reach(everybody=True)


@pytest.fixture
def redis_here(world: World) -> Iterator[EmbeddedRedis]:
    """The Redis of the world's home."""
    with EmbeddedRedis(world.app.settings.home) as server:
        yield server


def quota(world: World, calls: int) -> None:
    """What Salesforce allows in a day, from now on."""
    world.setting(api_quota=calls)


def used(world: World) -> int:
    day = world.app.governor.day(world.org)
    assert day.used is not None
    return day.used


def scheduled(world: World) -> list[RunView]:
    """What the scheduler begins now, each run to its end."""
    begun: list[tuple[RunRef, str]] = []
    dispatch_due(world.app, lambda ref, stage: begun.append((ref, stage)))
    return [go_through(world.app, ref, stage) for ref, stage in begun]


def user(world: World, who: UserView) -> UserView:
    with world.app.store.reading() as unit:
        return unit.accounts.user(who.id)


@pytest.mark.rule("TOP-13")
def test_routine_runs_wait_before_the_reserve_and_what_a_person_asks_for_goes_on(
    world: World, redis_here: EmbeddedRedis
) -> None:
    ann, ben = world.user(), world.user("ben@acme.example")
    assert [run.state for run in scheduled(world)] == ["done", "done"]
    spent = used(world)
    assert spent >= 2
    quota(world, spent + 10)  # a fifth of it is kept: nothing is left for routine
    world.sync(ann)  # asked for by hand, and told how it stands by the way
    before = used(world)

    world.later(minutes=40)
    world.set(budget__reserve_percent=90)
    world.later(minutes=1)
    world.sync(ann)
    made = used(world)
    world.later(minutes=2)
    assert scheduled(world) == []
    assert used(world) == made, "nobody even called"
    assert user(world, ben).next_sync_at > world.now
    assert (user(world, ben).status, user(world, ben).failures) == ("enabled", 0)
    told = users.status(world.app, user(world, ben))
    assert told["error"]["code"] == budgets.CAUSE
    with world.app.store.reading() as unit:
        assert [notice.cause for notice in unit.notifications.listed()] == [budgets.CAUSE]

    force(world.app, ben.id)
    [run] = scheduled(world)
    assert (run.user_id, run.state) == (ben.id, "done")
    assert before < made < used(world)


@pytest.mark.rule("TOP-13")
def test_a_run_that_meets_the_reserve_stops_before_it_calls_and_does_not_count_as_failed(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.appointment(ann, "Plan", marked=True)
    world.later(minutes=40)
    begun: list[RunRef] = []
    dispatch_due(world.app, lambda ref, _stage: begun.append(ref))
    world.app.governor.days.called(world.org, (used(world), used(world) + 1))  # as another run was told
    made = used(world)

    run = go_through(world.app, begun[0], "fetch")
    assert (run.state, run.error_code) == ("failed", budgets.CAUSE)
    assert used(world) == made
    after = user(world, ann)
    assert (after.status, after.failures) == ("enabled", 0)
    assert after.next_sync_at >= world.now + timedelta(minutes=15)

    quota(world, 100_000)
    world.later(minutes=20)
    assert [each.state for each in scheduled(world)] == ["done"], "its own look finds that there is enough again"
    assert world.query("SELECT Subject FROM Event") == [{"Subject": "Plan"}]
    assert not budgets.is_short(world.app, world.org)


@pytest.mark.rule("TOP-13")
def test_while_calls_are_short_one_run_looks_whether_they_still_are(world: World, redis_here: EmbeddedRedis) -> None:
    for name in ("ann", "ben", "cat", "dan"):
        world.user(f"{name}@acme.example")
    scheduled(world)
    quota(world, used(world) + 1)
    world.later(minutes=31)
    first = scheduled(world)  # nobody knew
    assert {run.error_code for run in first} <= {"", budgets.CAUSE}
    world.later(minutes=20)
    looked = scheduled(world)
    assert len(looked) == 1
    world.later(minutes=1)
    assert scheduled(world) == []


def test_when_nothing_is_left_people_wait_too_and_are_told(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.set(budget__salesforce_daily=world.app.governor.day(world.org).spent)
    world.later(minutes=1)
    assert world.sync(ann, ends="failed").error_code == budgets.CAUSE
    assert user(world, ann).status == "enabled"
    world.later(hours=26)
    world.sync(ann)


def test_intervals_grow_while_there_is_little(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.random, "uniform", lambda low, high: 1.0)
    ann = world.user()
    world.sync(ann)
    assert user(world, ann).next_sync_at == world.now + timedelta(minutes=30)
    world.set(budget__salesforce_daily=world.app.governor.day(world.org).spent + 4, budget__reserve_percent=60)
    world.later(minutes=1)
    world.sync(ann)
    assert timedelta(minutes=60) < user(world, ann).next_sync_at - world.now <= timedelta(minutes=120)


@pytest.mark.rule("TOP-13")
def test_what_salesforce_counts_is_what_we_count(world: World, redis_here: EmbeddedRedis) -> None:
    ann = world.user()
    world.appointment(ann, "Plan", marked=True)
    world.sync(ann)
    day = world.app.governor.day(world.org)
    assert day.used == day.spent > 0
    tally = Tallies(world.app.governor._shared)
    calls = tally.read("api_calls_total")
    vendor_calls = sum(n for (vendor, op, _), n in calls.items() if vendor == "salesforce" and op != "token")
    assert vendor_calls == day.spent
    assert {vendor for vendor, _, _ in calls} == {"salesforce", world.mailboxes.vendor}
    assert {status for _, _, status in calls} == {"200"}
    with visiting(world.app) as web:
        shown = web.get("/metrics").text
    assert f'inbox_sync_api_budget_remaining{{org="{world.org}"}} {day.left}.0' in shown
    assert f'provider="{world.mailboxes.vendor}",status="200"}}' in shown


@pytest.mark.rule("TOP-13")
def test_a_vendor_that_asks_for_a_pause_is_not_called_by_anybody_until_then(
    world: World, redis_here: EmbeddedRedis
) -> None:
    ann, ben = world.user(), world.user("ben@acme.example")
    world.sync(ann)
    world.control(
        "faults", match="sf.*", times=1, action={"status": 429, "body": "[]", "headers": {"Retry-After": "50"}}
    )
    world.later(minutes=1)
    failed = world.sync(ann, ends="failed")
    assert failed.error_code == "SALESFORCE.TRANSIENT.THROTTLED", failed.error_text
    world.calls()
    again = world.sync(ben, ends="failed")
    assert again.error_code == "SALESFORCE.TRANSIENT.THROTTLED"
    assert "salesforce" not in world.calls()


def test_people_see_what_is_used_and_left(
    world: World, redis_here: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = world.user()
    world.sync(ann)
    world.set(budget__salesforce_daily=50)
    world.app.governor._known.clear()
    told: dict[str, Any] = {each.what: each for each in budgets.facts(world.app, EVERYBODY, user(world, ann))}
    day = told[f"calls of the day to Salesforce of {ORG}"]
    assert (day.used + day.left, day.total, day.kept, day.others) == (50, 50, 10, 0)
    assert day.resets_at == world.now.replace(minute=0) + timedelta(hours=25)
    assert f"calls a minute to the mailbox of {ann.address}" in told

    monkeypatch.setenv("INBOX_SYNC_HOME", str(world.app.settings.home))
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", world.app.settings.database_url)
    assert main(["budget", ann.address]) == 0
    assert "calls of the day" in capsys.readouterr().out
    assert main(["budget", "--json"]) == 0
    assert '"left"' in capsys.readouterr().out
