"""Where messages go and what they carry, seen in Redis itself."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
import redis
from celery import Celery

from sync_tasks.queues import AT_ONCE, UPKEEP, all_queues, shard_queue
from sync_tasks.state.records import RunRef
from sync_tasks.state.runs import STAGES
from sync_tasks.tasks import feeds
from sync_tasks.tasks.pipeline import TASKS, chain_for, enqueue

RUN = RunRef(id=71, user_id=5, token=9, shard=3)


def waiting(url: str) -> dict[str, list[dict[str, Any]]]:
    """The messages that wait in each queue."""
    with redis.Redis.from_url(url) as client:
        return {name: [json.loads(m) for m in client.lrange(name, 0, -1)] for name in all_queues(4)}


@pytest.mark.parametrize("stage", STAGES)
def test_every_signature_of_a_chain_names_the_queue_of_the_users_shard(celery_app: Celery, stage: str) -> None:
    chain = chain_for(RUN, stage)
    signatures = getattr(chain, "tasks", (chain,))
    assert [s.task for s in signatures] == [f"sync.{name}" for name in STAGES[STAGES.index(stage) :]]
    assert {s.options["queue"] for s in signatures} == {shard_queue(3)}


def test_a_run_is_one_message_on_its_shard_and_nothing_anywhere_else(celery_app: Celery, redis_url: str) -> None:
    enqueue(RUN, "fetch")
    assert {name: len(messages) for name, messages in waiting(redis_url).items() if messages} == {"shard-03": 1}


@pytest.mark.rule("TOP-13")
def test_a_run_that_lets_others_go_first_is_served_after_them_and_once_begun_waits_no_more(
    celery_app: Celery, redis_url: str
) -> None:
    enqueue(replace(RUN, id=72, patient=True), "fetch")
    enqueue(RUN, "fetch")
    taken = []
    with celery_app.connection_for_read() as connection, connection.SimpleQueue(shard_queue(3)) as queue:
        for _ in range(2):
            message = queue.get(timeout=5)
            (run, *_), _, embedded = message.payload
            taken.append((run, {s["options"]["priority"] for s in embedded["chain"]}))
            message.ack()
    assert taken == [(71, {AT_ONCE}), (72, {AT_ONCE})]


def test_the_rest_of_the_chain_travels_with_its_queues(celery_app: Celery, redis_url: str) -> None:
    enqueue(RUN, "fetch")
    (message,) = waiting(redis_url)["shard-03"]
    _, _, embedded = json.loads(base64.b64decode(message["body"]))
    assert [(s["task"], s["options"]["queue"]) for s in reversed(embedded["chain"])] == [
        (f"sync.{stage}", "shard-03") for stage in STAGES[1:]
    ]


def test_a_message_carries_a_run_a_user_and_a_token_and_nothing_else(celery_app: Celery, redis_url: str) -> None:
    enqueue(RUN, "fetch")
    (message,) = waiting(redis_url)["shard-03"]
    args, kwargs, embedded = json.loads(base64.b64decode(message["body"]))
    assert (args, kwargs) == ([71, 5, 9], {})
    assert all((s["args"], s["kwargs"]) == ([71, 5, 9], {}) for s in embedded["chain"])
    assert message["headers"]["argsrepr"] == "(71, 5, 9)"
    assert message["headers"]["timelimit"] == [None, None]  # how long a stage may take is the worker's to say
    assert message["content-type"] == "application/json"


def test_a_look_at_an_organization_waits_with_runs_and_carries_its_number(celery_app: Celery, redis_url: str) -> None:
    feeds.enqueue(6)
    (message,) = waiting(redis_url)["shard-02"]
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (message["headers"]["task"], args, kwargs) == ("sync.feed", [6], {})
    assert celery_app.conf.beat_schedule["feeds-due"]["task"] in celery_app.tasks


def test_a_worker_that_is_not_told_otherwise_serves_every_queue(celery_app: Celery) -> None:
    assert set(celery_app.amqp.queues.consume_from) == set(all_queues(4))
    queues = {shard_queue(shard) for shard in range(4)}
    assert queues | {UPKEEP} == set(all_queues(4))


def test_what_beat_sends_goes_to_upkeep_and_expires_before_it_piles_up(celery_app: Celery) -> None:
    entries = celery_app.conf.beat_schedule
    assert {entry["task"] for entry in entries.values()} == {
        "sync.dispatch_due", "sync.recover_stalled", "sync.notify", "sync.look_due", "sync.tend_due",
        "sync.feeds_due",
        "sync.tidy", "sync.watch_rollouts",
    }  # fmt: skip
    assert {entry["options"]["queue"] for entry in entries.values()} == {UPKEEP}
    assert all(entry["options"]["expires"] > entry["schedule"] for entry in entries.values())


def test_messages_are_json_and_nothing_is_kept_of_results(celery_app: Celery) -> None:
    assert celery_app.conf.accept_content == ["json"]
    assert celery_app.conf.task_serializer == "json"
    assert celery_app.conf.result_backend is None
    assert all(celery_app.tasks[f"sync.{stage}"].ignore_result for stage in TASKS)


def test_what_a_dead_worker_held_is_delivered_again(celery_app: Celery) -> None:
    tasks = [celery_app.tasks[f"sync.{stage}"] for stage in STAGES]
    assert all(task.acks_late and task.reject_on_worker_lost for task in tasks)
    assert celery_app.conf.worker_prefetch_multiplier == 1
