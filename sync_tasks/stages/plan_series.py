"""Planning for series as a whole: the master bears the mark, the key and a pair without a record of its own."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.protocols import ONWARDS
from mapping.merge.fields import project_down, project_up
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import marks
from mapping.rules import series as rules
from mapping.rules.decision import Outcome
from sync_tasks.stages import plan_shared
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.stages.mirrored import categories_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.series import Opened
from sync_tasks.stages.series_born_there import BORN_THERE, Shown
from sync_tasks.stages.series_kept import PART, RULE, SeriesRecord
from sync_tasks.stages.sharing import Sharing
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

_ENDED = {
    Outcome.UNSYNC: PairState.UNSYNCED,
    Outcome.RELEASE: PairState.RELEASED,
    Outcome.GONE: PairState.GONE,
}


def plan(draft: Draft, opened: Opened) -> None:
    """Plan what concerns the masters and the pairs that changed their key."""
    for work in opened.masters:
        if work.deleted and work.decision is not None:
            draft.pair(work.key, state=PairState.RELEASED.value, reason=work.decision.reason.value)
        elif work.deleted:
            draft.pair(work.key, state=PairState.GONE.value, reason=Reason.DELETED_IN_MAILBOX.value)
        elif work.outcome in _ENDED and any(each.key == work.key for each in opened.works):
            continue  # the record or the series as a whole is planned like a single item
        elif work.outcome in _ENDED:
            _end(draft, work, _ENDED[work.outcome])
        elif work.outcome is Outcome.JOIN:
            plan_shared.join(draft, work, draft.sharings.get(work.key, Sharing()), None, None)
        elif work.outcome is Outcome.MIRROR:
            _follow(draft, work, opened)
    for shown in opened.shown:
        _show(draft, shown)
    for record in opened.records:
        _make(draft, record)
    for part, record_id in opened.rests:
        _cut(draft, part, record_id)
    for key, pair in opened.adopted.items():
        _adopt(draft, key, pair, [w for w in opened.works if w.key == key])
    for pair in opened.given_up:
        draft.pair(pair.key, state=PairState.GONE.value, reason=Reason.ADOPTED.value, crm_id="")


def _follow(draft: Draft, work: Work, opened: Opened) -> None:
    item, ctx = work.item, draft.ctx
    assert item is not None and work.decision is not None
    series = rules.series_of(item)
    if series is None:
        return
    what = MIRRORED[ItemKind.EVENT]
    pair = opened.pairs.get(work.ref.id)
    if pair is not None and pair.born == Side.CRM and rules.MARK in pair.marks:
        _mark(draft, work, item, {f.CATEGORIES: marks.mark_saved(categories_of(item))}, Reason.MARK_RESTORED, {})
        return
    draft.pair(
        work.key, born=Side.MAILBOX.value, kind=ItemKind.EVENT.value, letter=what.letter(item, Side.MAILBOX, ctx.me),
        role="",
        state=PairState.LIVE.value, reason="", mailbox_id=item.ref.id, folder=item.ref.container, crm_id="",
        crm_object="", ends_at=rules.ends_at(series), marks={rules.MARK: ctx.settings.text("recurrence.mode")},
    )  # fmt: skip
    wanted: dict[str, Value] = {f.CATEGORIES: marks.mark_saved(categories_of(item)), f.KEY: work.key}
    _mark(draft, work, item, wanted, Reason.MARK_ADDED, {})
    entry = rules.next_entry(series, ctx.settings, ctx.now())
    if work.ref.id in opened.again:
        entry = opened.again[work.ref.id].date()  # in the next run: the records of the occurrences are there by then
    if entry is not None:
        draft.look_again(work.ref, entry, Reason.SERIES_GOES_ON)


def _show(draft: Draft, shown: Shown) -> None:
    """A series of Salesforce as one of the calendar (REC-5)."""
    ctx, what, work, series = draft.ctx, MIRRORED[ItemKind.EVENT], shown.work, shown.series
    assert work.item is not None
    values, agreed = project_down(what.table_for(ctx), work.item.fields, ctx.fingerprint_key)
    more = what.first_down(draft, work.item)
    values |= {f.CATEGORIES: marks.mark_saved(()), f.KEY: work.key, **more.values}
    values |= {f.SERIES: series, f.SPAN: series.first}
    draft.pair(
        work.key, born=Side.CRM.value, kind=ItemKind.EVENT.value, letter="B", role="", reason="",
        state=PairState.PENDING.value, mailbox_id="", folder="", crm_id=work.ref.id, crm_object=work.ref.container,
        crm_version="", ends_at=rules.ends_at(series), marks={rules.MARK: BORN_THERE},
    )  # fmt: skip
    draft.add(
        Operation(
            Act.CREATE, Side.MAILBOX, ItemKind.EVENT, what.home, Step.ITEMS, "REC-5", Reason.FROM_SALESFORCE.value,
            key=work.key, pair_key=work.key, values=values, agreed={**agreed, **more.agreed}, mails=more.mails,
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        ),
        work.ref, retrying=shown.pair is not None and shown.pair.state == PairState.PENDING,
    )  # fmt: skip
    draft.look_again(work.ref, ctx.now().date(), Reason.SERIES_GOES_ON)


def _cut(draft: Draft, part: PairView, record_id: str) -> None:
    """End a Lightning series at a record; what took place before stays."""
    draft.add(
        Operation(
            Act.DELETE, Side.CRM, ItemKind.EVENT, part.crm_object, Step.DELETES, "REC-10",
            Reason.SERIES_CHANGED.value, pair_key=part.key, ref=record_id, values={ONWARDS: True},
            agreed={"state": PairState.GONE.value},
        ),
        ItemRef(Side.CRM, ItemKind.EVENT, record_id, part.crm_object),
    )  # fmt: skip


def _make(draft: Draft, record: SeriesRecord) -> None:
    """A record that is a series (REC-4): the columns of its master, and its rule instead of a single time."""
    ctx, what, work = draft.ctx, MIRRORED[ItemKind.EVENT], record.work
    extra = what.first_up(draft, work, record.item)
    described = record.item.with_fields({n: v for n, v in extra.values.items() if n == f.BODY})
    columns, _ = project_up(what.table_for(ctx), described.fields, ctx.fingerprint_key)
    span = what.table.row(f.SPAN)
    timed = span.columns if span is not None else ()
    columns = {name: value for name, value in columns.items() if name not in timed}
    columns |= {name: value for name, value in extra.values.items() if name != f.BODY} | dict(record.columns)
    if ctx.user.crm_user_id:
        columns["OwnerId"] = ctx.user.crm_user_id
    letter = what.letter(record.item, Side.MAILBOX, ctx.me)
    draft.pair(
        record.key, born=Side.MAILBOX.value, kind=ItemKind.EVENT.value, letter=letter, role="", reason="",
        state=PairState.PENDING.value, mailbox_id="", folder=work.ref.container, series=work.ref.id, crm_id="",
        crm_object=what.crm_object, marks={rules.MARK: PART, **({RULE: record.rule} if record.rule else {})},
    )  # fmt: skip
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, ItemKind.EVENT, what.crm_object, Step.RECORDS, "REC-4",
            Reason.SERIES_FOLLOWS.value, key=record.key, pair_key=record.key, values=columns,
            changes=tuple(FieldChange(name, None, value) for name, value in columns.items()),
        ),
        work.ref, retrying=record.retrying,
    )  # fmt: skip
    what.after_up(draft, record.key, letter, record.item, made)


def _end(draft: Draft, work: Work, state: PairState) -> None:
    item = work.item
    assert item is not None and work.decision is not None
    draft.pair(work.key, reason=work.decision.reason.value)
    cleared: dict[str, Value] = {f.CATEGORIES: marks.clear(categories_of(item))}
    if not _mark(draft, work, item, cleared, work.decision.reason, {"state": state.value}):
        draft.pair(work.key, state=state.value)


def _mark(
    draft: Draft, work: Work, item: Item, wanted: dict[str, Value], reason: Reason, agreed: dict[str, str]
) -> bool:  # fmt: skip
    """Plan what of the marks differs; False when nothing does."""
    values = {name: value for name, value in wanted.items() if item.get(name) != value}
    if values:
        draft.add(
            Operation(
                Act.MARK, Side.MAILBOX, ItemKind.EVENT, item.ref.container, Step.AFTERWARDS, "REC-2", reason.value,
                pair_key=work.key, ref=item.ref.id, version=item.version, values=values, agreed=agreed,
                changes=tuple(FieldChange(name, item.get(name), value) for name, value in values.items()),
            ),
            item.ref,
        )  # fmt: skip
    return bool(values)


def _adopt(draft: Draft, key: str, pair: PairView, works: Iterable[Work]) -> None:
    """The record goes on under another key, which it must bear."""
    ctx = draft.ctx
    draft.pair(
        key, born=pair.born, kind=pair.kind, letter=pair.letter, state=PairState.LIVE.value, reason="",
        mailbox_id=pair.mailbox_id, folder=pair.folder, series=pair.series, crm_id=pair.crm_id,
        crm_object=pair.crm_object, crm_version="", marks=dict(pair.marks), people=sorted(pair.people),
        ends_at=pair.ends_at, pinned=False,
    )  # fmt: skip
    for work in works:
        if ctx.shape.can_create(pair.crm_object, ctx.key_field):
            draft.add(
                Operation(
                    Act.UPDATE, Side.CRM, ItemKind.EVENT, pair.crm_object, Step.RECORDS, "REC-9",
                    Reason.KEY_STAMPED.value, pair_key=key, ref=pair.crm_id, values={ctx.key_field: key},
                ),
                work.ref,
            )  # fmt: skip
