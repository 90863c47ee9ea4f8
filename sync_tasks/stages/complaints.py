"""Error marks: an item that somebody asked to save and that has an open issue says so in the mailbox, until it heals.

What is left alone while items are decided on becomes part of the plan; what fails while the plan is applied is marked
when the run ends. Never marked are items that nobody asked to save, and single occurrences of a series.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from connectors.protocols import Can
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side
from mapping.model.reasons import ISSUES, Reason, sentence
from mapping.rules import marks, refusals, series
from mapping.rules.decision import is_marked
from mapping.rules.scope import Outcome
from mapping.rules.scope_emails import FORCED
from sync_tasks.stages import apply, imaging
from sync_tasks.stages.context import MAY_HEAL, StageContext
from sync_tasks.stages.kinds import MANAGED, MIRRORED
from sync_tasks.stages.mirrored import categories_of
from sync_tasks.stages.payload import Origin
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import OpState, PairState, PairView
from sync_tasks.state.store import Unit

NOTE = "complaints"
RULE = "MKM-4"


# --- decided against


def note(ctx: StageContext, unit: Unit, stage: str, works: Iterable[Work], saved: Collection[str] = ()) -> bool:
    """Keep for the plan the items that a stage left alone and whose error mark is not what it should be; returns
    whether there are such items. `saved`: keys of pairs that are alive."""
    found = [work for work in works if _wanted(ctx, work, work.key in saved) is not None]
    for work in found:
        work.key = work.key if work.key in saved else ""
    ctx.save_note(unit, f"{NOTE}.{stage}", json.dumps([work.dump().decode() for work in found]).encode())
    return bool(found)


def pending(ctx: StageContext) -> bool:
    """Did an earlier stage keep something for the plan?"""
    return bool(pending_works(ctx))


def plan(draft: Draft) -> None:
    """Plan what was kept."""
    for work in pending_works(draft.ctx):
        complain(draft, work)


def complain(draft: Draft, work: Work) -> None:
    """Plan the error mark of an item that is left alone. Its key is that of a pair that is alive, or empty."""
    wanted = _wanted(draft.ctx, work, bool(work.key))
    if wanted is not None and work.item is not None:
        draft.add(_mark(work, work.item.version, wanted), work.ref)


def pending_works(ctx: StageContext) -> list[Work]:
    """The items that earlier stages kept for the plan."""
    found: list[Work] = []
    for stage in ("categorize", "resolve", "link"):
        found += [Work.load(each.encode()) for each in json.loads(ctx.load_note(f"{NOTE}.{stage}") or b"[]")]
    return found


def _wanted(ctx: StageContext, work: Work, saved: bool) -> marks.Categories | None:
    """The categories that an item should have which was left alone; None when it has them, or when it goes on."""
    if work.outcome not in (Outcome.SKIP, Outcome.WAIT) or work.decision is None or not _may_bear(ctx, work):
        return None
    present, reason = categories_of(_item(work)), work.decision.reason
    if (reason in ISSUES or reason in MAY_HEAL) and _is_asked(work, saved):
        wanted = marks.mark_error(present, _said(ctx, work, sentence(reason, **work.decision.detail)))
    elif saved and marks.has(present, marks.ERROR) and marks.is_marked(present):
        wanted = marks.mark_saved(present)  # the error mark had taken the place of the mark of success
    else:
        wanted = marks.without_error(present)
    return wanted if wanted != present else None


# --- failed


def mark_failed(ctx: StageContext) -> None:
    """Mark what could not be written in this run, and see to it that the marks are written."""
    works = {work.ref.id: work for work in ctx.load_works() if not work.deleted and _may_bear(ctx, work)}
    with ctx.store.reading() as unit:
        retries = unit.trail.retries_for(ctx.user.id, Side.MAILBOX.value, works)
        failed = {ref: retry for ref, retry in retries.items() if retry.run_id == ctx.ref.id}
        issues = [i for i in unit.trail.issues(ctx.user.id) if i.side == Side.MAILBOX and i.ref in failed]
        pairs = unit.pairs.by_key(ctx.user.id, [works[ref].key for ref in failed])
        written = {op.ref for op in unit.plans.all(ctx.ref.id) if op.side == Side.MAILBOX and op.state == OpState.DONE}
    operations: list[Operation] = []
    for issue in issues:
        work = works[issue.ref]
        once = failed[issue.ref].attempts <= 1
        if not (once and refusals.may_pass(issue.code)):
            why = _said(ctx, work, refusals.words(issue.code, issue.fields))
            operations += _complaint(work, pairs.get(work.key), why, fresh=issue.ref in written)
    if operations:
        planned = [(op, Origin(works[op.ref].ref)) for op in operations]
        images = imaging.take(ctx, planned, (), pairs)
        with ctx.fenced() as unit:
            ctx.save_operations(unit, planned)
            images.keep(ctx, unit)
        apply.run(ctx, (Step.AFTERWARDS,))


def _complaint(work: Work, pair: PairView | None, why: str, *, fresh: bool) -> Sequence[Operation]:
    """`fresh`: the item was written in this run, so the pair knows its version and its marks."""
    saved = pair is not None and pair.state == PairState.LIVE
    if not _is_asked(work, saved):
        return ()
    present = categories_of(_item(work))
    before = marks.mark_saved(present) if saved else present
    wanted = marks.mark_error(before, why)
    version = pair.mailbox_version if fresh and pair is not None else _item(work).version
    work.key = work.key if saved else ""
    return [_mark(work, version, wanted)] if wanted != present else []


# --- parts


def _item(work: Work) -> Item:
    assert work.item is not None
    return work.item


def _said(ctx: StageContext, work: Work, why: str) -> str:
    """What the item says of why it was not saved; '' where it cannot, and the reason stands with the issue alone."""
    return "" if work.kind is ItemKind.EMAIL and Can.MAIL_REASONS not in ctx.mailbox.can else why


def _may_bear(ctx: StageContext, work: Work) -> bool:
    what = MIRRORED.get(work.kind)
    if what is not None and not what.bears_marks(ctx.settings):
        return False
    return work.side is Side.MAILBOX and work.item is not None and not series.is_part(work.item)


def _is_asked(work: Work, saved: bool) -> bool:
    chosen = work.decision is not None and work.decision.rule in FORCED
    return saved or chosen or is_marked(_item(work)) or work.ref.container in MANAGED


def _mark(work: Work, version: str, wanted: marks.Categories) -> Operation:
    return Operation(
        Act.MARK, Side.MAILBOX, work.kind, work.ref.container, Step.AFTERWARDS, RULE,
        (Reason.ERROR_MARKED if marks.has(wanted, marks.ERROR) else Reason.ERROR_CLEARED).value,
        pair_key=work.key, ref=work.ref.id, version=version, values={f.CATEGORIES: wanted},
        changes=(FieldChange(f.CATEGORIES, categories_of(_item(work)), wanted),),
    )  # fmt: skip
