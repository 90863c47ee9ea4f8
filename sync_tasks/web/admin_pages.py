"""The pages of administrators and operators: everybody at once, holds, what was done, how it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from connectors import registry
from sync_tasks.services import deciding, entering, health, operating, users, waiting
from sync_tasks.services.users import Act
from sync_tasks.state.overview import SORTS, STATUSES
from sync_tasks.state.records import HoldDecision
from sync_tasks.web import charts
from sync_tasks.web.deps import Sync
from sync_tasks.web.exports import as_file
from sync_tasks.web.filters import Asked, Sent
from sync_tasks.web.identity import Admin, Me
from sync_tasks.web.reach import AdministeredHold, AHold
from sync_tasks.web.render import back, page

router = APIRouter(include_in_schema=False)

PAGE = 50
MOST_HOLDS, MOST_ACTS, MOST_CHANGES, MOST_RUNS = 200, 100, 500, 100_000
RUN_COLUMNS = (
    "id", "address", "org_name", "trigger", "state", "stage", "started_at", "finished_at", "seconds", "error_code",
)  # fmt: skip
USER_COLUMNS = (
    "address", "org_name", "profile", "mailbox", "status", "suspended_code", "initialized", "last_started_at",
    "next_sync_at", "failures", "issues", "held", "crm_user_id", "added_at",
)  # fmt: skip


@router.get("/users")
def everybody(
    request: Request, me: Me, sync: Sync, which: Asked, sort: str = "address", down: bool = False,
    at: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:  # fmt: skip
    """Those within reach, filtered, sorted and in pages, all by the database."""
    sort = sort if sort in SORTS else "address"
    with sync.store.reading() as unit:
        count = unit.overview.count(me.reach, which)
        rows = unit.overview.users(me.reach, which, sort=sort, down=down, offset=(at - 1) * PAGE, limit=PAGE)
        by_status = unit.overview.by_status(me.reach)
        waits = unit.overview.waiting(me.reach)
        found = [each for each in unit.accounts.orgs() if me.reach.everybody or each.id in me.reach.org_ids]
        profiles = [(org.name, each) for org in found for each in unit.configuration.profiles(org.id)]
    return page(
        request, "users.html", rows=rows, count=count, which=which, sort=sort, down=down, at=at,
        last=max(1, -(-count // PAGE)), page_size=PAGE, statuses=STATUSES, by_status=by_status, waits=waits,
        orgs=[org.name for org in found], profiles=profiles, mailboxes=list(registry.MAILBOXES),
    )  # fmt: skip


@router.post("/users/bulk")
def bulk(
    me: Admin, sync: Sync, which: Sent, act: Annotated[Act, Form()],
    chosen: Annotated[list[int], Form(default_factory=list)], everybody: Annotated[bool, Form()] = False,
) -> RedirectResponse:  # fmt: skip
    """One act on all that are ticked, or on all that the filter names. Those out of reach are left out silently."""
    ids = None if everybody else chosen
    done = users.do(sync, me.reach, which, ids, act, by=me.name)
    return back("/users", "bulk" if done else "none")


@router.get("/users.csv")
def as_csv(me: Admin, sync: Sync, which: Asked) -> Response:
    with sync.store.reading() as unit:
        rows = unit.overview.users(me.reach, which)
    return as_file("users.csv", USER_COLUMNS, ([getattr(row, name) for name in USER_COLUMNS] for row in rows))


@router.get("/runs.csv")
def runs_as_csv(me: Admin, sync: Sync, hours: Annotated[int, Query(ge=1, le=24 * 400)] = 24) -> Response:
    """The runs of everybody within reach, newest first, with what each counted."""
    with sync.store.reading() as unit:
        rows = unit.overview.runs_since(me.reach, sync.clock() - timedelta(hours=hours), MOST_RUNS)
    counted = sorted({name for row in rows for name in row.counts})
    cells = ([*(getattr(row, name) for name in RUN_COLUMNS), *map(row.counts.get, counted)] for row in rows)
    return as_file("runs.csv", (*RUN_COLUMNS, *counted), cells)


@router.get("/holds")
def holds(request: Request, me: Me, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        numbers = unit.overview.holds_waiting(me.reach, MOST_HOLDS)
        found = [hold for number in numbers if (hold := unit.holds.get(number)) is not None]
    return page(request, "holds.html", rows=[waiting.hold_row(hold) for hold in found])


@router.get("/holds/{hold_id}")
def hold(request: Request, hold: AHold, me: Me, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        changes = waiting.hold_changes(unit, hold)
    return page(
        request, "hold.html", row=waiting.hold_row(hold), lines=hold.lines, changes=changes[:MOST_CHANGES],
        left_out=max(0, len(changes) - MOST_CHANGES), may_decide=me.is_admin,
    )  # fmt: skip


@router.post("/holds/{hold_id}")
def decide(
    hold: AdministeredHold, me: Admin, sync: Sync, decision: Annotated[HoldDecision, Form()]
) -> RedirectResponse:  # fmt: skip
    done = decision is not HoldDecision.VANISHED and deciding.decide(sync, hold.id, decision, by=me.name)
    return back("/holds", "decided" if done else "over")


@router.get("/audit")
def audit(request: Request, me: Admin, sync: Sync, text: str = "", before: int | None = None) -> HTMLResponse:
    """What people did, newest first."""
    with sync.store.reading() as unit:
        rows = unit.overview.audit(me.reach, before=before, text=text.strip(), limit=MOST_ACTS)
    return page(request, "audit.html", rows=rows, text=text, more=len(rows) == MOST_ACTS)


@router.get("/operations")
def operations(request: Request, me: Admin, sync: Sync) -> HTMLResponse:
    """Whether the installation keeps up: queues, lag, runs, and what goes wrong."""
    told = operating.facts(sync, me.reach)
    return page(
        request, "operations.html", told=told, health=health.examine(sync) if me.reach.everybody else None,
        runs=charts.columns("Runs by half hour", told.runs),
        seconds=charts.columns("Seconds a run, on average", [(n, v, 0.0) for n, v in told.seconds]),
        queues=charts.rows("Messages in the queues", list(told.queues.items())),
        errors=charts.rows("Failed runs by error", told.errors), issues=charts.rows("Open issues", told.issues),
        window=timedelta(hours=operating.HOURS),
    )  # fmt: skip


@router.get("/tokens")
def tokens(request: Request, me: Me, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        rows = unit.access.tokens(me.address)
    return page(request, "tokens.html", rows=rows, made="")


@router.post("/tokens")
def add_token(
    request: Request, me: Me, sync: Sync, name: Annotated[str, Form(min_length=1, max_length=80)]
) -> HTMLResponse:  # fmt: skip
    """Made, and shown this once."""
    made = entering.add_token(sync, me.address, name, by=me.name)
    with sync.store.reading() as unit:
        rows = unit.access.tokens(me.address)
    return page(request, "tokens.html", rows=rows, made=made)


@router.post("/tokens/{token_id}/drop")
def drop_token(token_id: int, me: Me, sync: Sync) -> RedirectResponse:
    entering.drop_token(sync, token_id, by=me.name, address=me.address)
    return back("/tokens", "dropped")
