"""Holding a plan back: what the guards say to it, what a person has answered, and what is kept of both.

A hold names operations by their ids, which do not change from run to run. What was approved the guards do not count any
more; what was rejected is planned anew, as letting the pairs go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapping.merge.plan import Act, Operation
from mapping.model.item import ItemKind, ItemRef, Side
from mapping.model.reasons import Reason, sentence
from mapping.rules.decision import Outcome
from mapping.rules.guards import Effect, Planned, Trip, trips
from sync_tasks.stages import losses, plan_items
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work
from sync_tasks.state.records import HoldDecision, HoldView, PairState, PairView
from sync_tasks.state.store import Unit

OTHERWISE = ("PLAN.GUARD.OTHERWISE", "What would be done now is not what the preview told; nothing was written.")
PLANNED = "planned"  # the note that a run's plan is written, and what the guards said to it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guards say to a plan. `told`: code and sentence of their objections, None when it may go ahead.
    `unsent`: how many people are not mailed because the mailbox is told so."""

    trips: tuple[Trip, ...] = ()
    told: tuple[str, str] | None = None
    unsent: int = 0

    @property
    def waits(self) -> bool:
        return self.told is not None

    @classmethod
    def of(cls, found: tuple[Trip, ...]) -> Verdict:
        if not found:
            return cls()
        texts = [sentence(trip.reason, count=str(trip.count), limit=str(trip.most)) for trip in found]
        return cls(found, (f"HELD.{found[0].guard.upper()}", " ".join(texts)))

    @property
    def note(self) -> bytes:
        """As it is noted beside the plan, for `recall`."""
        return json.dumps([self.told, self.unsent]).encode()

    def keep(self, ctx: StageContext, unit: Unit) -> None:
        """Note beside the plan what becomes of it, and open the holds or find them open. A preview only looks."""
        ctx.save_note(unit, PLANNED, self.note)
        if not ctx.preview and (self.trips or ctx.user.held_at is not None):
            unit.holds.keep(ctx.user.id, ctx.ref.id, self.trips, ctx.now(), unit.trail.unheard(ctx.user.id))


def recall(ctx: StageContext) -> Verdict | None:
    """The verdict on the plan that this run has written already; None when it is still to be made."""
    note = ctx.load_note(PLANNED)
    if note is None:
        return None
    told, unsent = json.loads(note)
    return Verdict((), None if told is None else (told[0], told[1]), unsent)


@dataclass(frozen=True, slots=True)
class _Touched:
    """One thing that the plan does, and whom it does it to."""

    planned: Planned
    key: str
    item: ItemRef


def judge(draft: Draft, works: Sequence[Work], pairs: Mapping[str, PairView]) -> Verdict:
    """Look at the plan as a whole, after taking out of it what somebody has rejected."""
    ctx = draft.ctx
    if ctx.parting:
        return Verdict()  # somebody asked for just this
    holds = _active(ctx)
    _reject(draft, works, pairs, _named(holds, HoldDecision.REJECTED))
    if ctx.expected is not None and {op.id for op, _ in draft.operations} != ctx.expected:
        return Verdict(told=OTHERWISE)
    approved = _named(holds, HoldDecision.APPROVED)
    touched = {each.planned.id: each for each in _touched(draft, pairs) if each.planned.id not in approved}
    if not touched:
        return Verdict()
    with ctx.store.reading() as unit:
        alive = {ItemKind(kind): count for kind, count in unit.pairs.count_things(ctx.user.id).items()}
    found = trips([each.planned for each in touched.values()], alive, losses.load(ctx), ctx.settings)
    for trip in found:
        for each in map(touched.__getitem__, trip.changes):
            draft.decide(
                each.item.side, each.item.kind, each.item.id, each.key, Outcome.WAIT, trip.reason, "TOP-4",
                count=str(trip.count), limit=str(trip.most),
            )  # fmt: skip
    return Verdict.of(found)


def _active(ctx: StageContext) -> list[HoldView]:
    """The user's holds; whoever has never been held is not looked up."""
    if ctx.user.held_at is None:
        return []
    with ctx.store.reading() as unit:
        return unit.holds.active(ctx.user.id)


def _named(holds: Sequence[HoldView], decision: HoldDecision) -> frozenset[str]:
    return frozenset().union(*(hold.changes for hold in holds if hold.decision == decision))


def _reject(draft: Draft, works: Sequence[Work], pairs: Mapping[str, PairView], ids: frozenset[str]) -> None:
    if ids:
        keys = {op.pair_key for op, _ in draft.operations if op.id in ids and op.pair_key}
        keys |= ids & draft.notes.keys()
        plan_items.part(draft, works, pairs, keys, ids)


def _touched(draft: Draft, pairs: Mapping[str, PairView]) -> list[_Touched]:
    """What the plan does to pairs that are alive, and whatever mails somebody."""
    found: list[_Touched] = []
    alive = {key: pair for key, pair in pairs.items() if pair.state == PairState.LIVE}
    for op, origin in draft.operations:
        effect = _effect(op) if op.pair_key in alive else Effect.OTHER
        if op.reason != Reason.HOLD_REJECTED and (effect is not Effect.OTHER or op.mails):
            thing = _thing(op.pair_key, pairs.get(op.pair_key))
            planned = Planned(op.id, thing, effect, op.side, op.kind, op.reason, op.mails)
            found.append(_Touched(planned, op.pair_key, origin.ref))
    for key, note in draft.notes.items():
        if key in alive and note.get("state") == PairState.RELEASED and note["reason"] != Reason.HOLD_REJECTED:
            pair = alive[key]
            kind = ItemKind(pair.kind)
            planned = Planned(key, _thing(key, pair), Effect.RELEASE, Side.MAILBOX, kind, str(note["reason"]))
            found.append(_Touched(planned, key, ItemRef(Side.MAILBOX, kind, pair.mailbox_id, pair.folder)))
    return found


def _thing(key: str, pair: PairView | None) -> str:
    """What people take for one thing; see `Pairs.count_things`."""
    return key if pair is None else pair.series or pair.mailbox_id or key


def _effect(op: Operation) -> Effect:
    if op.act is Act.DELETE:
        return Effect.DELETE
    if op.act is Act.MARK and op.agreed.get("state") == PairState.RELEASED:
        return Effect.RELEASE
    return Effect.CHANGE if op.act is Act.UPDATE else Effect.OTHER
