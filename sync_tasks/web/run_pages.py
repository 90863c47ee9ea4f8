"""The pages about the runs of a user: what each did, what the next would do, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from sync_tasks.services import previewing, undoing
from sync_tasks.services.previewing import Difference
from sync_tasks.services.run_facts import operation, run_row, summary
from sync_tasks.services.scheduling import BusyError
from sync_tasks.services.undoing import UndoError
from sync_tasks.state.records import RunState, RunView
from sync_tasks.web.deps import Sync, Workers
from sync_tasks.web.identity import Me
from sync_tasks.web.reach import AdministeredRun, ARun, AUser
from sync_tasks.web.render import back, page

router = APIRouter(include_in_schema=False)

RUNS_SHOWN = 50


@router.post("/users/{user_id}/preview")
def preview(request: Request, user: AUser, me: Me, sync: Sync) -> Response:
    """Plan the next run and write nothing; the answer comes when the plan stands. The values in it are shown to the
    owner of the mailbox, and this once."""
    try:
        made = previewing.preview(sync, user, values=me.is_self(user), by=me.name)
    except BusyError:
        return back(f"/users/{user.id}", "busy")
    if not made.differences:
        return back(f"/runs/{made.run.id}", "" if made.run.state == RunState.DONE else "preview-failed")
    return _run_page(request, me, sync, made.run, made.differences)


@router.get("/users/{user_id}/runs")
def runs(request: Request, user: AUser, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        found = unit.runs.recent(user.id, RUNS_SHOWN)
        troubled = unit.trail.issues_of_runs(run.id for run in found)
    rows = [run_row(run, user.address, troubled[run.id]) for run in found]
    return page(request, "runs.html", user=user, tab="runs", rows=rows)


@router.get("/runs/{run_id}")
def run(request: Request, run: ARun, me: Me, sync: Sync) -> HTMLResponse:
    """What a run did, or, of a preview, what it would do: field by field."""
    return _run_page(request, me, sync, run, {})


@router.post("/runs/{run_id}/undo/preview")
def preview_undo(run: AdministeredRun, me: Me, sync: Sync) -> Response:
    """Plan the undo and write nothing; the answer comes when the plan stands."""
    try:
        planned = undoing.undo(sync, run.id, preview=True, by=me.name)
    except BusyError:
        return back(f"/runs/{run.id}", "busy")
    except UndoError as error:
        raise HTTPException(409, str(error)) from None
    return back(f"/runs/{planned.id}", "" if planned.state == RunState.DONE else "preview-failed")


@router.post("/runs/{run_id}/undo")
def undo(run: AdministeredRun, me: Me, sync: Sync, workers: Workers) -> Response:
    """Have a worker take the run back; its page tells what became of it."""
    try:
        ref, stage = undoing.begin(sync, run.id, by=me.name)
    except BusyError:
        return back(f"/runs/{run.id}", "busy")
    except UndoError as error:
        raise HTTPException(409, str(error)) from None
    workers(ref, stage)
    return back(f"/runs/{ref.id}", "undoing")


def _run_page(
    request: Request, me: Me, sync: Sync, run: RunView, differences: Mapping[str, list[Difference]]
) -> HTMLResponse:  # fmt: skip
    with sync.store.reading() as unit:
        user = unit.accounts.user(run.user_id)
        operations = [operation(op) for op in unit.plans.all(run.id)]
        stages = [{"stage": s.stage, "seconds": s.seconds, "counts": s.counts} for s in unit.runs.stages(run.id)]
    return page(
        request, "run.html", user=user, tab="runs", run=run, told=summary(sync, run), operations=operations,
        stages=stages, differences=differences, left=undoing.left(sync, run, values=me.is_self(user)),
        **_undo_of(run, mine=me.may_administer(user)),
    )  # fmt: skip


def _undo_of(run: RunView, *, mine: bool) -> dict[str, bool]:
    """What is offered: a look at the undo first, and from that look, or from one that waited for approval, the undo.
    Whether it is possible is found out when somebody asks for it."""
    may_go_on = mine and bool(run.undoes) and (run.is_preview or run.state == RunState.HELD)
    return {
        "may_undo": mine and not (run.is_preview or run.undoes or run.state == RunState.OPEN),
        "may_go_on": may_go_on,
    }
