"""A user's state as values, and the switches by which a person changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mapping.merge.plan import Step
from mapping.rules import standing
from mapping.rules.errors import CATALOGUE
from mapping.rules.progress import about, progress
from mapping.rules.standing import Activity, RefusedError, effective
from sync_tasks.bootstrap import App
from sync_tasks.services import budgets, connections, errors, feeding, scheduling
from sync_tasks.services.standing import move
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.state.records import RunState, RunView, UserView
from sync_tasks.state.store import Unit

BATCH = 500


class Switch(StrEnum):
    """The verbs that change where a user stands and need nothing else. `pause` and `resume` are the user's own, the
    others an administrator's."""

    PAUSE = standing.Verb.PAUSE.value
    RESUME = standing.Verb.RESUME.value
    DISABLE = standing.Verb.DISABLE.value
    ENABLE = standing.Verb.ENABLE.value
    SUSPEND = standing.Verb.SUSPEND.value


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
    """Where a user stands with the reason and its cure, how the last run went, and what waits for a person."""
    with app.store.reading() as unit:
        last = next(iter(unit.runs.recent(user.id, 1)), None)
        issues = len(unit.trail.issues(user.id))
        holds = [hold.id for hold in unit.holds.active(user.id) if not hold.decision]
        listens = bool(unit.org_feeds.heard(user.org_id, user.id).topics)
        readings = unit.accounts.readings(user.id)
        first = _first_sync(unit, user, last, app.clock())
    feed = feeding.feeds(app, (user.org_id,)).get(user.org_id) if listens else None
    activity, failed_with = Activity.IDLE, ""
    if last is not None and last.state == RunState.OPEN:
        activity = Activity.RUNNING if last.stage else Activity.QUEUED
    elif last is not None and user.failures:
        failed_with = last.error_code
    found = effective(user.standing, user.around, activity=activity, began=last is not None)
    linked = connections.of_user(app, user)
    put_off = found.runs and budgets.is_short(app, user.org_id)
    known = CATALOGUE.get(found.code or failed_with or (budgets.CAUSE if put_off else ""))
    run = None if last is None else {
        "id": last.id, "state": last.state, "started_at": last.started_at, "finished_at": last.finished_at,
        "error": last.error_code, "error_text": last.error_text,
    }  # fmt: skip
    return {
        "address": user.address, "status": user.status, "state": found.state, "activity": found.activity,
        "cause": found.cause, "since": found.since, "error": None if known is None else errors.described(known),
        "initialized_at": user.standing.initialized_at, "suspended_at": user.suspended_at,
        "probe_at": user.standing.probe_at, "attempts": user.standing.attempts, "failures": user.failures,
        "prompt": user.standing.prompt, "next_sync_at": user.next_sync_at, "force_pending": user.force_pending,
        "last_run": run, **_read(readings), "issues": issues, "held_at": user.held_at, "holds": holds,
        "connections": linked, "ending": [
            {"side": each["side"], **credential} for each in linked for credential in each["ending"]
        ],
        "feed": None if feed is None else feed.text, "first_sync": first,
    }  # fmt: skip


def _first_sync(unit: Unit, user: UserView, last: RunView | None, now: datetime) -> dict[str, Any] | None:
    """How far it is, while it is under way. What is planned at the end, once the outcome of the rest is known, is left
    out, so that there is never less done than before."""
    if last is None or last.state != RunState.OPEN or user.standing.initialized_at is not None or _is_other(last):
        return None
    done, total = unit.plans.progress(last.id, besides=Step.AFTERWARDS)
    read = {each.stage: each.finished_at for each in unit.runs.stages(last.id)}.get("link")
    found = progress(
        begun=last.begun, stage=last.stage, done=done, total=total, writing_since=read, now=now,
    )  # fmt: skip
    return {
        "run": last.id, "phase": found.phase.value, "done": found.done, "total": found.total,
        "percent": found.percent, "seconds_left": None if found.left is None else round(found.left.total_seconds()),
        "left": "" if found.left is None else about(found.left),
    }  # fmt: skip


def _is_other(run: RunView) -> bool:
    """Does it not synchronize?"""
    return run.is_preview or run.is_parting or bool(run.undoes)


def _read(readings: tuple[datetime | None, datetime | None]) -> dict[str, datetime | None]:
    """Up to when both sides are truly synchronized, and each was read to the end."""
    mailbox, crm = readings
    both = min(mailbox, crm) if mailbox is not None and crm is not None else None
    return {"synced_to": both, "mailbox_read_to": mailbox, "crm_read_to": crm}


def switch(app: App, users: Iterable[UserView], to: Switch, *, by: str) -> None:
    """Turn the switch of each of these users; done twice, it changes nothing the second time. Raises RefusedError."""
    now = app.clock()
    with app.store.writing() as unit:
        for user in users:
            _switch(unit, user, to, now, by)


class Act(StrEnum):
    """What can be done to many users at once."""

    FORCE = "force"
    PAUSE = Switch.PAUSE.value
    RESUME = Switch.RESUME.value
    DISABLE = Switch.DISABLE.value
    ENABLE = Switch.ENABLE.value


def do(app: App, reach: Reach, which: Filter, ids: Collection[int] | None, act: Act, *, by: str) -> int:
    """Do it to all users of the filter, or (`ids`) to those of them alone that are named; returns how many. Nobody out
    of reach is touched, and whom it is refused for is left out. Goes in transactions of `BATCH`, so that runs get a
    word in between."""
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
                    if act is Act.FORCE:
                        unit.accounts.force(user.id, now, floor, asked=True)
                        unit.accounts.audit(now, by, "user.force", user.address)
                    else:
                        _switch(unit, user, Switch(act.value), now, by)
                    done += 1
    return done


def force(app: App, user: UserView, *, by: str) -> datetime:
    """Ask for a run, and note who asked; returns the moment it becomes due."""
    due = scheduling.force(app, user.id)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.force", user.address)
    return due


def _switch(unit: Unit, user: UserView, to: Switch, now: datetime, by: str) -> None:
    after = move(unit, user, lambda was: standing.act(standing.Verb(to), was, now), now)
    if user.suspended_at is not None and after.suspended_at is None:
        unit.accounts.set_user(user.id, next_sync_at=now)
    unit.pushes.hurry(user.id, now)  # who does not run needs no listening for
    unit.accounts.audit(now, by, f"user.{to}", user.address)
