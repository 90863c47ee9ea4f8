"""Planning for what is mirrored: which writes bring the two copies of each item to agree. It only computes.

One way for events, tasks and contacts; what a kind adds stands in its `Mirrored`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from mapping.merge.baseline import Baseline
from mapping.merge.edits import seen
from mapping.merge.fields import Merged, first_marks, merge, project_down, project_up
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side, Span, Value
from mapping.model.reasons import Reason
from mapping.model.table import WINNERS
from mapping.rules import appended, deletion, marks, roles, series
from mapping.rules.decision import Decision
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.scope import Outcome
from sync_tasks.stages import disputes, plan_shared
from sync_tasks.stages.categorize import ends_at
from sync_tasks.stages.fetch import row_fingerprint
from sync_tasks.stages.kinds import MIRRORED, Lineup
from sync_tasks.stages.mirrored import Extra, Mirrored, Stakes, categories_of
from sync_tasks.stages.plan_parts import (
    Case,
    bring_home,
    cancel,
    clear_mark,
    delete,
    note_pair,
    stamp_record,
    update_mailbox,
)
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.series import seen_fingerprint
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


def plan(draft: Draft, lineup: Lineup, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan every mirrored item of the run, object by object, in the order of their keys."""
    sides: dict[str, dict[Side, Work]] = {}
    for work in works:
        _take(sides.setdefault(work.key, {}), work)
    objects: dict[Mirrored, list[str]] = {}
    for key in sorted(sides):
        objects.setdefault(_what(lineup, sides[key], pairs.get(key)), []).append(key)
    for what, keys in objects.items():
        table = what.table_for(draft.ctx)
        for key in keys:
            case = Case(what, table, key, pairs.get(key), sides[key].get(Side.MAILBOX), sides[key].get(Side.CRM))
            if case.mailbox is not None and case.mailbox.outcome is Outcome.JOIN:
                plan_shared.join(draft, case.mailbox, case.sharing(draft), case.pair, case.record)
            elif case.live and not case.promoted:
                _paired(draft, case)
            else:
                _unpaired(draft, case)


def _what(lineup: Lineup, sides: Mapping[Side, Work], pair: PairView | None) -> Mirrored:
    """What these copies are: told by their pair, or by the record among them."""
    work = sides.get(Side.CRM) or sides[Side.MAILBOX]
    return lineup.of_item(work.ref, pair)


def _take(sides: dict[Side, Work], work: Work) -> None:
    """An item that was moved is told twice: gone from where it was, and there where it is now."""
    known = sides.get(work.side)
    if known is None or known.deleted or not work.deleted:
        sides[work.side] = work


# --- items that are not yet a pair


def _unpaired(draft: Draft, case: Case) -> None:
    ours = case.mailbox if case.mailbox is not None and case.mailbox.outcome is Outcome.MIRROR else None
    theirs = case.crm if case.crm is not None and case.crm.outcome is Outcome.MIRROR else None
    if ours is not None and ours.item is not None and theirs is not None and theirs.item is not None:
        _adopt(draft, case, ours, theirs)
    elif ours is not None and ours.item is not None:
        _create_up(draft, case, ours, ours.item)
    elif theirs is not None and theirs.item is not None:
        _create_down(draft, case, theirs, theirs.item)


def _create_up(draft: Draft, case: Case, work: Work, item: Item, *, again: bool = False) -> None:
    ctx, what = draft.ctx, case.what
    table, shown, forced = what.shown(draft, None, case.table, appended.own_text(item))
    more = what.first_up(draft, work, shown)
    described = shown.with_fields({name: value for name, value in more.values.items() if name == f.BODY})
    columns, agreed = project_up(table, described.fields, ctx.fingerprint_key)
    columns |= {name: value for name, value in more.values.items() if name != f.BODY}
    columns |= forced.values
    if ctx.user.crm_user_id:
        columns["OwnerId"] = ctx.user.crm_user_id
    born = Side(case.pair.born) if again and case.pair is not None else Side.MAILBOX
    letter = case.pair.letter if again and case.pair is not None else what.letter(item, born, ctx.me)
    note_pair(draft, case, born, letter, item, mailbox=item.ref)
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, case.kind, what.crm_object, Step.RECORDS, _rule(work), _reason(work),
            key=case.key, pair_key=case.key, values=columns, agreed={**agreed, **forced.agreed},
            changes=tuple(FieldChange(name, None, value) for name, value in columns.items()),
        ),
        item.ref, retrying=case.retrying,
    )  # fmt: skip
    if case.kind is ItemKind.EVENT and case.sharing(draft).leader is not None:
        plan_shared.nudge(draft, case.sharing(draft), Reason.TAKEN_OVER)
    what.after_up(draft, case.key, letter, shown, made)
    if series.is_part(item):
        return  # a mark of its own would make an exception of it; the master bears the marks
    wanted: dict[str, Value] = {f.CATEGORIES: what.marked(ctx, categories_of(item)), f.KEY: case.key}
    mark = {name: value for name, value in wanted.items() if item.get(name) != value}
    after: tuple[str, ...] = ()
    if mark:
        after = (update_mailbox(draft, case, item, mark, {}, "MRK-5", Reason.MARK_ADDED, after=(made,), act=Act.MARK),)
    bring_home(draft, case, item, after)


def _create_down(draft: Draft, case: Case, work: Work, item: Item, *, again: bool = False) -> None:
    ctx, what = draft.ctx, case.what
    values, agreed = project_down(case.table, item.fields, ctx.fingerprint_key)
    more = what.first_down(draft, item)
    values |= {f.KEY: case.key, **more.values}
    if what.bears_marks(ctx.settings):
        values[f.CATEGORIES] = what.marked(ctx, ())
    values |= appended.below(item.with_fields({f.BODY: ""}), values, what.appended(ctx, item))
    letter = what.letter(item.with_fields(more.values), Side.CRM, ctx.me)
    born = Side(case.pair.born) if again and case.pair is not None else Side.CRM
    letter = case.pair.letter if again and case.pair is not None else letter
    note_pair(draft, case, born, letter, item, crm=item.ref, span=values.get(f.SPAN))
    draft.pair(case.key, crm_seen_next=row_fingerprint(ctx, item), marks=seen(ctx.fingerprint_key, item))
    stamp_record(draft, case, item)
    draft.add(
        Operation(
            Act.CREATE, Side.MAILBOX, case.kind, what.home, Step.ITEMS, _rule(work), _reason(work),
            key=case.key, pair_key=case.key, values=values, agreed={**agreed, **more.agreed}, mails=more.mails,
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        ),
        item.ref, retrying=case.retrying,
    )  # fmt: skip


def _adopt(draft: Draft, case: Case, ours: Work, theirs: Work) -> None:
    """Both copies are there but nobody remembers the pair: they are one, and merge as if both were new."""
    assert ours.item is not None and theirs.item is not None
    born = case.what.born(case.pair)
    note_pair(draft, case, born, case.what.letter(ours.item, born, draft.ctx.me), ours.item, mailbox=ours.ref)
    draft.pair(case.key, crm_id=theirs.ref.id, crm_object=case.what.crm_object, state=PairState.LIVE.value)
    found = "IDN-1" if case.kind is ItemKind.EVENT else "IDN-3"
    rule = found if case.key in draft.adopted else "IDN-8"
    draft.decide(Side.CRM, case.kind, theirs.ref.id, case.key, Outcome.MIRROR, Reason.ADOPTED, rule)
    stamp_record(draft, case, theirs.item)
    _merge(draft, case, None, ours.item, theirs.item)
    case.what.adopt(draft, case.key, ours, theirs.item)


# --- pairs


def _paired(draft: Draft, case: Case) -> None:
    pair, ours, theirs = case.pair, case.mailbox, case.crm
    assert pair is not None
    mailbox_gone = ours is not None and ours.deleted
    crm_gone = theirs is not None and theirs.deleted
    released = next((w for w in (ours, theirs) if w is not None and w.outcome is Outcome.RELEASE), None)
    if pair.role == roles.GUEST and theirs is not None and theirs.outcome is Outcome.MIRROR and ours is not None:
        # the record was assigned to this user in Salesforce (ROL-9): from now on his own run writes it
        assert ours.item is not None
        draft.pair(case.key, role="", letter=case.what.letter(ours.item, Side(pair.born), draft.ctx.me))
    if ours is not None and ours.deleted and ours.decision is not None:
        _let_go(draft, case, pair, deletion.trigger_of(ours.decision.reason))
    elif mailbox_gone and crm_gone:
        draft.pair(case.key, state=PairState.GONE.value, reason=Reason.DELETED_ON_BOTH_SIDES.value)
    elif mailbox_gone and pair.reason:
        # an earlier run sent this deletion and never learned what became of it: it is ours, and not the user's
        _let_go(draft, case, pair, deletion.trigger_of(Reason(pair.reason)))
    elif mailbox_gone or (ours is not None and ours.outcome is Outcome.GONE):
        _let_go(draft, case, pair, Trigger.MAILBOX_DELETED)
    elif ours is not None and ours.outcome is Outcome.UNSYNC:
        _let_go(draft, case, pair, Trigger.UNSYNC_MARK)
    elif crm_gone:
        _let_go(draft, case, pair, Trigger.CRM_DELETED)
    elif released is not None and released.decision is not None:
        _let_go(draft, case, pair, deletion.trigger_of(released.decision.reason))
    elif ours is None or ours.item is None or case.what.is_kept_out(ours.item, draft.ctx.settings):
        return
    elif theirs is not None and theirs.item is not None:
        _merge(draft, case, pair, ours.item, theirs.item)


def _merge(draft: Draft, case: Case, pair: PairView | None, ours: Item, theirs: Item) -> None:
    ctx, what, planned = draft.ctx, case.what, len(draft.operations)
    own = appended.own_text(ours)
    answers = disputes.answers(draft.conflicts.get(case.key, ()))
    table, shown, forced = what.shown(draft, pair, what.between(draft, case.table, ours, theirs), own)
    base = pair.marks if pair else first_marks(table, shown.fields, theirs.fields, ctx.fingerprint_key)
    merged = merge(
        table, shown.fields, theirs.fields, Baseline(base, ctx.fingerprint_key), _newest(ours, theirs),
        what.authority(ctx.settings), answers,
    )  # fmt: skip
    draft.dispute(case.key, case.kind, merged.conflicts)
    _explain(draft, case, ours, merged, answers)
    up = {change.name for change in merged.changes_crm}
    down = {change.name for change in merged.changes_mailbox}
    settled = {name: mark for name, mark in merged.agreed.items() if name not in up | down}
    span = {**ours.fields, **merged.to_mailbox}.get(f.SPAN)
    draft.pair(
        case.key, marks={**settled, **seen(ctx.fingerprint_key, theirs)}, mailbox_id=ours.ref.id, reason="",
        crm_seen_next=row_fingerprint(ctx, theirs),
        **({"ends_at": ends_at(span)} if isinstance(span, Span) else {}),
        **({"mailbox_seen_next": seen_fingerprint(ctx, ours)} if series.is_part(ours) else {}),
    )  # fmt: skip
    to_crm = {**merged.to_crm, **{name: value for name, value in forced.values.items() if theirs.get(name) != value}}
    if to_crm:
        draft.add(
            Operation(
                Act.UPDATE, Side.CRM, case.kind, what.crm_object, Step.RECORDS, forced.rule or "FLD-1",
                (forced.reason or Reason.FIELDS_CHANGED).value, pair_key=case.key, ref=theirs.ref.id, values=to_crm,
                changes=merged.changes_crm + forced.changes,
                agreed={**{name: merged.agreed[name] for name in up if name in merged.agreed}, **forced.agreed},
            ),
            ours.ref,
        )  # fmt: skip
    more = what.merge_more(draft, pair, case.key, shown, theirs, merged)
    if pair is not None:
        draft.pair(case.key, letter=what.letter(ours.with_fields(more.values), Side(pair.born), ctx.me))
    writes = [op.id for op, _ in draft.operations[planned:] if op.side is Side.CRM]
    _merge_down(draft, case, ours, merged, more, what.appended(ctx, theirs), writes)


def _merge_down(
    draft: Draft, case: Case, ours: Item, merged: Merged, more: Extra, below: str, writes: Sequence[str]
) -> None:  # fmt: skip
    """`writes`: what is written to the record."""
    values: dict[str, Value] = {**merged.to_mailbox, **more.values}
    rule, reason = more.rule or case.what.rule, more.reason or Reason.FIELDS_CHANGED
    part = series.is_part(ours)
    if not part and (shown := appended.below(ours, values, below)):
        if not values:
            rule, reason = "DSC-6", Reason.COLUMNS_SHOWN
        values |= shown
    wanted = case.what.marked(draft.ctx, categories_of(ours))
    # an error mark goes once that which failed before has gone through
    heals = bool(writes) and not part and marks.has(categories_of(ours), marks.ERROR)
    if wanted != categories_of(ours) and not part and not heals:
        if not values:
            rule, reason = "MRK-6", Reason.MARK_RESTORED
        values[f.CATEGORIES] = wanted
    if ours.text(f.KEY) != case.key and not part:
        values[f.KEY] = case.key
    after: tuple[str, ...] = ()
    if values:
        agreed = {c.name: merged.agreed[c.name] for c in merged.changes_mailbox if c.name in merged.agreed}
        after = (
            update_mailbox(
                draft, case, ours, values, {**agreed, **more.agreed}, rule, reason,
                changes=merged.changes_mailbox, mails=more.mails,
            ),
        )  # fmt: skip
    if heals:
        # behind another write the version is not known any more
        there = replace(ours, version="") if after else ours
        mark = {f.CATEGORIES: wanted}
        healed = Reason.ERROR_CLEARED
        update_mailbox(draft, case, there, mark, {}, "MKM-4", healed, act=Act.MARK, after=(*writes, *after))
    bring_home(draft, case, ours, after)


def _explain(draft: Draft, case: Case, ours: Item, merged: Merged, answers: Mapping[str, Side]) -> None:
    told = [(each.field, each.winner.value, Reason.CONFLICT) for each in merged.conflicts if each.won is not None]
    told += [(name, WINNERS[side].value, Reason.CONFLICT_RESOLVED) for name, side in answers.items()]
    for name, winner, reason in told:
        draft.decide(
            Side.MAILBOX, case.kind, ours.ref.id, case.key, Outcome.MIRROR, reason, "IDN-4", field=name, winner=winner
        )
    for conflict in draft.disputes[case.key]:
        draft.decide(
            Side.MAILBOX, case.kind, ours.ref.id, case.key, Outcome.WAIT, Reason.CONFLICT_OPEN, "TOP-8",
            field=conflict.field,
        )  # fmt: skip
    for refusal in merged.refused:
        draft.decide(
            Side.MAILBOX, case.kind, ours.ref.id, case.key, Outcome.SKIP, Reason.VALUE_REFUSED, "FLD-2",
            field=refusal.field,
        )  # fmt: skip


def _newest(ours: Item, theirs: Item) -> Side:
    """Which copy was edited last; Salesforce when both at once, the mailbox when nobody can tell."""
    mine, other = ours.get(f.MODIFIED), theirs.get("LastModifiedDate")
    if not hasattr(mine, "timestamp") or not hasattr(other, "timestamp"):
        return Side.MAILBOX
    return Side.CRM if other.timestamp() >= mine.timestamp() else Side.MAILBOX  # type: ignore[union-attr]


# --- letting go


def _let_go(draft: Draft, case: Case, pair: PairView, trigger: Trigger) -> None:
    """What a vanished, unsynced, moved or aged item means for the other copy, by the table of deletions."""
    reason = deletion.REASONS[trigger]
    fate, rule = case.what.fate(pair, trigger, draft.ctx.settings)
    item = case.mailbox.item if case.mailbox is not None else None
    stakes = Stakes(pair, case.table, item, case.crm.item if case.crm is not None else None)
    fate, rule, other = case.what.spared(draft, stakes, fate, rule, trigger)
    reason = other or reason
    mailbox_ref = ItemRef(Side.MAILBOX, case.kind, pair.mailbox_id, pair.folder)
    crm_ref = ItemRef(Side.CRM, case.kind, pair.crm_id, pair.crm_object)
    source = mailbox_ref if case.mailbox is not None and trigger is not Trigger.CRM_DELETED else crm_ref
    draft.decide(source.side, case.kind, source.id, case.key, Outcome.RELEASE, reason, rule, fate=fate.value)
    others = case.sharing(draft).others
    if fate is Fate.DELETE_CRM and others and pair.letter == "D":
        # colleagues keep this outsider's meeting, so one of them goes on with its record
        plan_shared.nudge(draft, case.sharing(draft), Reason.HANDED_OVER)
        fate, reason = Fate.RELEASE, Reason.HANDED_OVER
    released = PairState.UNSYNCED if trigger is Trigger.UNSYNC_MARK else PairState.RELEASED
    match fate:
        case Fate.DELETE_CRM:
            state = PairState.UNSYNCED if trigger is Trigger.UNSYNC_MARK else PairState.GONE
            delete(draft, case, crm_ref, rule, reason, state, source)
            if trigger in (Trigger.UNSYNC_MARK, Trigger.TAKEN_BACK) and item is not None:
                clear_mark(draft, case, item, rule, reason, state)
        case Fate.CANCEL:
            cancel(draft, case, crm_ref, rule, source)
        case Fate.KEEP:
            draft.pair(case.key, state=released.value, reason=reason.value)
            draft.quarantine(case.key, crm_ref, reason)
        case Fate.DELETE_MAILBOX:
            state = PairState.GONE if trigger is Trigger.CRM_DELETED else PairState.RELEASED
            delete(draft, case, mailbox_ref, rule, reason, state, source)
        case Fate.RESTORE_ITEM if case.crm is not None and case.crm.outcome is Outcome.RELEASE:
            draft.pair(case.key, state=released.value, reason=reason.value)  # there is nothing to show any more
        case Fate.RESTORE_ITEM if case.crm is not None and case.crm.item is not None:
            _create_down(draft, case, _because(case.crm, Reason.RESTORED, rule), case.crm.item, again=True)
        case Fate.RESTORE_ITEM:
            draft.fail(case.key, mailbox_ref, Reason.RECORD_UNREAD)  # no feed will tell of the deletion again
        case Fate.RESTORE_RECORD:
            if case.mailbox is not None and item is not None:
                _create_up(draft, case, _because(case.mailbox, Reason.RESTORED_RECORD, rule), item, again=True)
        case Fate.RELEASE if item is not None:
            draft.pair(case.key, folder=item.ref.container)
            clear_mark(draft, case, item, rule, reason, released)
        case Fate.RELEASE:
            draft.pair(case.key, state=released.value, reason=reason.value)
        case Fate.DROP:
            draft.pair(case.key, state=PairState.GONE.value, reason=reason.value)
        case Fate.DECLINE:
            case.what.leave(draft, case.key, pair, case.crm.item if case.crm is not None else None, rule, reason)


def part(
    draft: Draft, works: Sequence[Work], pairs: Mapping[str, PairView], keys: Collection[str], ids: Collection[str]
) -> None:  # fmt: skip
    """Plan nothing of these operations and for these pairs but to let them go, as somebody decided: the mark comes off,
    both copies stay. What was to be created is remembered, so that it is not created by the next run."""
    lineup = Lineup(draft.ctx.settings)
    notes = {key: draft.notes.get(key, {}) for key in keys}
    draft.forget(keys, ids)
    items = {w.key: w.item for w in works if w.side is Side.MAILBOX and not w.deleted and w.item is not None}
    for key in sorted(keys):
        pair, item = pairs.get(key), items.get(key)
        alive = pair is not None and pair.state == PairState.LIVE
        reason, released = Reason.HOLD_REJECTED, PairState.RELEASED
        if alive and item is not None and item.ref.kind in MIRRORED and not series.is_part(item):
            what = lineup.of_item(item.ref, pair)
            case = Case(what, what.table, key, pair, None, None)
            draft.pair(key, folder=item.ref.container)
            clear_mark(draft, case, item, "TOP-4", reason, released)
        else:
            draft.pair(key, **{**({} if alive else notes[key]), "state": released.value, "reason": reason.value})


# --- small parts


def _because(work: Work, reason: Reason, rule: str) -> Work:
    return replace(work, decision=Decision(Outcome.MIRROR, reason, rule))


def _rule(work: Work) -> str:
    return work.decision.rule if work.decision is not None else ""


def _reason(work: Work) -> str:
    return work.decision.reason.value if work.decision is not None else ""
