"""Classic series born in Salesforce: each comes down as one series of the calendar, in every mode (REC-5).

The record that is the series tells the rule, the records of its occurrences tell which were deleted or moved. The run
that makes the series in the calendar cannot know its id yet; the next one pairs the occurrences one by one, and from
then on they are treated like those of any series.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mapping.merge.fields import project_down
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Moved, Original, Series, Side, Span
from mapping.model.moment import span_minutes
from mapping.model.series import occurrence_id, stamp
from mapping.recurrence import classic
from mapping.recurrence.expand import moment_of, originals, span_of
from mapping.recurrence.refusals import Refusal
from mapping.rules.decision import Outcome
from mapping.rules.identity import event_key
from mapping.tables.event import EVENT
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

BORN_THERE = "down"  # in the baseline of the pair of such a series


@dataclass(frozen=True, slots=True)
class Shown:
    """A series to be shown in the calendar. `series`: with its cancelled and moved occurrences."""

    work: Work
    series: Series
    pair: PairView | None


def is_series(work: Work) -> bool:
    is_event = work.side is Side.CRM and work.ref.container == EVENT.crm_object
    return is_event and work.item is not None and work.item.flag("IsRecurrence")


def open_series(
    ctx: StageContext, works: Iterable[Work], members: Mapping[str, Iterable[PairView]], pairs: Mapping[str, PairView]
) -> tuple[list[Shown], dict[str, PairView]]:
    """The series to be made, and new pairs for occurrences of those that were made in an earlier run. `pairs`: by id
    of the series' record; `members`: the pairs of its occurrences, by the id of its master."""
    wanted = [w for w in works if w.outcome is Outcome.MIRROR and not w.deleted]
    rows = ctx.crm.find_series([work.ref.id for work in wanted]) if wanted else {}
    table = MIRRORED[ItemKind.EVENT].table_for(ctx)
    shown: list[Shown] = []
    found: dict[str, PairView] = {}
    for work in wanted:
        assert work.item is not None
        series = classic.read(work.item.fields)
        if isinstance(series, Refusal):
            continue
        pair = pairs.get(work.ref.id)
        standing = _placed(series, rows.get(work.ref.id, ()))
        if pair is None or pair.state != PairState.LIVE or not pair.mailbox_id:
            shown.append(Shown(work, _with_exceptions(series, standing), pair))
            continue
        known = {each.crm_id for each in members.get(pair.mailbox_id, ())}
        for original, row in standing.items():
            if row.ref.id not in known:
                key = event_key(ctx.org, pair.key, stamp(original))
                made = _pair(pair, key, original, span_of(series, original), row)
                agreed = project_down(table, row.fields, ctx.fingerprint_key)[1]
                found[key] = replace(made, marks={name: mark for name, mark in agreed.items() if name != f.BODY})
    return shown, found


def _placed(series: Series, rows: Iterable[Item]) -> dict[Original, Item]:
    """Which record is which occurrence. A moved one does not tell where it stood: it takes the nearest place that is
    free, in the order of starts."""
    starts = list(originals(series))
    by_start = {row.get("StartDateTime"): row for row in rows}
    placed: dict[Original, Item] = {at: by_start.pop(at) for at in starts if at in by_start}
    free = [at for at in starts if at not in placed]
    for start, row in sorted((at, row) for at, row in by_start.items() if isinstance(at, datetime)):
        if free:
            nearest = min(free, key=lambda at: abs((moment_of(at) - start).total_seconds()))
            placed[nearest] = row
            free.remove(nearest)
    return placed


def _with_exceptions(series: Series, standing: Mapping[Original, Item]) -> Series:
    cancelled = tuple(at for at in originals(series) if at not in standing)
    moved = [
        Moved(at, span)
        for at, row in sorted(standing.items(), key=lambda entry: moment_of(entry[0]))
        if (span := _span(row)) is not None and span != span_of(series, at)
    ]
    return replace(series, cancelled=cancelled, moved=tuple(moved))


def _span(row: Item) -> Span | None:
    start, minutes = row.get("StartDateTime"), row.get("DurationInMinutes")
    return span_minutes(start, minutes) if isinstance(start, datetime) and isinstance(minutes, int) else None


def _pair(series: PairView, key: str, original: Original, span: Span, row: Item) -> PairView:
    return PairView(
        key=key, kind=ItemKind.EVENT.value, born=Side.CRM.value, letter="B", state=PairState.LIVE.value, reason="",
        mailbox_id=occurrence_id(series.mailbox_id, original), mailbox_version="", folder=series.folder,
        crm_object=row.ref.container, crm_id=row.ref.id, crm_version="", crm_seen="", marks={}, people=frozenset(),
        ends_at=moment_of((_span(row) or span).end), pinned=False, mailbox_seen="", series=series.mailbox_id,
        role="",
    )  # fmt: skip
