"""Saved mails that are asked for once more. A mail is saved once, unless its record was deleted in Salesforce.

That is looked at only when somebody asks: he sets a mark where a run has seen none, or moves the mail into the managed
folder. The mark that we put on it ourselves asks for nothing (MKM-2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.protocols import Detail
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules.decision import is_marked
from mapping.rules.scope_emails import MARKED_FOLDER
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView
from sync_tasks.state.store import Unit

MARKED = "marked"  # a pair of a mail bears this once the mail has been marked
ON, OFF = "1", "0"


def look(ctx: StageContext, works: Sequence[Work], pairs: Mapping[str, PairView]) -> frozenset[str]:
    """Keys of the pairs whose record is gone, of those that are asked for again: one vendor call, mostly none. `pairs`:
    by slot."""
    asked = {pairs[w.slot].key: pairs[w.slot] for w in works if _asks(ctx, w, pairs.get(w.slot))}
    refs = {ItemRef(Side.CRM, ItemKind.EMAIL, p.crm_id, p.crm_object): key for key, p in asked.items() if p.crm_id}
    if not refs:
        return frozenset()
    told = ctx.crm.read(list(refs), Detail.HEAD)
    return frozenset(key for ref, key in refs.items() if ref not in told)


def note(
    ctx: StageContext, unit: Unit, works: Sequence[Work], pairs: Mapping[str, PairView], gone: frozenset[str]
) -> None:
    """Keep what was seen: records that are gone, and whether saved mails bear the mark."""
    notes: list[tuple[str, Mapping[str, object]]] = [
        (key, {"state": PairState.UNSYNCED.value, "reason": Reason.DELETED_IN_CRM.value, "marks": {MARKED: OFF}})
        for key in sorted(gone)
    ]
    for work in works:
        pair = pairs.get(work.slot)
        if pair is None or pair.key in gone or not _is_saved(work, pair) or MARKED not in pair.marks:
            continue
        now = ON if work.item is not None and is_marked(work.item) else OFF
        if pair.marks[MARKED] != now:
            notes.append((pair.key, {"marks": {MARKED: now}}))
    unit.pairs.put(ctx.user.org_id, ctx.user.id, ctx.now(), notes)


def _asks(ctx: StageContext, work: Work, pair: PairView | None) -> bool:
    if pair is None or not _is_saved(work, pair):
        return False
    anew = pair.marks.get(MARKED) == OFF and isinstance(work.item, Item) and is_marked(work.item)
    return anew or work.ref.container == MARKED_FOLDER or ctx.settings.bool("email.resave_deleted")


def _is_saved(work: Work, pair: PairView) -> bool:
    return work.kind is ItemKind.EMAIL and work.side is Side.MAILBOX and pair.state == PairState.LIVE
