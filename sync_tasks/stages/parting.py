"""Parting from a user: everything that is paired is let go of, as the table of deletions says; on demand Salesforce
gives back what the mailbox put there."""

from __future__ import annotations

from connectors.protocols import Detail
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Outcome
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState

_PARTING = Decision(Outcome.RELEASE, Reason.DEACTIVATED, "LIF-6")
_TAKING = Decision(Outcome.RELEASE, Reason.TAKEN_BACK, "TOP-24")


def because(ctx: StageContext) -> Decision:
    """Why everything goes."""
    return _TAKING if ctx.run.is_taking_back else _PARTING


def run(ctx: StageContext) -> StageReport:
    """Stage the mailbox items of all pairs that are alive; nothing is read that is not paired."""
    with ctx.store.reading() as unit:
        alive = [pair for pair in unit.pairs.of_user(ctx.user.id) if pair.state == PairState.LIVE and pair.mailbox_id]
    # e-mails were shared once and keep their marks; occurrences go with their series
    pairs = [pair for pair in alive if pair.kind != ItemKind.EMAIL and not pair.series]
    refs = {ItemRef(Side.MAILBOX, ItemKind(pair.kind), pair.mailbox_id, pair.folder): pair for pair in pairs}
    works = [
        Work(Side.MAILBOX, ref.kind, ref, item=item, key=refs[ref].key, decision=because(ctx))
        for ref, item in ctx.mailbox.read(list(refs), Detail.HEAD).items()
        if isinstance(item, Item)
    ]
    with ctx.fenced() as unit:
        ctx.save_works(unit, works)
    return StageReport({"seen": len(refs), "staged": len(works)}, more=bool(works))
