"""Marks on mails that nobody set.

New Outlook gives a reply the categories of the mail it answers, and Outlook for Mac gives a mail those of its sender's
contact. Such a mark asks for nothing (WAY-15, WAY-16). It is told from one that was set by hand by when it came: it was
on the mail when the mail was first seen, and there was somebody to inherit it from. A mark that comes later was set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from connectors.protocols import Can
from mapping.merge.baseline import fingerprint
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Person, Side
from mapping.model.reasons import Reason
from mapping.rules.decision import is_marked
from mapping.rules.identity import email_key
from mapping.rules.scope_emails import MARKED_FOLDER
from mapping.tables.email_message import is_incoming
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView
from sync_tasks.state.store import Unit

AT_ARRIVAL = timedelta(minutes=1)  # a mail that was not touched for longer after it came was marked on arrival


def inherited(ctx: StageContext, works: Sequence[Work], pairs: Mapping[str, PairView]) -> frozenset[str]:
    """The slots of mails whose mark was inherited. `pairs`: by slot. No vendor is asked."""
    passed_on = Can.INHERITED_MARKS in ctx.mailbox.can
    suspects = [work for work in works if passed_on and _is_suspect(work, pairs.get(work.slot))]
    if not suspects:
        return frozenset()
    with ctx.store.reading() as unit:
        refs = [work.ref.id for work in suspects]
        seen = unit.trail.seen_before(ctx.user.id, refs, ctx.ref.id, besides=Reason.INHERITED_CATEGORY.value)
        fresh = [work for work in suspects if work.ref.id not in seen]
        sent = [w for w in fresh if w.item is not None and not is_incoming(w.item, ctx.me.addresses)]
        found = [*_replies(ctx, unit, sent), *_of_contacts(ctx, unit, [w for w in fresh if w not in sent])]
    return frozenset(work.slot for work in found)


def _is_suspect(work: Work, pair: PairView | None) -> bool:
    if work.kind is not ItemKind.EMAIL or work.side is not Side.MAILBOX or work.item is None:
        return False
    if work.ref.container == MARKED_FOLDER or not is_marked(work.item):
        return False
    if pair is None:
        return True
    # the mark that it had inherited was taken off, so the one that it bears now was set
    taken_off = pair.reason == Reason.INHERITED_CATEGORY and bool(pair.mailbox_version)
    return pair.state == PairState.PENDING and not taken_off


def _replies(ctx: StageContext, unit: Unit, works: Sequence[Work]) -> list[Work]:
    """Those that answer a mail of the user's which had been saved when they came to be."""
    above = {w.slot: email_key(ctx.org, parent) for w in works if w.item and (parent := w.item.text(f.IN_REPLY_TO))}
    saved = unit.pairs.saved_at(ctx.user.id, above.values())
    return [w for w in works if w.item and (at := saved.get(above.get(w.slot, ""))) and at <= _made_at(w.item, at)]


def _of_contacts(ctx: StageContext, unit: Unit, works: Sequence[Work]) -> list[Work]:
    """Those that came with their mark, from somebody whose contact in the mailbox is kept the same with Salesforce."""
    came = {w.slot: w.item for w in works if w.item is not None and _untouched(w.item)}
    if not came:
        return []
    known = unit.pairs.marks_of(ctx.user.id, ItemKind.CONTACT, f.EMAIL)
    return [w for w in works if w.slot in came and _print(ctx, came[w.slot]) in known]


def _untouched(item: Item) -> bool:
    modified, received = item.get(f.MODIFIED), item.get(f.RECEIVED_AT)
    return isinstance(modified, datetime) and isinstance(received, datetime) and modified - received <= AT_ARRIVAL


def _print(ctx: StageContext, item: Item) -> str:
    sender = item.get(f.FROM)
    return fingerprint(ctx.fingerprint_key, f.EMAIL, sender.address if isinstance(sender, Person) else "")


def _made_at(item: Item, otherwise: datetime) -> datetime:
    made = item.get(f.CREATED, item.get(f.SENT_AT))
    return made if isinstance(made, datetime) else otherwise
