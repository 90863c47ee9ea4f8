"""categorize: for each changed item, in scope or not, as what, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side, Span
from mapping.model.reasons import Reason
from mapping.model.series import split_id, stamp
from mapping.recurrence.expand import moment_of
from mapping.rules import once, roles, scope, series
from mapping.rules.decision import is_marked
from mapping.rules.identity import PREFIX, crm_key, email_key, event_key, mailbox_key, nomid_key
from mapping.rules.kinds import organizer_of
from mapping.rules.roles import Leader
from mapping.rules.scope import Decision, Outcome, PairFacts
from sync_tasks.stages import complaints, copies, parting, threads
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.kinds import MIRRORED, Lineup
from sync_tasks.stages.mails import Mails
from sync_tasks.stages.sharing import leading
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView
from sync_tasks.state.store import Unit

# what goes on to the next stage; all else has had its last word
GOES_ON = frozenset(Outcome) - {Outcome.SKIP, Outcome.WAIT}


def run(ctx: StageContext) -> StageReport:
    works = ctx.load_works()
    _read_nameless(ctx, works)
    by_ref, by_key = _known_pairs(ctx, works)
    first = _is_first_run(ctx)
    counts = {"skipped": 0, "waiting": 0, "selected": 0}
    seen = [work for work in works if work.item is not None and not work.deleted]  # the fate of the gone: see mirror
    for work in seen:
        pair = by_ref.get(work.slot)
        work.key = pair.key if pair is not None else key_of(ctx, work.item)  # type: ignore[arg-type]
    leaders, lineup = leading(ctx, seen), Lineup(ctx.settings)
    mails = Mails(ctx, seen, by_ref, by_key)
    in_threads = threads.followed(ctx, seen)
    asked = {split_id(w.ref.id)[0] for w in seen if w.item is not None and series.is_part(w.item) and is_marked(w.item)}
    for work in seen:
        if not series.is_part(work.item):  # type: ignore[arg-type]
            pair = by_ref.get(work.slot) or by_key.get(work.key)
            copies.strip(work)
            asked_for = _asked_in_part(work) if work.ref.id in asked else threads.marked(work, in_threads)
            decided = _decide(ctx, lineup, asked_for, pair, first, leaders.get(work.key), mails)
            work.decision = threads.decide(ctx, work, copies.settled(work, pair, decided), in_threads)
            _count(counts, work.outcome)
    _follow_series(ctx, works, by_ref, by_key)
    kept = [work for work in works if work.deleted or work.outcome in GOES_ON]
    with ctx.fenced() as unit:
        ctx.note_decisions(unit, "categorize", works)
        if not ctx.preview:
            threads.begin(ctx, unit, seen, in_threads)
            _settle(ctx, unit, works)
            mails.note(unit)
        ctx.save_works(unit, kept)
        live = {pair.key for pair in (*by_ref.values(), *by_key.values()) if pair.state == PairState.LIVE}
        complains = complaints.note(ctx, unit, "categorize", works, live)
    return StageReport(counts, more=bool(kept) or complains)


def _read_nameless(ctx: StageContext, works: list[Work]) -> None:
    """A mail without a Message-ID is known by what it says (DUP-10), so it is read whole."""
    mails = [w for w in works if w.kind is ItemKind.EMAIL and w.item and not w.item.text(f.MESSAGE_ID).strip()]
    read = ctx.mailbox.read([work.ref for work in mails], Detail.BODY) if mails else {}
    for work in mails:
        whole = read.get(work.ref)
        work.item = whole if isinstance(whole, Item) else work.item


def _asked_in_part(work: Work) -> Work:
    """The master of a series of which one occurrence is marked."""
    assert work.item is not None
    return replace(work, item=work.item.with_fields({f.ASKED_IN_PART: True}))


def _follow_series(
    ctx: StageContext, works: list[Work], by_ref: Mapping[str, PairView], by_key: Mapping[str, PairView]
) -> None:  # fmt: skip
    """Occurrences that were read by themselves go with the decision on their series."""
    masters = {w.ref.id: w.decision for w in works if w.decision is not None and w.kind is ItemKind.EVENT}
    for work in works:
        if work.item is None or not series.is_part(work.item):
            continue
        whole = masters.get(split_id(work.ref.id)[0])
        if whole is None:
            pair = by_key.get(event_key(ctx.org, uid_of(ctx, work.item)))
            saved = pair is not None and pair.state == PairState.LIVE
            whole = Decision(Outcome.MIRROR if saved else Outcome.SKIP, Reason.SERIES_FOLLOWS, "REC-2")
        work.decision = whole
        if whole.outcome in GOES_ON:
            known = facts(by_ref.get(work.slot) or by_key.get(work.key))
            work.decision = scope.part_from_mailbox(work.item, whole, known, ctx.settings)


def key_of(ctx: StageContext, item: Item) -> str:
    """The pair key of an item: the same for every copy of a meeting or a mail, whoever looks."""
    kind = item.ref.kind
    if item.ref.side is Side.CRM:
        stamped = item.text(ctx.key_field)
        # a record that is shown as an item of another kind bears the key of its own
        return stamped if stamped.startswith(PREFIX[kind]) else crm_key(ctx.org, kind, item.ref.id)
    if kind is ItemKind.EVENT:
        uid, original = uid_of(ctx, item), item.get(f.ORIGINAL)
        if series.is_part(item) and isinstance(original, date):
            return event_key(ctx.org, uid, stamp(original))  # it shows the key of its master
        return item.text(f.KEY) or event_key(ctx.org, uid)
    if kind in MIRRORED:
        return item.text(f.KEY) or mailbox_key(ctx.org, kind, item.ref.id)
    message_id = item.text(f.MESSAGE_ID).strip()
    key = email_key(ctx.org, message_id) if message_id else nomid_key(ctx.org, item)
    return key if ctx.settings.bool("dedupe.emails") else once.own_key(key, ctx.user.id)


def uid_of(ctx: StageContext, item: Item) -> str:
    """What all copies of a meeting share; where users have a copy each of an outsider's meeting, it is their own."""
    uid, organizer = item.text(f.UID) or item.ref.id, organizer_of(item)
    own_copy = ctx.settings.text("meetings.ownership") == "per_user_copy"
    outsider = organizer and organizer not in ctx.me.addresses and not ctx.book.is_internal(organizer)
    return f"{uid}\x1f{ctx.user.id}" if own_copy and outsider else uid


def _known_pairs(ctx: StageContext, works: list[Work]) -> tuple[dict[str, PairView], dict[str, PairView]]:
    mailbox = [w for w in works if w.side is Side.MAILBOX]
    crm = [w for w in works if w.side is Side.CRM]
    keys = [key_of(ctx, w.item) for w in works if w.item is not None]
    keys += [event_key(ctx.org, uid_of(ctx, w.item)) for w in works if w.item is not None and series.is_part(w.item)]
    with ctx.store.reading() as unit:
        here = unit.pairs.by_mailbox(ctx.user.id, [w.ref.id for w in mailbox])
        there = unit.pairs.by_crm(ctx.user.id, [w.ref.id for w in crm])
        by_key = unit.pairs.by_key(ctx.user.id, keys)
    known = {w.slot: here[w.ref.id] for w in mailbox if w.ref.id in here}
    known |= {w.slot: there[w.kind, w.ref.id] for w in crm if (w.kind, w.ref.id) in there}
    return known, by_key


def facts(pair: PairView | None) -> PairFacts | None:
    """What the rules may know of a pair."""
    if pair is None or pair.state == PairState.PENDING:
        return None
    return PairFacts(
        key=pair.key,
        born=Side(pair.born),
        kind_letter=pair.letter or "A",
        saved_before=pair.state == PairState.LIVE,
        unsynced=pair.state in (PairState.UNSYNCED, PairState.GONE, PairState.RELEASED)
        and pair.reason != Reason.TAKEN_OVER.value,
        pinned=pair.pinned,
        folder=pair.folder,
        series=series.MARK in pair.marks,
        guest=pair.role == roles.GUEST,
        refused=pair.reason in (Reason.HOLD_REJECTED.value, Reason.UNDONE.value),
    )


def _decide(
    ctx: StageContext, lineup: Lineup, work: Work, pair: PairView | None, first: bool, leader: Leader | None,
    mails: Mails,
) -> scope.Decision:  # fmt: skip
    assert work.item is not None
    if ctx.parting:
        return parting.because(ctx)
    known = facts(pair)
    if work.kind is ItemKind.EMAIL:
        return mails.decide(work, pair, known, first_run=first)
    what = lineup.of_item(work.ref, pair)
    if work.side is Side.CRM:
        return what.from_crm(ctx, work.item, known)
    return what.from_mailbox(ctx, work.item, known, leader)


def ends_at_of(item: Item) -> datetime | None:
    """When the item is over; None for what has no end."""
    rule, span = series.series_of(item), item.get(f.SPAN)
    if series.is_master(item):
        return series.ends_at(rule) if rule is not None else None
    return ends_at(span) if isinstance(span, Span) else None


def ends_at(span: Span) -> datetime:
    """The end of a span as a moment; an all-day span ends at midnight UTC, near enough for a window of days."""
    return moment_of(span.end)


def _is_first_run(ctx: StageContext) -> bool:
    with ctx.store.reading() as unit:
        return "mailbox:inbox" not in unit.runs.cursors(ctx.user.id)


def _count(counts: dict[str, int], outcome: Outcome | None) -> None:
    if outcome is Outcome.SKIP:
        counts["skipped"] += 1
    elif outcome is Outcome.WAIT:
        counts["waiting"] += 1
    else:
        counts["selected"] += 1


def _settle(ctx: StageContext, unit: Unit, works: list[Work]) -> None:
    """What is left alone has no open issue any more; what is too far ahead is looked at again on the day it enters the
    window, since nothing else would report it."""
    left: dict[tuple[Side, ItemKind], list[str]] = {}
    for work in works:
        if work.outcome in (Outcome.SKIP, Outcome.WAIT):
            left.setdefault((work.side, work.kind), []).append(work.ref.id)
    for (side, kind), refs in left.items():
        unit.trail.close_issues(ctx.user.id, side.value, refs, ctx.now(), kind=kind.value)
        unit.trail.drop_retries(ctx.user.id, side.value, refs, kind=kind.value)
    ctx.note_issues(unit, works)
    for work in works:
        if work.decision is None or work.decision.reason is not Reason.AHEAD_OF_WINDOW:
            continue
        unit.trail.retry_later(
            ctx.user.id, side=work.side.value, kind=work.kind.value, ref=work.ref.id, container=work.ref.container,
            reason=work.decision.reason.value, attempts=0, run_id=ctx.ref.id,
            not_before=datetime.fromisoformat(work.decision.detail["eligible_on"]).replace(tzinfo=UTC),
        )  # fmt: skip
