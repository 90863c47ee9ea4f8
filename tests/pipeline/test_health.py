"""Health tells whether users are really read, not whether processes say they are well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from sync_tasks.cli.main import main
from sync_tasks.queues import UPKEEP, all_queues, shard_queue
from sync_tasks.services import health, scheduling, users
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.services.health import Entry, State
from sync_tasks.services.scheduling import go_through
from tests.support.web import visiting
from tests.support.world import ORG, World

pytestmark = pytest.mark.any_mailbox(why="whether users are read is told by their runs")


@pytest.fixture
def redis_here(world: World) -> Iterator[EmbeddedRedis]:
    """The Redis of the world's home."""
    with EmbeddedRedis(world.app.settings.home) as server:
        yield server


def entry(world: World, name: str) -> Entry:
    return next(each for each in health.examine(world.app).entries if each.name == name)


def tick(world: World, *queues: str) -> None:
    """What beat asks for, done by a worker of these queues, or of all: the runs too."""
    pulse = world.app.governor.pulse
    pulse.works("w1", queues or all_queues(world.app.settings.shards))
    scheduling.dispatch_due(world.app, lambda ref, stage: go_through(world.app, ref, stage) and None)
    pulse.dispatched()


@pytest.mark.rule("TOP-9")
def test_it_is_well_when_users_are_read_and_only_then(world: World, redis_here: EmbeddedRedis) -> None:
    ann = world.user()
    assert health.examine(world.app).state is State.BAD, "nobody has begun"
    tick(world)
    found = health.examine(world.app)
    assert [each for each in found.entries if each.state is not State.OK] == []
    assert found.state is State.OK

    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, paused_at=world.now)
    tick(world)
    assert health.examine(world.app).state is State.BAD, "every process is well, and nobody is synchronized"
    assert "nobody is synchronized" in entry(world, "users").detail


@pytest.mark.rule("TOP-9")
def test_a_run_that_could_not_read_all_of_salesforce_makes_nobody_well(world: World, redis_here: EmbeddedRedis) -> None:
    where = "Id IN (SELECT ContactId FROM CampaignMember)"  # which Salesforce lets nobody read
    view = world.control("salesforce/listviews", object="Contact", where=where)["id"]
    ann = world.user(contacts__enabled=True, contacts__scope=f"view:{view}")
    tick(world)
    told = users.status(world.app, ann)
    assert told["last_run"]["state"] == "done"
    assert (told["mailbox_read_to"], told["crm_read_to"], told["synced_to"]) == (world.now, None, None)
    assert entry(world, "users").state is State.WARNING
    world.later(hours=3)
    assert entry(world, "users").state is State.BAD


@pytest.mark.rule("TOP-9")
def test_a_run_that_fails_does_not_move_up_to_when_a_user_is_synchronized(world: World) -> None:
    ann = world.user()
    assert users.status(world.app, ann)["synced_to"] is None
    world.sync(ann)
    first = world.now
    assert users.status(world.app, ann)["synced_to"] == first
    world.later(minutes=30)
    world.control("faults", match="sf.*", times=1, action={"status": 503})
    world.sync(ann, ends="failed")
    assert users.status(world.app, ann)["synced_to"] == first
    world.later(minutes=1)
    world.sync(ann, preview=True)
    assert users.status(world.app, ann)["synced_to"] == first, "looking is no reading"
    world.sync(ann)
    told = users.status(world.app, ann)
    assert told["mailbox_read_to"] == told["crm_read_to"] == told["synced_to"] == world.now


@pytest.mark.rule("TOP-9")
def test_each_thing_that_is_missing_is_named_with_what_to_do(world: World, redis_here: EmbeddedRedis) -> None:
    ann = world.user()
    tick(world)
    world.later(minutes=5)
    world.app.governor.pulse.works("w1", (UPKEEP,))
    beat = entry(world, "beat")
    assert (beat.state, beat.since) == (State.BAD, world.now - timedelta(minutes=5))
    assert "inbox-sync beat" in beat.advice
    shard = entry(world, f"shard {ann.shard}")
    assert (shard.state, "inbox-sync worker" in shard.advice) == (State.BAD, True)
    assert entry(world, f"shard {(ann.shard + 1) % 4}").state is State.WARNING, "nobody is there to miss it"

    world.app.governor.pulse.works("w1", (shard_queue(ann.shard),))
    assert entry(world, f"shard {ann.shard}").state is State.OK
    world.later(hours=2)
    assert entry(world, "lag").state is State.BAD
    redis_here.stop()
    assert entry(world, "redis").state is State.BAD
    assert health.examine(world.app).state is State.BAD


def test_without_a_user_it_is_not_well_either(world: World, redis_here: EmbeddedRedis) -> None:
    tick(world)
    assert health.examine(world.app).state is State.WARNING


def test_a_vendor_that_is_down_is_named(world: World, redis_here: EmbeddedRedis) -> None:
    from mapping.rules import outage

    world.user()
    tick(world)
    with world.app.store.writing() as unit:
        for who in (1, 2, 3):
            unit.breakers.change(
                world.org, "salesforce",
                lambda was, who=who: outage.fault(was, who, "SALESFORCE.TRANSIENT.UNAVAILABLE", world.now, users=3),
            )  # fmt: skip
    found = entry(world, f"salesforce of {ORG}")
    assert (found.state, found.since) == (State.BAD, world.now)


@pytest.mark.rule("TOP-9")
def test_console_and_web_say_the_same(
    world: World, redis_here: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.user()
    monkeypatch.setenv("INBOX_SYNC_HOME", str(world.app.settings.home))
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", world.app.settings.database_url)
    world.sandbox.clock.real()
    with visiting(world.app) as web:
        for well in (False, True):
            if well:
                tick(world)
            answer = web.get("/health")
            assert main(["health", "--json"]) == (0 if well else 1)
            told = json.loads(capsys.readouterr().out)
            assert (answer.status_code, answer.json()["state"]) == ((200, "ok") if well else (503, "bad"))
            assert [(e["name"], e["state"]) for e in told["entries"]] == [
                (e["name"], e["state"]) for e in answer.json()["entries"]
            ]
        assert main(["health"]) == 0
        assert "all is well" in capsys.readouterr().out
        assert web.get("/health", headers={"Host": "rebound.example"}).status_code == 403
