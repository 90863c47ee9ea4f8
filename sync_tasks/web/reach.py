"""What a path names, if whoever asks may see it. Anything else is not there: 404, so that nobody learns what exists.

Each handler asks by one of these types for what it works on; none of them looks a user, or what is his, up by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NoReturn, TypeVar

from fastapi import Depends, HTTPException

from sync_tasks.bootstrap import App
from sync_tasks.services.entering import Principal
from sync_tasks.state.configuration import ChangeView, PresetView, ProfileView
from sync_tasks.state.records import ConflictView, HoldView, OrgView, RunView, UnresolvedView, UserView
from sync_tasks.state.rollouts import RolloutView
from sync_tasks.state.store import Unit
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin, Me

Found = TypeVar("Found")
Laid = TypeVar("Laid", ProfileView, PresetView, RolloutView)


def _missing() -> NoReturn:
    raise HTTPException(404, "there is no such thing, or it is not yours to see")


def _user(user_id: int, me: Me, sync: Sync) -> UserView:
    with sync.store.reading() as unit:
        found = unit.accounts.user_numbered(user_id)
    if found is None or not me.may_see(found):
        _missing()
    return found


def _administered(user: Annotated[UserView, Depends(_user)], me: Admin) -> UserView:
    if not me.may_administer(user):
        _missing()
    return user


def _own(user: Annotated[UserView, Depends(_user)], me: Me) -> UserView:
    if not me.is_self(user):
        raise HTTPException(403, "the content of a mailbox is shown to its owner only")
    return user


def _organization(org_id: int, me: Admin, sync: Sync) -> OrgView:
    with sync.store.reading() as unit:
        found = next((org for org in unit.accounts.orgs() if org.id == org_id), None)
    if found is None or not _within(me, found.id):
        _missing()
    return found


def _of(sync: App, me: Principal, table: str, number: int, get: Callable[[Unit], Found | None]) -> Found:
    """A thing of a user's, named by its number."""
    with sync.store.reading() as unit:
        owner = unit.overview.owner(table, number)
        user = unit.accounts.user_numbered(owner) if owner is not None else None
        found = get(unit) if user is not None and me.may_see(user) else None
    if found is None:
        _missing()
    return found


def _run(run_id: int, me: Me, sync: Sync) -> RunView:
    return _of(sync, me, "run", run_id, lambda unit: unit.runs.get(run_id))


def _administered_run(run: Annotated[RunView, Depends(_run)], me: Admin, sync: Sync) -> RunView:
    _administers(me, sync, run.user_id)
    return run


def _administers(me: Admin, sync: App, user_id: int | None) -> None:
    with sync.store.reading() as unit:
        user = unit.accounts.user_numbered(user_id) if user_id is not None else None
    if user is None or not me.may_administer(user):
        _missing()


def _hold(hold_id: int, me: Me, sync: Sync) -> HoldView:
    return _of(sync, me, "hold", hold_id, lambda unit: unit.holds.get(hold_id))


def _administered_hold(hold: Annotated[HoldView, Depends(_hold)], me: Admin, sync: Sync) -> HoldView:
    with sync.store.reading() as unit:
        owner = unit.overview.owner("hold", hold.id)
    _administers(me, sync, owner)
    return hold


def _conflict(conflict_id: int, me: Me, sync: Sync) -> ConflictView:
    return _of(sync, me, "conflict", conflict_id, lambda unit: unit.conflicts.get(conflict_id))


def _entry(entry_id: int, me: Me, sync: Sync) -> UnresolvedView:
    return _of(sync, me, "unresolved", entry_id, lambda unit: unit.unresolved.get(entry_id))


def _laid(sync: App, me: Admin, get: Callable[[Unit], Laid | None]) -> Laid:
    """Something of an organization's settings."""
    with sync.store.reading() as unit:
        found = get(unit)
    if found is None or not _within(me, found.org_id):
        _missing()
    return found


def _profile(profile_id: int, me: Admin, sync: Sync) -> ProfileView:
    return _laid(sync, me, lambda unit: unit.configuration.profile_numbered(profile_id))


def _preset(preset_id: int, me: Admin, sync: Sync) -> PresetView:
    return _laid(sync, me, lambda unit: unit.configuration.preset_numbered(preset_id))


def _rollout(rollout_id: int, me: Admin, sync: Sync) -> RolloutView:
    return _laid(sync, me, lambda unit: unit.rollouts.get(rollout_id))


def profile_of(sync: App, org: OrgView, profile_id: int) -> ProfileView:
    """A profile of this organization that a form or a body names."""
    with sync.store.reading() as unit:
        found = unit.configuration.profile_numbered(profile_id)
    if found is None or found.org_id != org.id:
        _missing()
    return found


def _change(change_id: int, me: Me, sync: Sync) -> ChangeView:
    """What was changed for a user is his and his administrators'; everything else is theirs alone."""
    with sync.store.reading() as unit:
        found = unit.configuration.change(change_id)
        user = unit.accounts.user_numbered(found.scope.id or 0) if found and found.scope.level == "user" else None
    if found is None or not (me.may_see(user) if user is not None else _within(me, found.scope.org_id)):
        _missing()
    return found


def _within(me: Principal, org_id: int) -> bool:
    return me.reach.everybody or org_id in me.reach.org_ids


AUser = Annotated[UserView, Depends(_user)]
AdministeredUser = Annotated[UserView, Depends(_administered)]
OwnUser = Annotated[UserView, Depends(_own)]
AnOrganization = Annotated[OrgView, Depends(_organization)]
ARun = Annotated[RunView, Depends(_run)]
AdministeredRun = Annotated[RunView, Depends(_administered_run)]
AHold = Annotated[HoldView, Depends(_hold)]
AdministeredHold = Annotated[HoldView, Depends(_administered_hold)]
AConflict = Annotated[ConflictView, Depends(_conflict)]
AnEntry = Annotated[UnresolvedView, Depends(_entry)]
AProfile = Annotated[ProfileView, Depends(_profile)]
APreset = Annotated[PresetView, Depends(_preset)]
ARollout = Annotated[RolloutView, Depends(_rollout)]
AChange = Annotated[ChangeView, Depends(_change)]
