"""Rolling a change of settings out step by step: first to a part of the users, then to more, at last to everybody.

Nothing is set before it is finished: whoever is reached has the new values laid over those of his organization or
profile, so taking it back brings the exact earlier values. It is taken back by itself when the runs of those who have
it end badly more often than those of the others (`mapping.rules.rollout.is_worse`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mapping.rules import once
from mapping.rules.rollout import Tally, is_worse
from mapping.rules.setting import LOCKING
from mapping.rules.settings import laid_over, resolve
from sync_tasks.bootstrap import App
from sync_tasks.services import configuring
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import UserView
from sync_tasks.state.rollouts import RolloutState, RolloutView
from sync_tasks.state.store import Unit

log = logging.getLogger(__name__)

ITSELF = "inbox-sync"  # who takes back what goes badly
BEFORE = timedelta(days=7)  # where there are no others, it is compared with so long before it began


@dataclass(frozen=True, slots=True)
class Standing:
    """How the runs of those who have a change have ended since its last step, and those of the others. `users`: how
    many have it."""

    users: int
    tried: Tally
    others: Tally


def scope_of(rollout: RolloutView) -> Scope:
    if rollout.profile_id is None:
        return Scope(rollout.org_id)
    return Scope(rollout.org_id, "profile", rollout.profile_id)


def start(
    unit: Unit, scope: Scope, values: Mapping[str, object], *, percent: int = 0, group: Collection[int] = (),
    lock: bool = False, at: datetime, by: str,
) -> RolloutView:  # fmt: skip
    """Let a share of the users, by chance, and a group of them have other values than the rest. Raises ValueError for
    what is no value, and SettingRefusedError."""
    if scope.level not in LOCKING:
        raise SettingRefusedError(f"only what is set for {' or '.join(LOCKING)} can be rolled out")
    unit.configuration.one_after_the_other(scope.org_id)
    meant = configuring.checked(unit, scope, values)
    if not meant:
        raise SettingRefusedError("say which settings to roll out, and to what values")
    for name in meant:
        if under_way := configuring.rolled_out(unit, scope, name):
            raise SettingRefusedError(f"{name} is rolled out already ({under_way.id}): finish that, or take it back")
    _checked(unit, scope, percent, group)
    level = laid_over(configuring.layers(unit, scope), scope.level, meant, lock=lock)
    if told := once.objection(resolve(level)):
        raise SettingRefusedError(told)
    made = unit.rollouts.start(
        scope.org_id, scope.id, meant, locked=lock, percent=percent, group=group, at=at, by=by
    )  # fmt: skip
    _note(unit, made, "start", at=at, by=by)
    return made


def widen(
    unit: Unit, rollout: RolloutView, *, percent: int | None = None, group: Collection[int] = (), at: datetime, by: str
) -> RolloutView:  # fmt: skip
    """Let more users have it; those who have it keep it. Raises SettingRefusedError for what is no step further."""
    _running(rollout)
    percent = rollout.percent if percent is None else percent
    _checked(unit, scope_of(rollout), percent, group)
    if percent < rollout.percent or (percent == rollout.percent and rollout.group >= set(group)):
        raise SettingRefusedError(f"it reaches {rollout.percent} % already: widen it, finish it or take it back")
    wider = unit.rollouts.widen(rollout.id, percent=percent, group=rollout.group | set(group), at=at)
    _note(unit, wider, "widen", at=at, by=by)
    return wider


def finish(unit: Unit, rollout: RolloutView, *, at: datetime, by: str) -> RolloutView:
    """Set the values, so that they hold for everybody. Raises SettingRefusedError."""
    _running(rollout)
    ended = unit.rollouts.end(rollout.id, RolloutState.FINISHED, at=at, by=by)
    scope = scope_of(rollout)
    for name, value in rollout.values.items():
        if value is not None:
            lock = rollout.locked or None
            configuring.put(unit, scope, name, value, lock=lock, at=at, by=by)
        elif name in unit.configuration.values(scope).values:
            configuring.take_back(unit, scope, name, at=at, by=by)
    unit.accounts.audit(at, by, "rollout.finish", str(rollout.id), settings=sorted(rollout.values))
    return ended


def take_back(unit: Unit, rollout: RolloutView, *, at: datetime, by: str, why: str = "") -> RolloutView:
    """Let nobody have it any more: what was set before holds again. Raises SettingRefusedError when it is over."""
    _running(rollout)
    ended = unit.rollouts.end(rollout.id, RolloutState.BACK, at=at, by=by, why=why)
    _note(unit, ended, "back", at=at, by=by)
    return ended


def watch(app: App) -> list[RolloutView]:
    """Take back what goes badly; returns that."""
    with app.store.reading() as unit:
        running = unit.rollouts.running()
    back: list[RolloutView] = []
    for each in running:
        with app.store.writing() as unit:
            now = unit.rollouts.get(each.id)
            if now is None or now.state != RolloutState.RUNNING:
                continue
            found = standing(unit, now, app.clock())
            if is_worse(found.tried, found.others):
                log.warning("rollout_back", extra={"rollout": now.id})
                back.append(take_back(unit, now, at=app.clock(), by=ITSELF, why=_why(found)))
    return back


def standing(unit: Unit, rollout: RolloutView, now: datetime) -> Standing:
    """Since the last step; of the others, or, where everybody has it, of all of them before it began."""
    until = (rollout.ended_at or now) + timedelta(seconds=1)
    reached = _members(unit, rollout)
    endings = unit.rollouts.endings(rollout.org_id, rollout.stepped_at, until)
    tried = sum((tally for user, tally in endings.items() if user in reached), Tally())
    others = sum((tally for user, tally in endings.items() if user not in reached), Tally())
    if not others.runs:
        earlier = unit.rollouts.endings(rollout.org_id, rollout.started_at - BEFORE, rollout.started_at)
        others = sum(earlier.values(), Tally())
    return Standing(len(reached), tried, others)


def facts(unit: Unit, rollout: RolloutView, now: datetime) -> dict[str, Any]:
    """As the console, the pages and the REST interface tell it alike."""
    found = standing(unit, rollout, now)
    return {
        "rollout": rollout.id, "of": configuring.named(unit, scope_of(rollout)), "settings": dict(rollout.values),
        "locked": rollout.locked, "percent": rollout.percent, "chosen": len(rollout.group), "users": found.users,
        "state": rollout.state, "started_at": rollout.started_at, "started_by": rollout.started_by,
        "stepped_at": rollout.stepped_at, "ended_at": rollout.ended_at, "ended_by": rollout.ended_by,
        "why": rollout.why, "runs": found.tried.runs, "bad": found.tried.bad, "others_runs": found.others.runs,
        "others_bad": found.others.bad,
    }  # fmt: skip


def of_user(unit: Unit, user: UserView, name: str) -> RolloutView | None:
    """The roll-out by which a setting holds otherwise for this user than for others."""
    profile = unit.configuration.profile_of(user.id)
    found = unit.rollouts.reaching(user.org_id, user.id, None if profile is None else profile.id)
    return next((each for each in found if name in each.values), None)


def _members(unit: Unit, rollout: RolloutView) -> frozenset[int]:
    if rollout.profile_id is None:
        concerned = [user.id for user in unit.accounts.users(rollout.org_id)]
    else:
        concerned = unit.configuration.members(rollout.profile_id)
    return frozenset(user for user in concerned if rollout.reaches(user))


def _checked(unit: Unit, scope: Scope, percent: int, group: Collection[int]) -> None:
    if not 0 <= percent <= 100:
        raise SettingRefusedError(f"a share is 0 to 100 percent, not {percent}")
    users = unit.accounts.users_numbered(group)
    strangers = [user.address for user in users if user.org_id != scope.org_id]
    if strangers or len(users) != len(set(group)):
        raise SettingRefusedError(f"{(*strangers, 'somebody')[0]} is not of the organization whose settings these are")
    if not percent and not group:
        raise SettingRefusedError("say whom it is to reach first: a share of the users, or some of them by name")


def _running(rollout: RolloutView) -> None:
    if rollout.state != RolloutState.RUNNING:
        raise SettingRefusedError(f"roll-out {rollout.id} is over")


def _why(found: Standing) -> str:
    return (
        f"{found.tried.bad} of {found.tried.runs} runs with it ended badly, "
        f"{found.others.bad} of {found.others.runs} without it"
    )


def _note(unit: Unit, rollout: RolloutView, how: str, *, at: datetime, by: str) -> None:
    """In the history of each setting, as a step that is undone with the roll-out only, and in the audit."""
    scope, step = scope_of(rollout), "taken back" if how == "back" else _reach(rollout)
    set_there = unit.configuration.values(scope)
    for name, value in rollout.values.items():
        before, was_locked = set_there.values.get(name), name in set_there.locked
        told = (value, before, rollout.locked, was_locked) if how == "back" else (
            before, value, was_locked, rollout.locked or was_locked
        )  # fmt: skip
        unit.configuration.note(
            scope, name, before=told[0], after=told[1], was_locked=told[2], locked=told[3], at=at, by=by, step=step
        )
    unit.accounts.audit(
        at, by, f"rollout.{how}", str(rollout.id), settings=sorted(rollout.values), reach=_reach(rollout),
        of=configuring.named(unit, scope), why=rollout.why,
    )  # fmt: skip


def _reach(rollout: RolloutView) -> str:
    parts = [f"{rollout.percent} %"] if rollout.percent else []
    if rollout.group:
        parts.append(f"{len(rollout.group)} chosen")
    return "rolled out to " + " and ".join(parts)
