"""fetch: what changed on both sides since the cursors. Nothing changed: the run ends here, having cost one vendor call
per watched folder, or one for all of them where the mailbox can be polled, and one to Salesforce; none to Salesforce
where one look a minute is taken for the whole organization."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Change, CrmChanges, Detail, Watch
from mapping.merge.baseline import fingerprint
from mapping.model import fields as f
from mapping.model.item import MORE_MAIL, Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.model.series import occurrence_id, split_id
from mapping.recurrence.expand import moment_of
from mapping.rules import marks, series
from mapping.rules.decision import is_marked
from mapping.rules.once import pair_key
from mapping.rules.scope import Decision, Outcome, slid_out
from mapping.rules.scope_folders import OUTSIDE
from sync_tasks.stages import parting, resting, tending, threads, unresolved, watching
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.following import Gone, follow
from sync_tasks.stages.kinds import ELSEWHERE, MANAGED, MIRRORED, Lineup, kind_of, managed, watched
from sync_tasks.stages.losses import Losses
from sync_tasks.stages.work import Work
from sync_tasks.state.records import BEHIND, UNREAD, PairState, PairView
from sync_tasks.state.store import Unit

ARCHIVED_AFTER = timedelta(days=365)


@dataclass(slots=True)
class Found:
    """What a fetch gathers: works to stage, items that are not where they were, cursors to go on from, how much was
    seen and let go, and which lists of Salesforce could be read."""

    works: dict[str, Work] = field(default_factory=dict)
    gone: list[Gone] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    seen: int = 0
    echoes: int = 0
    heard: list[Watch] = field(default_factory=list)
    refused: list[tuple[Watch, ConnectorError]] = field(default_factory=list)
    more: set[Side] = field(default_factory=set)  # it has more to tell than a run takes in: another one follows at once
    behind: int = 0  # how many seconds before this run Salesforce was looked at for it
    old: list[ItemRef] = field(default_factory=list)  # mail that is not even read

    def add(self, work: Work) -> None:
        self.works[work.slot] = work


def run(ctx: StageContext) -> StageReport:
    if ctx.parting:
        return parting.run(ctx)
    lineup = Lineup(ctx.settings)
    with ctx.store.reading() as unit:
        cursors = unit.runs.cursors(ctx.user.id)
        unseen = unit.pairs.unseen(ctx.user.id)
        wanted = {what.kind.value for what in lineup if what.wanted(ctx.settings)}
        held = unit.pairs.records(ctx.user.id, wanted, without=OUTSIDE)
    ctx.refresh_profile()
    found = Found()
    folders = [*watched(ctx.settings), *tending.tend(ctx)]
    standing = [folder for folder in folders if ctx.mailbox_has(folder)]
    ctx.mailbox.poll({folder: cursor for folder in standing if (cursor := cursors.get(f"mailbox:{folder}"))})
    for folder in folders:
        if not ctx.mailbox_has(folder):
            if ctx.preview:
                continue  # looking must not create the managed folder
            ctx.ensure_folders([each for each in managed(ctx.settings) if not ctx.mailbox_has(each)])
        _read_folder(ctx, folder, cursors.get(f"mailbox:{folder}"), [p for p in unseen if p.folder == folder], found)
    for work in follow(ctx, list(found.works.values()), found.gone):
        found.add(work)
    stage_mailbox(ctx, ItemKind.EMAIL, threads.conversation(ctx, list(found.works.values())), found)
    _read_crm(ctx, lineup, held, cursors, found)
    ctx.learn_shape()
    unresolved.look_again(ctx)
    _due_again(ctx, found)
    _attachments_left(ctx, found)
    slid_out_of_window(ctx, lineup, found)
    switched_off(ctx, lineup, held, found)

    with ctx.fenced() as unit:
        unit.trail.forget_stage(ctx.ref.id, "fetch")
        _tell_old(ctx, unit, found.old)
        if not ctx.preview:
            unit.runs.stage_cursors(ctx.user.id, found.cursors)
            watching.note(ctx, lineup, unit, found.heard, found.refused)
            if found.more:
                unit.accounts.force(ctx.user.id, ctx.now(), timedelta(0))
        ctx.save_works(unit, found.works.values())
        found.losses.save(ctx, unit)
    counts = {"seen": found.seen, "echoes": found.echoes, "staged": len(found.works)}
    return StageReport(counts | _unread(ctx, found), more=bool(found.works))


def _unread(ctx: StageContext, found: Found) -> dict[str, int]:
    """The sides that were not read to the end, or not now, as counts of the run."""
    partial = set(found.more)
    if found.refused or not ctx.user.crm_user_id:
        partial.add(Side.CRM)
    behind = {BEHIND: found.behind} if found.behind else {}
    return {UNREAD[side]: 1 for side in partial} | behind


# --- the mailbox


def _read_folder(
    ctx: StageContext, folder: str, cursor: str | None, unseen: Sequence[PairView], found: Found
) -> None:  # fmt: skip
    """`unseen`: pairs of what we created in the folder, and it has not told yet."""
    kind = kind_of(folder)
    lost = False
    try:
        answer = ctx.mailbox.changes(folder, cursor)
    except ConnectorError as error:
        if error.scope is not Scope.CONTAINER:
            raise
        if error.fault is Fault.NOT_FOUND and folder in MANAGED and not ctx.preview:
            _rebuild(ctx, folder, found)
            return
        if error.fault is Fault.NOT_FOUND and folder.startswith(MORE_MAIL):
            tending.lost(ctx, folder)
            return
        if error.fault is Fault.CURSOR_LOST:
            lost = True
            answer = ctx.mailbox.changes(folder, None)
            # people's own folders of tasks and contacts may well be empty: ours are elsewhere
            found.losses.add(Side.MAILBOX, kind, nothing_there=not answer.changes and folder not in ELSEWHERE)
        else:
            raise
    found.seen += len(answer.changes)
    found.more |= {Side.MAILBOX} if answer.more else set()
    found.cursors[f"mailbox:{folder}"] = answer.cursor
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_mailbox(ctx.user.id, [change.ref.id for change in answer.changes])
        # a folder that is read from the start again tells nothing of what was deleted in the meantime
        known = unit.pairs.in_folder(ctx.user.id, folder) if lost or cursor is None else unseen
    if cursor is None and known:
        found.losses.add(Side.MAILBOX, kind, nothing_there=not answer.changes and folder not in ELSEWHERE)
    wanted = [c.ref for c in answer.changes if not c.deleted and not _is_echo(c, pairs.get(c.ref.id))]
    told = list(_zip(wanted, answer.changes))
    old = {ref for ref, change in told if _too_old(ctx, folder, cursor, change)}
    found.old += old
    wanted = [ref for ref, change in told if ref not in old and not is_foreign(folder, change, pairs)]
    found.echoes += sum(not c.deleted for c in answer.changes) - len(wanted)
    gone = [c.ref for c in answer.changes if c.deleted and c.ref.id in pairs]
    if known and kind in MIRRORED:
        # Absence from a full listing is only a hint, and so is that of an item we created: a feed tells nothing of what
        # came and went between two looks. Reading the item is the proof.
        listed = {change.ref.id for change in answer.changes}
        missing = [ItemRef(Side.MAILBOX, kind, p.mailbox_id, folder) for p in known if p.mailbox_id not in listed]
        read = ctx.mailbox.read(missing, Detail.HEAD)
        gone += [ref for ref in missing if ref not in read]
    stage_mailbox(ctx, kind, wanted, found, pairs)
    for ref in gone:
        pair = pairs.get(ref.id) or next(p for p in known if p.mailbox_id == ref.id)
        if pair.state == PairState.LIVE and kind in MIRRORED:
            found.gone.append(Gone(ref, pair))


def _rebuild(ctx: StageContext, folder: str, found: Found) -> None:
    """A managed folder that went missing is made again. What stood in it was not deleted one by one, so nothing is
    deleted in Salesforce because of it (MRK-2)."""
    ctx.ensure_folders([folder])
    answer, kind = ctx.mailbox.changes(folder, None), kind_of(folder)
    found.cursors[f"mailbox:{folder}"] = answer.cursor
    if kind not in MIRRORED:
        # its owner may have made it again before us, and put mails there
        found.more |= {Side.MAILBOX} if answer.more else set()
        stage_mailbox(ctx, kind, [change.ref for change in answer.changes], found)
        return
    found.losses.missing(kind)
    with ctx.store.reading() as unit:
        pairs = unit.pairs.in_folder(ctx.user.id, folder)
    for pair in pairs:
        ref = ItemRef(Side.MAILBOX, kind, pair.mailbox_id, folder)
        found.gone.append(Gone(ref, pair, Decision(Outcome.RELEASE, Reason.FOLDER_GONE, "MRK-2")))


def _zip(refs: list[ItemRef], changes: Iterable[Change]) -> list[tuple[ItemRef, Change]]:
    by_ref = {change.ref: change for change in changes}
    return [(ref, by_ref[ref]) for ref in refs]


def _is_echo(change: Change, pair: PairView | None) -> bool:
    """Our own write comes back as a change with the very version that the write returned."""
    return (
        pair is not None
        and (pair.state == PairState.LIVE or pair.reason == Reason.UNDONE)
        and change.item is not None
        and bool(change.item.version)
        and change.item.version == pair.mailbox_version
    )


def _stands_as_undone(ctx: StageContext, item: Item, pair: PairView | None) -> bool:
    """Is it a series just as an undo left it? Not every feed tells its version with it."""
    known = pair is not None and pair.reason == Reason.UNDONE and bool(pair.mailbox_seen)
    return known and pair is not None and series_fingerprint(ctx, item) == pair.mailbox_seen


def series_fingerprint(ctx: StageContext, item: Item) -> str:
    """A keyed fingerprint of a series with its dates. Not of its reminder, which some tell with their feed only."""
    names = {*series.CONTENT, f.SERIES} - {f.REMINDER}
    content = {name: item.fields[name] for name in names & item.fields.keys()}
    return row_fingerprint(ctx, Item(item.ref, "", content))


def _too_old(ctx: StageContext, folder: str, cursor: str | None, change: Change) -> bool:
    """On the first run, mail that neither is marked nor young enough for auto-saving is not even read."""
    if cursor is not None or not _is_own(folder) or change.item is None:
        return False
    received, categories = change.item.get(f.RECEIVED_AT), change.item.get(f.CATEGORIES)
    if not isinstance(categories, tuple) or not hasattr(received, "astimezone"):
        return False
    horizon = ctx.now() - timedelta(days=ctx.settings.int("autosave.first_email_days"))
    return not marks.has((str(c) for c in categories), marks.SALESFORCE) and received < horizon  # type: ignore[operator]


def _tell_old(ctx: StageContext, unit: Unit, old: Sequence[ItemRef]) -> None:
    """Whoever asks why an old mail is not there gets an answer, though the mail was never read."""
    off = not ctx.settings.bool("autosave.emails")
    why = (Reason.AUTOSAVE_OFF, "WAY-5") if off else (Reason.BEFORE_ACTIVATION, "WAY-7")
    decision, now = Decision(Outcome.SKIP, *why), ctx.now()
    unit.trail.decide(
        ctx.user.id, [ctx.decision_row("fetch", ref.side, ref.kind, ref.id, "", decision, now) for ref in old]
    )


def _is_own(folder: str) -> bool:
    """Does the owner keep his mail there, whatever we do?"""
    return folder in ("inbox", "sent") or folder.startswith(MORE_MAIL)


def is_foreign(folder: str, change: Change, pairs: Mapping[str, PairView]) -> bool:
    """In the folders where people keep their own tasks and contacts, what is neither marked nor known to us is not even
    read: there may be thousands of them."""
    if folder not in ELSEWHERE or change.item is None or change.ref.id in pairs or change.item.text(f.KEY):
        return False
    return not is_marked(change.item)


def stage_mailbox(
    ctx: StageContext, kind: ItemKind, refs: list[ItemRef], found: Found, pairs: Mapping[str, PairView] | None = None
) -> None:  # fmt: skip
    masters: list[Item] = []
    for ref, item in ctx.mailbox.read(refs, Detail.HEAD).items():
        if isinstance(item, Item) and _stands_as_undone(ctx, item, (pairs or {}).get(ref.id)):
            found.echoes += 1
        elif isinstance(item, Item):
            found.add(Work(Side.MAILBOX, kind, ref, item=item))
            if series.is_master(item):
                masters.append(item)
        else:
            ctx.item_failed(ref, item)
    _stage_exceptions(ctx, masters, found)


def _stage_exceptions(ctx: StageContext, masters: list[Item], found: Found) -> None:
    """Of a series that changed, the occurrences that differ from their master: they have fields of their own."""
    after, _ = series.window(ctx.settings, ctx.now())
    refs = [
        replace(master.ref, id=occurrence_id(master.ref.id, moved.original))
        for master in masters
        if (rule := series.series_of(master)) is not None
        for moved in rule.moved
        if moment_of(moved.span.end) > after
    ]
    for ref, item in ctx.mailbox.read(refs, Detail.HEAD).items() if refs else ():
        if isinstance(item, Item):
            found.add(Work(Side.MAILBOX, ref.kind, ref, item=item))
        else:
            ctx.item_failed(ref, item)


# --- Salesforce


def _read_crm(
    ctx: StageContext, lineup: Lineup, held: watching.Held, cursors: Mapping[str, str], found: Found
) -> None:  # fmt: skip
    """All objects in one call. A list that cannot be read is an issue of its own and does not hold up the others."""
    if not ctx.user.crm_user_id:
        return
    watches = watching.watches(ctx, lineup, held)
    found.cursors |= watching.forgotten(cursors, watches)
    known = {w.name: cursors[w_cursor] for w in watches if (w_cursor := watching.cursor_name(w)) in cursors}
    rest = resting.look(ctx, watches, cursors)
    unmoved = resting.cursors_of(ctx, rest, known)
    if unmoved is not None:
        found.behind = rest.age(ctx.run.started_at)
        found.cursors |= {watching.cursor_name(watch): unmoved[watch.name] for watch in watches}
        return
    staged = len(found.works)
    answers = dict(ctx.crm.changes(watches, ctx.user.crm_user_id, known))
    lost = [w for w in watches if isinstance(e := answers[w.name], ConnectorError) and e.fault is Fault.CURSOR_LOST]
    if lost:
        answers.update(ctx.crm.changes(lost, ctx.user.crm_user_id, {}))
    for watch in watches:
        answer = answers[watch.name]
        if isinstance(answer, ConnectorError):
            found.refused.append((watch, answer))
            continue
        found.heard.append(watch)
        found.cursors[watching.cursor_name(watch)] = answer.cursor
        found.more |= {Side.CRM} if answer.more else set()
        _stage_crm(ctx, watch, answer.changes, found)
        if watch in lost:
            if not lineup.of(watch.kind, watch.object).shows:
                found.losses.add(Side.CRM, watch.kind, nothing_there=not answer.changes)
            _reconcile(ctx, watch, {change.ref.id for change in answer.changes}, found)
    unfinished = any(not isinstance(answer, CrmChanges) or answer.more for answer in answers.values())
    told = len(found.works) > staged or bool(lost) or unfinished
    found.cursors |= resting.after(ctx, rest, cursors, told=told)


def _stage_crm(ctx: StageContext, watch: Watch, changes: Sequence[Change], found: Found) -> None:
    found.seen += len(changes)
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_crm(ctx.user.id, [change.ref.id for change in changes])
    for change in changes:
        pair = pairs.get((watch.kind, change.ref.id))
        is_live = pair is not None and pair.state == PairState.LIVE
        if change.deleted:
            if pair is not None and is_live:
                found.add(Work(Side.CRM, watch.kind, change.ref, deleted=True, key=pair.key))
            continue
        seen = pair is not None and change.item is not None and _is_seen(ctx, pair, change.item)
        if change.item is None or seen or (change.item.flag("Invited") and not is_live):
            found.echoes += 1
            continue
        found.add(Work(Side.CRM, watch.kind, change.ref, item=change.item))


def _reconcile(ctx: StageContext, watch: Watch, listed: set[str], found: Found) -> None:
    """The feed can't say what was deleted in the meantime: read every pair's record by its id. Events of more than a
    year ago are archived and no longer told, which is not deleted."""
    horizon = ctx.now() - ARCHIVED_AFTER
    with ctx.store.reading() as unit:
        pairs = unit.pairs.live(ctx.user.id, watch.kind, watch.object)
    refs = {ItemRef(Side.CRM, watch.kind, p.crm_id, p.crm_object): p for p in pairs
            if p.crm_id and p.crm_id not in listed and (p.ends_at is None or p.ends_at > horizon)}  # fmt: skip
    items = ctx.crm.read(list(refs), Detail.HEAD)
    for ref, pair in refs.items():
        item = items.get(ref)
        if item is None:
            found.add(Work(Side.CRM, watch.kind, ref, deleted=True, key=pair.key))
        elif isinstance(item, Item) and not _is_seen(ctx, pair, item):
            found.add(Work(Side.CRM, watch.kind, ref, item=item))


def _is_seen(ctx: StageContext, pair: PairView, item: Item) -> bool:
    """The poll overlaps with the last one, and our own writes come back: rows known to the letter are let go."""
    if pair.state != PairState.LIVE:
        return False
    if row_fingerprint(ctx, item) == pair.crm_seen:
        return True
    # an invitee added or removed in Salesforce leaves the event's own stamp as it was
    without_invitees = not item.get("Invitees") and not pair.people
    by_us = item.text("LastModifiedById") == ctx.shape.user_id != ""
    return by_us and without_invitees and item.version == pair.crm_version


def row_fingerprint(ctx: StageContext, item: Item) -> str:
    """A keyed fingerprint of a whole CRM row, to know it again without keeping it."""
    # only the feed tells that the user is not a mere guest
    view = tuple((name, value) for name, value in sorted(item.fields.items()) if (name, value) != ("Invited", False))
    return fingerprint(ctx.fingerprint_key, "row", view)


# --- things to look at although nothing reported them


def _due_again(ctx: StageContext, found: Found) -> None:
    """Items whose retry is due, and items that have come into the window since they were skipped."""
    with ctx.store.reading() as unit:
        due = unit.trail.retries_due(ctx.user.id, ctx.now())
    due = [retry for retry in due if f"{retry.side}:{retry.kind}:{retry.ref}" not in found.works]
    if not due:
        return
    for side, endpoint in ((Side.MAILBOX, ctx.mailbox), (Side.CRM, ctx.crm)):
        refs = [ItemRef(side, ItemKind(r.kind), r.ref, r.container) for r in due if r.side == side]
        if not refs:
            continue
        # Salesforce's own feed tells records with their texts, too
        items = endpoint.read(refs, Detail.BODY if side is Side.CRM else Detail.HEAD)
        for ref in refs:
            item = items.get(ref)
            if isinstance(item, Item):
                found.add(Work(side, ref.kind, ref, item=item))
            elif item is not None:
                ctx.item_failed(ref, item)
        masters = [item for item in items.values() if isinstance(item, Item) and series.is_master(item)]
        _stage_exceptions(ctx, masters, found)
        absent = [ref for ref in refs if ref not in items]
        lost = _lost_again(ctx, absent, found) if side is Side.MAILBOX else frozenset()
        if ctx.preview:
            continue
        with ctx.fenced() as unit:
            for kind in ItemKind:
                vanished = [ref.id for ref in absent if ref.kind is kind and ref not in lost]
                unit.trail.drop_retries(ctx.user.id, side.value, vanished, kind=kind.value)
                unit.trail.close_issues(ctx.user.id, side.value, vanished, ctx.now(), kind=kind.value)


def _lost_again(ctx: StageContext, absent: Sequence[ItemRef], found: Found) -> frozenset[ItemRef]:
    """Those of the absent items whose deletion still waits to be dealt with: an earlier run saw it and could not go on,
    and no feed tells of it again. Occurrences are not among them: their series tells."""
    asked = {ref.id: ref for ref in absent if ref.kind in MIRRORED and split_id(ref.id)[1] is None}
    if not asked:
        return frozenset()
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_mailbox(ctx.user.id, asked)
    gone = [Gone(asked[ref], pair) for ref, pair in pairs.items() if pair.state == PairState.LIVE]
    told = follow(ctx, list(found.works.values()), gone)
    for work in told:
        found.add(work)
    return frozenset(work.ref for work in told if work.deleted)


def _attachments_left(ctx: StageContext, found: Found) -> None:
    """Saved mails of which earlier runs could not save every attachment. A mail that is gone has none to save."""
    with ctx.store.reading() as unit:
        due = {pair_key(key): key for key in unit.mail_files.due(ctx.user.id, ctx.now())}
        pairs = unit.pairs.by_key(ctx.user.id, due)
    refs = {
        ItemRef(Side.MAILBOX, ItemKind.EMAIL, pair.mailbox_id, pair.folder): key
        for key, pair in pairs.items() if pair.state == PairState.LIVE and pair.mailbox_id
    }  # fmt: skip
    refs = {ref: key for ref, key in refs.items() if f"mailbox:email:{ref.id}" not in found.works}
    if not refs:
        return
    items = ctx.mailbox.read(list(refs), Detail.HEAD)
    for ref, item in items.items():
        if isinstance(item, Item):
            found.add(Work(Side.MAILBOX, ItemKind.EMAIL, ref, item=item, key=refs[ref]))
    gone = [key for ref, key in refs.items() if ref not in items]
    if gone and not ctx.preview:
        with ctx.fenced() as unit:
            for key in gone:
                unit.mail_files.keep(ctx.user.org_id, due[key], (), 0, None)


def slid_out_of_window(ctx: StageContext, lineup: Lineup, found: Found) -> None:
    """Pairs whose event ended before the scope window: the local table tells, no vendor is asked."""
    horizon = ctx.now() - timedelta(days=ctx.settings.int("scope.past_days"))
    with ctx.store.reading() as unit:
        pairs = unit.pairs.ended_before(ctx.user.id, ItemKind.EVENT.value, horizon)
    refs = {ItemRef(Side.MAILBOX, ItemKind.EVENT, p.mailbox_id, p.folder): p for p in pairs if p.mailbox_id}
    refs = {ref: p for ref, p in refs.items() if f"mailbox:event:{ref.id}" not in found.works}
    for ref in [ref for ref, pair in refs.items() if pair.series or lineup.of(ref.kind, pair.crm_object).shows]:
        # an occurrence bears no mark that would have to be taken off, and what is only shown goes: nobody reads it
        found.add(Work(Side.MAILBOX, ItemKind.EVENT, ref, deleted=True, key=refs.pop(ref).key, decision=slid_out()))
    if not refs:
        return
    for ref, item in ctx.mailbox.read(list(refs), Detail.HEAD).items():
        if isinstance(item, Item):
            found.add(Work(Side.MAILBOX, ItemKind.EVENT, ref, item=item, key=refs[ref].key))


def switched_off(ctx: StageContext, lineup: Lineup, held: watching.Held, found: Found) -> None:
    """Items born in Salesforce, of a kind or object that is no longer to be shown in the mailbox."""
    for what in lineup.hidden(ctx.settings, held):
        with ctx.store.reading() as unit:
            pairs = unit.pairs.shown(ctx.user.id, what.kind, what.crm_object)
        refs = {ItemRef(Side.MAILBOX, what.kind, p.mailbox_id, p.folder): p for p in pairs}
        refs = {ref: p for ref, p in refs.items() if f"mailbox:{what.kind.value}:{ref.id}" not in found.works}
        if refs:
            for ref, item in ctx.mailbox.read(list(refs), Detail.HEAD).items():
                if isinstance(item, Item):
                    found.add(Work(Side.MAILBOX, what.kind, ref, item=item, key=refs[ref].key))
