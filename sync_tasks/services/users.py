"""A user as values, and what is done to many at once."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mapping.rules import standing
from mapping.rules.standing import RefusedError
from sync_tasks.bootstrap import App
from sync_tasks.services import reporting, scheduling
from sync_tasks.services.standing import act, acted
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.state.records import UserView

BATCH = 500


def described(user: UserView) -> dict[str, Any]:
    """A user as JSON values; nothing about leases."""
    names = (
        "id", "address", "org_name", "status", "crm_user_id", "aliases", "shard", "activated_at", "next_sync_at",
        "last_started_at", "force_pending", "failures", "held_at", "paused_at", "disabled_at", "suspended_at",
        "suspended_code",
    )  # fmt: skip
    more = {"state": user.effective.state, "initialized_at": user.standing.initialized_at}
    return {name: getattr(user, name) for name in names} | more | {"probe_at": user.standing.probe_at}


def status(app: App, user: UserView) -> dict[str, Any]:
    """Where the user stands, and what waits for a person."""
    with app.store.reading() as unit:
        return reporting.status(unit, user)


class Verb(StrEnum):
    """What can be done to one user or to many by a click."""

    FORCE = "force"
    PAUSE = standing.Verb.PAUSE.value
    RESUME = standing.Verb.RESUME.value
    DISABLE = standing.Verb.DISABLE.value
    ENABLE = standing.Verb.ENABLE.value


def switch(app: App, user: UserView, verb: Verb, *, by: str) -> UserView:
    """Pause, resume, disable or enable a user. Raises RefusedError."""
    return act(app, user.id, standing.Verb(verb.value), actor=by)


def do(app: App, reach: Reach, which: Filter, ids: Collection[int] | None, verb: Verb, *, by: str) -> int:
    """Do it to all users of the filter, or (`ids`) to those of them alone that are named; returns how many. Nobody out
    of reach is touched. Goes in transactions of `BATCH`, so that runs get a word in between."""
    with app.store.reading() as unit:
        found = unit.overview.user_ids(reach, which if ids is None else Filter())
    wanted = found if ids is None else sorted(set(found) & set(ids))
    floor = timedelta(seconds=app.settings.force_floor_seconds)
    done = 0
    for start in range(0, len(wanted), BATCH):
        now = app.clock()
        with app.store.writing() as unit:
            for user in unit.accounts.users_numbered(wanted[start : start + BATCH]):
                with suppress(RefusedError):
                    if verb is Verb.FORCE:
                        unit.accounts.force(user.id, now, floor)
                        unit.accounts.audit(now, by, "user.force", user.address)
                    else:
                        acted(unit, user, standing.Verb(verb.value), now, actor=by)
                    done += 1
    return done


def force(app: App, user: UserView, *, by: str) -> datetime:
    """Ask for a run, and note who asked; returns the moment it becomes due."""
    due = scheduling.force(app, user.id)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.force", user.address)
    return due
