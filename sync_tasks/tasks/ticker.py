"""What beat asks for every few seconds."""

from __future__ import annotations

from celery import shared_task

from sync_tasks import runtime
from sync_tasks.services import expiring, feeding, hearing, listening, notifying, rollouts, scheduling, upkeep
from sync_tasks.tasks import feeds, pushes
from sync_tasks.tasks.pipeline import enqueue


@shared_task(name="sync.dispatch_due")
def dispatch_due() -> None:
    app = runtime.app()
    scheduling.dispatch_due(app, enqueue)
    app.governor.pulse.dispatched()


@shared_task(name="sync.recover_stalled")
def recover_stalled() -> None:
    scheduling.recover_stalled(runtime.app(), enqueue)


@shared_task(name="sync.notify")
def notify() -> None:
    notifying.send_due(runtime.app())


@shared_task(name="sync.tidy")
def tidy() -> None:
    upkeep.tidy(runtime.app())
    expiring.warn(runtime.app())


@shared_task(name="sync.watch_rollouts")
def watch_rollouts() -> None:
    rollouts.watch(runtime.app())


@shared_task(name="sync.look_due")
def look_due() -> None:
    for push in hearing.due_looks(runtime.app()):
        pushes.enqueue_look(push)


@shared_task(name="sync.tend_due")
def tend_due() -> None:
    for push in listening.due(runtime.app()):
        pushes.enqueue_tending(push)


@shared_task(name="sync.feeds_due")
def feeds_due() -> None:
    for org_id in feeding.due(runtime.app()):
        feeds.enqueue(org_id)
