"""Pages for administrators about whole organizations: their connections, their switches, and users to be added."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from connectors.errors import ConnectorError
from sync_tasks.bootstrap import NotConnectedError
from sync_tasks.services import connections, enrolling, organizations
from sync_tasks.services.organizations import OrgSwitch
from sync_tasks.state.overview import Filter, Reach
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin
from sync_tasks.web.reach import AnOrganization, profile_of
from sync_tasks.web.render import back, page

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 500
DONE_AS = {
    OrgSwitch.PAUSE: "paused-all", OrgSwitch.RESUME: "resumed", OrgSwitch.DISABLE: "disabled",
    OrgSwitch.ENABLE: "enabled",
}  # fmt: skip


@router.get("/organizations")
def everybody(request: Request, me: Admin, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        found = [each for each in unit.accounts.orgs() if me.reach.everybody or each.id in me.reach.org_ids]
        counts = {org.id: unit.overview.count(me.reach, Filter(org=org.name)) for org in found}
    rows = [(org, organizations.state(org), counts[org.id], connections.of_org(sync, org)) for org in found]
    return page(request, "organizations.html", rows=rows)


@router.get("/organizations/{org_id}")
def one(request: Request, org: AnOrganization, sync: Sync) -> HTMLResponse:
    """How it is connected, whether its users run, and the switches."""
    with sync.store.reading() as unit:
        by_status = unit.overview.by_status(Reach(org_ids=frozenset({org.id})))
    return page(
        request, "organization.html", org=org, state=organizations.state(org), by_status=by_status,
        linked=connections.of_org(sync, org),
    )  # fmt: skip


@router.post("/organizations/{org_id}/switch")
def switch(org: AnOrganization, me: Admin, sync: Sync, to: Annotated[OrgSwitch, Form()]) -> RedirectResponse:
    with sync.store.writing() as unit:
        organizations.switch(unit, org, to, at=sync.clock(), by=me.name)
    return back(f"/organizations/{org.id}", DONE_AS[to])


@router.get("/organizations/{org_id}/candidates")
def candidates(request: Request, org: AnOrganization, sync: Sync, text: str = "") -> HTMLResponse:
    """Active users of Salesforce who are not here yet, to be ticked and added."""
    problem, found = "", []
    try:
        found = enrolling.candidates(sync, org, text)
    except (NotConnectedError, ConnectorError) as error:
        problem = str(error)
    with sync.store.reading() as unit:
        profiles = unit.configuration.profiles(org.id)
    return page(
        request, "candidates.html", org=org, text=text, rows=found[:MOST_SHOWN], count=len(found), problem=problem,
        double=enrolling.twice(found), profiles=profiles,
    )  # fmt: skip


@router.post("/organizations/{org_id}/candidates")
def enroll(
    org: AnOrganization, me: Admin, sync: Sync, chosen: Annotated[list[str], Form(default_factory=list)],
    everybody: Annotated[Literal["", "true"], Form()] = "", text: Annotated[str, Form()] = "",
    profile: Annotated[str, Form()] = "",
) -> RedirectResponse:  # fmt: skip
    """Add those who are ticked, or all that the search names. Salesforce is asked who they are, and not the form."""
    into = profile_of(sync, org, int(profile)) if profile.isdecimal() else None
    try:
        found = enrolling.candidates(sync, org, text)
    except (NotConnectedError, ConnectorError):
        return back(f"/organizations/{org.id}/candidates")  # which tells what is wrong
    wanted = enrolling.named(found, None if everybody else chosen)
    done = enrolling.enroll(sync, org, wanted, into, by=me.name)
    return back("/users", "enrolled") if done.added else back(f"/organizations/{org.id}/candidates", "none")
