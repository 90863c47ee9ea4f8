"""Looking, before an event is saved for the first time, whether Salesforce has it already: from another product, from
an import, or because somebody entered it on both sides.

A record is only looked at when no key of ours stands on it. An occurrence of a series is told by its series, so neither
is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side, Span
from mapping.model.moment import midnight
from mapping.model.reasons import Reason
from mapping.rules import series, twins
from mapping.rules.decision import Decision, Outcome
from sync_tasks.stages.adopting import Adopted
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState

GUID = "ClientGuid"  # what Salesforce keeps of a calendar item's UID, where it does


def adopt(ctx: StageContext, works: Sequence[Work], adopted: Adopted) -> None:
    """Find the records that new events are the same as, and note them. Events that cannot be told apart are left alone
    with an issue, and nothing else is (IDN-5')."""
    new = _new(ctx, works)
    if not new:
        return
    records = _records(ctx, [work.item for work in new if work.item is not None])
    told = {work.ref.id: work for work in works if work.side is Side.CRM}
    matches = twins.same_events({w.key: w.item for w in new if w.item is not None}, records, GUID)
    for work in new:
        alike = matches[work.key]
        if alike.count:
            detail = {"count": str(alike.count)} if alike.count > 1 else {}
            reason = Reason.AMBIGUOUS if alike.count > 1 else Reason.ALIKE
            work.decision = Decision(Outcome.SKIP, reason, "IDN-5'", detail)
        elif alike.record:
            adopted.records[work.key] = alike.record
            if alike.record in told:
                told[alike.record].key = work.key


def _new(ctx: StageContext, works: Iterable[Work]) -> list[Work]:
    """Events to be saved that nobody of the organization has saved before."""
    asked = [work for work in works if _is_asked(work)]
    if not asked or not ctx.user.crm_user_id:
        return []
    with ctx.store.reading() as unit:
        holders = unit.pairs.holders(ctx.user.org_id, [work.key for work in asked])
    return [work for work in asked if not holders.get(work.key)]


def _is_asked(work: Work) -> bool:
    if work.kind is not ItemKind.EVENT or work.side is not Side.MAILBOX or work.outcome is not Outcome.MIRROR:
        return False
    hidden = work.decision is not None and work.decision.reason is Reason.PRIVATE_PLACEHOLDER
    return work.item is not None and not hidden and not series.is_part(work.item) and not series.is_master(work.item)


def _records(ctx: StageContext, items: Sequence[Item]) -> dict[str, Item]:
    """Records that may be one of the items, by id: those that start when one does, and those that name its UID."""
    spans = [span for item in items if isinstance(span := item.get(f.SPAN), Span)]
    starts = {s.start if isinstance(s.start, datetime) else midnight(s.start) for s in spans}
    found = {record.ref.id: record for record in ctx.crm.find_events(ctx.user.crm_user_id, starts)}
    if ctx.shape.has("Event", GUID):
        uids = [uid for item in items if (uid := item.text(f.UID))]
        named = ctx.crm.find_by_key("Event", GUID, uids)
        found |= {record.ref.id: record for record in named.values() if _is_mine(ctx, record)}
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_crm(ctx.user.id, found)
    paired = {crm_id: pair for (kind, crm_id), pair in pairs.items() if kind is ItemKind.EVENT}
    return {
        crm_id: record
        for crm_id, record in found.items()
        if not record.text(ctx.key_field)
        and not (crm_id in paired and paired[crm_id].state == PairState.LIVE)
        and not any(record.flag(name) for name in ("IsChild", "IsRecurrence", "IsRecurrence2", "IsDeleted"))
        and not record.text("RecurrenceActivityId")
    }


def _is_mine(ctx: StageContext, record: Item) -> bool:
    return record.text("OwnerId")[:15] == ctx.user.crm_user_id[:15]
