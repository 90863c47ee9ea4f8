"""Taking back what a run has done: a run of its own, which goes the way of every run and can be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync_tasks.bootstrap import App
from sync_tasks.security.vault import VaultError
from sync_tasks.services.pipeline import next_stage
from sync_tasks.services.run_facts import specific
from sync_tasks.services.scheduling import BusyError, go_through, lease_of
from sync_tasks.services.waiting import plain
from sync_tasks.stages import imaging, undo_refusals
from sync_tasks.stages.undo_refusals import Change
from sync_tasks.state.records import UNDO, UNDO_PREVIEW, RunRef, RunState, RunView


class UndoError(Exception):
    """The run cannot be undone at all. The text says why, and what to do."""


class NoSuchRunError(UndoError):
    """There is no such run."""


def undo(
    app: App, run_id: int, *, preview: bool = False, by: str = "console",
    on_stage: Callable[[str], None] | None = None,
) -> RunView:  # fmt: skip
    """Undo a run of a user, here and now; an undo of it that was killed is gone on with. Undoing it again finds nothing
    left to do. Raises UndoError; BusyError when another run of the user is open."""
    ref, first = begin(app, run_id, preview=preview, by=by)
    return go_through(app, ref, first, on_stage)


def begin(app: App, run_id: int, *, preview: bool = False, by: str = "console") -> tuple[RunRef, str]:
    """Open the run that undoes another, or take over one that was killed: the run and the stage that is next, for
    whoever goes through with it. Raises UndoError; BusyError when another run of the user is open."""
    return _open(app, _target(app, run_id), preview=preview, by=by)


def left(app: App, run: RunView, *, values: bool) -> list[dict[str, Any]]:
    """What an undo left as it stands, thing by thing: why, and the fields in which it differs from what the run had
    left there, as long as that is kept. With `values` also what the run left and what was found; of private items
    nobody keeps that."""
    if not run.undoes:
        return []
    with app.store.reading() as unit:
        rows = unit.trail.of_run(run.id)
    kept = _found_changed(app, run)
    return [
        {
            "side": row.side, "kind": row.kind, "item": row.ref, "key": row.key, "reason": row.reason,
            "sentence": specific(row.reason, row.detail),
            "fields": [_field(each, shown=values) for each in kept.get((row.side, row.ref), ())],
        }
        for row in rows if row.rule == undo_refusals.RULE
    ]  # fmt: skip


def _field(change: Change, *, shown: bool) -> dict[str, str | None]:
    if not shown or change.is_private:
        return {"field": change.field, "run": None, "now": None}
    return {"field": change.field, "run": plain(change.run), "now": plain(change.now)}


def _found_changed(app: App, run: RunView) -> Mapping[tuple[str, str], tuple[Change, ...]]:
    """By side and id."""
    with app.store.reading() as unit:
        wrapped, rows = unit.journal.key(run.id), unit.journal.images(run.id)
    if wrapped is None:
        return {}
    try:
        box = imaging.box_of(app.vault.kept_box(run.user_id), run.id, wrapped)
    except VaultError:
        return {}  # the key that sealed it is not there any more
    found = (undo_refusals.read(box.open(row.sealed, row.op_id.encode())) for row in rows)
    return {each.of: each.changes for each in found if each is not None}


def _target(app: App, run_id: int) -> RunView:
    with app.store.reading() as unit:
        run = unit.runs.get(run_id)
        kept, over = unit.journal.key(run_id) is not None, unit.journal.is_over(run_id)
        wrote = any(op.state == "done" for op in unit.plans.all(run_id))
    if run is None:
        raise NoSuchRunError(f"there is no run {run_id}; `inbox-sync runs` lists them")
    if run.state == RunState.OPEN:
        raise UndoError(f"run {run_id} is still under way; wait for it, or look at `inbox-sync runs`")
    if run.undoes:
        raise UndoError(f"run {run_id} took run {run.undoes} back; what it undid is done anew when it is touched again")
    if over:
        raise UndoError(
            f"run {run_id} cannot be undone any more: what it overwrote was kept for a while and is shredded"
        )
    if wrote and not kept:
        raise UndoError(f"run {run_id} cannot be undone: it kept nothing of what it overwrote (setting undo.keep_days)")
    return run


def _open(app: App, target: RunView, *, preview: bool, by: str) -> tuple[RunRef, str]:
    """The undo run and the stage that is next."""
    now = app.clock()
    with app.store.writing() as unit:
        open_run = unit.runs.open_run(target.user_id)
        if open_run is not None and open_run.undoes == target.id and open_run.is_preview is preview:
            ref = unit.runs.take_over(open_run.id, now, lease_of(app))
            return ref, next_stage(open_run.stage) or "delete"
        trigger = UNDO_PREVIEW if preview else UNDO
        claimed = unit.runs.claim_user(
            target.user_id, trigger, now, lease_of(app), app.vault.run_key(), undoes=target.id
        )  # fmt: skip
        if claimed is None:
            raise BusyError("a run of this user is open; wait for it, or look at `inbox-sync runs`")
        if not preview:
            user = unit.accounts.user(target.user_id)
            unit.accounts.audit(now, by, "run.undo", user.address, run=target.id, by_run=claimed.id)
    return claimed, "fetch"
