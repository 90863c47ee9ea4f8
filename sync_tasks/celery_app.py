"""The Celery application: transport, queues, time limits, beat. What tasks do is not here.

SQL is the truth and Redis is disposable, so nothing is kept in a result backend, and a lost message costs delay only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    heartbeat_sent,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
)

from sync_tasks import runtime
from sync_tasks.bootstrap import utc_now
from sync_tasks.metering.pulse import Pulse
from sync_tasks.metering.shared import Shared
from sync_tasks.observability import logs
from sync_tasks.queues import AT_ONCE, PATIENT, UPKEEP, all_queues
from sync_tasks.services.embedded import redis_url
from sync_tasks.settings import Settings

STAGE_TASKS, PUSH_TASKS = "sync_tasks.tasks.pipeline", "sync_tasks.tasks.pushes"
FEED_TASKS = "sync_tasks.tasks.feeds"
TEND_SECONDS = 60.0


def configure(settings: Settings) -> Celery:
    """A Celery application for these settings."""
    tasks = [STAGE_TASKS, "sync_tasks.tasks.ticker", PUSH_TASKS, FEED_TASKS]
    app = Celery("inbox_sync", broker=redis_url(settings), include=tasks)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=settings.stage_soft_seconds,
        task_time_limit=settings.stage_hard_seconds,
        task_default_queue=UPKEEP,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_max_memory_per_child=400_000,  # KiB
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_soft_shutdown_timeout=30,
        worker_send_task_events=True,  # Flower shows nothing without them; they hold ids only
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": settings.visibility_timeout,
            "unacked_restore_interval": 5,
            "queue_order_strategy": "round_robin",
            "priority_steps": [AT_ONCE, PATIENT],
            "health_check_interval": 30,
            "socket_keepalive": True,
        },
        task_publish_retry_policy={"max_retries": 5, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 2},
        beat_schedule={
            "dispatch-due": {
                "task": "sync.dispatch_due",
                "schedule": settings.dispatch_every_seconds,
                "options": {"queue": UPKEEP, "expires": settings.dispatch_every_seconds * 2},
            },
            "recover-stalled": {
                "task": "sync.recover_stalled",
                "schedule": max(1.0, settings.recover_after_seconds / 4),
                "options": {"queue": UPKEEP, "expires": settings.recover_after_seconds},
            },
            "notify": {"task": "sync.notify", "schedule": 60.0, "options": {"queue": UPKEEP, "expires": 120}},
            "watch-rollouts": {
                "task": "sync.watch_rollouts",
                "schedule": 60.0,
                "options": {"queue": UPKEEP, "expires": 120},
            },
            "tidy": {"task": "sync.tidy", "schedule": 3600.0, "options": {"queue": UPKEEP, "expires": 7200}},
            "look-due": {
                "task": "sync.look_due",
                "schedule": settings.dispatch_every_seconds,
                "options": {"queue": UPKEEP, "expires": settings.dispatch_every_seconds * 2},
            },
            "feeds-due": {
                "task": "sync.feeds_due",
                "schedule": settings.dispatch_every_seconds,
                "options": {"queue": UPKEEP, "expires": settings.dispatch_every_seconds * 2},
            },
            "tend-due": {
                "task": "sync.tend_due",
                "schedule": TEND_SECONDS,
                "options": {"queue": UPKEEP, "expires": TEND_SECONDS * 2},
            },
        },
        # intervals need no memory; a file of them would be fought over by two beats of one home
        beat_scheduler="celery.beat:Scheduler",
        timezone="UTC",
        # a worker that is not told otherwise (-Q) serves all of them
        task_queues={name: {"exchange": name, "routing_key": name} for name in all_queues(settings.shards)},
    )
    return app


@before_task_publish.connect
def _leave_limits_to_the_worker(headers: dict[str, Any], **_: object) -> None:
    # Celery sends the limits of whoever enqueues along, and they would win over those of the worker that does the work
    headers["timelimit"] = [None, None]


@setup_logging.connect
def _log_our_way(loglevel: int | str | None = None, logfile: str | None = None, **_: object) -> None:
    logs.setup(Settings(), loglevel or "WARNING", file=Path(logfile) if logfile else None)


@cache
def _pulse() -> Pulse:
    return Pulse(Shared(Settings()), utc_now)


@heartbeat_sent.connect
def _tell_that_we_live(sender: Any, **_: object) -> None:
    # told by the worker's main process, whose connection none of its children uses
    _pulse().works(sender.eventer.hostname, sender.eventer.app.amqp.queues.consume_from)


@worker_process_init.connect
def _open_after_fork(**_: object) -> None:
    runtime.reset()


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    runtime.reset()
