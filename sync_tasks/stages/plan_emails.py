"""Planning for e-mails: one record each, once, upwards only; then the marks on the mail. It only computes, except for
looks whether another product has logged the same Message-ID, and at records that stand already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.protocols import Detail
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Side
from mapping.model.reasons import ISSUES, Reason
from mapping.rules import marks
from mapping.rules.decision import Decision, categories
from mapping.rules.scope import Outcome
from mapping.rules.scope_emails import MARKED_FOLDER, never_saveable
from mapping.tables.email_message import is_incoming
from sync_tasks.stages import complaints, intents, logged, plan_files, plan_records
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.plan_records import add_copies, add_links, create, is_forced, linked, record_object
from sync_tasks.stages.plan_relinks import OWN_COPY, Relinks, record_key
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.remarking import MARKED, ON
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView


def plan(draft: Draft, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan the sharing of every selected mail, oldest key first."""
    _disown(draft, works)
    chosen = {w.key: w for w in works if w.outcome is Outcome.SHARE and w.item is not None and not _refused(draft, w)}
    target = record_object(draft.ctx.settings, draft.ctx.shape)
    wishes = intents.chosen(draft.ctx, list(chosen.values()))
    adopted = logged.find(draft, {key: w for key, w in chosen.items() if not _is_saved(pairs.get(key))}, target)
    standing = _standing(draft, chosen, pairs)
    relinks = Relinks(draft, {key: wishes[w.slot] for key, w in chosen.items() if w.slot in wishes}, pairs, adopted)
    unfinished: dict[str, tuple[Item, PairView]] = {}
    for key in sorted(chosen):
        work, pair = chosen[key], pairs.get(key)
        assert work.item is not None and work.decision is not None
        intent = wishes.get(work.slot)
        if pair is not None and not _is_saved(pair) and pair.marks.get(OWN_COPY):
            draft.pair(key, marks={OWN_COPY: ""})  # that copy is gone
        if key in relinks:
            if not _is_saved(pair):
                _note_pair(draft, key, work.item)
            if (saving := relinks.plan(key, work, work.item)) is not None:
                _mark(draft, key, work.item, saving)
        elif pair is not None and _is_saved(pair):
            record = standing.get(key)  # it stands; only links, the mark, or attachments are missing
            own = record_key(key, pair, draft.ctx.user.id)
            added = []
            if record is not None:
                added += add_links(draft, work, work.item, record, intent)
                added += add_copies(draft, own, work, work.item, record.ref.container, intent)
            _mark(draft, key, work.item, links=added)
            if plan_files.is_open(pair):
                unfinished[own] = work.item, pair
        elif key in adopted:
            _adopt(draft, key, work, work.item, adopted[key], target, intent, ours=pair is not None)
        else:
            if pair is not None and pair.state == PairState.UNSYNCED:
                draft.renewed.add(key)
            _share(draft, key, work, work.item, target, intent, retrying=pair is not None)
    plan_files.go_on(draft, unfinished)


def _refused(draft: Draft, work: Work) -> bool:
    """Now that its headers are read, does the message turn out to be one that is never saved?"""
    assert work.item is not None and work.decision is not None
    reason = never_saveable(work.item, forced=is_forced(work))
    if reason is None:
        return False
    decision = Decision(Outcome.SKIP, reason, work.decision.rule)
    draft.decide(work.side, work.kind, work.ref.id, work.key, decision.outcome, reason, decision.rule)
    if reason in ISSUES:
        draft.quarantine(work.key, work.ref, reason)
        complaints.complain(draft, replace(work, key="", decision=decision))
    return True


def _disown(draft: Draft, works: list[Work]) -> None:
    """Take our marks off mails that nobody marked (WAY-15). The pair remembers it: a mark that is set later counts."""
    for work in works:
        if work.outcome is not Outcome.DISOWN or work.item is None or work.decision is None:
            continue
        _note_pair(draft, work.key, work.item)
        draft.pair(work.key, reason=Reason.INHERITED_CATEGORY.value)
        values: Fields = {f.CATEGORIES: marks.clear(categories(work.item))}
        operation = _on_mail(
            Act.MARK, work.key, work.item, Step.ITEMS, work.decision.rule, work.decision.reason, values, ()
        )
        draft.add(replace(operation, agreed={}), work.ref)


def _is_saved(pair: PairView | None) -> bool:
    return pair is not None and pair.state == PairState.LIVE


def _standing(draft: Draft, chosen: Mapping[str, Work], pairs: Mapping[str, PairView]) -> dict[str, Item]:
    """The records, by key, of saved mails that an earlier run could not link as it should: one call, mostly none."""
    refs = {
        ItemRef(Side.CRM, ItemKind.EMAIL, pairs[key].crm_id, pairs[key].crm_object): key
        for key, work in chosen.items()
        if _is_saved(pairs.get(key)) and work.decision is not None and work.decision.reason is Reason.LINKS_ADDED
    }
    told = draft.ctx.crm.read(list(refs), Detail.HEAD) if refs else {}
    return {refs[ref]: record for ref, record in told.items() if isinstance(record, Item)}


def _share(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool
) -> None:  # fmt: skip
    _note_pair(draft, key, item)
    made, related = create(draft, key, work, item, target, intent, retrying=retrying)
    _mark(draft, key, item, (made,), links=related)


def _adopt(
    draft: Draft, key: str, work: Work, item: Item, record: Item, target: str, intent: Intent | None, *, ours: bool,
) -> None:  # fmt: skip
    """Somebody logged this very mail already: it is the record of this pair, and no second one is made. `ours`: it may
    have been an earlier try of this pair, so its attachments may be missing; those of others are others' (FIL-2)."""
    _note_pair(draft, key, item)
    draft.pair(key, crm_id=record.ref.id, crm_object=record.ref.container, state=PairState.LIVE.value)
    rule = "DUP-2" if record.text(draft.ctx.key_field) == key else "DUP-11"
    draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SHARE, Reason.ADOPTED, rule)
    added = add_links(draft, work, item, record, intent)
    copies = add_copies(draft, key, work, item, target, intent) if ours else []
    _mark(draft, key, item, links=[*added, *copies])
    if intent is not None:  # what it asks for is added as far as Salesforce lets it
        draft.pair(key, marks={intents.MARK: str(intent.id)})
    if ours:
        values = {
            **plan_records.record(draft, work, item, target, key, intent),
            **linked(draft, item, work.links, target),
        }
        also = tuple(id_of("@" + copy) for copy in copies)
        plan_files.plan(draft, key, item, record.ref.id, values, target, forced=is_forced(work), also=also)


def _mark(draft: Draft, key: str, item: Item, after: tuple[str, ...] = (), *, links: Sequence[str] = ()) -> None:
    """One update adds the marks, once the mail is saved (`after`) and linked. A mail dropped into the managed folder
    then goes back where it belongs (WAY-3). Where there are labels instead, ours was the mark; it stays (WAY-4)."""
    categories = item.get(f.CATEGORIES)
    current = tuple(c for c in categories if isinstance(c, str)) if isinstance(categories, tuple) else ()
    wanted = marks.mark_saved(current)
    moving = item.ref.container == MARKED_FOLDER and draft.ctx.settings.bool("mail.move_back")
    if wanted == current and not links:
        draft.pair(key, marks={MARKED: ON})
    else:
        needed, values = (*after, *links), {f.CATEGORIES: wanted}
        marking = _on_mail(Act.MARK, key, item, Step.ITEMS, "MKM-1", Reason.MARK_ADDED, values, needed)
        after = (draft.add(marking, item.ref),)
    if moving:
        home = "inbox" if is_incoming(item, draft.ctx.me.addresses) else "sent"
        draft.add(
            _on_mail(Act.MOVE, key, item, Step.AFTERWARDS, "WAY-3", Reason.MOVED_BACK, {"folder": home}, after),
            item.ref,
        )


def _on_mail(
    act: Act, key: str, item: Item, step: Step, rule: str, reason: Reason, values: Fields, after: tuple[str, ...]
) -> Operation:
    # Categories are written as a whole list, so a mark goes with the version: what the user adds in that moment stays,
    # and the next run marks the mail. Moving it back needs none.
    marking = act is Act.MARK
    return Operation(
        act, Side.MAILBOX, ItemKind.EMAIL, item.ref.container, step, rule, reason.value, pair_key=key, ref=item.ref.id,
        version=item.version if marking else "", values=values, after=after, agreed={MARKED: ON} if marking else {},
        changes=tuple(FieldChange(n, item.get(n), v) for n, v in values.items()),
    )  # fmt: skip


def _note_pair(draft: Draft, key: str, item: Item) -> None:
    ref: ItemRef = item.ref
    draft.pair(
        key, born=Side.MAILBOX.value, kind=ItemKind.EMAIL.value, state=PairState.PENDING.value, mailbox_id=ref.id,
        mailbox_version="", folder=ref.container, reason="",
    )  # fmt: skip
