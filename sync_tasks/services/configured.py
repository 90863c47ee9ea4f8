"""Settings that hold, as rows for pages and programs: all of them, one with everything that is said of it, differences
between two, and what was changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mapping.rules.setting import LEVELS, MAPPINGS, Setting, SettingValue
from mapping.rules.settings import SETTINGS, Effective, find, heard
from sync_tasks.services import configuring
from sync_tasks.state.configuration import ChangeView, PresetView, ProfileView
from sync_tasks.state.store import Unit


def rows(held: Effective, *, changed: bool = False) -> list[dict[str, Any]]:
    """Each setting, its meaning, the value that holds, who says so, and who locks it ('' for nobody); `changed`: only
    those that somebody set."""
    told = ((name, setting.text, held.explain(name)) for name, setting in SETTINGS.items())
    return [
        {"name": name, "text": text, "value": found.value, "from": found.layer, "lock": found.lock}
        for name, text, found in told
        if found.layer != "default" or not changed
    ]


def explained(held: Effective, name: str, level: str = "user") -> dict[str, Any]:
    """One setting: what it means and may be, what each layer says and whether that is heard, and why it may not be
    changed at this level ('' when it may). Raises ValueError for an unknown name."""
    setting = find(name)
    found = held.explain(setting.name)
    counted = heard(found.chain, found.lock)
    return {
        "name": setting.name, "text": setting.text, "value": found.value, "from": found.layer, "lock": found.lock,
        "chain": [{"layer": layer, "value": value, "heard": (layer, value) in counted} for layer, value in found.chain],
        "levels": [each for each in LEVELS if each in setting.levels], "allowed": list(setting.allowed),
        "aliases": list(setting.aliases), "fixed": configuring.why_not(found, setting.name, level),
    }  # fmt: skip


def differences(left: Effective, right: Effective) -> list[dict[str, Any]]:
    """The settings in which two differ, with both values and who says them."""
    both = ((setting, left.explain(name), right.explain(name)) for name, setting in SETTINGS.items())
    return [
        {"name": setting.name, "text": setting.text, "left": a.value, "left_from": a.layer, "right": b.value,
         "right_from": b.layer}
        for setting, a, b in both if a.value != b.value
    ]  # fmt: skip


def changes(unit: Unit, found: Sequence[ChangeView]) -> list[dict[str, Any]]:
    """Changes as rows, with whose values they were."""
    return [
        {"number": each.id, "at": each.at, "by": each.by, "level": each.scope.level,
         "of": configuring.named(unit, each.scope), "name": each.name, "before": each.before, "after": each.after,
         "was_locked": each.was_locked, "locked": each.locked, "step": each.step}
        for each in found
    ]  # fmt: skip


def preset(unit: Unit, row: PresetView) -> dict[str, Any]:
    """A preset with the values that it sets."""
    values: Mapping[str, object] = unit.configuration.preset_values(row).values
    return {"id": row.id, "name": row.name, "text": row.text, "shipped": row.id is None, "values": dict(values)}


def profile(unit: Unit, row: ProfileView) -> dict[str, Any]:
    """A profile with what it sets itself, what of that is locked, and who is in it."""
    own = unit.configuration.values(configuring.of_profile(row))
    users = unit.accounts.users_numbered(unit.configuration.members(row.id))
    return {
        "id": row.id, "name": row.name, "text": row.text, "preset": row.preset, "values": dict(own.values),
        "locked": sorted(own.locked), "users": sorted(user.address for user in users),
    }  # fmt: skip


def written(setting: Setting, value: SettingValue) -> str:
    """A value as a form shows it: what `typed` and `parse` read as the same."""
    if setting.entries in MAPPINGS:
        return json.dumps(value, ensure_ascii=False, indent=2)
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def typed(setting: Setting, text: str) -> str:
    """What a form sends, as it is parsed: of a list each line is an entry, too."""
    return ",".join(text.splitlines()) if setting.type is tuple and setting.entries not in MAPPINGS else text
