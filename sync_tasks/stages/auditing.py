"""Audit: both sides of all pairs are read and compared, whatever any feed told. It writes nothing but what it found.

| found | what it means |
|---|---|
| missing | a copy of a pair that is alive is not there |
| different | the copies do not show the same, or one was edited and no run has noticed |
| doubled | two pairs stand for one record or one item |
| foreign | a copy bears the key of another pair |
| orphaned | an item bears a key of ours, and no pair that is alive knows it |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from connectors.errors import ConnectorError
from connectors.protocols import Detail
from mapping.merge.baseline import Baseline
from mapping.merge.fields import merge
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Outcome
from mapping.rules.roles import GUEST
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.kinds import MANAGED, MIRRORED, Lineup
from sync_tasks.state.records import DecisionView, PairState, PairView

RULE = "TOP-10"
Copies = Mapping[ItemRef, Item | ConnectorError]


def run(ctx: StageContext) -> StageReport:
    """Compare, and note what was found as decisions of this run. Costs as many calls as reading the pairs takes, and
    one for each folder in which saved items stand."""
    with ctx.store.reading() as unit:
        everything = [pair for pair in unit.pairs.of_user(ctx.user.id) if ItemKind(pair.kind) in MIRRORED]
    pairs = [pair for pair in everything if pair.state == PairState.LIVE and pair.role != GUEST]
    ours = ctx.mailbox.read([_here(pair) for pair in pairs if pair.mailbox_id], Detail.BODY)
    theirs = ctx.crm.read([_there(pair) for pair in pairs if pair.crm_id], Detail.BODY)
    found = [*_compared(ctx, pairs, ours, theirs), *_doubled(ctx, pairs), *_orphaned(ctx, everything)]
    with ctx.fenced() as unit:
        unit.trail.forget_stage(ctx.ref.id, "fetch")
        unit.trail.decide(ctx.user.id, found)
    return StageReport({"seen": len(pairs), **Counter(each.reason for each in found)}, more=False)


def _here(pair: PairView) -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind(pair.kind), pair.mailbox_id, pair.folder)


def _there(pair: PairView) -> ItemRef:
    return ItemRef(Side.CRM, ItemKind(pair.kind), pair.crm_id, pair.crm_object)


def _told(ctx: StageContext, ref: ItemRef, key: str, reason: Reason, **detail: str) -> DecisionView:
    decision = Decision(Outcome.WAIT, reason, RULE, detail)
    return ctx.decision_row("fetch", ref.side, ref.kind, ref.id, key, decision, ctx.now())


def _compared(ctx: StageContext, pairs: Sequence[PairView], ours: Copies, theirs: Copies) -> Iterable[DecisionView]:
    lineup = Lineup(ctx.settings)
    for pair in pairs:
        here, there = ours.get(_here(pair)), theirs.get(_there(pair))
        if pair.mailbox_id and here is None:
            yield _told(ctx, _here(pair), pair.key, Reason.DRIFT_MISSING)
        if pair.crm_id and there is None:
            yield _told(ctx, _there(pair), pair.key, Reason.DRIFT_MISSING)
        if not isinstance(here, Item) or not isinstance(there, Item):
            continue
        for item, borne in ((here, here.text(f.KEY)), (there, there.text(ctx.key_field))):
            if borne and borne != pair.key and not pair.series:
                yield _told(ctx, item.ref, pair.key, Reason.DRIFT_FOREIGN)
        for name in _differing(ctx, lineup, pair, here, there):
            yield _told(ctx, here.ref, pair.key, Reason.DRIFT_DIFFERENT, field=name)


def _differing(ctx: StageContext, lineup: Lineup, pair: PairView, here: Item, there: Item) -> list[str]:
    """The rows that a run would have something to do about."""
    what = lineup.of_item(here.ref, pair)
    table = what.table_for(ctx)
    base = Baseline(pair.marks, ctx.fingerprint_key)
    merged = merge(table, here.fields, there.fields, base, Side.MAILBOX, what.authority(ctx.settings))
    changes = (*merged.changes_mailbox, *merged.changes_crm)
    return sorted({each.name for each in changes} | {each.field for each in merged.conflicts})


def _doubled(ctx: StageContext, pairs: Sequence[PairView]) -> Iterable[DecisionView]:
    for ref_of in (_here, _there):
        known: dict[ItemRef, PairView] = {}
        for pair in pairs:
            ref = ref_of(pair)
            if ref.id and known.setdefault(ref, pair) is not pair:
                yield _told(ctx, ref, pair.key, Reason.DRIFT_DOUBLED)


def _orphaned(ctx: StageContext, pairs: Sequence[PairView]) -> Iterable[DecisionView]:
    """Of the folders in which saved items stand everything is listed; what bears our key must be known by it."""
    alive = [pair for pair in pairs if pair.state in (PairState.LIVE, PairState.PENDING)]
    keys, ids = {pair.key for pair in alive}, {pair.mailbox_id for pair in alive}
    homes = {what.home for what in MIRRORED.values() if what.wanted(ctx.settings) and ctx.mailbox_has(what.home)}
    for folder in sorted(homes):
        for item in _bearing(ctx, folder, ids):
            if item.text(f.KEY) and item.text(f.KEY) not in keys:
                yield _told(ctx, item.ref, item.text(f.KEY), Reason.DRIFT_ORPHANED)


def _bearing(ctx: StageContext, folder: str, compared: Collection[str]) -> Iterator[Item]:
    """The items of a folder, as far as they bear keys. A list of one of our folders may leave the keys out: there
    nearly everything was `compared`, by its id, before, and the rest is read."""
    unsaid: list[ItemRef] = []
    for change in ctx.mailbox.changes(folder, None).changes:
        if change.item is not None and f.KEY in change.item.fields:
            yield change.item
        elif folder in MANAGED and change.ref.id not in compared:
            unsaid.append(change.ref)
    if unsaid:
        yield from (item for item in ctx.mailbox.read(unsaid, Detail.HEAD).values() if isinstance(item, Item))
