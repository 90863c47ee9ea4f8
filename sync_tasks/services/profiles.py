"""Presets and profiles: made from what is there, given to users, and taken away without taking anything along."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from mapping.rules.setting import LEVELS
from mapping.rules.settings import SETTINGS, Effective, resolve
from sync_tasks.bootstrap import App
from sync_tasks.services import configuring
from sync_tasks.services.configuring import PERSONAL, SettingRefusedError, stored
from sync_tasks.state.configuration import PresetView, ProfileView
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

LONGEST_NAME, LONGEST_TEXT = 80, 300
BATCH = 500


def add_profile(
    unit: Unit, org_id: int, name: str, *, text: str = "", preset: str = "", at: datetime, by: str
) -> ProfileView:  # fmt: skip
    """Raises SettingRefusedError for a name that is taken or empty, and for an unknown preset."""
    name = _free(name, [each.name for each in unit.configuration.profiles(org_id)], "profile")
    _known_preset(unit, org_id, preset)
    made = unit.configuration.add_profile(org_id, name, text[:LONGEST_TEXT], preset)
    unit.accounts.audit(at, by, "profile.add", name, preset=preset)
    return made


def set_profile(
    unit: Unit, profile: ProfileView, *, text: str | None = None, preset: str | None = None, at: datetime, by: str
) -> ProfileView:  # fmt: skip
    """Change what a profile says of itself, and from which preset it starts; its users follow with their next run."""
    _known_preset(unit, profile.org_id, preset or "")
    text = profile.text if text is None else text[:LONGEST_TEXT]
    unit.configuration.set_profile(profile.id, text=text, preset=profile.preset if preset is None else preset)
    unit.accounts.audit(at, by, "profile.set", profile.name, preset=profile.preset if preset is None else preset)
    after = unit.configuration.profile_numbered(profile.id)
    assert after is not None
    return after


def drop_profile(unit: Unit, profile: ProfileView, *, force: bool = False, at: datetime, by: str) -> None:
    """Raises SettingRefusedError while users are in it, unless it is forced; they are in none then."""
    count = len(unit.configuration.members(profile.id))
    if count and not force:
        users = "1 user is" if count == 1 else f"{count} users are"
        raise SettingRefusedError(f"{users} in profile {profile.name}: assign another one first, or force it")
    unit.configuration.drop_profile(profile.id)
    unit.accounts.audit(at, by, "profile.delete", profile.name, users=count)


def assign(
    unit: Unit, users: Sequence[UserView], profile: ProfileView | None, *, override: bool = False, at: datetime, by: str
) -> int:  # fmt: skip
    """Put users into a profile, or into none; returns how many of their own values were taken back. `override`: what
    they have set themselves is replaced by what the profile says; else it stays, and is heard where it is not locked.
    Raises SettingRefusedError for users of another organization."""
    strangers = [user for user in users if profile is not None and user.org_id != profile.org_id]
    if strangers:
        raise SettingRefusedError(f"{strangers[0].address} is not of the organization of this profile")
    unit.configuration.assign([user.id for user in users], None if profile is None else profile.id)
    name = "" if profile is None else profile.name
    for user in users:
        unit.accounts.audit(at, by, "profile.assign", user.address, profile=name, override=override)
    return sum(len(configuring.reset(unit, user, at=at, by=by)) for user in users) if override else 0


def assign_many(
    app: App, reach: Reach, which: Filter, ids: Collection[int] | None, profile: ProfileView, *, override: bool, by: str
) -> int:  # fmt: skip
    """Put all users of the filter, or (`ids`) those of them alone that are named, into a profile; returns how many.
    Whoever is out of reach, or of another organization, is left out."""
    with app.store.reading() as unit:
        found = unit.overview.user_ids(reach, which if ids is None else Filter())
    wanted = found if ids is None else sorted(set(found) & set(ids))
    done = 0
    for start in range(0, len(wanted), BATCH):
        with app.store.writing() as unit:
            some = unit.accounts.users_numbered(wanted[start : start + BATCH])
            users = [user for user in some if user.org_id == profile.org_id]
            assign(unit, users, profile, override=override, at=app.clock(), by=by)
            done += len(users)
    return done


def add_preset(
    unit: Unit, org_id: int, name: str, *, text: str = "", of: Effective | PresetView | None = None, at: datetime,
    by: str,
) -> PresetView:  # fmt: skip
    """A preset of the organization's own: empty, a copy of another, or what holds for a user or a profile now. Later
    changes of those do not reach it. Raises SettingRefusedError for a name that is taken or empty."""
    name = _free(name, [each.name for each in unit.configuration.presets(org_id)], "preset")
    held = resolve([unit.configuration.preset_values(of)]) if isinstance(of, PresetView) else of or Effective()
    made = unit.configuration.add_preset(org_id, name, text[:LONGEST_TEXT])
    for setting in SETTINGS.values():
        found = held.explain(setting.name)
        # what a mailbox is not able to do is no wish of anybody's
        if found.layer in LEVELS and "preset" in setting.levels and setting.name not in PERSONAL:
            configuring.put(unit, configuring.of_preset(made), setting.name, stored(found.value), at=at, by=by)
    unit.accounts.audit(at, by, "preset.add", name)
    return made


def drop_preset(unit: Unit, preset: PresetView, *, at: datetime, by: str) -> None:
    """Raises SettingRefusedError while a profile starts from it, and for one that is shipped."""
    if preset.id is None:
        raise SettingRefusedError(f"preset {preset.name} comes with the product and stays")
    users = [each.name for each in unit.configuration.profiles(preset.org_id) if each.preset == preset.name]
    if users:
        raise SettingRefusedError(f"profile {users[0]} starts from preset {preset.name}: give it another one first")
    unit.configuration.drop_preset(preset.id)
    unit.accounts.audit(at, by, "preset.delete", preset.name)


def _free(name: str, taken: Sequence[str], what: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise SettingRefusedError(f"the name of a {what} has 1 to {LONGEST_NAME} characters")
    if name in taken:
        raise SettingRefusedError(f"there is a {what} {name} already")
    return name


def _known_preset(unit: Unit, org_id: int, name: str) -> None:
    if name and unit.configuration.preset(org_id, name) is None:
        known = ", ".join(each.name for each in unit.configuration.presets(org_id))
        raise SettingRefusedError(f"there is no preset {name} (known: {known})")
