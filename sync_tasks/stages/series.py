"""Opening series: a master that is ours becomes its occurrences, each an item with a pair of its own.

Runs between linking and planning, so a series is decided on, resolved and linked once. What the rule or an exception
changed shows as a changed occurrence, what it no longer yields as a deleted one; untouched occurrences are let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Original, Series, Side
from mapping.model.reasons import Reason
from mapping.model.series import split_id
from mapping.recurrence.expand import Occurrence, moment_of, occurrences
from mapping.rules import scope
from mapping.rules import series as rules
from mapping.rules.decision import Decision, Outcome
from sync_tasks.stages import series_born_there, series_kept
from sync_tasks.stages.categorize import facts, key_of
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.fetch import row_fingerprint
from sync_tasks.stages.series_born_there import Shown
from sync_tasks.stages.series_kept import SeriesRecord
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

Known = Mapping[Original, PairView]


@dataclass(slots=True)
class Opened:
    """`works`: what is planned item by item. `masters`: what is planned for series as a whole. `adopted`: pairs that an
    occurrence takes over from a single event that became a series, or the other way round, by their new keys."""

    works: list[Work] = field(default_factory=list)
    masters: list[Work] = field(default_factory=list)
    adopted: dict[str, PairView] = field(default_factory=dict)
    given_up: list[PairView] = field(default_factory=list)  # the pairs that they come from
    shown: list[Shown] = field(default_factory=list)  # series to be made in the calendar
    records: list[SeriesRecord] = field(default_factory=list)  # series to be made in Salesforce
    rests: list[tuple[PairView, str]] = field(default_factory=list)  # Lightning series to be ended at a record
    again: dict[str, datetime] = field(default_factory=dict)  # by id of a master: when to look at it next
    pairs: dict[str, PairView] = field(default_factory=dict)  # by id of a master


def open_all(ctx: StageContext, works: list[Work]) -> Opened:
    """Part the series from the rest and open them."""
    ours = [w for w in works if w.side is Side.MAILBOX and w.kind is ItemKind.EVENT]
    theirs = [w for w in works if series_born_there.is_series(w) or (w.side is Side.CRM and w.deleted)]
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_mailbox(ctx.user.id, [w.ref.id for w in ours])
        every = unit.pairs.by_crm(ctx.user.id, [w.ref.id for w in theirs])
        records = {record_id: pair for (kind, record_id), pair in every.items() if kind is ItemKind.EVENT}
        masters = [*(w.ref.id for w in ours), *(pair.mailbox_id for pair in records.values())]
        members = unit.pairs.of_series(ctx.user.id, masters)
    from_crm = {w.key for w in works if w.side is Side.CRM}
    parts = {w.ref.id: w for w in ours if w.item is not None and rules.is_part(w.item)}
    done = Opened()
    opened: set[str] = set()
    away = _born_there(ctx, theirs, records, members, done)
    for work in ours:
        pair = pairs.get(work.ref.id)
        found = members.get(work.ref.id, ())
        kept = [each for each in found if series_kept.is_part(each)]
        known = {_original(each): each for each in found if each not in kept}
        if pair is not None:
            done.pairs[work.ref.id] = pair
        if work.item is not None and rules.is_master(work.item):
            done.masters.append(work)
            opened.add(work.ref.id)
            done.works += _open(ctx, work, pair, known, kept, parts, from_crm, done)
        elif pair is not None and rules.MARK in pair.marks:
            if work.deleted:
                done.masters.append(work)
                done.works += _ended(ctx, work, known.values())
                done.works += _records_ended(ctx, _own(pair, kept), known, done)
            else:
                done.works += _close(ctx, work, known, done)
    taken = {w.slot for w in (*done.masters, *done.works)}
    told = {ref for ref in parts if split_id(ref)[0] in opened}  # as exceptions of a series that was opened
    done.works += [w for w in works if w.slot not in taken | away and w.ref.id not in told]
    return done


def _born_there(
    ctx: StageContext, theirs: Sequence[Work], records: Mapping[str, PairView],
    members: Mapping[str, Sequence[PairView]], done: Opened,
) -> set[str]:  # fmt: skip
    """Take up the series of Salesforce; tells the slots of works that need no planning of their own: records that are
    series, and occurrences that went together with their series."""
    ours = {w.ref.id for w in theirs if w.ref.id in records and series_kept.is_part(records[w.ref.id])}
    series = [w for w in theirs if series_born_there.is_series(w) and w.ref.id not in ours]
    done.shown, found = series_born_there.open_series(ctx, series, members, records)
    done.adopted |= found
    deleted = {w.ref.id: records[w.ref.id] for w in theirs if w.deleted and w.ref.id in records}
    gone = {pair.mailbox_id for pair in deleted.values() if rules.MARK in pair.marks and pair.mailbox_id}
    with_series = {ref for ref, pair in deleted.items() if pair.series in gone}
    done.given_up += [deleted[ref] for ref in with_series]
    return {w.slot for w in theirs if series_born_there.is_series(w) or w.ref.id in with_series}


def _own(pair: PairView | None, kept: Sequence[PairView]) -> list[PairView]:
    """The pairs of the records that are the series itself."""
    born_there = pair is not None and pair.born == Side.CRM and pair.crm_id
    return [*kept, pair] if born_there and pair is not None else list(kept)


def _original(pair: PairView) -> Original:
    original = split_id(pair.mailbox_id)[1]
    assert original is not None
    return original


def _open(
    ctx: StageContext, work: Work, pair: PairView | None, known: Known, kept: Sequence[PairView],
    parts: Mapping[str, Work], from_crm: set[str], done: Opened,
) -> Iterator[Work]:  # fmt: skip
    """The works of one series. `kept`: pairs of its own records in Salesforce."""
    assert work.item is not None and work.decision is not None
    series = rules.series_of(work.item)
    live = {original: each for original, each in known.items() if each.state == PairState.LIVE}
    match work.outcome:
        case Outcome.UNSYNC:
            own = _own(pair, kept)
            yield from (_deleted(each, work.decision.reason, "DEL-8") for each in (*live.values(), *own))
        case Outcome.GONE:
            yield from _gone(ctx, live.values(), Reason.SERIES_CHANGED)
            yield from _records_ended(ctx, _own(pair, kept), live, done)
        case Outcome.RELEASE if pair is not None and pair.born == Side.CRM:
            done.given_up += live.values()  # the series leaves the calendar as a whole
            yield _deleted(pair, work.decision.reason, work.decision.rule)
        case Outcome.RELEASE:
            yield from (_deleted(each, work.decision.reason, work.decision.rule) for each in (*live.values(), *kept))
        case Outcome.MIRROR | Outcome.JOIN if series is not None:
            followed = pair is not None and pair.state == PairState.LIVE and rules.MARK in pair.marks
            known = dict(known) if followed else live
            first = None
            if pair is not None and pair.state == PairState.LIVE and not followed and pair.crm_id:
                first = pair
            coming: frozenset[Original] = frozenset()
            if work.outcome is Outcome.MIRROR and _is_kept(ctx, pair, kept):
                state = series_kept.keep(ctx, work, series, kept, known)
                known, coming = state.known, state.coming
                live |= {_original(each): each for each in state.adopted.values()}
                done.adopted |= state.adopted
                done.records += [state.record] if state.record is not None else []
                if state.again is not None:
                    done.again[work.ref.id] = state.again
            works = _occurrences(ctx, work, series, known, parts, from_crm, done, first)
            yield from (each for each in works if _original_of(each) not in coming)
            yield from _vanished(ctx, series, live)


def _is_kept(ctx: StageContext, pair: PairView | None, kept: Sequence[PairView]) -> bool:
    """Is the series one in Salesforce too? One that was born there is not made there again."""
    born_there = pair is not None and pair.born == Side.CRM
    return not born_there and (bool(kept) or ctx.settings.text("recurrence.mode") != "expand")


def _records_ended(ctx: StageContext, kept: Sequence[PairView], known: Known, done: Opened) -> Iterator[Work]:
    """The records that are the series itself go with it when nothing of it has taken place, and are let go else."""
    past = any(pair.ends_at is not None and pair.ends_at <= ctx.now() for pair in known.values())
    for part in (each for each in kept if each.state == PairState.LIVE):
        rest = series_kept.rest_of(ctx, part)
        if rest:
            done.rests.append((part, rest))
        else:
            yield _deleted(part, Reason.SERIES_OVER if past or not known else Reason.SERIES_CHANGED, "REC-10")


def _original_of(work: Work) -> Original | None:
    return rules.original_of(work.ref.id)


def _occurrences(
    ctx: StageContext, work: Work, series: Series, known: Known, parts: Mapping[str, Work], from_crm: set[str],
    done: Opened, single: PairView | None,
) -> Iterator[Work]:  # fmt: skip
    """What takes place within the window, as far as it differs from what was last seen."""
    assert work.item is not None and work.decision is not None
    for occurrence in _within(ctx, series, known):
        pair = known.get(occurrence.original)
        if pair is not None and pair.state not in (PairState.LIVE, PairState.PENDING):
            continue  # taken away by itself before: the series does not bring it back
        derived = rules.as_occurrence(work.item, occurrence)
        own = parts.get(derived.ref.id)
        if own is None and occurrence.moved is not None:
            continue  # it could not be read; its retry brings it back
        item = derived if own is None or own.item is None else own.item
        key = pair.key if pair is not None else key_of(ctx, derived)
        if single is not None and pair is None:
            pair = done.adopted[key] = _handed_over(single, key, derived.ref)
            single = None
        seen = seen_fingerprint(ctx, item)
        if pair is not None and pair.state == PairState.LIVE and seen == pair.mailbox_seen and key not in from_crm:
            continue
        decision = scope.part_from_mailbox(item, work.decision, facts(pair), ctx.settings)
        yield Work(Side.MAILBOX, ItemKind.EVENT, derived.ref, item=item, key=key, decision=decision, links=work.links)


def _within(ctx: StageContext, series: Series, known: Known) -> list[Occurrence]:
    """The occurrences of the window, and moved ones that are saved already, wherever they went."""
    inside = occurrences(series, *rules.window(ctx.settings, ctx.now()))
    seen = {each.original for each in inside}
    strayed = [Occurrence(m.original, m.span, m) for m in series.moved
               if m.original in known and m.original not in seen and m.original not in series.cancelled]  # fmt: skip
    return [*inside, *strayed]


def _vanished(ctx: StageContext, series: Series, live: Known) -> Iterator[Work]:
    """Saved occurrences that were cancelled, or that the changed rule no longer yields."""
    cancelled = set(series.cancelled)
    moved = {each.original for each in series.moved}
    still = rules.yields(series, live.keys() - cancelled)
    for original, pair in live.items():
        if original in cancelled:
            yield _deleted(pair, Reason.OCCURRENCE_CANCELLED, "REC-13")
        elif original not in still and original not in moved:
            yield from _gone(ctx, [pair], Reason.SERIES_CHANGED)


def _gone(ctx: StageContext, pairs: Iterable[PairView], reason: Reason) -> Iterator[Work]:
    """What lies ahead goes with the series; what lies in the past took place and stays."""
    for pair in pairs:
        if pair.state == PairState.LIVE:
            over = pair.ends_at is not None and pair.ends_at <= ctx.now()
            yield _deleted(pair, Reason.SERIES_OVER if over else reason, "REC-10")


def _ended(ctx: StageContext, work: Work, pairs: Iterable[PairView]) -> Iterator[Work]:
    """A series that vanished: deleted, unless a decision says that it only went out of sight."""
    if work.decision is None:
        yield from _gone(ctx, pairs, Reason.SERIES_CHANGED)
        return
    for pair in pairs:
        if pair.state == PairState.LIVE:
            yield _deleted(pair, work.decision.reason, work.decision.rule)


def _close(ctx: StageContext, work: Work, known: Known, done: Opened) -> Iterator[Work]:
    """A series that became a single event: one of its occurrences lives on in it, the others go."""
    saved = (each for each in known.values() if each.state == PairState.LIVE and each.crm_id)
    live = sorted(saved, key=lambda pair: _distance(work, pair))
    if live:
        done.adopted[work.key] = _handed_over(live[0], work.key, work.ref)
        done.given_up.append(live[0])
        yield from _gone(ctx, live[1:], Reason.SERIES_CHANGED)
    yield work


def _distance(work: Work, pair: PairView) -> float:
    span = work.item.get(f.SPAN) if work.item is not None else None
    start = getattr(span, "start", None)
    return abs((moment_of(start) - moment_of(_original(pair))).total_seconds()) if start is not None else 0.0


def _handed_over(pair: PairView, key: str, ref: ItemRef) -> PairView:
    """The pair under another key: the record and what was agreed on stay."""
    marks = {name: mark for name, mark in pair.marks.items() if name != rules.MARK}
    return replace(pair, key=key, mailbox_id=ref.id, series=split_id(ref.id)[0] if "#" in ref.id else "", marks=marks)


def _deleted(pair: PairView, reason: Reason, rule: str) -> Work:
    ref = ItemRef(Side.MAILBOX, ItemKind.EVENT, pair.mailbox_id, pair.folder)
    return Work(Side.MAILBOX, ItemKind.EVENT, ref, deleted=True, key=pair.key,
                decision=Decision(Outcome.RELEASE, reason, rule))  # fmt: skip


def seen_fingerprint(ctx: StageContext, item: Item) -> str:
    """A keyed fingerprint of what makes an occurrence what it is, to let untouched ones go."""
    content = {name: item.fields[name] for name in rules.CONTENT if name in item.fields}
    return row_fingerprint(ctx, Item(item.ref, "", content))
