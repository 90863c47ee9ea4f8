"""Looking back, in place of fetch, for a run that only asks what if: everything of the last days is read, whether it
changed or not, as if each of the watched folders and lists had just told of it.

What has a time counts when that lies in the last days or ahead; what has none counts whenever it is from. A saved mail
is read as if it had just come: without the marks that saving put on it, unless its owner had asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors.errors import ConnectorError
from connectors.protocols import Change, CrmChanges, Detail, Watch
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules import marks
from mapping.rules.decision import Outcome, categories
from mapping.rules.scope_emails import FORCED
from mapping.rules.scope_folders import OUTSIDE
from sync_tasks.stages import tending, threads, watching
from sync_tasks.stages.categorize import ends_at_of
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.fetch import Found, is_foreign, slid_out_of_window, stage_mailbox, switched_off
from sync_tasks.stages.following import Gone, follow
from sync_tasks.stages.kinds import MIRRORED, Lineup, kind_of, watched
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

MOST_PAGES = 1000  # of one folder or list


def run(ctx: StageContext, since: datetime) -> StageReport:
    """Stage all that is from `since` on."""
    lineup = Lineup(ctx.settings)
    with ctx.store.reading() as unit:
        wanted = {what.kind.value for what in lineup if what.wanted(ctx.settings)}
        held = unit.pairs.records(ctx.user.id, wanted, without=OUTSIDE)
    found = Found()
    for folder in [*watched(ctx.settings), *tending.tend(ctx)]:
        if ctx.mailbox_has(folder):
            _look_into(ctx, folder, since, found)
    for work in follow(ctx, list(found.works.values()), found.gone):
        found.add(work)
    _as_if_new(ctx, found)
    stage_mailbox(ctx, ItemKind.EMAIL, threads.conversation(ctx, list(found.works.values())), found)
    if ctx.user.crm_user_id:
        _look_there(ctx, watching.watches(ctx, lineup, held), since, found)
    slid_out_of_window(ctx, lineup, found)
    switched_off(ctx, lineup, held, found)
    with ctx.fenced() as unit:
        ctx.save_works(unit, found.works.values())
    return StageReport({"seen": found.seen, "staged": len(found.works)}, more=bool(found.works))


# --- the mailbox


def _look_into(ctx: StageContext, folder: str, since: datetime, found: Found) -> None:
    kind, listed = kind_of(folder), [change for change in _everything(ctx, folder) if not change.deleted]
    found.seen += len(listed)
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_mailbox(ctx.user.id, [change.ref.id for change in listed])
        known = unit.pairs.in_folder(ctx.user.id, folder)
    refs = [each.ref for each in listed if not is_foreign(folder, each, pairs) and not _is_over(each.item, since)]
    stage_mailbox(ctx, kind, refs, found)
    for ref in refs:
        work = found.works.get(f"{Side.MAILBOX.value}:{kind.value}:{ref.id}")
        if work is not None and _is_over(work.item, since):
            del found.works[work.slot]
    if kind in MIRRORED:
        found.gone += _gone(ctx, kind, folder, {change.ref.id for change in listed}, known)


def _everything(ctx: StageContext, folder: str) -> list[Change]:
    changes: list[Change] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = ctx.mailbox.changes(folder, cursor)
        changes += answer.changes
        cursor = answer.cursor
        if not answer.more:
            break
    return changes


def _gone(
    ctx: StageContext, kind: ItemKind, folder: str, listed: set[str], known: Sequence[PairView]
) -> list[Gone]:  # fmt: skip
    """Not to be in the list is a hint, not to be readable the proof. Occurrences stand in no list."""
    missing = {ItemRef(Side.MAILBOX, kind, pair.mailbox_id, folder): pair
               for pair in known if pair.mailbox_id not in listed and not pair.series}  # fmt: skip
    read = ctx.mailbox.read(list(missing), Detail.HEAD) if missing else {}
    return [Gone(ref, pair) for ref, pair in missing.items() if ref not in read]


def _is_over(item: Item | None, since: datetime) -> bool:
    """Is it known to be from before? Of a meeting its end counts, of a mail when it came."""
    if item is None or item.ref.kind not in (ItemKind.EVENT, ItemKind.EMAIL):
        return False
    at = ends_at_of(item) if item.ref.kind is ItemKind.EVENT else item.get(f.RECEIVED_AT)
    return isinstance(at, datetime) and at < since


def _as_if_new(ctx: StageContext, found: Found) -> None:
    mails = {work.ref.id: work for work in found.works.values() if work.kind is ItemKind.EMAIL and work.item}
    with ctx.store.reading() as unit:
        rules = unit.trail.rules(ctx.user.id, mails, Outcome.SHARE.value)
    for ref in rules.keys() - {ref for ref, of in rules.items() if of & FORCED}:
        item = mails[ref].item
        assert item is not None
        mails[ref].item = item.with_fields({f.CATEGORIES: marks.clear(categories(item))})


# --- Salesforce


def _look_there(ctx: StageContext, watches: Sequence[Watch], since: datetime, found: Found) -> None:
    for watch, changes in _told(ctx, watches):
        found.seen += len(changes)
        with ctx.store.reading() as unit:
            pairs = unit.pairs.by_crm(ctx.user.id, [change.ref.id for change in changes])
        for change in changes:
            pair = pairs.get((watch.kind, change.ref.id))
            alive = pair is not None and pair.state == PairState.LIVE
            if change.deleted and pair is not None and alive:
                found.add(Work(Side.CRM, watch.kind, change.ref, deleted=True, key=pair.key))
            elif change.item is None or _was_over(change.item, pair, since):
                continue
            elif alive or not change.item.flag("Invited"):
                found.add(Work(Side.CRM, watch.kind, change.ref, item=change.item))


def _told(ctx: StageContext, watches: Sequence[Watch]) -> Iterable[tuple[Watch, list[Change]]]:
    """What each list holds; one that cannot be read is left out."""
    changes: dict[str, list[Change]] = {watch.name: [] for watch in watches}
    cursors: dict[str, str] = {}
    asked = list(watches)
    for _ in range(MOST_PAGES):
        if not asked:
            break
        answers: Mapping[str, CrmChanges | ConnectorError] = ctx.crm.changes(asked, ctx.user.crm_user_id, cursors)
        told = {name: answer for name, answer in answers.items() if isinstance(answer, CrmChanges)}
        for name, answer in told.items():
            changes[name] += answer.changes
        cursors = {name: answer.cursor for name, answer in told.items() if answer.more}
        asked = [watch for watch in asked if watch.name in cursors]
    return [(watch, changes[watch.name]) for watch in watches]


def _was_over(item: Item, pair: PairView | None, since: datetime) -> bool:
    if pair is not None and pair.ends_at is not None:
        return pair.ends_at < since
    at = item.get("EndDateTime")
    return isinstance(at, datetime) and at < since
