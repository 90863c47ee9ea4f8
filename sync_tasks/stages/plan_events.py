"""Planning for events: which writes bring the two copies of each event to agree. It only computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mapping.merge.baseline import Baseline
from mapping.merge.fields import Merged, merge, project_down, project_up
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Attendee, Item, ItemKind, ItemRef, Person, Side, Span, Value
from mapping.model.reasons import Reason
from mapping.model.table import Table, Winner
from mapping.rules import attendees, deletion, kinds, marks
from mapping.rules.attendees import AttendeePlan
from mapping.rules.deletion import Fate, Trigger
from mapping.rules.description import first_description
from mapping.rules.scope import Outcome
from mapping.tables.adjust import adjust
from mapping.tables.describe import fit
from mapping.tables.event import EVENT
from sync_tasks.stages.categorize import ends_at
from sync_tasks.stages.fetch import row_fingerprint
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.resolve import attendee_addresses
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Case:
    """One event: its pair, if any, and what each side brought into this run."""

    key: str
    pair: PairView | None
    mailbox: Work | None
    crm: Work | None

    @property
    def live(self) -> bool:
        return self.pair is not None and self.pair.state == PairState.LIVE

    @property
    def retrying(self) -> bool:
        """An earlier run planned this create and never learned what became of it."""
        return self.pair is not None and self.pair.state == PairState.PENDING


def plan(draft: Draft, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan every event of the run, in the order of their keys."""
    table = event_table(draft)
    sides: dict[str, dict[Side, Work]] = {}
    for work in works:
        sides.setdefault(work.key, {})[work.side] = work
    for key in sorted(sides):
        case = Case(key, pairs.get(key), sides[key].get(Side.MAILBOX), sides[key].get(Side.CRM))
        if case.live:
            _paired(draft, table, case)
        else:
            _unpaired(draft, table, case)


def event_table(draft: Draft) -> Table:
    """The event table as this organization has it: its changes laid over ours, fitted to its describe."""
    settings = draft.ctx.settings
    table = EVENT
    winner = Winner(settings.text("conflict.event"))
    table = adjust(table, [{"name": row.name, "winner": winner.value} for row in table.fields])
    if not settings.bool("description.safe"):
        table = adjust(table, [{"name": f.BODY, "direction": "both"}])
    fitted, _ = fit(table, draft.ctx.shape.objects.get("Event", {}))
    return fitted


# --- events that are not yet a pair


def _unpaired(draft: Draft, table: Table, case: Case) -> None:
    ours = case.mailbox if case.mailbox is not None and case.mailbox.outcome is Outcome.MIRROR else None
    theirs = case.crm if case.crm is not None and case.crm.outcome is Outcome.MIRROR else None
    if ours is not None and ours.item is not None and theirs is not None and theirs.item is not None:
        _adopt(draft, table, case, ours, theirs)
    elif ours is not None and ours.item is not None:
        _create_up(draft, table, case, ours, ours.item)
    elif theirs is not None and theirs.item is not None:
        _create_down(draft, table, case, theirs, theirs.item)


def _create_up(draft: Draft, table: Table, case: Case, work: Work, item: Item) -> None:
    ctx = draft.ctx
    mine = kinds.organizer_of(item) in ("", *ctx.me.addresses)
    described = item.with_fields({f.BODY: first_description(item, organizer_is_me=mine)})
    columns, agreed = project_up(table, described.fields, ctx.fingerprint_key)
    columns |= _links(work)
    if ctx.user.crm_user_id:
        columns["OwnerId"] = ctx.user.crm_user_id
    letter = kinds.letter(item, Side.MAILBOX, ctx.me)
    _note_pair(draft, case.key, Side.MAILBOX, letter, item, mailbox=item.ref)
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, _rule(work), _reason(work),
            key=case.key, pair_key=case.key, values=columns, agreed=agreed,
            changes=tuple(FieldChange(name, None, value) for name, value in columns.items()),
        ),
        item.ref, retrying=case.retrying,
    )  # fmt: skip
    if letter == "C":
        for attendee in attendee_addresses(item):
            _invite(draft, case.key, item.ref, "@" + made, attendee)
    mark: dict[str, Value] = {f.CATEGORIES: marks.mark_saved(_categories(item)), f.KEY: case.key}
    _update_mailbox(draft, case.key, item, mark, {}, "MRK-5", Reason.MARK_ADDED, after=(made,), act=Act.MARK)


def _create_down(draft: Draft, table: Table, case: Case, work: Work, item: Item) -> None:
    ctx = draft.ctx
    values, agreed = project_down(table, item.fields, ctx.fingerprint_key)
    invitees = tuple(a for a in _invitees(item) if a.address not in ctx.me.addresses)
    values |= {f.CATEGORIES: marks.mark_saved(()), f.KEY: case.key}
    if invitees:
        values[f.ATTENDEES] = invitees
        agreed["people"] = " ".join(attendees.person_mark(ctx.fingerprint_key, a.address) for a in invitees)
    letter = "C" if invitees else "B"
    _note_pair(draft, case.key, Side.CRM, letter, item, crm=item.ref, span=values.get(f.SPAN))
    draft.pair(case.key, crm_seen_next=row_fingerprint(ctx, item))
    stamped = item.text(ctx.key_field) == case.key
    if not stamped and ctx.shape.can_create("Event", ctx.key_field):
        draft.add(
            Operation(
                Act.UPDATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "IDN-8", Reason.KEY_STAMPED.value,
                pair_key=case.key, ref=item.ref.id, values={ctx.key_field: case.key},
            ),
            item.ref,
        )  # fmt: skip
    draft.add(
        Operation(
            Act.CREATE, Side.MAILBOX, ItemKind.EVENT, CALENDAR, Step.ITEMS, _rule(work), _reason(work),
            key=case.key, pair_key=case.key, values=values, agreed=agreed, mails=_mails(draft, invitees),
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        ),
        item.ref, retrying=case.retrying,
    )  # fmt: skip


def _adopt(draft: Draft, table: Table, case: Case, ours: Work, theirs: Work) -> None:
    """Both copies bear the same key but nobody remembers the pair: they are one, and merge as if both were new."""
    assert ours.item is not None and theirs.item is not None
    letter = kinds.letter(ours.item, Side.MAILBOX, draft.ctx.me)
    _note_pair(draft, case.key, Side.MAILBOX, letter, ours.item, mailbox=ours.ref)
    draft.pair(case.key, crm_id=theirs.ref.id, crm_object="Event", state=PairState.LIVE.value)
    draft.decide(Side.CRM, ItemKind.EVENT, theirs.ref.id, case.key, Outcome.MIRROR, Reason.ADOPTED, "IDN-8")
    _merge(draft, table, case, ours.item, theirs.item, {}, frozenset())


# --- pairs


def _paired(draft: Draft, table: Table, case: Case) -> None:
    pair, ours, theirs = case.pair, case.mailbox, case.crm
    assert pair is not None
    mailbox_gone = ours is not None and ours.deleted
    crm_gone = theirs is not None and theirs.deleted
    if mailbox_gone and crm_gone:
        draft.pair(case.key, state=PairState.GONE.value, reason=Reason.DELETED_ON_BOTH_SIDES.value)
    elif mailbox_gone or (ours is not None and ours.outcome is Outcome.GONE):
        _let_go(draft, case, Trigger.MAILBOX_DELETED)
    elif ours is not None and ours.outcome is Outcome.UNSYNC:
        _let_go(draft, case, Trigger.UNSYNC_MARK)
    elif crm_gone:
        _let_go(draft, case, Trigger.CRM_DELETED)
    elif any(w is not None and w.outcome is Outcome.RELEASE for w in (ours, theirs)):
        _let_go(draft, case, Trigger.WINDOW)
    elif ours is not None and theirs is not None and ours.item is not None and theirs.item is not None:
        _merge(draft, table, case, ours.item, theirs.item, pair.marks, pair.people)


def _merge(
    draft: Draft, table: Table, case: Case, ours: Item, theirs: Item, base: Mapping[str, str], people: frozenset[str]
) -> None:  # fmt: skip
    ctx = draft.ctx
    merged = merge(table, ours.fields, theirs.fields, Baseline(base, ctx.fingerprint_key), _newest(ours, theirs))
    for conflict in merged.conflicts:
        draft.decide(
            Side.MAILBOX, ItemKind.EVENT, ours.ref.id, case.key, Outcome.MIRROR, Reason.CONFLICT, "IDN-4",
            field=conflict.field, winner=conflict.winner.value,
        )  # fmt: skip
    for refusal in merged.refused:
        draft.decide(
            Side.MAILBOX, ItemKind.EVENT, ours.ref.id, case.key, Outcome.SKIP, Reason.VALUE_REFUSED, "FLD-2",
            field=refusal.field,
        )  # fmt: skip
    up = {change.name for change in merged.changes_crm}
    down = {change.name for change in merged.changes_mailbox}
    settled = {name: mark for name, mark in merged.agreed.items() if name not in up | down}
    span = ours.get(f.SPAN)
    draft.pair(
        case.key, marks=settled, crm_seen_next=row_fingerprint(ctx, theirs),
        mailbox_id=ours.ref.id, folder=ours.ref.container,
        **({"ends_at": ends_at(span)} if isinstance(span, Span) else {}),
    )  # fmt: skip
    if merged.to_crm:
        draft.add(
            Operation(
                Act.UPDATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "FLD-1", Reason.FIELDS_CHANGED.value,
                pair_key=case.key, ref=theirs.ref.id, values=merged.to_crm, changes=merged.changes_crm,
                agreed={name: merged.agreed[name] for name in up if name in merged.agreed},
            ),
            ours.ref,
        )  # fmt: skip
    lists = _merge_attendees(draft, case.key, ours, theirs, people)
    values: dict[str, Value] = dict(merged.to_mailbox)
    wanted = marks.mark_saved(_categories(ours))
    rule, reason = "FLD-1", Reason.FIELDS_CHANGED
    if wanted != _categories(ours):
        values[f.CATEGORIES] = wanted
        rule, reason = (rule, reason) if merged.to_mailbox else ("MRK-6", Reason.MARK_RESTORED)
    if ours.text(f.KEY) != case.key:
        values[f.KEY] = case.key
    if lists.add_to_mailbox or lists.remove_from_mailbox:
        gone = {a.address for a in lists.remove_from_mailbox}
        kept = [a for a in attendee_addresses(ours) if a.address not in gone]
        listed = sorted([*kept, *lists.add_to_mailbox], key=lambda a: a.address)
        values[f.ATTENDEES] = tuple(listed)
        rule, reason = "ATT-1", Reason.ATTENDEES_CHANGED
    if values:
        _update_mailbox(
            draft, case.key, ours, values, _agreed_down(merged, down, lists, ctx.fingerprint_key, people), rule, reason,
            changes=merged.changes_mailbox, mails=_mails(draft, lists.add_to_mailbox),
        )  # fmt: skip


def _agreed_down(
    merged: Merged, down: set[str], lists: AttendeePlan, key: bytes, people: frozenset[str]
) -> dict[str, str]:
    agreed = {name: merged.agreed[name] for name in down if name in merged.agreed}
    if lists.add_to_mailbox or lists.remove_from_mailbox:
        added = {attendees.person_mark(key, a.address) for a in lists.add_to_mailbox}
        gone = {attendees.person_mark(key, a.address) for a in lists.remove_from_mailbox}
        agreed["people"] = " ".join(sorted((people | added) - gone))
    return agreed


def _newest(ours: Item, theirs: Item) -> Side:
    """Which copy was edited last; the mailbox when nobody can tell."""
    mine, other = ours.get(f.MODIFIED), theirs.get("LastModifiedDate")
    later = hasattr(mine, "timestamp") and hasattr(other, "timestamp") and other.timestamp() > mine.timestamp()  # type: ignore[union-attr]
    return Side.CRM if later else Side.MAILBOX


# --- attendees


def _merge_attendees(draft: Draft, key: str, ours: Item, theirs: Item, people: frozenset[str]) -> AttendeePlan:
    """Plan the list of invitees: relations in Salesforce, and what the mailbox's list must become."""
    ctx = draft.ctx
    organizer = ours.get(f.ORGANIZER)
    mine = not isinstance(organizer, Person) or organizer.address in ctx.me.addresses
    crm = tuple(a for a in _invitees(theirs) if a.address not in ctx.me.addresses)
    lists = attendees.merge_attendees(
        attendee_addresses(ours), crm, people, ctx.fingerprint_key, organizer_is_me=mine,
        track_deleted=ctx.settings.bool("attendees.track_deleted"),
    )  # fmt: skip
    relations = {address: relation for relation, _, address in _invitee_ids(theirs)}
    for attendee in lists.add_to_crm:
        _invite(draft, key, ours.ref, theirs.ref.id, attendee)
    for address in lists.remove_from_crm:
        if address in relations:
            draft.add(
                Operation(
                    Act.UNRELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, "ATT-4",
                    Reason.ATTENDEES_CHANGED.value, pair_key=key, ref=relations[address],
                    agreed={"person": attendees.person_mark(ctx.fingerprint_key, address)},
                ),
                ours.ref,
            )  # fmt: skip
    for address, status in lists.status_to_crm:
        if address in relations:
            draft.add(
                Operation(
                    Act.UPDATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, "STS-1",
                    Reason.STATUS_CHANGED.value, ref=relations[address], values={"Status": status},
                ),
                ours.ref,
            )  # fmt: skip
    return lists


def _invite(draft: Draft, key: str, origin: ItemRef, event_id: str, attendee: Attendee) -> None:
    """A relation row for an attendee whom Salesforce knows; nobody else can be an invitee there."""
    record = attendees.invitee_record(draft.people.get(attendee.address, ()))
    if record is None:
        return
    draft.add(
        Operation(
            Act.RELATE, Side.CRM, ItemKind.EVENT, "EventRelation", Step.RELATIONS, "ATT-3",
            Reason.ATTENDEES_CHANGED.value, pair_key=key,
            values={
                "EventId": id_of(event_id), "RelationId": id_of(record.id),
                "Status": attendees.crm_status(attendee.response),
            },
            agreed={"person": attendees.person_mark(draft.ctx.fingerprint_key, attendee.address)},
        ),
        origin,
    )  # fmt: skip


# --- letting go


def _let_go(draft: Draft, case: Case, trigger: Trigger) -> None:
    """What a vanished, unsynced or aged event means for the other copy, by the table of deletions."""
    pair = case.pair
    assert pair is not None
    strategy, reason = draft.ctx.settings.text("deletion.events"), deletion.REASONS[trigger]
    what, rule = deletion.fate(pair.letter or "A", trigger, strategy, born=Side(pair.born))
    item = case.mailbox.item if case.mailbox is not None else None
    mailbox_ref = ItemRef(Side.MAILBOX, ItemKind.EVENT, pair.mailbox_id, pair.folder)
    crm_ref = ItemRef(Side.CRM, ItemKind.EVENT, pair.crm_id, pair.crm_object)
    source = mailbox_ref if case.mailbox is not None and trigger is not Trigger.CRM_DELETED else crm_ref
    draft.decide(source.side, ItemKind.EVENT, source.id, case.key, Outcome.RELEASE, reason, rule, fate=what.value)
    if what is Fate.DELETE_CRM:
        state = PairState.UNSYNCED if trigger is Trigger.UNSYNC_MARK else PairState.GONE
        draft.add(
            Operation(
                Act.DELETE, Side.CRM, ItemKind.EVENT, pair.crm_object, Step.DELETES, rule, reason.value,
                pair_key=case.key, ref=pair.crm_id, agreed={"state": state.value},
            ),
            source,
        )  # fmt: skip
        if trigger is Trigger.UNSYNC_MARK and item is not None:
            _clear_mark(draft, case.key, item, rule, reason, state)
    elif what is Fate.DELETE_MAILBOX:
        state = PairState.RELEASED if trigger is Trigger.WINDOW else PairState.GONE
        draft.add(
            Operation(
                Act.DELETE, Side.MAILBOX, ItemKind.EVENT, pair.folder, Step.DELETES, rule, reason.value,
                pair_key=case.key, ref=pair.mailbox_id, agreed={"state": state.value},
            ),
            source,
        )  # fmt: skip
    elif what is Fate.RELEASE:
        if item is None:
            draft.pair(case.key, state=PairState.RELEASED.value, reason=reason.value)
        else:
            _clear_mark(draft, case.key, item, rule, reason, PairState.RELEASED)
    elif what is Fate.DROP:
        draft.pair(case.key, state=PairState.GONE.value, reason=reason.value)


def _clear_mark(draft: Draft, key: str, item: Item, rule: str, reason: Reason, state: PairState) -> None:
    values = {f.CATEGORIES: marks.clear(_categories(item))}
    _update_mailbox(draft, key, item, values, {"state": state.value}, rule, reason, act=Act.MARK, step=Step.AFTERWARDS)


# --- small parts


def _update_mailbox(
    draft: Draft, key: str, item: Item, values: Mapping[str, Value], agreed: Mapping[str, str],
    rule: str, reason: Reason, *, act: Act = Act.UPDATE, step: Step = Step.ITEMS, after: tuple[str, ...] = (),
    changes: tuple[FieldChange, ...] = (), mails: int = 0,
) -> None:  # fmt: skip
    draft.add(
        Operation(
            act, Side.MAILBOX, ItemKind.EVENT, item.ref.container, step, rule, reason.value, pair_key=key,
            ref=item.ref.id, version=item.version, values=dict(values), agreed=dict(agreed), after=after, mails=mails,
            changes=changes or tuple(FieldChange(name, item.get(name), value) for name, value in values.items()),
        ),
        item.ref,
    )  # fmt: skip


def _note_pair(
    draft: Draft, key: str, born: Side, letter: str, item: Item, *,
    mailbox: ItemRef | None = None, crm: ItemRef | None = None, span: Value = None,
) -> None:  # fmt: skip
    """The pair row that is written before anything is created remotely."""
    when = item.get(f.SPAN) if span is None else span
    values: dict[str, object] = {
        "born": born.value, "kind": ItemKind.EVENT.value, "letter": letter,
        "state": PairState.PENDING.value, "reason": "",
    }  # fmt: skip
    if isinstance(when, Span):
        horizon = draft.ctx.now() - timedelta(days=draft.ctx.settings.int("scope.past_days"))
        # marked by hand when it already lay outside the window: the window will not take it away again
        values |= {"ends_at": ends_at(when), "pinned": ends_at(when) < horizon}
    if mailbox is not None:
        # No version: only one that our own write returned may make a change an echo. What is merely planned may never
        # be written, and the item must be looked at again then.
        values |= {"mailbox_id": mailbox.id, "mailbox_version": "", "folder": mailbox.container, "crm_id": ""}
    if crm is not None:
        values |= {
            "crm_id": crm.id,
            "crm_object": crm.container,
            "crm_version": "",
            "mailbox_id": "",
            "folder": "",
        }
    draft.pair(key, **values)


def _links(work: Work) -> dict[str, Value]:
    links = work.links
    if links is None:
        return {}
    values = {"WhoId": links.who, "WhatId": links.what}
    return {name: id_of(value) for name, value in values.items() if value}


def _categories(item: Item) -> tuple[str, ...]:
    value = item.get(f.CATEGORIES)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()


def _invitees(item: Item) -> tuple[Attendee, ...]:
    value = item.get("Invitees")
    return tuple(a for a in value if isinstance(a, Attendee)) if isinstance(value, tuple) else ()


def _invitee_ids(item: Item) -> list[tuple[str, str, str]]:
    value = item.get("InviteeIds")
    rows = value if isinstance(value, tuple) else ()
    return [(str(r[0]), str(r[1]), str(r[2])) for r in rows if isinstance(r, tuple)]


def _mails(draft: Draft, invited: tuple[Attendee, ...]) -> int:
    """How many people a write would have the server mail: none where it can write silently."""
    return 0 if "silent_write" in draft.ctx.mailbox.can else len(invited)


def _rule(work: Work) -> str:
    return work.decision.rule if work.decision is not None else ""


def _reason(work: Work) -> str:
    return work.decision.reason.value if work.decision is not None else ""
