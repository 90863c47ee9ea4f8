"""What workers do about the hints of vendors. A message carries ids, marks and a word of ours, nothing that was posted.

Messages may be lost or come twice: the store knows what is due, and whoever comes late finds it taken.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from sync_tasks import runtime
from sync_tasks.queues import shard_queue
from sync_tasks.services import hearing, listening
from sync_tasks.services.embedded import EmbeddedRedisError
from sync_tasks.services.hearing import Hint, NotQueuedError
from sync_tasks.state.records import PushView

STALE_SECONDS = 60  # what waited longer is asked for anew, if it is still due


@shared_task(name="sync.notified")
def notified(**hint: Any) -> None:
    hearing.heard(runtime.app(), Hint(**hint))


@shared_task(name="sync.look")
def look(push_id: int) -> None:
    hearing.look(runtime.app(), push_id)


@shared_task(name="sync.tend")
def tend(push_id: int) -> None:
    listening.tend(runtime.app(), push_id)


def enqueue_look(push: PushView) -> None:
    _enqueue(look, push, args=(push.id,), expires=STALE_SECONDS)


def enqueue_tending(push: PushView) -> None:
    _enqueue(tend, push, args=(push.id,), expires=STALE_SECONDS)


def enqueue_hint(push: PushView, hint: Hint) -> None:
    """Tell a worker, or say at once that none can be told: the vendor comes again. Raises NotQueuedError."""
    try:
        _enqueue(notified, push, kwargs=asdict(hint), retry=False)
    except OperationalError:
        raise NotQueuedError("the queue cannot be reached") from None


def deliver(push: PushView, hint: Hint) -> None:
    """The same from a process that is no worker. Raises NotQueuedError."""
    try:
        runtime.celery()
    except EmbeddedRedisError:
        raise NotQueuedError("there is no queue") from None
    enqueue_hint(push, hint)


def _enqueue(task: Task, push: PushView, **how: Any) -> None:
    # with the runs of his shard: a look asks a vendor, and upkeep must not wait for that
    task.apply_async(queue=shard_queue(push.shard), **how)
