"""A user's state as values, and the switches by which a person changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.state.records import UserView

BATCH = 500


class Switch(StrEnum):
    """`pause` and `resume` are the user's own, `disable` and `enable` an administrator's."""

    PAUSE = "pause"
    RESUME = "resume"
    DISABLE = "disable"
    ENABLE = "enable"


def described(user: UserView) -> dict[str, Any]:
    """A user as JSON values; nothing about leases."""
    names = (
        "id", "address", "org_name", "status", "crm_user_id", "aliases", "shard", "activated_at", "next_sync_at",
        "last_started_at", "force_pending", "failures", "held_at", "paused_at", "disabled_at", "suspended_at",
        "suspended_code",
    )  # fmt: skip
    return {name: getattr(user, name) for name in names}


def status(app: App, user: UserView) -> dict[str, Any]:
    """Whether the user runs and when next, how the last run went, and what waits for a person."""
    with app.store.reading() as unit:
        last = next(iter(unit.runs.recent(user.id, 1)), None)
        issues = len(unit.trail.issues(user.id))
        holds = [hold.id for hold in unit.holds.active(user.id) if not hold.decision]
    run = None if last is None else {
        "id": last.id, "state": last.state, "started_at": last.started_at, "finished_at": last.finished_at,
        "error": last.error_code, "error_text": last.error_text,
    }  # fmt: skip
    return {
        "address": user.address, "status": user.status, "next_sync_at": user.next_sync_at,
        "force_pending": user.force_pending, "failures": user.failures, "last_run": run, "issues": issues,
        "held_at": user.held_at, "holds": holds,
    }  # fmt: skip


def switch(app: App, users: Iterable[UserView], to: Switch, *, by: str) -> None:
    """Turn the switch of each of these users; done twice, it changes nothing the second time."""
    now = app.clock()
    with app.store.writing() as unit:
        for user in users:
            unit.accounts.set_user(user.id, **_values(to, now, user))
            unit.accounts.audit(now, by, f"user.{to}", user.address)


class Act(StrEnum):
    """What can be done to many users at once."""

    FORCE = "force"
    PAUSE = Switch.PAUSE.value
    RESUME = Switch.RESUME.value
    DISABLE = Switch.DISABLE.value
    ENABLE = Switch.ENABLE.value


def do(app: App, reach: Reach, which: Filter, ids: Collection[int] | None, act: Act, *, by: str) -> int:
    """Do it to all users of the filter, or (`ids`) to those of them alone that are named; returns how many. Nobody out
    of reach is touched. Goes in transactions of `BATCH`, so that runs get a word in between."""
    with app.store.reading() as unit:
        found = unit.overview.user_ids(reach, which if ids is None else Filter())
    wanted = found if ids is None else sorted(set(found) & set(ids))
    for start in range(0, len(wanted), BATCH):
        with app.store.reading() as unit:
            some = unit.accounts.users_numbered(wanted[start : start + BATCH])
        if act is Act.FORCE:
            _force_all(app, some, by)
        else:
            switch(app, some, Switch(act.value), by=by)
    return len(wanted)


def _force_all(app: App, users: Iterable[UserView], by: str) -> None:
    now, floor = app.clock(), timedelta(seconds=app.settings.force_floor_seconds)
    with app.store.writing() as unit:
        for user in users:
            unit.accounts.force(user.id, now, floor)
            unit.accounts.audit(now, by, "user.force", user.address)


def force(app: App, user: UserView, *, by: str) -> datetime:
    """Ask for a run, and note who asked; returns the moment it becomes due."""
    due = scheduling.force(app, user.id)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.force", user.address)
    return due


def _values(switch: Switch, now: datetime, user: UserView) -> dict[str, Any]:
    """What a switch sets; doing it twice changes nothing the second time."""
    if switch is Switch.PAUSE:
        return {"paused_at": user.paused_at or now}
    if switch is Switch.DISABLE:
        return {"disabled_at": user.disabled_at or now}
    if switch is Switch.ENABLE:
        return {"disabled_at": None}
    lifted = {"paused_at": None, "suspended_at": None, "suspended_code": "", "failures": 0}
    return lifted | ({"next_sync_at": now} if user.suspended_at is not None else {})
