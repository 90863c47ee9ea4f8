"""What anybody who asks after a user is told, whichever way he asks."""

from __future__ import annotations

from typing import Any

from mapping.rules.errors import CATALOGUE, Known
from mapping.rules.standing import Activity, effective
from sync_tasks.state.records import RunState, UserView
from sync_tasks.state.store import Unit


def status(unit: Unit, user: UserView) -> dict[str, Any]:
    """Where a user stands, as JSON values: the state that holds with its reason and cure, and the last run."""
    last = next(iter(unit.runs.recent(user.id, 1)), None)
    busy = last is not None and last.state == RunState.OPEN
    queued = busy and last is not None and not last.stage
    activity = Activity.QUEUED if queued else Activity.RUNNING if busy else Activity.IDLE
    found = effective(user.standing, user.around, activity=activity, began=last is not None)
    known = CATALOGUE.get(found.code) or (CATALOGUE.get(last.error_code) if last and user.failures else None)
    run = None if last is None else {
        "id": last.id, "state": last.state, "started_at": last.started_at, "finished_at": last.finished_at,
        "error": last.error_code, "error_text": last.error_text,
    }  # fmt: skip
    return {
        "address": user.address, "status": user.status, "state": found.state, "activity": found.activity,
        "cause": found.cause, "since": found.since, "error": None if known is None else error(known),
        "initialized_at": user.standing.initialized_at, "suspended_at": user.suspended_at,
        "probe_at": user.standing.probe_at, "attempts": user.standing.attempts, "failures": user.failures,
        "prompt": user.standing.prompt, "next_sync_at": user.next_sync_at, "force_pending": user.force_pending,
        "last_run": run, "issues": len(unit.trail.issues(user.id)), "held_at": user.held_at,
        "holds": [hold.id for hold in unit.holds.active(user.id) if not hold.decision],
    }  # fmt: skip


def error(known: Known) -> dict[str, Any]:
    """An entry of the error catalogue as JSON values."""
    return {
        "code": known.code, "class": known.kind, "retryable": known.retryable, "user": known.user,
        "admin": known.admin, "cure": known.cure, "words": sorted(known.words),
    }  # fmt: skip
