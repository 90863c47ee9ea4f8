"""Copies of saved items. Who copies an item in Outlook copies our key and marks with it, but asked for nothing.

A copy is an item that bears the key of a pair whose own item still stands elsewhere. (If that item is gone, ours was
moved.) It is decided on as if it bore nothing of ours, and what it inherited is taken off it (MRK-7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from connectors.protocols import Detail
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import MISSING, ItemKind, ItemRef, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import marks, series
from mapping.rules.decision import Decision, Outcome
from mapping.rules.identity import event_key
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.mirrored import categories_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


def strip(
    ctx: StageContext, works: list[Work], by_ref: Collection[str], by_key: Mapping[str, PairView]
) -> dict[str, Decision | None]:
    """Take from copies what they inherited, in this run's eyes. Tells their slots, with a decision where there is
    nothing more to decide. `by_ref`: slots of items whose own pair is known. Costs one call, and only when something
    looks like a copy."""
    suspects = {work.slot: pair for work in works if (pair := _suspected(work, by_ref, by_key)) is not None}
    if not suspects:
        return {}
    gone = {work.ref.id for work in works if work.deleted}
    originals = {
        ItemRef(Side.MAILBOX, ItemKind.EVENT, pair.mailbox_id, pair.folder)
        for pair in suspects.values()
        if pair.mailbox_id not in gone
    }
    standing = {ref.id for ref in ctx.mailbox.read(sorted(originals, key=lambda ref: ref.id), Detail.HEAD)}
    found: dict[str, Decision | None] = {}
    for work in works:
        if work.item is None or work.slot not in suspects or suspects[work.slot].mailbox_id not in standing:
            continue
        bare: dict[str, Value] = {f.KEY: MISSING, f.CATEGORIES: marks.clear(categories_of(work.item))}
        work.item = work.item.with_fields(bare)
        twin = event_key(ctx.org, work.item.text(f.UID)) == suspects[work.slot].key
        found[work.slot] = Decision(Outcome.SKIP, Reason.SAME_TWICE, "MRK-7") if twin else None
    return found


def _suspected(work: Work, by_ref: Collection[str], by_key: Mapping[str, PairView]) -> PairView | None:
    if work.kind is not ItemKind.EVENT or work.side is not Side.MAILBOX or work.slot in by_ref:
        return None
    if work.item is None or series.is_part(work.item):
        return None
    pair = by_key.get(work.item.text(f.KEY))
    known = pair is not None and pair.state == PairState.LIVE and pair.mailbox_id not in ("", work.ref.id)
    return pair if known else None


def left_alone(decision: Decision) -> Decision:
    """A copy that is not saved for reasons of its own loses what it inherited; its twin keeps everything."""
    if decision.outcome in (Outcome.SKIP, Outcome.WAIT) and decision.reason is not Reason.SAME_TWICE:
        return Decision(Outcome.DISOWN, Reason.COPIED, "MRK-7")
    return decision


def plan(draft: Draft, works: list[Work]) -> list[Work]:
    """Plan taking our marks off copies; returns the other works."""
    for work in works:
        if work.outcome is not Outcome.DISOWN or work.item is None:
            continue
        values: dict[str, Value] = {f.CATEGORIES: work.item.get(f.CATEGORIES), f.KEY: None}
        draft.add(
            Operation(
                Act.MARK, Side.MAILBOX, work.kind, work.ref.container, Step.ITEMS, "MRK-7", Reason.COPIED.value,
                ref=work.ref.id, version=work.item.version, values=values,
                changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
            ),
            work.ref,
        )  # fmt: skip
    return [work for work in works if work.outcome is not Outcome.DISOWN]
