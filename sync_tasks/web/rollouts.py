"""Rolling changes of settings out: begun on the page of a setting, widened, finished, taken back; also over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from sync_tasks.bootstrap import App
from sync_tasks.services import configured, rollouts
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.state.configuration import Scope
from sync_tasks.state.rollouts import RolloutView
from sync_tasks.state.store import Unit
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin
from sync_tasks.web.reach import AnOrganization, AProfile, ARollout
from sync_tasks.web.render import back
from sync_tasks.web.settings_pages import Locked, Target, Value, known, of_org, of_profile

pages = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["settings"])

Facts = dict[str, Any]
Share = Annotated[int, Form(ge=0, le=100)]
Step = Callable[[Unit], RolloutView]


class NewRollout(BaseModel):
    settings: dict[str, Any] = Field(description="By name the value as in a file or as text; null: not set there.")
    percent: int = Field(0, ge=0, le=100, description="The share of the users that it reaches first, by chance.")
    users: list[int] = Field(default_factory=list, description="Whom it reaches besides.")
    lock: bool = False


class Wider(BaseModel):
    percent: int | None = Field(None, ge=0, le=100)
    users: list[int] = Field(default_factory=list, description="Whom it reaches from now on, too.")


class TakenBack(BaseModel):
    why: str = Field("", max_length=300)


# --- pages


@pages.post("/organizations/{org_id}/settings/{name}/roll-out")
def for_organization(
    org: AnOrganization, name: str, me: Admin, sync: Sync, value: Value = "", lock: Locked = False, percent: Share = 10
) -> RedirectResponse:  # fmt: skip
    return _begun(sync, of_org(org), name, value, percent, lock=lock, by=me.name)


@pages.post("/profiles/{profile_id}/settings/{name}/roll-out")
def for_profile(
    profile: AProfile, name: str, me: Admin, sync: Sync, value: Value = "", lock: Locked = False, percent: Share = 10
) -> RedirectResponse:  # fmt: skip
    return _begun(sync, of_profile(profile), name, value, percent, lock=lock, by=me.name)


@pages.post("/rollouts/{rollout_id}/widen")
def widen(rollout: ARollout, me: Admin, sync: Sync, percent: Share) -> RedirectResponse:
    step: Step = lambda unit: rollouts.widen(unit, rollout, percent=percent, at=sync.clock(), by=me.name)  # noqa: E731
    return _stepped(sync, rollout, step, "widened")


@pages.post("/rollouts/{rollout_id}/finish")
def finish(rollout: ARollout, me: Admin, sync: Sync) -> RedirectResponse:
    return _stepped(sync, rollout, lambda unit: rollouts.finish(unit, rollout, at=sync.clock(), by=me.name), "set")


@pages.post("/rollouts/{rollout_id}/back")
def take_back(rollout: ARollout, me: Admin, sync: Sync) -> RedirectResponse:
    return _stepped(
        sync, rollout, lambda unit: rollouts.take_back(unit, rollout, at=sync.clock(), by=me.name), "rolled-back"
    )


def _begun(
    sync: App, target: Target, name: str, value: str, percent: int, *, lock: bool, by: str
) -> RedirectResponse:  # fmt: skip
    setting = known(name)
    try:
        with sync.store.writing() as unit:
            rollouts.start(
                unit, target.scope, {setting.name: configured.typed(setting, value)}, percent=percent, lock=lock,
                at=sync.clock(), by=by,
            )  # fmt: skip
    except SettingRefusedError:
        raise
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return back(f"{target.below}/{setting.name}", "rolled-out")


def _stepped(sync: App, rollout: RolloutView, step: Step, said: str) -> RedirectResponse:
    with sync.store.writing() as unit:
        step(unit)
    where = f"/organizations/{rollout.org_id}" if rollout.profile_id is None else f"/profiles/{rollout.profile_id}"
    return back(f"{where}/settings/{next(iter(rollout.values))}", said)


# --- REST


@api.post("/organizations/{org_id}/rollouts")
def start_for_organization(org: AnOrganization, body: NewRollout, me: Admin, sync: Sync) -> Facts:
    """Let a share of the users, or some of them, have other settings first."""
    return _started(sync, Scope(org.id), body, me.name)


@api.post("/profiles/{profile_id}/rollouts")
def start_for_profile(profile: AProfile, body: NewRollout, me: Admin, sync: Sync) -> Facts:
    return _started(sync, of_profile(profile).scope, body, me.name)


@api.get("/organizations/{org_id}/rollouts")
def list_rollouts(org: AnOrganization, sync: Sync) -> list[Facts]:
    """Those of the organization and of its profiles, newest first."""
    with sync.store.reading() as unit:
        return [rollouts.facts(unit, each, sync.clock()) for each in unit.rollouts.recent(org.id)]


@api.get("/rollouts/{rollout_id}")
def show(rollout: ARollout, sync: Sync) -> Facts:
    """Whom it reaches, and how the runs with and without it ended since its last step."""
    with sync.store.reading() as unit:
        return rollouts.facts(unit, rollout, sync.clock())


@api.post("/rollouts/{rollout_id}/widen")
def widen_it(rollout: ARollout, body: Wider, me: Admin, sync: Sync) -> Facts:
    return _told(sync, lambda unit: rollouts.widen(
        unit, rollout, percent=body.percent, group=body.users, at=sync.clock(), by=me.name
    ))  # fmt: skip


@api.post("/rollouts/{rollout_id}/finish")
def finish_it(rollout: ARollout, me: Admin, sync: Sync) -> Facts:
    """Set it for everybody."""
    return _told(sync, lambda unit: rollouts.finish(unit, rollout, at=sync.clock(), by=me.name))


@api.post("/rollouts/{rollout_id}/back")
def take_it_back(rollout: ARollout, body: TakenBack, me: Admin, sync: Sync) -> Facts:
    """What was set before holds again for everybody."""
    return _told(sync, lambda unit: rollouts.take_back(unit, rollout, at=sync.clock(), by=me.name, why=body.why))


def _started(sync: App, scope: Scope, body: NewRollout, by: str) -> Facts:
    try:
        return _told(sync, lambda unit: rollouts.start(
            unit, scope, body.settings, percent=body.percent, group=body.users, lock=body.lock, at=sync.clock(), by=by
        ))  # fmt: skip
    except SettingRefusedError:
        raise
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def _told(sync: App, step: Step) -> Facts:
    with sync.store.writing() as unit:
        return rollouts.facts(unit, step(unit), sync.clock())
