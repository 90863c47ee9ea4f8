"""Changing settings: who may set what where, with a history that can be taken back. What is changed holds from the
next run on.

Levels lie over each other: organization, preset, profile, user. A lock of the organization or of a profile keeps all
stronger levels from being heard, so nothing is set there meanwhile; what stands there already waits for the unlocking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mapping.rules import once
from mapping.rules.setting import LEVELS, LOCKING, SettingValue
from mapping.rules.settings import Effective, Explained, Layer, coerce, find, resolve
from sync_tasks.state.configuration import ChangeView, PresetView, ProfileView, Scope
from sync_tasks.state.records import UserView
from sync_tasks.state.rollouts import RolloutView
from sync_tasks.state.store import Unit

# whom a user does not want to be linked to is nothing that somebody else decides by resetting his settings
PERSONAL = frozenset({"blocklist.user", "blocklist.removed"})


class SettingRefusedError(Exception):
    """A setting may not be changed so. The text says why, and what to do."""


class NotSetError(Exception):
    """There is nothing to take back."""


def of_user(user: UserView) -> Scope:
    return Scope(user.org_id, "user", user.id)


def of_profile(profile: ProfileView) -> Scope:
    return Scope(profile.org_id, "profile", profile.id)


def of_preset(preset: PresetView) -> Scope:
    """Raises SettingRefusedError for a preset that comes with the product."""
    if preset.id is None:
        raise SettingRefusedError(f"preset {preset.name} comes with the product: make a copy, and change that")
    return Scope(preset.org_id, "preset", preset.id)


def held(unit: Unit, scope: Scope) -> Effective:
    """What holds there: for a preset, without any profile; for a profile, for users who have set nothing."""
    return resolve(layers(unit, scope))


def layers(unit: Unit, scope: Scope) -> Sequence[Layer]:
    """The layers up to that scope, weakest first. Raises LookupError when it is gone."""
    if scope.level == "profile" and scope.id is not None:
        profile = unit.configuration.profile_numbered(scope.id)
        if profile is None:
            raise LookupError(f"profile {scope.id} is gone")
        return unit.configuration.profile_layers(profile)
    if scope.level == "preset" and scope.id is not None:
        preset = unit.configuration.preset_numbered(scope.id)
        if preset is None:
            raise LookupError(f"preset {scope.id} is gone")
        return unit.configuration.preset_layers(preset)
    return unit.configuration.layers(scope.org_id, scope.id)


def named(unit: Unit, scope: Scope) -> str:
    """What people call a scope: an address, `profile Sales`, `organization acme`."""
    if scope.level == "user" and scope.id is not None:
        return unit.accounts.user(scope.id).address
    if scope.level == "profile" and scope.id is not None:
        profile = unit.configuration.profile_numbered(scope.id)
        return f"profile {profile.name if profile else scope.id}"
    if scope.level == "preset" and scope.id is not None:
        preset = unit.configuration.preset_numbered(scope.id)
        return f"preset {preset.name if preset else scope.id}"
    return next(f"organization {org.name}" for org in unit.accounts.orgs() if org.id == scope.org_id)


def why_not(found: Explained, name: str, level: str) -> str:
    """Why a setting may not be changed at this level now; '' when it may."""
    setting = find(name)
    if level not in setting.levels:
        only = ", ".join(each for each in LEVELS if each in setting.levels)
        return f"{setting.name} may be set for {only} only"
    if found.lock and LEVELS.index(found.lock) < LEVELS.index(level):
        return f"{setting.name} is locked by the {found.lock}; an administrator has to unlock it there first"
    return ""


def put(
    unit: Unit, scope: Scope, name: str, value: object, *, at: datetime, by: str, lock: bool | None = None
) -> Explained:  # fmt: skip
    """Set a value, given as text or as what a file would hold; returns what holds then. `lock`: whether stronger levels
    may still say something; None: as it is. Raises ValueError for what is no value, and SettingRefusedError."""
    setting = find(name)
    meant = coerce(setting.name, value)
    _refuse(unit, scope, setting.name)
    if lock and scope.level not in LOCKING:
        raise SettingRefusedError(f"a setting may be locked for {' or '.join(LOCKING)} only")
    was = unit.configuration.values(scope)
    locked = setting.name in was.locked if lock is None else lock
    return _changed(unit, scope, setting.name, stored(meant), locked=locked, at=at, by=by)


def take_back(unit: Unit, scope: Scope, name: str, *, at: datetime, by: str) -> Explained:
    """Have the weaker level hold again. Raises NotSetError and SettingRefusedError."""
    setting = find(name)
    if setting.name not in unit.configuration.values(scope).values:
        raise NotSetError(f"{setting.name} is not set for {named(unit, scope)}; nothing to take back")
    _refuse(unit, scope, setting.name)
    return _changed(unit, scope, setting.name, None, locked=False, at=at, by=by)


def lock(unit: Unit, scope: Scope, name: str, *, at: datetime, by: str) -> Explained:
    """Have stronger levels not be heard; what holds here now is set here. Raises SettingRefusedError."""
    setting = find(name)
    if scope.level not in setting.levels:
        raise SettingRefusedError(why_not(held(unit, scope).explain(setting.name), setting.name, scope.level))
    value = held(unit, scope).value(setting.name)
    return put(unit, scope, setting.name, stored(value), at=at, by=by, lock=True)


def unlock(unit: Unit, scope: Scope, name: str, *, at: datetime, by: str) -> Explained:
    """Have stronger levels be heard again; the value stays. Raises NotSetError."""
    setting = find(name)
    was = unit.configuration.values(scope)
    if setting.name not in was.locked:
        raise NotSetError(f"{setting.name} is not locked for {named(unit, scope)}")
    return _changed(unit, scope, setting.name, was.values[setting.name], locked=False, at=at, by=by)


def reset(unit: Unit, user: UserView, *, at: datetime, by: str) -> list[str]:
    """Take back what a user has set for himself, but for his block lists; returns the settings. Nothing but settings is
    touched: pairs, cursors and windows stay as they are, so the next run goes on from where the last one ended."""
    scope = of_user(user)
    names = sorted(set(unit.configuration.values(scope).values) - PERSONAL)
    for name in names:
        _write(unit, scope, name, None, locked=False, at=at, by=by)
    if names:
        unit.accounts.audit(at, by, "config.reset", user.address, settings=names)
    return names


def undo(unit: Unit, change: ChangeView, *, at: datetime, by: str) -> Explained:
    """Set the value that stood before a change, with its lock, again. Raises SettingRefusedError and ValueError when it
    may not be set any more."""
    if change.step:
        raise SettingRefusedError("this is a step of a roll-out, which is widened, finished or taken back as a whole")
    if change.before is None:
        if change.name in unit.configuration.values(change.scope).values:
            return take_back(unit, change.scope, change.name, at=at, by=by)
        return held(unit, change.scope).explain(change.name)
    lock_again = change.was_locked if change.scope.level in LOCKING else None
    return put(unit, change.scope, change.name, change.before, at=at, by=by, lock=lock_again)


def stored(value: SettingValue) -> Any:
    """A value as the store keeps it. "No limit" is one of its own, and the store takes an empty one for not set."""
    return "none" if value is None else list(value) if isinstance(value, tuple) else value


def checked(unit: Unit, scope: Scope, values: Mapping[str, object]) -> dict[str, Any]:
    """The values, as they are kept, by the names of settings; None for one that is to be taken back. Raises ValueError
    for what is no setting or no value of it, and SettingRefusedError for one that may not be set there."""
    now = held(unit, scope)
    meant: dict[str, Any] = {}
    for name, value in values.items():
        setting = find(name)
        if told := why_not(now.explain(setting.name), setting.name, scope.level):
            raise SettingRefusedError(told)
        meant[setting.name] = None if value is None else stored(coerce(setting.name, value))
    return meant


def rolled_out(unit: Unit, scope: Scope, name: str) -> RolloutView | None:
    """The roll-out of a setting that is under way there."""
    if scope.level not in LOCKING:
        return None
    running = (each for each in unit.rollouts.running(scope.org_id) if each.profile_id == scope.id)
    return next((each for each in running if name in each.values), None)


def _refuse(unit: Unit, scope: Scope, name: str) -> None:
    if told := why_not(held(unit, scope).explain(name), name, scope.level):
        raise SettingRefusedError(told)
    if under_way := rolled_out(unit, scope, name):
        raise SettingRefusedError(f"{name} is rolled out ({under_way.id}): finish that, or take it back first")


def _changed(
    unit: Unit, scope: Scope, name: str, value: Any, *, locked: bool, at: datetime, by: str
) -> Explained:  # fmt: skip
    if _write(unit, scope, name, value, locked=locked, at=at, by=by):
        action = "unset" if value is None else "set"
        unit.accounts.audit(at, by, f"config.{action}", name, level=scope.level, of=named(unit, scope), locked=locked)
    now = held(unit, scope)
    if told := once.objection(now):
        raise SettingRefusedError(told)
    return now.explain(name)


def _write(unit: Unit, scope: Scope, name: str, value: Any, *, locked: bool, at: datetime, by: str) -> bool:
    """Put it and note it, if that changes anything."""
    unit.configuration.one_after_the_other(scope.org_id)
    was = unit.configuration.values(scope)
    before, was_locked = was.values.get(name), name in was.locked
    if (before, was_locked) == (value, locked):
        return False
    unit.configuration.put(scope, name, value, locked=locked)
    unit.configuration.note(
        scope, name, before=before, after=value, was_locked=was_locked, locked=locked, at=at, by=by
    )  # fmt: skip
    return True
