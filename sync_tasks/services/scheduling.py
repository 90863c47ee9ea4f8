"""Who runs next: claiming users that are due, recovering runs that fell silent, running one user here and now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sync_tasks.bootstrap import App
from sync_tasks.services import budgets, outages
from sync_tasks.services.pipeline import give_up, next_stage, perform
from sync_tasks.stages.context import OnPlan
from sync_tasks.state.records import (
    PARTING,
    PARTING_PREVIEW,
    PREVIEW,
    TAKING,
    TAKING_PREVIEW,
    Claimed,
    Line,
    RunRef,
    RunView,
)

CLAIM_BATCH = 200
MOST_RECOVERIES = 20  # so often a run is taken from workers that died or hung; then it is closed as failed

# a run that is not only to be looked at -> the one that is
LOOKS = {"manual": PREVIEW, PARTING: PARTING_PREVIEW, TAKING: TAKING_PREVIEW}

Enqueue = Callable[[RunRef, str], None]  # a run, and the stage it goes on from


def dispatch_due(app: App, enqueue: Enqueue, *, limit: int = CLAIM_BATCH) -> list[Claimed]:
    """Claim the users that are due and enqueue their chains; returns them.

    No more are claimed than may wait for a worker: what is left in the store can still be shared out, what is in a
    queue comes in its order. Of those that wait, an organization has so many in front; with more it lets others go
    first. The claim is committed before anything is enqueued. Should enqueueing fail, the run stands open in the
    store, and `recover_stalled` enqueues it later.
    """
    outages.hold_back(app)
    budgets.hold_back(app)
    with app.store.reading() as unit:
        lines = unit.runs.waiting()
    everything: list[Claimed] = []
    while (room := min(limit, app.settings.waiting_most - sum(line.waiting for line in lines.values()))) > 0:
        with app.store.writing() as unit:
            claimed = unit.runs.claim_due(app.clock, limit=room, lease=lease_of(app), keys=app.vault.run_key)
            claimed = [_placed(each, lines, app.settings.waiting_in_front) for each in claimed]
            unit.runs.let_others_first([each.ref.id for each in claimed if each.ref.patient])
        for each in claimed:
            enqueue(each.ref, "fetch")
        everything += claimed
        if len(claimed) < room:
            break
    return everything


def _placed(each: Claimed, lines: dict[int, Line], in_front: int) -> Claimed:
    """The claim at its place in the line of its organization, which it lengthens. Whoever comes after a patient one is
    patient too, so that inside an organization nobody is overtaken."""
    line = lines.get(each.org_id, Line())
    patient = line.patient > 0 or line.waiting >= in_front
    lines[each.org_id] = Line(line.waiting + 1, line.patient + patient)
    return replace(each, ref=replace(each.ref, patient=patient))


def recover_stalled(app: App, enqueue: Enqueue) -> int:
    """Enqueue anew, from the stage they reached, all open runs that gave no sign of life; returns how many.

    A run whose workers died or hung too often is closed instead.
    """
    silent_for = timedelta(seconds=app.settings.recover_after_seconds)
    with app.store.writing() as unit:
        stalled = unit.runs.claim_stalled(app.clock(), silent_for=silent_for, lease=lease_of(app))
    for ref, run in stalled:
        stage = next_stage(run.stage)
        if run.recovered > MOST_RECOVERIES:
            give_up(app, ref)
        elif stage is not None:
            enqueue(ref, stage)
    return len(stalled)


def run_here(
    app: App,
    user_id: int,
    *,
    preview: bool = False,
    trigger: str = "manual",
    on_stage: Callable[[str], None] | None = None,
    on_plan: OnPlan | None = None,
    expected: frozenset[str] | None = None,
) -> RunView:
    """One run of one user in this process, without a broker. `trigger`: PARTING or TAKING for one that lets go of
    everything. `expected`: write only if just these operations are planned. Raises BusyError when a run is open."""
    trigger = LOOKS[trigger] if preview else trigger
    with app.store.writing() as unit:
        ref = unit.runs.claim_user(user_id, trigger, app.clock(), lease_of(app), app.vault.run_key())
    if ref is None:
        raise BusyError("a run of this user is open; wait for it, or look at `inbox-sync runs`")
    return go_through(app, ref, "fetch", on_stage, on_plan, expected)


def go_through(
    app: App, ref: RunRef, first: str, on_stage: Callable[[str], None] | None = None, on_plan: OnPlan | None = None,
    expected: frozenset[str] | None = None,
) -> RunView:  # fmt: skip
    """The stages of a run from `first` on, one after the other in this process."""
    stage: str | None = first
    while stage is not None:
        if on_stage is not None:
            on_stage(stage)
        stage = next_stage(stage) if perform(app, ref, stage, on_plan=on_plan, expected=expected) else None
    with app.store.reading() as unit:
        run = unit.runs.get(ref.id)
    assert run is not None
    return run


class BusyError(Exception):
    """A run of the user is open, and one user never has two."""


def force(app: App, user_id: int) -> datetime:
    """Ask for a run as soon as the floor allows; returns the moment. Asking often is asking once."""
    with app.store.writing() as unit:
        floor = timedelta(seconds=app.settings.force_floor_seconds)
        return unit.accounts.force(user_id, app.clock(), floor, asked=True)


def lease_of(app: App) -> timedelta:
    return timedelta(seconds=app.settings.lease_seconds)
