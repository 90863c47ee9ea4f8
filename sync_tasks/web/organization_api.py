"""The REST interface to whole organizations: their connections, their switches, and users to be added."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from connectors.errors import ConnectorError
from mapping.model.people import CrmUser
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.services import connections, enrolling, organizations
from sync_tasks.services.organizations import OrgSwitch
from sync_tasks.state.records import OrgView
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin
from sync_tasks.web.reach import AnOrganization, profile_of

router = APIRouter(prefix="/api/v1/organizations", tags=["organizations"])

Facts = dict[str, Any]


class Switched(BaseModel):
    to: OrgSwitch


class Candidates(BaseModel):
    problem: str = Field("", description="Why Salesforce could not be asked.")
    users: list[CrmUser]


class Wanted(BaseModel):
    users: list[str] | None = Field(None, description="Ids in Salesforce; null: all that `text` names.")
    text: str = ""
    profile: int | None = None


@router.get("")
def everybody(me: Admin, sync: Sync) -> list[Facts]:
    """The organizations that you administer."""
    with sync.store.reading() as unit:
        found = [each for each in unit.accounts.orgs() if me.reach.everybody or each.id in me.reach.org_ids]
    return [_facts(sync, org) for org in found]


@router.get("/{org_id}")
def one(org: AnOrganization, sync: Sync) -> Facts:
    """Whether its users run, and how it is connected."""
    return _facts(sync, org)


@router.post("/{org_id}/switch")
def switch(org: AnOrganization, body: Switched, me: Admin, sync: Sync) -> Facts:
    """Pause, resume, disable or enable everybody in it."""
    with sync.store.writing() as unit:
        after = organizations.switch(unit, org, body.to, at=sync.clock(), by=me.name)
    return _facts(sync, after)


@router.get("/{org_id}/candidates")
def candidates(org: AnOrganization, sync: Sync, text: str = "") -> Candidates:
    """Active users of Salesforce who have an address and are not here yet."""
    try:
        return Candidates(problem="", users=enrolling.candidates(sync, org, text))
    except (NotConnectedError, ConnectorError) as error:
        return Candidates(problem=str(error), users=[])


@router.post("/{org_id}/candidates")
def enroll(org: AnOrganization, body: Wanted, me: Admin, sync: Sync) -> enrolling.Enrolled:
    """Add some of them; their first runs follow one another, all within an interval."""
    into = None if body.profile is None else profile_of(sync, org, body.profile)
    try:
        found = enrolling.candidates(sync, org, body.text)
    except (NotConnectedError, ConnectorError) as error:
        raise HTTPException(409, str(error)) from None
    return enrolling.enroll(sync, org, enrolling.named(found, body.users), into, by=me.name)


def _facts(sync: App, org: OrgView) -> Facts:
    return {
        "id": org.id, "name": org.name, "state": organizations.state(org), "paused_at": org.paused_at,
        "created_at": org.created_at, "connections": connections.of_org(sync, org),
    }  # fmt: skip
