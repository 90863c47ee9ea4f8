"""Pages for administrators: profiles and presets, who is in them, and users assigned one by one or in bulk."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from mapping.rules.settings import Effective, resolve
from sync_tasks.services import configured, configuring, profiles
from sync_tasks.state.configuration import PresetView
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.state.store import Unit
from sync_tasks.web.deps import Sync
from sync_tasks.web.filters import Sent
from sync_tasks.web.identity import Admin
from sync_tasks.web.reach import AdministeredUser, AnOrganization, APreset, AProfile
from sync_tasks.web.render import back, page
from sync_tasks.web.settings_pages import listing, of_profile

router = APIRouter(include_in_schema=False)

MOST_MEMBERS = 200
Name = Annotated[str, Form(max_length=profiles.LONGEST_NAME)]
Text = Annotated[str, Form(max_length=profiles.LONGEST_TEXT)]
Override = Annotated[bool, Form()]


@router.get("/organizations/{org_id}/profiles")
def overview(request: Request, org: AnOrganization, sync: Sync) -> HTMLResponse:
    """The profiles and presets of an organization, and forms to make one."""
    with sync.store.reading() as unit:
        counts = unit.configuration.counts(org.id)
        found = [(row, counts.get(row.id, 0)) for row in unit.configuration.profiles(org.id)]
        presets = [configured.preset(unit, row) for row in unit.configuration.presets(org.id)]
    return page(request, "profiles.html", org=org, profiles=found, presets=presets)


@router.post("/organizations/{org_id}/profiles")
def add(
    org: AnOrganization, me: Admin, sync: Sync, name: Name = "", text: Text = "", preset: Name = ""
) -> RedirectResponse:  # fmt: skip
    with sync.store.writing() as unit:
        made = profiles.add_profile(unit, org.id, name, text=text, preset=preset, at=sync.clock(), by=me.name)
    return back(f"/profiles/{made.id}", "made")


@router.post("/organizations/{org_id}/presets")
def add_preset(
    org: AnOrganization, me: Admin, sync: Sync, name: Name = "", text: Text = "",
    of: Annotated[str, Form(max_length=400)] = "",
) -> RedirectResponse:  # fmt: skip
    """`of`: the name of a preset, the address of a user, or nothing."""
    with sync.store.writing() as unit:
        source = _source(unit, org.id, of.strip())
        made = profiles.add_preset(unit, org.id, name, text=text, of=source, at=sync.clock(), by=me.name)
    return back(f"/presets/{made.id}", "made")


def _source(unit: Unit, org_id: int, of: str) -> Effective | PresetView | None:
    if not of:
        return None
    user = unit.accounts.find_user(of.lower()) if "@" in of else None
    if user is not None and user.org_id == org_id:
        return resolve(unit.accounts.settings(org_id, user.id))
    preset = unit.configuration.preset(org_id, of)
    if preset is None:
        raise configuring.SettingRefusedError(f"there is no preset and no user {of} in this organization")
    return preset


@router.get("/profiles/{profile_id}")
def profile(request: Request, profile: AProfile, sync: Sync, text: str = "", changed: bool = False) -> HTMLResponse:
    """What holds for users of a profile, who they are, and forms to change both."""
    with sync.store.reading() as unit:
        members = unit.configuration.members(profile.id)
        users = unit.accounts.users_numbered(members[:MOST_MEMBERS])
        presets = [row.name for row in unit.configuration.presets(profile.org_id)]
    return listing(
        request, sync, of_profile(profile), text, changed=changed, profile=profile, presets=presets,
        members=sorted(users, key=lambda user: user.address), count=len(members),
    )  # fmt: skip


@router.post("/profiles/{profile_id}")
def change(profile: AProfile, me: Admin, sync: Sync, text: Text = "", preset: Name = "") -> RedirectResponse:
    with sync.store.writing() as unit:
        profiles.set_profile(unit, profile, text=text, preset=preset, at=sync.clock(), by=me.name)
    return back(f"/profiles/{profile.id}", "set")


@router.post("/profiles/{profile_id}/assign")
def assign(
    profile: AProfile, me: Admin, sync: Sync, addresses: Annotated[str, Form(max_length=1_000_000)] = "",
    override: Override = False,
) -> RedirectResponse:  # fmt: skip
    """Put users into the profile, named by their addresses."""
    wanted = [each.lower() for each in re.split(r"[\s,;]+", addresses) if each]
    with sync.store.writing() as unit:
        found = {each: unit.accounts.find_user(each) for each in wanted}
        unknown = [each for each, user in found.items() if user is None or user.org_id != profile.org_id]
        if unknown:
            raise HTTPException(422, f"{unknown[0]} is no user of this organization; nobody was assigned")
        users = [user for user in found.values() if user is not None]
        profiles.assign(unit, users, profile, override=override, at=sync.clock(), by=me.name)
    return back(f"/profiles/{profile.id}", "assigned" if users else "none")


@router.post("/profiles/{profile_id}/apply")
def apply(profile: AProfile, me: Admin, sync: Sync) -> RedirectResponse:
    """Take back what users of the profile have set themselves."""
    with sync.store.reading() as unit:
        members = unit.configuration.members(profile.id)
    everybody = Reach(everybody=True)  # whoever administers the profile administers its users
    profiles.assign_many(sync, everybody, Filter(), members, profile, override=True, by=me.name)
    return back(f"/profiles/{profile.id}", "reset")


@router.post("/profiles/{profile_id}/delete")
def delete(profile: AProfile, me: Admin, sync: Sync, force: Override = False) -> RedirectResponse:
    with sync.store.writing() as unit:
        profiles.drop_profile(unit, profile, force=force, at=sync.clock(), by=me.name)
    return back(f"/organizations/{profile.org_id}/profiles", "gone")


@router.post("/presets/{preset_id}/delete")
def delete_preset(preset: APreset, me: Admin, sync: Sync) -> RedirectResponse:
    with sync.store.writing() as unit:
        profiles.drop_preset(unit, preset, at=sync.clock(), by=me.name)
    return back(f"/organizations/{preset.org_id}/profiles", "gone")


@router.post("/users/{user_id}/profile")
def assign_one(
    user: AdministeredUser, me: Admin, sync: Sync, profile: Annotated[str, Form()] = "", override: Override = False
) -> RedirectResponse:  # fmt: skip
    """Put a user into a profile of his organization, or (no profile) into none."""
    with sync.store.writing() as unit:
        found = unit.configuration.profile_numbered(int(profile)) if profile.isdecimal() else None
        if profile and (found is None or found.org_id != user.org_id):
            raise HTTPException(404, "there is no such thing, or it is not yours to see")
        profiles.assign(unit, [user], found, override=override, at=sync.clock(), by=me.name)
    return back(f"/users/{user.id}/settings", "assigned")


@router.post("/users/bulk-profile")
def assign_many(
    me: Admin, sync: Sync, which: Sent, chosen: Annotated[list[int], Form(default_factory=list)],
    profile: Annotated[str, Form()] = "", override: Override = False,
    everybody: Annotated[Literal["", "true"], Form()] = "",
) -> RedirectResponse:  # fmt: skip
    """Put all that are ticked, or all that the filter names, into a profile; those of other organizations stay."""
    with sync.store.reading() as unit:
        found = unit.configuration.profile_numbered(int(profile)) if profile.isdecimal() else None
    if found is None or not (me.reach.everybody or found.org_id in me.reach.org_ids):
        return back("/users", "none")
    ids = None if everybody else chosen
    done = profiles.assign_many(sync, me.reach, which, ids, found, override=override, by=me.name)
    return back("/users", "assigned" if done else "none")
