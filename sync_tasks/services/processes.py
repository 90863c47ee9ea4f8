"""The commands by which workers and beat are started, the same for the console, the demo and the tests."""

from __future__ import annotations

import sys

APPLICATION = "sync_tasks.worker"


def worker_argv(*more: str) -> list[str]:
    """A worker; of all queues, unless `-Q` says which. Gossip and mingle only cost, and fail when Redis comes back."""
    return [sys.executable, "-m", "celery", "-A", APPLICATION, "worker", "--without-gossip", "--without-mingle", *more]


def beat_argv(*more: str) -> list[str]:
    """The clock that says every few seconds: look who is due. Two of them do no harm."""
    return [sys.executable, "-m", "celery", "-A", APPLICATION, "beat", "--pidfile=", *more]
