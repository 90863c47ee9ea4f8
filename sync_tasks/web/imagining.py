"""What would another value of a setting change? For whoever may change it: on its page, and over REST for several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from mapping.rules.settings import find
from sync_tasks.bootstrap import App
from sync_tasks.services import configured, imagining
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.services.entering import Principal
from sync_tasks.services.imagining import DAYS, MOST_DAYS, Wish
from sync_tasks.state.configuration import Scope
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin, Me
from sync_tasks.web.reach import AnOrganization, APreset, AProfile, AUser
from sync_tasks.web.settings_pages import (
    Locked,
    Target,
    Value,
    known,
    of_org,
    of_preset,
    of_profile,
    of_user,
    one_setting,
)

pages = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["settings"])

MOST_USERS = 3  # of an organization or a profile a page asks for so many; somebody waits for it
MOST_ASKED = 50

Facts = dict[str, Any]


class Supposition(BaseModel):
    settings: dict[str, Any] = Field(description="By name the value as in a file or as text; null: not set there.")
    lock: bool = Field(False, description="Suppose that they are locked there, too.")
    days: int = Field(DAYS, ge=1, le=MOST_DAYS, description="Over items of so many days, and all that is ahead.")
    users: int = Field(MOST_USERS, ge=1, le=MOST_ASKED, description="At most so many of the users whom it concerns.")


# --- pages


@pages.post("/users/{user_id}/settings/{name}/what-if")
def for_user(request: Request, user: AUser, name: str, me: Me, sync: Sync, value: Value = "") -> HTMLResponse:
    return _shown(request, sync, me, of_user(user), name, value, lock=False)


@pages.post("/organizations/{org_id}/settings/{name}/what-if")
def for_organization(
    request: Request, org: AnOrganization, name: str, me: Admin, sync: Sync, value: Value = "", lock: Locked = False
) -> HTMLResponse:  # fmt: skip
    return _shown(request, sync, me, of_org(org), name, value, lock=lock)


@pages.post("/profiles/{profile_id}/settings/{name}/what-if")
def for_profile(
    request: Request, profile: AProfile, name: str, me: Admin, sync: Sync, value: Value = "", lock: Locked = False
) -> HTMLResponse:  # fmt: skip
    return _shown(request, sync, me, of_profile(profile), name, value, lock=lock)


@pages.post("/presets/{preset_id}/settings/{name}/what-if")
def for_preset(
    request: Request, preset: APreset, name: str, me: Admin, sync: Sync, value: Value = ""
) -> HTMLResponse:  # fmt: skip
    return _shown(request, sync, me, of_preset(preset), name, value, lock=False)


def _shown(
    request: Request, sync: App, me: Principal, target: Target, name: str, value: str, *, lock: bool
) -> HTMLResponse:  # fmt: skip
    """The page of the setting with what was typed, and below it the report, or what is wrong with the value."""
    setting = known(name)
    try:
        told = _told(sync, me, target.scope, {setting.name: configured.typed(setting, value)}, lock=lock)
    except SettingRefusedError as error:
        return one_setting(request, sync, target, setting, problem=str(error), given=value, status=409)
    except ValueError as error:
        return one_setting(request, sync, target, setting, problem=str(error), given=value, status=422)
    return one_setting(request, sync, target, setting, given=value, lock=lock, report=told)


# --- REST


@api.post("/users/{user_id}/what-if")
def user_what_if(user: AUser, body: Supposition, me: Me, sync: Sync) -> Facts:
    """What other settings of the user would change: both plans are made, and nothing is written. Subjects and values
    are told to the user himself."""
    return _answered(sync, me, of_user(user).scope, body)


@api.post("/organizations/{org_id}/what-if")
def organization_what_if(org: AnOrganization, body: Supposition, me: Admin, sync: Sync) -> Facts:
    return _answered(sync, me, Scope(org.id), body)


@api.post("/profiles/{profile_id}/what-if")
def profile_what_if(profile: AProfile, body: Supposition, me: Admin, sync: Sync) -> Facts:
    return _answered(sync, me, of_profile(profile).scope, body)


@api.post("/presets/{preset_id}/what-if")
def preset_what_if(preset: APreset, body: Supposition, me: Admin, sync: Sync) -> Facts:
    return _answered(sync, me, of_preset(preset).scope, body)


def _answered(sync: App, me: Principal, scope: Scope, body: Supposition) -> Facts:
    try:
        values = {find(name).name: value for name, value in body.settings.items()}
        return _told(sync, me, scope, values, lock=body.lock, days=body.days, most=body.users)
    except SettingRefusedError:
        raise
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def _told(
    sync: App, me: Principal, scope: Scope, values: Mapping[str, object], *, lock: bool, days: int = DAYS,
    most: int = MOST_USERS,
) -> Facts:  # fmt: skip
    with sync.store.reading() as unit:
        concerned = imagining.concerned(unit, scope)
        wish = imagining.checked(unit, Wish(scope, values, lock))
    asked = imagining.some(concerned, most)
    found = imagining.for_many(sync, asked, wish, days=days, by=me.name)
    return imagining.report(wish, found, days=days, content=me.is_self) | {"concerned": len(concerned)}
