"""Series that Salesforce keeps as series: Classic ones part by part, Lightning ones once.

Salesforce makes the records of the occurrences itself, and tells only then which they are. So a run that makes a series
asks to be followed by another, which finds the records and pairs them. From then on they are treated like occurrences
that stand alone: an exception changes one record, a cancelled occurrence deletes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.protocols import Detail
from mapping.merge.fields import project_up
from mapping.model import fields as f
from mapping.model.item import Fields, Item, Original, Series, Span
from mapping.model.moment import span_minutes
from mapping.model.series import occurrence_id, read_stamp, stamp
from mapping.recurrence import classic, lex
from mapping.recurrence.expand import Occurrence, moment_of, next_after, occurrences, originals, span_of
from mapping.recurrence.refusals import Refusal
from mapping.rules import series as rules
from mapping.rules.identity import event_key
from sync_tasks.stages.categorize import uid_of
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

PART = "part"  # in the baseline of the pair of a series' own record
Known = Mapping[Original, PairView]


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """A record to be made that is a series, or a part of one. `item`: its master, body and all."""

    work: Work
    key: str
    item: Item
    columns: Fields
    retrying: bool
    rule: str = ""  # of a Lightning series: see `told`


@dataclass(frozen=True, slots=True)
class Kept:
    """`known`: the pairs of occurrences, those found now among them. `adopted`: the latter by their keys. `coming`:
    occurrences that the record to be made stands for. `again`: when the series has to be looked at next."""

    known: Known
    adopted: Mapping[str, PairView]
    record: SeriesRecord | None = None
    coming: frozenset[Original] = frozenset()
    again: datetime | None = None


def is_part(pair: PairView) -> bool:
    """Is it the pair of a series' own record?"""
    return pair.marks.get(rules.MARK) == PART


def keep(ctx: StageContext, work: Work, series: Series, parts: Sequence[PairView], known: Known) -> Kept:
    """What of the series Salesforce has already, and what has to be made next."""
    if ctx.settings.text("recurrence.mode") == "lex":
        return _keep_once(ctx, work, series, parts, known)
    live = [part for part in parts if part.state == PairState.LIVE and part.crm_id]
    rows = ctx.crm.find_series([part.crm_id for part in live]) if live else {}
    adopted = dict(_found(ctx, work, series, known, [row for part in live for row in rows.get(part.crm_id, ())]))
    every = {**known, **{_original(pair): pair for pair in adopted.values()}}
    wanted = _missing(ctx, series, every, newest=max((len(rows.get(part.crm_id, ())) for part in live[-1:]), default=0))
    if wanted is None:
        return Kept(every, adopted)
    part = classic.part(series, moment_of(wanted), ctx.me.series_zones)
    if part is None or isinstance(part, Refusal):
        return Kept(every, adopted)  # what cannot be a series any more goes on occurrence by occurrence
    record = _record(ctx, work, part.originals[0], part.columns, parts)
    return Kept(every, adopted, record, frozenset(part.originals), ctx.now())


def _keep_once(ctx: StageContext, work: Work, series: Series, parts: Sequence[PairView], known: Known) -> Kept:
    """A Lightning series is made once; nothing of it can be found again."""
    if any(part.state == PairState.LIVE for part in parts):
        return Kept(known, {}, coming=frozenset(_inside(ctx, series)))
    after, _ = rules.window(ctx.settings, ctx.now())
    columns = lex.columns(series, after, ctx.settings.text("recurrence.lex_zone") or series.zone)
    if columns is None or isinstance(columns, Refusal):
        return Kept(known, {})
    first = columns["StartDateTime"]  # where it begins by the rule, even if that occurrence was cancelled
    assert isinstance(first, datetime)
    record = replace(_record(ctx, work, first, columns, parts), rule=told(series))
    return Kept(known, {}, record, frozenset(_inside(ctx, series)))


def _inside(ctx: StageContext, series: Series) -> list[Original]:
    return [each.original for each in occurrences(series, *rules.window(ctx.settings, ctx.now()))]


def _found(
    ctx: StageContext, work: Work, series: Series, known: Known, rows: Iterable[Item]
) -> Iterator[tuple[str, PairView]]:  # fmt: skip
    """New pairs for records that stand where the rule has an occurrence and that no pair names yet."""
    taken = {pair.crm_id for pair in known.values()}
    free = {at: row for row in rows if row.ref.id not in taken and isinstance(at := row.get("StartDateTime"), datetime)}
    if not free or work.item is None:
        return
    bound = max(free)
    for original in originals(series, min(free)):
        if moment_of(original) > bound:
            return
        if original in free and original not in known:
            yield _pair(ctx, work, original, span_of(series, original), free[moment_of(original)])


def _pair(ctx: StageContext, work: Work, original: Original, span: Span, row: Item) -> tuple[str, PairView]:
    assert work.item is not None
    key = event_key(ctx.org, uid_of(ctx, work.item), stamp(original))
    # Salesforce made it of the master, so that is what both sides agree on
    derived = rules.as_occurrence(work.item, Occurrence(original, span))
    table = MIRRORED[work.kind].table_for(ctx)
    agreed = project_up(table, derived.fields, ctx.fingerprint_key)[1]
    return key, PairView(
        key=key, kind=work.kind.value, born="mailbox", letter="A", state=PairState.LIVE.value, reason="",
        mailbox_id=occurrence_id(work.ref.id, original), mailbox_version="", folder=work.ref.container,
        crm_object=row.ref.container, crm_id=row.ref.id, crm_version="", crm_seen="", marks=agreed, people=frozenset(),
        ends_at=moment_of(span.end), pinned=False, mailbox_seen="", series=work.ref.id, role="",
    )  # fmt: skip


def _missing(ctx: StageContext, series: Series, known: Known, newest: int) -> Original | None:
    """Where a new part has to begin: when nothing that lies ahead is there yet, when the window has outrun the last
    part, or when a quarter of it has passed (REC-14). `newest`: how many occurrences the last part has."""
    bound = max(known, key=moment_of) if known else None
    ahead = [o for o in known if moment_of(o) > ctx.now() and known[o].state == PairState.LIVE]
    still = rules.yields(series, ahead)
    lacking = [o for o in _inside(ctx, series) if o not in known]
    if bound is None or not still:
        return next((o for o in lacking if bound is None or moment_of(o) > ctx.now()), None)
    following = next_after(series, moment_of(bound))
    outrun = bool(lacking) and all(moment_of(o) > moment_of(bound) for o in lacking)
    due = newest > 0 and 4 * len(still) <= 3 * newest
    return following if outrun or (due and following is not None) else None


def _record(
    ctx: StageContext, work: Work, first: Original, columns: Fields, parts: Sequence[PairView]
) -> SeriesRecord:  # fmt: skip
    assert work.item is not None
    key = event_key(ctx.org, uid_of(ctx, work.item), f"{PART}:{stamp(first)}")
    read = ctx.mailbox.read([work.ref], Detail.BODY).get(work.ref)
    body = read.text(f.BODY) if isinstance(read, Item) else ""
    pending = any(part.key == key and part.state == PairState.PENDING for part in parts)
    return SeriesRecord(work, key, work.item.with_fields({f.BODY: body}), columns, pending)


def _original(pair: PairView) -> Original:
    original = rules.original_of(pair.mailbox_id)
    assert original is not None
    return original


# --- the end of a Lightning series

RULE = "rule"  # in the baseline of its pair: when it takes place, so that its rest can be found when the master is gone


def told(series: Series) -> str:
    """When a timed series takes place, as one word."""
    return ";".join((stamp(series.first.start), str(series.first.minutes), series.zone, *series.rule.split(";")))


def _untold(text: str) -> Series:
    start, minutes, zone, *rule = text.split(";")
    first = span_minutes(moment_of(read_stamp(start)), int(minutes))
    return Series(";".join(rule), first, zone)


def rest_of(ctx: StageContext, part: PairView) -> str:
    """The id of the record with which the rest of a Lightning series begins; '' when nothing lies ahead or the pair is
    that of a Classic one."""
    if RULE not in part.marks:
        return ""
    following = next_after(_untold(part.marks[RULE]), ctx.now())
    if following is None:
        return ""
    found = ctx.crm.find_events(ctx.user.crm_user_id, [moment_of(following)])
    return next((item.ref.id for item in found if item.flag("IsRecurrence2")), "")
