"""Undo: a plan made of the before-images of a run, applied like any other.

What the run made is deleted, what it overwrote is put back, what it deleted comes back from where deleted things lie.
Both copies of an item, and all that hangs on it, are put back together or left together; whatever somebody has changed
since is left, with its reason. The pairs are then as before the run, or let go where one of their copies came or went:
an item is not saved again before its owner touches it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.protocols import Detail
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import DELETED, Fields, Item, ItemKind, ItemRef, Original, Side, Value
from mapping.model.reasons import Reason
from mapping.model.series import SEPARATOR, stamp
from mapping.rules.guards import Effect, Planned, trips
from sync_tasks.stages import apply, holding, undo_refusals, undo_series
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.fetch import row_fingerprint, series_fingerprint
from sync_tasks.stages.holding import Verdict
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.stages.mirrored import told
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.undo_reading import Thing, is_back, look, object_to, things_of
from sync_tasks.stages.undo_series import Parts
from sync_tasks.state.records import HoldDecision, OpState, PairState

RULE = "TOP-6"
NOTE = "undo"
APPLIED_HERE = (Step.RECORDS, Step.RELATIONS, Step.ITEMS)
APPLIED_LATER = (Step.DELETES, Step.AFTERWARDS)
DOCUMENT, PERSON_ACCOUNT, ACCOUNT = "ContentDocument", "PersonAccount", "Account"
_LEFT_AS_LEARNT = frozenset({"key", "kind", "mailbox_id", "mailbox_version", "crm_id", "crm_version", "crm_seen"})


@dataclass(slots=True)
class Inverse:
    """The operations that put one thing back, and those of the run that are undone with them."""

    of: list[str]
    by: list[str] = field(default_factory=list)
    key: str = ""


def run(ctx: StageContext) -> StageReport:
    """Plan the undo and apply what makes and changes things; a preview ends before that, and so does a plan that waits
    for a person."""
    verdict = holding.recall(ctx) or _plan(ctx)
    if ctx.preview or verdict.waits:
        return StageReport({}, more=False, held=verdict.told)
    return StageReport(apply.run(ctx, APPLIED_HERE))


def finish(ctx: StageContext) -> StageReport:
    """Apply what takes things away; then put the pairs back and note what is undone."""
    counts = dict(apply.run(ctx, APPLIED_LATER))
    note = json.loads(ctx.load_note(NOTE) or b"{}")
    with ctx.store.reading() as unit:
        done = {op.op_id for op in unit.plans.all(ctx.ref.id) if op.state == OpState.DONE}
    inverses = [Inverse(**each) for each in note.get("things", ())]
    unfinished = {each.key for each in inverses if each.key and not done.issuperset(each.by)}
    repaired = {key: _loaded(values) for key, values in note.get("pairs", {}).items() if key not in unfinished}
    rows = _rows(ctx, repaired) | _series(ctx, repaired.keys() & set(note.get("series", ())))
    with ctx.fenced() as unit:
        notes = [(key, {**values, **rows.get(key, {})}) for key, values in repaired.items()]
        unit.pairs.put(ctx.user.org_id, ctx.user.id, ctx.now(), notes)
        over = [op_id for each in inverses if done.issuperset(each.by) for op_id in each.of]
        unit.journal.undone(ctx.run.undoes, over, ctx.now())
        released = [key for key, values in repaired.items() if values.get("state") == PairState.RELEASED]
        unit.mail_files.forget(ctx.user.org_id, ctx.user.id, released)
        unit.claims.forget_run(ctx.user.org_id, ctx.run.undoes)
        unit.holds.end(ctx.user.id, ctx.now(), undoes=ctx.run.undoes)
    return StageReport({**counts, "undone": len(over)}, more=False)


def _plan(ctx: StageContext) -> Verdict:
    things = things_of(ctx, ctx.run.undoes)
    look(ctx, things)
    object_to(ctx, things, ctx.run.undoes)
    draft = Draft(ctx, {})
    inverses = _Inverses(draft, things).all()
    images = undo_refusals.tell(draft, things)
    verdict, found = _judge(draft)
    note = {
        "things": [{"of": each.of, "by": each.by, "key": each.key} for each in inverses],
        "pairs": {key: _dumped(values) for key, values in _repairs(draft, things).items()},
        "series": [each.key for each in things if each.removed and f.SERIES in undo_series.to_write(each.before or {})],
    }
    with ctx.fenced() as unit:
        ctx.save_note(unit, NOTE, json.dumps(note).encode())
        ctx.save_operations(unit, draft.operations)
        unit.trail.forget_stage(ctx.ref.id, "mirror")
        unit.trail.decide(ctx.user.id, draft.decisions)
        images.keep(ctx, unit)
        ctx.save_note(unit, holding.PLANNED, verdict.note)
        if not ctx.preview:
            unit.holds.keep(ctx.user.id, ctx.ref.id, found, ctx.now(), undoes=ctx.run.undoes)
    return verdict


class _Inverses:
    """Plans what puts things back, in the draft."""

    def __init__(self, draft: Draft, things: Sequence[Thing]) -> None:
        self._draft = draft
        self._things = [each for each in things if each.objection is None and not each.found]
        binned = [each for each in self._things if each.removed and each.side is Side.MAILBOX and each.date is None]
        self._lost = self._look_for(binned)
        self._again: dict[str, list[str]] = {}  # by the id of a series: what brings its dates back
        masters = [each.master.ref.id for each in self._things if each.master is not None]
        with draft.ctx.store.reading() as unit:
            pairs = unit.pairs.by_mailbox(draft.ctx.user.id, masters) if masters else {}
        self._series = {ident: pair.key for ident, pair in pairs.items()}

    def all(self) -> list[Inverse]:
        """What needs others goes before them: records before the people that were made for them."""
        planned: dict[str, Inverse] = {}  # by operation of the run
        inverses = []
        for thing in reversed(self._things):
            mine = {op.op_id for op in thing.ops}
            needing = [
                each for each in self._things
                if each.side is Side.CRM and any(mine & set(op.requires) for op in each.ops)
            ]  # fmt: skip
            after = tuple(
                dict.fromkeys(by for each in needing for op in each.ops for by in self._by(planned, op.op_id))
            )
            inverse = Inverse([op.op_id for op in thing.ops], self._put_back(thing, after), thing.key)
            planned |= {op.op_id: inverse for op in thing.ops}
            inverses.append(inverse)
        return inverses

    @staticmethod
    def _by(planned: Mapping[str, Inverse], op_id: str) -> list[str]:
        return planned[op_id].by if op_id in planned else []

    def _put_back(self, thing: Thing, after: tuple[str, ...]) -> list[str]:
        there = self._lost.get(thing.key) if thing.removed and thing.side is Side.MAILBOX else None
        came_back = there is not None and there.container != DELETED
        if came_back or is_back(thing) or (thing.hangs and self._goes_along(thing)):
            return []
        if thing.made:
            return [self._delete(thing, after)]
        if thing.removed and thing.date is not None and thing.master is not None:
            return self._bring_dates_back(thing, thing.date, thing.master)
        if thing.removed:
            back = self._bring_back(thing)
            return [back, *self._lay_anew(thing, thing.parts, f"@{back}", back)]
        by = []
        if thing.overwritten and thing.now is not None and thing.before is not None:
            by.append(self._update(thing, thing.now, thing.before))
        if thing.moved and thing.now is not None:
            by.append(self._move(thing, thing.place, Step.AFTERWARDS, thing.id, {}, tuple(by)))
        return by

    def _goes_along(self, thing: Thing) -> bool:
        """Does it hang on a record that is deleted, or comes back, itself?"""
        parents = [each for each in self._things if each.key == thing.key and each.side is Side.CRM and not each.hangs]
        needed = {op_id for op in thing.ops for op_id in op.requires}
        named = [each for each in self._things if any(op.op_id in needed for op in each.ops)]
        if thing.place == "ContentVersion":
            return False  # the link goes with the record, the file does not
        return any(each.made or each.removed for each in (*parents, *named) if each.kind is thing.kind)

    def _delete(self, thing: Thing, after: tuple[str, ...]) -> str:
        target = {"ContentVersion": DOCUMENT, PERSON_ACCOUNT: ACCOUNT}.get(thing.place, thing.place)
        act = Act.UNRELATE if thing.place in ("EventRelation", "EmailMessageRelation") else Act.DELETE
        people: tuple[Value, ...] = ()
        if thing.side is Side.MAILBOX and thing.kind is ItemKind.EVENT and thing.now is not None:
            people = told(self._draft, thing.now, (f.ATTENDEES,))
        version = thing.now.version if thing.now is not None and thing.side is Side.MAILBOX else ""
        return self._add(
            thing, act, target, Step.DELETES, {}, ref=thing.id, version=version, after=after, people=people,
            agreed={"state": PairState.RELEASED.value} if act is Act.DELETE else {},
        )  # fmt: skip

    def _update(self, thing: Thing, now: Item, before: Mapping[str, Value]) -> str:
        values = {name: value for name, value in before.items() if now.get(name) != value}
        act = Act.MARK if {Act(op.act) for op in thing.ops} <= {Act.MARK, Act.MOVE} else Act.UPDATE
        step = Step.RECORDS if thing.side is Side.CRM else Step.ITEMS
        people = told(self._draft, now, values) if thing.side is Side.MAILBOX else ()
        version = now.version if thing.side is Side.MAILBOX else ""
        return self._add(thing, act, thing.place, step, values, ref=thing.id, version=version, people=people, now=now)

    def _move(
        self, thing: Thing, place: str, step: Step, ref: str, along: Fields, after: tuple[str, ...] = ()
    ) -> str:  # fmt: skip
        return self._add(thing, Act.MOVE, place, step, {"folder": thing.home, **along}, ref=ref, after=after)

    def _bring_back(self, thing: Thing) -> str:
        released = {"state": PairState.RELEASED.value}
        if thing.place in ("EventRelation", "EmailMessageRelation"):
            return self._add(thing, Act.RELATE, thing.place, Step.RELATIONS, dict(thing.before or {}))
        if thing.side is Side.CRM:
            return self._add(thing, Act.RESTORE, thing.place, Step.RECORDS, {}, ref=thing.id, agreed=released)
        before, lying = thing.before or {}, self._lost.get(thing.key)
        if lying is not None:
            return self._move(thing, DELETED, Step.ITEMS, lying.id, undo_series.to_write(before))
        writable = _writable(thing.kind)
        values = {name: value for name, value in before.items() if name in writable and value not in _NOTHING}
        values |= undo_series.to_write(before)
        return self._add(
            thing, Act.CREATE, thing.home, Step.ITEMS, values, key=thing.key, agreed=released,
            people=() if self._draft.is_silent else _tuple(values.get(f.ATTENDEES)),
        )  # fmt: skip

    def _bring_dates_back(self, thing: Thing, date: Original, master: Item) -> list[str]:
        """All dates of a series that were cancelled come back with one write to it, and after that what they had of
        their own, as all other exceptions of the series."""
        series = undo_series.series_of(master)
        if master.ref.id not in self._again and series is not None:
            dates = {
                each.date: each.before or {} for each in self._things
                if each.date is not None and each.removed and each.master is master and each.now is None
            }  # fmt: skip
            values = {f.SERIES: undo_series.with_dates(series, dates)}
            back = self._add(
                thing, Act.UPDATE, thing.home, Step.ITEMS, values, ref=master.ref.id, version=master.version,
                now=master, pair_key=self._series.get(master.ref.id, ""),
                people=told(self._draft, master, values),
            )  # fmt: skip
            self._again[master.ref.id] = [back, *self._lay_anew(thing, thing.parts, master.ref.id, back)]
        again = self._again.get(master.ref.id, [])
        own = {stamp(date): undo_series.own(thing.before or {}, master.fields)}
        return [*again, *self._lay_anew(thing, own, master.ref.id, again[0])]

    def _lay_anew(self, thing: Thing, parts: Parts, master: str, after: str) -> list[str]:
        """`master`: the id of the series, or `@` and the operation that tells it."""
        return [
            self._add(
                thing, Act.UPDATE, thing.home, Step.ITEMS, values, ref=f"{master}{SEPARATOR}{date}", after=(after,),
                pair_key="",
            )
            for date, values in parts.items() if values
        ]  # fmt: skip

    def _look_for(self, things: Sequence[Thing]) -> Mapping[str, ItemRef]:
        """Where the deleted items with these keys lie: in the bin, or back where they were."""
        keys = [each.key for each in things if each.key]
        return self._draft.ctx.mailbox.find(keys) if keys else {}

    def _add(
        self, thing: Thing, act: Act, target: str, step: Step, values: Fields, *, ref: str = "", key: str = "",
        version: str = "", after: tuple[str, ...] = (), agreed: Mapping[str, str] | None = None,
        people: tuple[Value, ...] = (), now: Item | None = None, pair_key: str | None = None,
    ) -> str:  # fmt: skip
        changes = tuple(FieldChange(n, now.get(n) if now is not None else None, v) for n, v in values.items())
        origin = ItemRef(Side.MAILBOX, thing.kind, thing.origin, thing.home)
        pair_key = thing.key if pair_key is None else pair_key
        return self._draft.add(
            Operation(
                act, thing.side, thing.kind, target, step, RULE, Reason.UNDONE.value, key=key, pair_key=pair_key,
                ref=ref, version=version, values=values, changes=changes, agreed=agreed or {}, mails=len(people),
                after=after,
            ),
            origin,
        )  # fmt: skip


_NOTHING: tuple[Value, ...] = ("", ())  # what a new item has by itself; that nothing reminds of it has to be said


def _tuple(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()


def _writable(kind: ItemKind) -> frozenset[str]:
    """What a new item of the mailbox can be given."""
    what = MIRRORED.get(kind)
    rows = {row.reads for row in what.table.fields} if what is not None else set[str]()
    return frozenset(rows | {f.CATEGORIES, f.BODY, f.HTML, f.SENSITIVITY, f.REMINDER, f.REMINDER_AT, f.SERIES})


# --- is it too much?


def _judge(draft: Draft) -> tuple[Verdict, tuple[Any, ...]]:
    """An undo asks like every other plan that does much at once."""
    ctx = draft.ctx
    with ctx.store.reading() as unit:
        holds = unit.holds.active(ctx.user.id, ctx.run.undoes)
        pairs = {ItemKind(kind): count for kind, count in unit.pairs.count_things(ctx.user.id).items()}
    approved = frozenset().union(*(h.changes for h in holds if h.decision == HoldDecision.APPROVED))
    effects = {Act.DELETE: Effect.DELETE, Act.UPDATE: Effect.CHANGE}
    planned = [
        Planned(op.id, op.pair_key or op.id, effects.get(op.act, Effect.OTHER), op.side, op.kind, op.reason, op.mails)
        for op, _ in draft.operations if op.id not in approved
    ]  # fmt: skip
    found = trips(planned, pairs, {}, ctx.settings)
    return Verdict.of(found), found


# --- the pairs


def _repairs(draft: Draft, things: Sequence[Thing]) -> dict[str, dict[str, Any]]:
    """What is written about the pairs once all of their things are back."""
    groups: dict[str, list[Thing]] = {}
    for each in things:
        if each.key and each.objection is None:
            groups.setdefault(each.key, []).append(each)
    return {key: _repair(draft, group) for key, group in groups.items()}


def _repair(draft: Draft, group: Sequence[Thing]) -> dict[str, Any]:
    before = next((each.pair for each in group if each.pair is not None), None)
    came_or_went = any((each.made or each.removed or each.found) and not each.hangs for each in group)
    if before is not None and before.state == PairState.LIVE and not came_or_went:
        values = {name: getattr(before, name) for name in before.__slots__ if name not in _LEFT_AS_LEARNT}
        return {**values, "baseline": dict(values.pop("marks")), "marks": {}}
    values = {"state": PairState.RELEASED.value, "reason": Reason.UNDONE.value}
    values |= {"baseline": dict(before.marks) if before is not None else {}}
    written = {op.ref for op, _ in draft.operations if op.side is Side.MAILBOX}
    for each in group:
        if each.side is Side.MAILBOX and each.now is not None and each.id not in written:
            values |= {"mailbox_version": each.now.version}
    return values


def _rows(ctx: StageContext, repaired: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Of pairs that are kept the same again: the fingerprints of their rows, by which the next run knows them."""
    alive = [key for key, values in repaired.items() if values.get("state") == PairState.LIVE]
    if not alive:
        return {}
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_key(ctx.user.id, alive)
    refs = {ItemRef(Side.CRM, ItemKind(p.kind), p.crm_id, p.crm_object): key for key, p in pairs.items() if p.crm_id}
    found = ctx.crm.read(list(refs), Detail.BODY) if refs else {}  # the feed tells long texts, too
    return {
        refs[ref]: {"crm_seen": row_fingerprint(ctx, item), "crm_version": item.version}
        for ref, item in found.items() if isinstance(item, Item)
    }  # fmt: skip


def _series(ctx: StageContext, keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Of series that came back: how they stand now that all of their dates are laid, by which the next run lets them
    be."""
    if not keys:
        return {}
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_key(ctx.user.id, keys).values()
    refs = {ItemRef(Side.MAILBOX, ItemKind(p.kind), p.mailbox_id, p.folder): p.key for p in pairs if p.mailbox_id}
    found = ctx.mailbox.read(list(refs), Detail.HEAD) if refs else {}
    return {
        refs[ref]: {"mailbox_version": item.version, "mailbox_seen": series_fingerprint(ctx, item)}
        for ref, item in found.items() if isinstance(item, Item)
    }  # fmt: skip


def _dumped(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value


def _loaded(values: Mapping[str, Any]) -> dict[str, Any]:
    ends = values.get("ends_at")
    return {**values, **({"ends_at": datetime.fromisoformat(ends)} if isinstance(ends, str) else {})}
