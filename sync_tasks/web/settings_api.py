"""The REST interface to settings, profiles and presets: the same facts and verbs as the pages and the console."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from mapping.rules.settings import Effective, find, resolve
from sync_tasks.bootstrap import App
from sync_tasks.services import configured, configuring, profiles
from sync_tasks.services.configuring import NotSetError
from sync_tasks.state.configuration import PresetView
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin, Me
from sync_tasks.web.reach import AChange, AdministeredUser, AnOrganization, APreset, AProfile, AUser
from sync_tasks.web.settings_pages import Target, holds, of_org, of_preset, of_profile, of_user

router = APIRouter(prefix="/api/v1", tags=["settings"])

Facts = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=500)]


class NewValue(BaseModel):
    value: Any = Field(description="As in a file, or as text as the console takes it; null where it means no limit.")
    lock: bool | None = Field(None, description="Whether stronger levels may say something else; null: as it is.")


class NewProfile(BaseModel):
    name: str
    text: str = ""
    preset: str = Field("", description="The name of the preset from which it starts.")


class ProfileFacts(BaseModel):
    text: str | None = None
    preset: str | None = Field(None, description="'' for none.")


class NewPreset(BaseModel):
    name: str
    text: str = ""
    preset: str = Field("", description="Begin as a copy of this one.")
    user: int | None = Field(None, description="Begin with what holds for this user.")


class Assignment(BaseModel):
    users: list[int] | None = Field(None, description="Null: those who are in it.")
    override: bool = Field(False, description="Replace what they have set themselves.")


class Membership(BaseModel):
    profile: int | None = Field(description="Null: no profile.")
    override: bool = False


class TakenBack(BaseModel):
    settings: list[str]


# --- users


@router.get("/users/{user_id}/settings")
def user_settings(user: AUser, sync: Sync, changed: bool = False) -> list[Facts]:
    """Every setting that holds for the user, who says so, and who locks it."""
    return configured.rows(holds(sync, of_user(user)), changed=changed)


@router.get("/users/{user_id}/settings/{name}")
def user_setting(user: AUser, name: str, sync: Sync) -> Facts:
    """One setting: what every layer says, which decides, and whether the user may change it."""
    return _explained(sync, of_user(user), name)


@router.put("/users/{user_id}/settings/{name}")
def set_user_setting(user: AUser, name: str, body: NewValue, me: Me, sync: Sync) -> Facts:
    return _put(sync, of_user(user), name, body, me.name)


@router.delete("/users/{user_id}/settings/{name}")
def unset_user_setting(user: AUser, name: str, me: Me, sync: Sync) -> Facts:
    return _take_back(sync, of_user(user), name, me.name)


@router.post("/users/{user_id}/reset-settings")
def reset(user: AUser, me: Me, sync: Sync) -> TakenBack:
    """Take back all that the user has set himself, but for the block lists."""
    with sync.store.writing() as unit:
        return TakenBack(settings=configuring.reset(unit, user, at=sync.clock(), by=me.name))


@router.put("/users/{user_id}/profile")
def put_into_profile(user: AdministeredUser, body: Membership, me: Admin, sync: Sync) -> Facts:
    with sync.store.writing() as unit:
        found = unit.configuration.profile_numbered(body.profile) if body.profile is not None else None
        if body.profile is not None and (found is None or found.org_id != user.org_id):
            raise HTTPException(422, "there is no such profile in the user's organization")
        profiles.assign(unit, [user], found, override=body.override, at=sync.clock(), by=me.name)
    return {"user": user.id, "profile": body.profile}


@router.get("/users/{user_id}/changes")
def user_changes(user: AUser, sync: Sync, before: int | None = None, limit: Limit = 100) -> list[Facts]:
    """What was changed for the user, newest first; go on with `before`, the number of the last one."""
    with sync.store.reading() as unit:
        found = unit.configuration.changes(user.org_id, configuring.of_user(user), before=before, limit=limit)
        return configured.changes(unit, found)


@router.get("/users/{user_id}/differences")
def differences(user: AUser, me: Me, sync: Sync, other: int | None = None) -> list[Facts]:
    """The settings in which the user differs from another one within your reach, or from the default."""
    return configured.differences(holds(sync, of_user(user)), _other(sync, me.may_see, other))


def _other(sync: App, may_see: Any, number: int | None) -> Effective:
    if number is None:
        return Effective()
    with sync.store.reading() as unit:
        found: UserView | None = unit.accounts.user_numbered(number)
    if found is None or not may_see(found):
        raise HTTPException(404, "there is no such thing, or it is not yours to see")
    return sync.effective(found)


# --- organizations


@router.get("/organizations/{org_id}/settings")
def organization_settings(org: AnOrganization, sync: Sync, changed: bool = False) -> list[Facts]:
    return configured.rows(holds(sync, of_org(org)), changed=changed)


@router.get("/organizations/{org_id}/settings/{name}")
def organization_setting(org: AnOrganization, name: str, sync: Sync) -> Facts:
    return _explained(sync, of_org(org), name)


@router.put("/organizations/{org_id}/settings/{name}")
def set_organization_setting(org: AnOrganization, name: str, body: NewValue, me: Admin, sync: Sync) -> Facts:
    return _put(sync, of_org(org), name, body, me.name)


@router.delete("/organizations/{org_id}/settings/{name}")
def unset_organization_setting(org: AnOrganization, name: str, me: Admin, sync: Sync) -> Facts:
    return _take_back(sync, of_org(org), name, me.name)


@router.get("/organizations/{org_id}/changes")
def organization_changes(
    org: AnOrganization, sync: Sync, name: str = "", before: int | None = None, limit: Limit = 100
) -> list[Facts]:  # fmt: skip
    """What was changed in the organization and all that is in it, newest first."""
    with sync.store.reading() as unit:
        return configured.changes(unit, unit.configuration.changes(org.id, name=name, before=before, limit=limit))


@router.post("/changes/{change_id}/undo")
def undo(change: AChange, me: Me, sync: Sync) -> Facts:
    """Set the value that stood before a change, with its lock, again."""
    with sync.store.writing() as unit:
        try:
            found = configuring.undo(unit, change, at=sync.clock(), by=me.name)
        except ValueError as error:
            raise HTTPException(409, str(error)) from None
    return {"name": change.name, "value": found.value, "from": found.layer, "lock": found.lock}


# --- profiles


@router.get("/organizations/{org_id}/profiles")
def list_profiles(org: AnOrganization, sync: Sync) -> list[Facts]:
    with sync.store.reading() as unit:
        return [configured.profile(unit, row) for row in unit.configuration.profiles(org.id)]


@router.post("/organizations/{org_id}/profiles")
def add_profile(org: AnOrganization, body: NewProfile, me: Admin, sync: Sync) -> Facts:
    with sync.store.writing() as unit:
        made = profiles.add_profile(
            unit, org.id, body.name, text=body.text, preset=body.preset, at=sync.clock(), by=me.name
        )
        return configured.profile(unit, made)


@router.get("/profiles/{profile_id}")
def show_profile(profile: AProfile, sync: Sync) -> Facts:
    with sync.store.reading() as unit:
        return configured.profile(unit, profile)


@router.patch("/profiles/{profile_id}")
def change_profile(profile: AProfile, body: ProfileFacts, me: Admin, sync: Sync) -> Facts:
    with sync.store.writing() as unit:
        after = profiles.set_profile(
            unit, profile, text=body.text, preset=body.preset, at=sync.clock(), by=me.name
        )  # fmt: skip
        return configured.profile(unit, after)


@router.delete("/profiles/{profile_id}")
def delete_profile(profile: AProfile, me: Admin, sync: Sync, force: bool = False) -> Facts:
    """Refused while users are in it, unless it is forced; they are in none then."""
    with sync.store.writing() as unit:
        profiles.drop_profile(unit, profile, force=force, at=sync.clock(), by=me.name)
    return {"id": profile.id, "deleted": True}


@router.post("/profiles/{profile_id}/assign")
def assign(profile: AProfile, body: Assignment, me: Admin, sync: Sync) -> Facts:
    """Put users into a profile, or apply it anew to those who are in it. Those of other organizations are refused."""
    with sync.store.writing() as unit:
        ids = unit.configuration.members(profile.id) if body.users is None else body.users
        users = [each for each in unit.accounts.users_numbered(ids) if me.may_administer(each)]
        if len(users) != len(set(ids)):
            raise HTTPException(422, "not all of these are users whom you administer; nobody was assigned")
        back = profiles.assign(unit, users, profile, override=body.override, at=sync.clock(), by=me.name)
    return {"profile": profile.id, "users": len(users), "taken_back": back}


@router.get("/profiles/{profile_id}/settings")
def profile_settings(profile: AProfile, sync: Sync, changed: bool = False) -> list[Facts]:
    return configured.rows(holds(sync, of_profile(profile)), changed=changed)


@router.get("/profiles/{profile_id}/settings/{name}")
def profile_setting(profile: AProfile, name: str, sync: Sync) -> Facts:
    return _explained(sync, of_profile(profile), name)


@router.put("/profiles/{profile_id}/settings/{name}")
def set_profile_setting(profile: AProfile, name: str, body: NewValue, me: Admin, sync: Sync) -> Facts:
    return _put(sync, of_profile(profile), name, body, me.name)


@router.delete("/profiles/{profile_id}/settings/{name}")
def unset_profile_setting(profile: AProfile, name: str, me: Admin, sync: Sync) -> Facts:
    return _take_back(sync, of_profile(profile), name, me.name)


# --- presets


@router.get("/organizations/{org_id}/presets")
def list_presets(org: AnOrganization, sync: Sync) -> list[Facts]:
    """Those that come with the product, and the organization's own."""
    with sync.store.reading() as unit:
        return [configured.preset(unit, row) for row in unit.configuration.presets(org.id)]


@router.post("/organizations/{org_id}/presets")
def add_preset(org: AnOrganization, body: NewPreset, me: Admin, sync: Sync) -> Facts:
    with sync.store.writing() as unit:
        source = _source(unit, org.id, body)
        made = profiles.add_preset(unit, org.id, body.name, text=body.text, of=source, at=sync.clock(), by=me.name)
        return configured.preset(unit, made)


def _source(unit: Unit, org_id: int, body: NewPreset) -> Effective | PresetView | None:
    if body.user is not None:
        user = unit.accounts.user_numbered(body.user)
        if user is None or user.org_id != org_id:
            raise HTTPException(422, "there is no such user in the organization")
        return resolve(unit.accounts.settings(org_id, user.id))
    preset = unit.configuration.preset(org_id, body.preset) if body.preset else None
    if body.preset and preset is None:
        raise HTTPException(422, f"there is no preset {body.preset}")
    return preset


@router.get("/presets/{preset_id}")
def show_preset(preset: APreset, sync: Sync) -> Facts:
    with sync.store.reading() as unit:
        return configured.preset(unit, preset)


@router.delete("/presets/{preset_id}")
def delete_preset(preset: APreset, me: Admin, sync: Sync) -> Facts:
    with sync.store.writing() as unit:
        profiles.drop_preset(unit, preset, at=sync.clock(), by=me.name)
    return {"id": preset.id, "deleted": True}


@router.put("/presets/{preset_id}/settings/{name}")
def set_preset_setting(preset: APreset, name: str, body: NewValue, me: Admin, sync: Sync) -> Facts:
    return _put(sync, of_preset(preset), name, body, me.name)


@router.delete("/presets/{preset_id}/settings/{name}")
def unset_preset_setting(preset: APreset, name: str, me: Admin, sync: Sync) -> Facts:
    return _take_back(sync, of_preset(preset), name, me.name)


# --- one setting


def _explained(sync: App, target: Target, name: str) -> Facts:
    return configured.explained(holds(sync, target), _name(name), target.scope.level)


def _put(sync: App, target: Target, name: str, body: NewValue, by: str) -> Facts:
    name = _name(name)
    try:
        with sync.store.writing() as unit:
            configuring.put(unit, target.scope, name, body.value, lock=body.lock, at=sync.clock(), by=by)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return _explained(sync, target, name)


def _take_back(sync: App, target: Target, name: str, by: str) -> Facts:
    name = _name(name)
    try:
        with sync.store.writing() as unit:
            configuring.take_back(unit, target.scope, name, at=sync.clock(), by=by)
    except NotSetError as error:
        raise HTTPException(409, str(error)) from None
    return _explained(sync, target, name)


def _name(name: str) -> str:
    try:
        return find(name).name
    except ValueError as error:
        raise HTTPException(404, str(error)) from None
