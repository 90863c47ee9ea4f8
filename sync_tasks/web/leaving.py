"""Deleting a user, with how much of us goes along; the plan of that is always shown first."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from connectors.errors import ConnectorError
from mapping.rules.standing import RefusedError
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.services import lifecycle
from sync_tasks.services.lifecycle import NotLookedError, NotPartedError, Take
from sync_tasks.services.run_facts import operation, summary
from sync_tasks.services.scheduling import BusyError
from sync_tasks.state.records import RunState, RunView, UserView
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Admin
from sync_tasks.web.reach import AdministeredUser
from sync_tasks.web.render import back, page

pages = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["users"])

Facts = dict[str, Any]

TEXTS = {
    Take.NOTHING: "Nothing: neither the mailbox nor Salesforce is touched.",
    Take.MARKS: "Our entries: they leave the mailbox's list of categories; items keep their marks.",
    Take.LINKS: "Links, too: items lose their marks, and what came from Salesforce leaves the mailbox.",
    Take.RECORDS: "Records, too: Salesforce gives back the events that the mailbox put there; all else stays there.",
}
_REFUSED = (RefusedError, NotPartedError, NotLookedError, ConnectorError, NotConnectedError)


# --- pages


@pages.get("/users/{user_id}/delete")
def choose(request: Request, user: AdministeredUser) -> HTMLResponse:
    """How much of us is to go."""
    return page(request, "leaving.html", user=user, tab="status", texts=TEXTS, take=None)


@pages.post("/users/{user_id}/delete/preview")
def preview(request: Request, user: AdministeredUser, sync: Sync, take: Annotated[Take, Form()]) -> Response:
    """What deleting the user would do to items and records. Nothing is written."""
    try:
        return _shown(request, sync, user, take, lifecycle.look(sync, user, take))
    except BusyError:
        return back(f"/users/{user.id}/delete", "busy")


@pages.post("/users/{user_id}/delete")
def delete(
    request: Request, user: AdministeredUser, me: Admin, sync: Sync, take: Annotated[Take, Form()],
    plan: Annotated[int, Form()] = 0, force: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """`plan`: the look that whoever asks has seen."""
    try:
        seen = lifecycle.looked(sync, user, take, plan)
        lifecycle.delete(sync, user, take, force=force, by=me.name)
    except BusyError:
        return back(f"/users/{user.id}/delete", "busy")
    except NotLookedError as error:
        raise HTTPException(409, str(error)) from None
    except _REFUSED as error:
        return _shown(request, sync, user, take, seen, problem=str(error))
    return back("/users", "user-deleted")


def _shown(
    request: Request, sync: App, user: UserView, take: Take, run: RunView | None, *, problem: str = ""
) -> HTMLResponse:  # fmt: skip
    told = _told(sync, run)
    return page(
        request, "leaving.html", user=user, tab="status", texts=TEXTS, take=take, run=run, told=told,
        operations=told["operations"] if told else [], problem=problem,
        ready=run is None or run.state == RunState.DONE, initialized=user.standing.initialized_at is not None,
        status=409 if problem else 200,
    )  # fmt: skip


# --- REST


@api.post("/users/{user_id}/delete/preview")
def preview_it(user: AdministeredUser, _me: Admin, sync: Sync, take: Take = Take.NOTHING) -> Facts:
    """What deleting the user would do, as a plan; its `run` is asked for when he is deleted."""
    try:
        run = lifecycle.look(sync, user, take)
    except BusyError as error:
        raise HTTPException(409, str(error)) from None
    return {"take": take, "plan": _told(sync, run)}


@api.delete("/users/{user_id}")
def delete_it(
    user: AdministeredUser, me: Admin, sync: Sync, take: Take = Take.NOTHING, plan: int = 0, force: bool = False
) -> Facts:  # fmt: skip
    """Forget the user, and take so much of us out. `plan`: the run of the preview, where links or records go. Refused
    while his mailbox is set up and nothing is taken out of it, unless it is forced."""
    try:
        lifecycle.looked(sync, user, take, plan)
        lifecycle.delete(sync, user, take, force=force, by=me.name)
    except (BusyError, *_REFUSED) as error:
        raise HTTPException(409, str(error)) from None
    return {"id": user.id, "address": user.address, "deleted": True, "take": take}


def _told(sync: App, run: RunView | None) -> Facts | None:
    if run is None:
        return None
    with sync.store.reading() as unit:
        operations = [operation(op) for op in unit.plans.all(run.id)]
    return summary(sync, run) | {"operations": operations}
