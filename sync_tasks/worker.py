"""Where Celery's own command finds the application: `celery -A sync_tasks.worker worker`, or `beat`, or `flower`."""

from __future__ import annotations

from sync_tasks import runtime

app = runtime.celery()
