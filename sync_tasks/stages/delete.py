"""delete: what is to go, goes; then the cursors are committed and the run is closed, in one transaction."""

from __future__ import annotations

from collections import Counter

from mapping.merge.plan import Step
from mapping.model.reasons import Reason
from sync_tasks.stages import apply, complaints, disputes, intents, link, unresolved
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.state.records import RetryView

APPLIED_HERE = (Step.DELETES, Step.AFTERWARDS)


def run(ctx: StageContext) -> StageReport:
    counts: Counter[str] = Counter(apply.run(ctx, APPLIED_HERE))
    complaints.mark_failed(ctx)
    counts["healed"] += _heal(ctx)
    disputes.settle(ctx)
    unresolved.settle(ctx)
    intents.settle(ctx)
    link.tell_ties(ctx)
    return StageReport(counts, more=False)


def _heal(ctx: StageContext) -> int:
    """Items that failed before and went through now: close their issues, take them off the ladder."""
    staged = ctx.staged_refs()
    healed = 0
    with ctx.fenced() as unit:
        for (side, kind), refs in staged.items():
            retries = unit.trail.retries_for(ctx.user.id, side, refs, kind=kind)
            failed = {ref for ref, retry in retries.items() if retry.run_id == ctx.ref.id or _is_newer(ctx, retry)}
            fine = [ref for ref in refs if ref not in failed]
            unit.trail.close_issues(ctx.user.id, side, fine, ctx.now(), kind=kind)
            unit.trail.drop_retries(ctx.user.id, side, fine, kind=kind)
            healed += len(retries) - len(failed)
    return healed


def _is_newer(ctx: StageContext, retry: RetryView) -> bool:
    """Somebody answered a conflict while this run was under way; the next one is to look at it."""
    asked = retry.not_before
    return retry.reason == Reason.CONFLICT_RESOLVED and asked is not None and asked > ctx.run.started_at
