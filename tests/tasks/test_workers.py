"""Real workers on a real Redis: what a run costs, what happens to messages that come twice, late or never."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from sync_tasks.services.scheduling import lease_of
from sync_tasks.state.records import RunRef, RunState, RunView, UserView
from sync_tasks.state.runs import STAGES
from sync_tasks.tasks.pipeline import enqueue
from tests.support.cluster import Cluster, kill
from tests.support.monitor import overhearing
from tests.support.waiting import until
from tests.support.world import World

Make = Callable[..., Cluster]


def claimed(world: World, user: UserView) -> RunRef:
    with world.app.store.writing() as unit:
        ref = unit.runs.claim_user(user.id, "manual", world.now, lease_of(world.app), world.app.vault.run_key())
    assert ref is not None
    return ref


def run_of(world: World, ref: RunRef) -> RunView:
    with world.app.store.reading() as unit:
        run = unit.runs.get(ref.id)
    assert run is not None
    return run


def is_closed(world: World, ref: RunRef) -> bool:
    return run_of(world, ref).state != RunState.OPEN


def is_working(world: World, ref: RunRef) -> bool:
    with world.app.store.engine.connect() as connection:
        return bool(connection.execute(text("SELECT working FROM sync_run WHERE id = :id"), {"id": ref.id}).scalar())


def slow(world: World, seconds: float, times: int = 1) -> None:
    """The next calls of the mailbox's change feed take so long."""
    world.sandbox.faults.add({"match": "ews.SyncFolderItems", "times": times, "action": {"delay": seconds}})


def started(cluster: Cluster, **more: int) -> Cluster:
    worker = cluster.worker(**more)
    until(lambda: worker.ready, 90, every=0.1)
    return cluster


def test_an_idle_user_costs_one_message_and_a_busy_one_six(world: World, clustered: Make) -> None:
    ann = world.user(autosave__appointments=True)
    world.sync(ann)
    cluster = started(clustered())
    with overhearing(cluster.redis.url) as heard:
        idle = claimed(world, ann)
        enqueue(idle, "fetch")
        until(lambda: is_closed(world, idle), 20)
        time.sleep(0.3)  # for what should not come
    assert (run_of(world, idle).state, heard.pushed(f"shard-{ann.shard:02d}")) == ("done", 1)

    world.appointment(ann, "Call")
    with overhearing(cluster.redis.url) as heard:
        busy = claimed(world, ann)
        enqueue(busy, "fetch")
        until(lambda: is_closed(world, busy), 20)
    assert (run_of(world, busy).stage, heard.pushed(f"shard-{ann.shard:02d}")) == ("delete", len(STAGES))


def test_a_message_that_comes_many_times_is_done_once(world: World, clustered: Make) -> None:
    ann = world.user(autosave__appointments=True)
    world.sync(ann)
    cluster = started(clustered())
    world.appointment(ann, "Call")
    world.writes()
    ref = claimed(world, ann)
    for stage in ("fetch", "fetch", "fetch", "categorize", "mirror"):
        enqueue(ref, stage)
    until(lambda: is_closed(world, ref), 60)
    until(lambda: not any(cluster.waiting().values()), 10)
    assert len(world.query("SELECT Id FROM Event")) == 1
    assert run_of(world, ref).state == "done"
    assert run_of(world, ref).counts["crm.create"] == 1


def test_a_message_with_an_old_token_does_nothing(world: World, clustered: Make) -> None:
    ann = world.user()
    started(clustered())
    ref = claimed(world, ann)
    enqueue(RunRef(ref.id, ref.user_id, ref.token - 1, ref.shard), "fetch")
    enqueue(RunRef(ref.id + 999, ref.user_id, ref.token, ref.shard), "fetch")
    witness = world.user("bob@acme.example")
    after = claimed(world, witness)
    enqueue(RunRef(after.id, after.user_id, after.token, ref.shard), "fetch")  # behind them in the same queue
    until(lambda: is_closed(world, after), 20)
    assert (run_of(world, ref).state, run_of(world, ref).stage) == ("open", "")


def test_what_an_emptied_redis_forgot_is_found_in_the_database(world: World, clustered: Make) -> None:
    ann = world.user(autosave__appointments=True)
    world.appointment(ann, "Call")
    cluster = clustered(recover_after_seconds=2)
    ref = claimed(world, ann)
    enqueue(ref, "fetch")
    cluster.redis.flush()
    cluster.beat()
    started(cluster)
    until(lambda: is_closed(world, ref), 60)
    assert run_of(world, ref).state == "done"
    assert run_of(world, ref).recovered == 0  # nobody had worked on it, so nobody had to be fenced off


def test_a_killed_child_costs_time_and_nothing_else(world: World, clustered: Make) -> None:
    ann = world.user(autosave__appointments=True)
    cluster = started(clustered(recover_after_seconds=2), concurrency=1)
    world.appointment(ann, "Call")
    cluster.beat()
    ref = claimed(world, ann)
    slow(world, 5)
    enqueue(ref, "fetch")
    # not before: one who is killed while he renews a token has others wait until nobody can be at it any more
    until(lambda: world.sandbox.ledger.count("ews.SyncFolderItems") > 0, 20)
    assert kill(cluster.workers[0].children[0])
    until(lambda: is_closed(world, ref), 40)
    # the broker gives the message again, or the schedule finds the run: whichever comes first
    run = run_of(world, ref)
    assert (run.state, run.recovered <= 1) == ("done", True), run
    assert len(world.query("SELECT Id FROM Event")) == 1


def test_a_worker_told_to_stop_finishes_its_stage_and_loses_nothing(world: World, clustered: Make) -> None:
    ann = world.user(autosave__appointments=True)
    world.appointment(ann, "Call")
    cluster = started(clustered(), concurrency=1)
    ref = claimed(world, ann)
    slow(world, 2)
    enqueue(ref, "fetch")
    until(lambda: is_working(world, ref), 20)
    cluster.workers[0].stop()

    assert run_of(world, ref).stage == "fetch"
    assert not is_working(world, ref)
    assert cluster.waiting()[f"shard-{ann.shard:02d}"] == 1

    started(cluster)
    until(lambda: is_closed(world, ref), 60)
    assert (run_of(world, ref).state, run_of(world, ref).recovered) == ("done", 0)


def too_slow(world: World, operation: str, seconds: float, nth: int = 1) -> None:
    world.sandbox.faults.add({"match": operation, "nth": nth, "action": {"delay": seconds}})


def ran(world: World, user: UserView) -> RunView:
    """A run of the user through the workers."""
    ref = claimed(world, user)
    enqueue(ref, "fetch")
    until(lambda: is_closed(world, ref), 60)
    return run_of(world, ref)


LIMITS = {"stage_soft_seconds": 4, "stage_hard_seconds": 60, "visibility_timeout": 90}


@pytest.mark.parametrize("operation", ["ews.SyncFolderItems", "sf.composite"])
def test_a_stage_that_reads_too_long_ends_its_run_and_the_next_one_is_whole(
    world: World, clustered: Make, operation: str
) -> None:
    ann = world.user(autosave__appointments=True)
    cluster = started(clustered(**LIMITS), concurrency=1)
    ran(world, ann)  # what a fresh process loads does not count
    world.appointment(ann, "Call")
    too_slow(world, operation, 10)

    late = ran(world, ann)
    assert (late.state, late.error_code, late.stage) == ("failed", "RUN.TRANSIENT.TOO_LONG", "")
    assert world.query("SELECT Id FROM Event") == []
    assert not any(cluster.waiting().values())

    after = ran(world, ann)
    assert (after.state, after.error_code, after.counts["crm.create"]) == ("done", "", 1)
    assert len(world.query("SELECT Id FROM Event")) == 1
    assert cluster.workers[0].process.running


# A run's first composite calls read the change feed and look for the same event; the third writes the record.
@pytest.mark.parametrize(("operation", "nth", "born"), [("sf.composite", 3, "mailbox"), ("ews.CreateItem", 1, "crm")])
def test_a_write_that_comes_true_after_its_stage_gave_up_is_found_by_the_next_run(
    world: World, clustered: Make, operation: str, nth: int, born: str
) -> None:
    ann = world.user(autosave__appointments=True, events__down=True)
    started(clustered(**LIMITS), concurrency=1)
    ran(world, ann)
    begin = world.now.replace(microsecond=0) + timedelta(days=1)
    if born == "mailbox":
        world.appointment(ann, "Call")
    else:
        world.record(
            "Event", Subject="Call", OwnerId=ann.crm_user_id, StartDateTime=begin.isoformat(), DurationInMinutes=60
        )
    too_slow(world, operation, 8, nth)

    late = ran(world, ann)
    assert (late.state, late.error_code, late.stage) == ("failed", "RUN.TRANSIENT.TOO_LONG", "link")

    def copies() -> tuple[int, int]:
        return len(world.query("SELECT Id FROM Event")), len(world.items(ann))

    until(lambda: copies() == (1, 1), 20)  # nobody waits for the answer any more, and yet it is written
    after = ran(world, ann)
    assert (after.state, after.error_code) == ("done", "")
    world.sync(ann)
    assert copies() == (1, 1)


def test_a_pickle_is_refused_and_the_worker_goes_on(world: World, clustered: Make) -> None:
    ann = world.user()
    cluster = started(clustered())
    from celery import current_app

    with current_app.connection_for_write() as connection:
        producer = current_app.amqp.Producer(connection, auto_declare=False)
        producer.publish(
            ([1, 1, 1], {}, {}), exchange="shard-00", routing_key=f"shard-{ann.shard:02d}", serializer="pickle",
            headers={"task": "sync.fetch", "id": "pickled"},
        )  # fmt: skip
    ref = claimed(world, ann)
    enqueue(ref, "fetch")
    until(lambda: is_closed(world, ref), 60)
    assert run_of(world, ref).state == "done"
    assert cluster.workers[0].process.running


def test_a_run_whose_workers_die_again_and_again_is_given_up(world: World) -> None:
    from sync_tasks.services.scheduling import MOST_RECOVERIES, recover_stalled

    ann = world.user()
    ref = claimed(world, ann)
    enqueued: list[str] = []
    for _ in range(MOST_RECOVERIES + 1):
        with world.app.store.writing() as unit:
            run = unit.runs.get(ref.id)
            assert run is not None
            ref = RunRef(ref.id, ref.user_id, run.token, ref.shard)
            assert unit.runs.start_work(ref, world.now)
        world.later(minutes=10)
        recover_stalled(world.app, lambda _run, stage: enqueued.append(stage))
    assert enqueued == ["fetch"] * MOST_RECOVERIES
    assert (run_of(world, ref).state, run_of(world, ref).error_code) == ("failed", "RUN.TRANSIENT.STALLED")


def test_a_message_that_waits_long_in_its_queue_stays_good(world: World) -> None:
    from sync_tasks.services.pipeline import perform
    from sync_tasks.services.scheduling import recover_stalled

    ann = world.user()
    first = claimed(world, ann)
    again: list[RunRef] = []
    world.later(minutes=10)
    recover_stalled(world.app, lambda run, _stage: again.append(run))
    assert again == [first]  # a second message of the same token
    perform(world.app, first, "fetch")
    assert run_of(world, first).state == "done"
    assert perform(world.app, again[0], "fetch") is False


@pytest.mark.parametrize("state", ["open"])
def test_two_open_runs_of_one_user_cannot_even_be_written(world_on_both: World, state: str) -> None:
    from sqlalchemy.exc import IntegrityError

    world = world_on_both
    ref = claimed(world, world.user())
    copy = (
        "INSERT INTO sync_run (user_id, trigger, state, token, stage, started_at, touched_at, working, counts,"
        " recovered, error_code, error_text) SELECT user_id, trigger, state, token, stage, started_at, touched_at,"
        " working, counts, recovered, error_code, error_text FROM sync_run WHERE id = :id"
    )
    with pytest.raises(IntegrityError), world.app.store.engine.begin() as connection:
        connection.execute(text(copy), {"id": ref.id})
