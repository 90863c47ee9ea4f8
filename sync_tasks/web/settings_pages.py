"""Pages of settings: all that hold for somebody, and one by one with what every layer says, its history, and a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mapping.rules.setting import LOCKING, Setting
from mapping.rules.settings import Effective, find
from sync_tasks.bootstrap import App
from sync_tasks.services import configured, configuring, rollouts
from sync_tasks.services.configuring import NotSetError, SettingRefusedError
from sync_tasks.state.configuration import PresetView, ProfileView, Scope
from sync_tasks.state.records import OrgView, UserView
from sync_tasks.state.rollouts import RolloutState
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Me
from sync_tasks.web.reach import AChange, AnOrganization, APreset, AProfile, AUser
from sync_tasks.web.render import back, page

router = APIRouter(include_in_schema=False)

MOST_CHANGES = 200
Action = Annotated[Literal["set", "unset"], Form()]
Value = Annotated[str, Form(max_length=100_000)]
Locked = Annotated[bool, Form()]


@dataclass(frozen=True, slots=True)
class Target:
    """Whose settings a page is about. `path`: of that page; each setting has its page below. `up`: where it belongs."""

    scope: Scope
    path: str
    title: str
    user: UserView | None = None
    up: tuple[str, str] = ("", "")

    @property
    def below(self) -> str:
        """Below which its settings have their pages."""
        return self.path if self.path.endswith("/settings") else f"{self.path}/settings"


def of_user(user: UserView) -> Target:
    return Target(configuring.of_user(user), f"/users/{user.id}/settings", user.address, user)


def of_org(org: OrgView) -> Target:
    return Target(Scope(org.id), f"/organizations/{org.id}/settings", org.name, up=("/organizations", "Organizations"))


def of_profile(profile: ProfileView) -> Target:
    up = (f"/organizations/{profile.org_id}/profiles", "Profiles and presets")
    return Target(configuring.of_profile(profile), f"/profiles/{profile.id}", f"Profile {profile.name}", up=up)


def of_preset(preset: PresetView) -> Target:
    up = (f"/organizations/{preset.org_id}/profiles", "Profiles and presets")
    return Target(configuring.of_preset(preset), f"/presets/{preset.id}", f"Preset {preset.name}", up=up)


def holds(sync: App, target: Target) -> Effective:
    """What holds there; for a user with what his mailbox is not able to do."""
    if target.user is not None:
        return sync.effective(target.user)
    with sync.store.reading() as unit:
        return configuring.held(unit, target.scope)


# --- lists


@router.get("/users/{user_id}/settings")
def user(request: Request, user: AUser, me: Me, sync: Sync, text: str = "", changed: bool = False) -> HTMLResponse:
    """Every setting that holds for the user, and who says so."""
    with sync.store.reading() as unit:
        profile = unit.configuration.profile_of(user.id)
        own = unit.configuration.values(configuring.of_user(user)).values
        profiles = unit.configuration.profiles(user.org_id) if me.may_administer(user) else []
    return listing(request, sync, of_user(user), text, changed=changed, profile=profile, own=len(own),
                   profiles=profiles)  # fmt: skip


@router.get("/organizations/{org_id}/settings")
def organization(
    request: Request, org: AnOrganization, sync: Sync, text: str = "", changed: bool = False
) -> HTMLResponse:  # fmt: skip
    """Every setting of the organization, with the value that holds."""
    return listing(request, sync, of_org(org), text, changed=changed, org=org)


@router.get("/presets/{preset_id}")
def preset(request: Request, preset: APreset, sync: Sync, text: str = "", changed: bool = False) -> HTMLResponse:
    """What holds with a preset of the organization's own."""
    return listing(request, sync, of_preset(preset), text, changed=changed, preset=preset)


def listing(
    request: Request, sync: App, target: Target, text: str, *, changed: bool, **more: Any
) -> HTMLResponse:  # fmt: skip
    """The page of all settings, or of those in whose name or meaning the text stands."""
    wanted = text.strip().lower()
    rows = [row for row in configured.rows(holds(sync, target), changed=changed)
            if wanted in f"{row['name']} {row['text']}".lower()]  # fmt: skip
    running = _rollouts(sync, target)
    given: dict[str, Any] = {"profile": None, "preset": None, "org": None, "profiles": [], "own": 0} | more
    return page(
        request, "settings.html", target=target, user=target.user, tab="settings", rows=rows, text=text.strip(),
        changed=changed, rollouts=running, **given,
    )  # fmt: skip


def _rollouts(sync: App, target: Target, name: str = "") -> list[dict[str, Any]]:
    """What is being rolled out there; of one setting also what was last. For a user that which reaches him."""
    if target.user is not None:
        with sync.store.reading() as unit:
            mine = rollouts.of_user(unit, target.user, name)
            return [] if mine is None else [rollouts.facts(unit, mine, sync.clock())]
    if target.scope.level not in LOCKING:
        return []
    with sync.store.reading() as unit:
        found = [each for each in unit.rollouts.recent(target.scope.org_id) if each.profile_id == target.scope.id]
        found = [each for each in found if name in each.values][:1] if name else [
            each for each in found if each.state == RolloutState.RUNNING
        ]  # fmt: skip
        return [rollouts.facts(unit, each, sync.clock()) for each in found]


# --- one setting


@router.get("/users/{user_id}/settings/{name}")
def of_a_user(request: Request, user: AUser, name: str, sync: Sync) -> HTMLResponse:
    return one_setting(request, sync, of_user(user), known(name))


@router.post("/users/{user_id}/settings/{name}")
def set_for_user(
    request: Request, user: AUser, name: str, me: Me, sync: Sync, action: Action, value: Value = ""
) -> Response:  # fmt: skip
    return _change(request, sync, of_user(user), known(name), action, value, lock=None, by=me.name)


@router.get("/organizations/{org_id}/settings/{name}")
def of_an_organization(request: Request, org: AnOrganization, name: str, sync: Sync) -> HTMLResponse:
    return one_setting(request, sync, of_org(org), known(name))


@router.post("/organizations/{org_id}/settings/{name}")
def set_for_organization(
    request: Request, org: AnOrganization, name: str, me: Me, sync: Sync, action: Action, value: Value = "",
    lock: Locked = False,
) -> Response:  # fmt: skip
    return _change(request, sync, of_org(org), known(name), action, value, lock=lock, by=me.name)


@router.get("/profiles/{profile_id}/settings/{name}")
def of_a_profile(request: Request, profile: AProfile, name: str, sync: Sync) -> HTMLResponse:
    return one_setting(request, sync, of_profile(profile), known(name))


@router.post("/profiles/{profile_id}/settings/{name}")
def set_for_profile(
    request: Request, profile: AProfile, name: str, me: Me, sync: Sync, action: Action, value: Value = "",
    lock: Locked = False,
) -> Response:  # fmt: skip
    return _change(request, sync, of_profile(profile), known(name), action, value, lock=lock, by=me.name)


@router.get("/presets/{preset_id}/settings/{name}")
def of_a_preset(request: Request, preset: APreset, name: str, sync: Sync) -> HTMLResponse:
    return one_setting(request, sync, of_preset(preset), known(name))


@router.post("/presets/{preset_id}/settings/{name}")
def set_for_preset(
    request: Request, preset: APreset, name: str, me: Me, sync: Sync, action: Action, value: Value = ""
) -> Response:  # fmt: skip
    return _change(request, sync, of_preset(preset), known(name), action, value, lock=None, by=me.name)


@router.post("/users/{user_id}/reset-settings")
def reset(user: AUser, me: Me, sync: Sync) -> RedirectResponse:
    """Take back all that the user has set himself, but for the block lists."""
    with sync.store.writing() as unit:
        done = configuring.reset(unit, user, at=sync.clock(), by=me.name)
    return back(f"/users/{user.id}/settings", "reset" if done else "nothing-set")


# --- history


@router.get("/organizations/{org_id}/changes")
def changes(
    request: Request, org: AnOrganization, sync: Sync, name: str = "", before: int | None = None
) -> HTMLResponse:  # fmt: skip
    """Who changed what in the organization and all that is in it, newest first."""
    with sync.store.reading() as unit:
        found = unit.configuration.changes(org.id, name=name.strip(), before=before, limit=MOST_CHANGES)
        rows = configured.changes(unit, found)
    more = len(rows) == MOST_CHANGES
    return page(request, "changes.html", org=org, rows=rows, name=name.strip(), more=more)


@router.post("/changes/{change_id}/undo")
def undo(change: AChange, me: Me, sync: Sync, to: Annotated[str, Form()] = "") -> RedirectResponse:
    """Set the value that stood before. `to`: "all" for the page of all changes, else that of the setting."""
    with sync.store.writing() as unit:
        try:
            configuring.undo(unit, change, at=sync.clock(), by=me.name)
        except ValueError as error:
            raise HTTPException(409, str(error)) from None
    if to == "all" and me.is_admin:
        return back(f"/organizations/{change.scope.org_id}/changes", "undone")
    return back(f"{_path(change.scope)}/settings/{change.name}", "undone")


def _path(scope: Scope) -> str:
    return {"organization": f"/organizations/{scope.org_id}"}.get(scope.level, f"/{scope.level}s/{scope.id}")


def known(name: str) -> Setting:
    try:
        return find(name)
    except ValueError as error:
        raise HTTPException(404, str(error)) from None


def one_setting(
    request: Request, sync: App, target: Target, setting: Setting, *, problem: str = "", given: str | None = None,
    lock: bool | None = None, report: Mapping[str, Any] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """The page of a setting. `given`, `lock`: what was typed into its form; `report`: what that would change."""
    told = configured.explained(holds(sync, target), setting.name, target.scope.level)
    with sync.store.reading() as unit:
        own = unit.configuration.values(target.scope)
        found = unit.configuration.changes(target.scope.org_id, target.scope, name=setting.name, limit=MOST_CHANGES)
        rows = configured.changes(unit, found)
    is_set, locked = setting.name in own.values, setting.name in own.locked
    return page(
        request, "setting.html", target=target, user=target.user, tab="settings", told=told, setting=setting,
        is_set=is_set, locked=locked if lock is None else lock, may_lock=target.scope.level in LOCKING, rows=rows,
        given=configured.written(setting, told["value"]) if given is None else given, problem=problem, report=report,
        rollouts=_rollouts(sync, target, setting.name),
        status=status,
    )  # fmt: skip


def _change(
    request: Request, sync: App, target: Target, setting: Setting, action: str, value: str, *, lock: bool | None,
    by: str,
) -> Response:  # fmt: skip
    """Do it and look again; or show the form again with what was typed, and what is wrong with it."""
    said = "set" if action == "set" else "taken-back"
    try:
        with sync.store.writing() as unit:
            if action == "set":
                meant = configured.typed(setting, value)
                configuring.put(unit, target.scope, setting.name, meant, lock=lock, at=sync.clock(), by=by)
            else:
                configuring.take_back(unit, target.scope, setting.name, at=sync.clock(), by=by)
    except NotSetError:
        said = "nothing-set"
    except SettingRefusedError as error:
        return one_setting(request, sync, target, setting, problem=str(error), given=value, status=409)
    except ValueError as error:
        return one_setting(request, sync, target, setting, problem=str(error), given=value, status=422)
    return back(f"{_path(target.scope)}/settings/{setting.name}", said)
