"""Six tasks, one a stage, and the chain they form. A message carries a run's id and its fencing token, nothing else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import Task, chain, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from kombu.exceptions import OperationalError

from sync_tasks import runtime
from sync_tasks.queues import AT_ONCE, PATIENT, shard_queue
from sync_tasks.services.embedded import EmbeddedRedisError
from sync_tasks.services.pipeline import perform
from sync_tasks.state.records import RunRef
from sync_tasks.state.runs import STAGES


def _do(task: Task, stage: str, run_id: int, user_id: int, token: int) -> None:
    """Do the stage; when the run is over, drop the rest of the chain, so that an idle user costs one message."""
    if not perform(runtime.app(), RunRef(run_id, user_id, token), stage, too_long=(SoftTimeLimitExceeded,)):
        task.request.chain = None


@shared_task(bind=True, name="sync.fetch")
def fetch(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "fetch", run_id, user_id, token)


@shared_task(bind=True, name="sync.categorize")
def categorize(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "categorize", run_id, user_id, token)


@shared_task(bind=True, name="sync.resolve")
def resolve(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "resolve", run_id, user_id, token)


@shared_task(bind=True, name="sync.link")
def link(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "link", run_id, user_id, token)


@shared_task(bind=True, name="sync.mirror")
def mirror(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "mirror", run_id, user_id, token)


@shared_task(bind=True, name="sync.delete")
def delete(self: Task, run_id: int, user_id: int, token: int) -> None:
    _do(self, "delete", run_id, user_id, token)


TASKS = {"fetch": fetch, "categorize": categorize, "resolve": resolve, "link": link, "mirror": mirror, "delete": delete}


def chain_for(run: RunRef, stage: str = "fetch") -> Any:
    """The chain of a run from a stage on. Queue and priority are set on every signature: set on the chain, they would
    reach only the first task. What is begun is not made to wait again."""
    queue = shard_queue(run.shard)
    rest = STAGES[STAGES.index(stage) :]
    return chain(
        *(
            TASKS[name]
            .si(run.id, run.user_id, run.token)
            .set(queue=queue, priority=PATIENT if run.patient and name == stage else AT_ONCE)
            for name in rest
        )
    )


def enqueue(run: RunRef, stage: str) -> None:
    """Put a run's chain on its shard queue."""
    chain_for(run, stage).apply_async()


def hand_over(run: RunRef, stage: str) -> None:
    """The same from a process that is no worker. When no worker can be told now, the run is found in the store like any
    other that nobody works on."""
    with suppress(OperationalError, EmbeddedRedisError):
        runtime.celery()
        chain_for(run, stage).apply_async(retry=False)
