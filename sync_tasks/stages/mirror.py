"""mirror: plan every write of the run - merges, creates, shares, deletions - then apply creates and updates.

Reading comes first (bodies of what is saved for the first time, the other side of what changed), then planning, which
only computes; then one transaction writes the plan, and the applier does the rest. A preview ends before that, and so
does a plan that waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.protocols import Detail
from mapping.merge.plan import Step
from mapping.model import fields as f
from mapping.model.item import MISSING, Item, ItemKind, ItemRef, Side
from mapping.model.people import AccountRecord
from mapping.model.reasons import Reason
from mapping.model.series import split_id
from mapping.rules.roles import GUEST
from mapping.rules.scope import Decision, Outcome
from sync_tasks.stages import (
    adopting,
    apply,
    apply_files,
    complaints,
    copies,
    disputes,
    holding,
    imaging,
    plan_emails,
    plan_files,
    plan_items,
    plan_series,
    rooms,
    series,
)
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.holding import Verdict
from sync_tasks.stages.kinds import MIRRORED, Lineup
from sync_tasks.stages.mirrored import Mirrored
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.resolve import load_people
from sync_tasks.stages.sharing import sharings
from sync_tasks.stages.work import Work
from sync_tasks.state.records import UNSENT, PairState, PairView

PEOPLE_STEPS = (Step.ACCOUNTS.value, Step.PEOPLE.value)
APPLIED_HERE = (Step.ACCOUNTS, Step.PEOPLE, Step.REMADE, Step.ROOMS, Step.RECORDS, Step.RELATIONS, Step.ITEMS)


def run(ctx: StageContext) -> StageReport:
    verdict = holding.recall(ctx) or _plan(ctx)
    if ctx.preview or verdict.waits:
        return StageReport({}, more=False, held=verdict.told)
    unsent = {UNSENT: verdict.unsent} if verdict.unsent else {}
    return StageReport({**apply.run(ctx, APPLIED_HERE), **apply_files.run(ctx), **unsent})


def _plan(ctx: StageContext) -> Verdict:
    works = ctx.load_works()
    draft = Draft(ctx, load_people(ctx.load_note("people")))
    works = copies.plan(draft, works)
    adopted = adopting.load(ctx)
    draft.adopted = adopted.records
    opened = series.open_all(ctx, works)
    works = opened.works
    pairs = {**_pairs(ctx, works), **opened.adopted}
    every = [*works, *opened.masters]
    draft.sharings = sharings(ctx, {w.key: w.item for w in every if w.kind is ItemKind.EVENT and w.key})
    draft.conflicts = disputes.known(ctx)
    lineup = Lineup(ctx.settings)
    _read_the_rest(draft, lineup, works, pairs)
    draft.accounts = _accounts(draft, works)
    draft.rooms = rooms.known(ctx, works)
    plan_series.plan(draft, opened)
    _give_up(draft, adopted.given_up)
    plan_items.plan(draft, lineup, [w for w in works if w.kind in MIRRORED], pairs)
    complaints.plan(draft)
    plan_emails.plan(draft, [w for w in works if w.kind is ItemKind.EMAIL], pairs)
    verdict = replace(holding.judge(draft, works, pairs), unsent=draft.unsent)
    seen = [*works, *opened.masters, *complaints.pending_works(ctx)]
    images = imaging.Images() if verdict.waits else imaging.take(ctx, draft.operations, seen, pairs)
    with ctx.fenced() as unit:
        if not verdict.waits:
            plan_files.settle(draft, unit)
        if not ctx.preview and not verdict.waits:
            draft.write_pairs(unit)
            draft.write_retries(unit)
            disputes.keep(draft, unit)
            draft.write_failures(unit)
        ctx.save_operations(unit, draft.operations)
        images.keep(ctx, unit)
        unit.plans.keep_needed(ctx.ref.id, PEOPLE_STEPS)  # nobody is created whom nothing that is saved names
        unit.trail.forget_stage(ctx.ref.id, "mirror")
        unit.trail.decide(ctx.user.id, draft.decisions)
        verdict.keep(ctx, unit)
    return verdict


def _accounts(draft: Draft, works: list[Work]) -> Mapping[str, Sequence[AccountRecord]]:
    """By the names of their companies, the accounts that new contacts may belong to: one call for all (CON-11)."""
    if not draft.ctx.settings.bool("resolve.account_lookup"):
        return {}
    companies = {
        work.item.text(f.COMPANY).strip()
        for work in works
        if work.kind is ItemKind.CONTACT and adopting.is_new(work) and work.item and work.key not in draft.adopted
    }
    named = sorted(companies - {""})
    return draft.ctx.crm.find_accounts_by_name(named) if named else {}


def _give_up(draft: Draft, keys: list[str]) -> None:
    """An item that adopts a record goes by another key; of its pair under the old one nothing is left."""
    ctx = draft.ctx
    with ctx.store.reading() as unit:
        found = unit.pairs.by_key(ctx.user.id, keys)
    for key in found:
        draft.pair(key, state=PairState.GONE.value, reason=Reason.ADOPTED.value, mailbox_id="")


def _pairs(ctx: StageContext, works: list[Work]) -> dict[str, PairView]:
    with ctx.store.reading() as unit:
        return unit.pairs.by_key(ctx.user.id, [w.key for w in works])


def _read_the_rest(draft: Draft, lineup: Lineup, works: list[Work], pairs: dict[str, PairView]) -> None:
    """Bodies where they are wanted, and the other side of every pair that changed."""
    ctx = draft.ctx
    fresh = [w for w in works if _wants_body(ctx, lineup, w, pairs.get(w.key))]
    bodies = ctx.mailbox.read(list({_body_of(w) for w in fresh}), Detail.BODY) if fresh else {}
    for work in fresh:
        answer = bodies.get(_body_of(work))
        if isinstance(answer, Item) and work.item is not None and _body_of(work) != work.ref:
            work.item = work.item.with_fields({f.BODY: answer.text(f.BODY), f.HTML: answer.text(f.HTML)})
        elif isinstance(answer, Item):
            # what a feed alone tells, such as the reminder that a calendar has by itself, stays known
            work.item = answer.with_fields({**(work.item.fields if work.item else {}), **answer.fields})
        else:
            _unreadable(ctx, work, answer)
    have = {(w.side, w.key) for w in works}
    for side, endpoint in ((Side.MAILBOX, ctx.mailbox), (Side.CRM, ctx.crm)):
        refs: dict[ItemRef, tuple[str, Detail]] = {}
        for work in works:
            where = _counterpart(draft, work, pairs.get(work.key), side)
            if where and work.kind in MIRRORED and work.side is not side and (side, work.key) not in have:
                what = lineup.of_item(work.ref, pairs.get(work.key))
                refs[ItemRef(side, work.kind, *where)] = (work.key, _detail(ctx, what, work))
        for detail in Detail:
            some = [ref for ref, (_, wanted) in refs.items() if wanted is detail]
            for ref, answer in endpoint.read(some, detail).items() if some else ():
                if isinstance(answer, Item):
                    key = refs[ref][0]
                    because = _adoption(draft, key) if side is Side.CRM else None
                    works.append(Work(side, ref.kind, ref, item=answer, key=key, decision=because))


def _adoption(draft: Draft, key: str) -> Decision | None:
    return Decision(Outcome.MIRROR, Reason.ADOPTED, "IDN-8") if key in draft.adopted else None


def _counterpart(draft: Draft, work: Work, pair: PairView | None, side: Side) -> tuple[str, str] | None:
    """Where the other copy of an item is: its id and folder or object."""
    if side is Side.CRM and work.key in draft.adopted:
        return draft.adopted[work.key], MIRRORED[work.kind].crm_object
    leader = draft.sharings[work.key].leader if work.key in draft.sharings else None
    if side is Side.CRM and work.outcome is Outcome.JOIN and leader is not None:
        return (leader.crm_id, leader.crm_object) if leader.crm_id else None
    if pair is None or pair.state != PairState.LIVE:
        return None
    if side is Side.MAILBOX:
        return (pair.mailbox_id, pair.folder) if pair.mailbox_id else None
    return (pair.crm_id, pair.crm_object) if pair.crm_id else None


def _detail(ctx: StageContext, what: Mirrored, work: Work) -> Detail:
    """Of the other copy the body is read when bodies are compared, and when a deletion would destroy it or has to be
    undone."""
    gone = work.deleted or work.outcome is Outcome.GONE
    return Detail.BODY if gone or what.compares_body(ctx.settings) else Detail.HEAD


def _body_of(work: Work) -> ItemRef:
    """Whose body it is: an occurrence without a body of its own says what its master says."""
    if work.item is not None and work.item.text(f.RECURRENCE) == "occurrence":
        return replace(work.ref, id=split_id(work.ref.id)[0])
    return work.ref


def _wants_body(ctx: StageContext, lineup: Lineup, work: Work, pair: PairView | None) -> bool:
    """Something is saved for the first time, or its body is compared. What is hidden is not even read."""
    if work.side is Side.CRM or work.deleted or work.outcome not in (Outcome.MIRROR, Outcome.SHARE):
        return False
    if work.decision is not None and work.decision.reason is Reason.PRIVATE_PLACEHOLDER:
        return False
    if work.kind is ItemKind.EMAIL and work.item is not None and work.item.get(f.BODY) is not MISSING:
        return False  # it was read to find out who is on it and what it names
    saved = pair is not None and pair.state == PairState.LIVE and pair.role != GUEST
    links_left = work.decision is not None and work.decision.reason is Reason.LINKS_ADDED
    if not saved or links_left or plan_files.is_open(pair):
        return True
    return work.kind in MIRRORED and lineup.of_item(work.ref, pair).compares_body(ctx.settings)


def _unreadable(ctx: StageContext, work: Work, answer: ConnectorError | Item | None) -> None:
    """The item vanished or cannot be read since it was listed: leave it, with an issue if it was the latter."""
    work.item = None
    if isinstance(answer, ConnectorError):
        ctx.item_failed(work.ref, answer)
