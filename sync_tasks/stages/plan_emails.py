"""Planning for e-mails: one record each, once, upwards only; then the marks on the mail. It only computes, except for
one look whether another product has logged the same Message-ID."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.protocols import OrgShape
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Pending, Person, Side, Value
from mapping.model.people import PersonRecord
from mapping.model.reasons import Reason
from mapping.model.table import Table
from mapping.rules import marks, once
from mapping.rules.attendees import invitee_record
from mapping.rules.linking import Links
from mapping.rules.scope import Outcome
from mapping.rules.scope_emails import FORCED
from mapping.rules.settings import Effective
from mapping.tables.email_message import EMAIL_MESSAGE, email_message, is_incoming
from mapping.tables.email_task import EMAIL_TASK, email_task
from sync_tasks.stages import logged, plan_files
from sync_tasks.stages.categorize import MARKED
from sync_tasks.stages.mapped import mapped
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.strangers import eligible
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

EMAIL_MESSAGE_OBJECT, TASK_OBJECT = "EmailMessage", "Task"
LINK_COLUMNS = ("WhoId", "WhatId")
TABLES = {EMAIL_MESSAGE_OBJECT: EMAIL_MESSAGE, TASK_OBJECT: EMAIL_TASK}


def plan(draft: Draft, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan the sharing of every selected mail, oldest key first."""
    chosen = {w.key: w for w in works if w.outcome is Outcome.SHARE and w.item is not None}
    target = record_object(draft.ctx.settings, draft.ctx.shape)
    adopted = logged.find(draft, {key: w for key, w in chosen.items() if not _is_saved(pairs.get(key))}, target)
    unfinished: dict[str, tuple[Item, PairView]] = {}
    for key in sorted(chosen):
        work, pair = chosen[key], pairs.get(key)
        assert work.item is not None
        if _is_saved(pair):
            _mark(draft, key, work.item, ())  # its record stands; only the mark, or attachments, are missing
            if pair is not None and plan_files.is_open(pair):
                unfinished[key] = work.item, pair
        elif key in adopted:
            _adopt(draft, key, work, work.item, adopted[key], target, ours=pair is not None)
        else:
            _share(draft, key, work, work.item, target, retrying=pair is not None)
    plan_files.go_on(draft, unfinished)


def record_object(settings: Effective, shape: OrgShape) -> str:
    """EmailMessage where the org has Enhanced Email (and the setting does not say otherwise), else Task."""
    wanted = settings.text("email.record")
    has = shape.has(EMAIL_MESSAGE_OBJECT)
    return EMAIL_MESSAGE_OBJECT if has and wanted in ("auto", "emailmessage") else TASK_OBJECT


def delivered(settings: Effective, shape: OrgShape) -> Table:
    """The table by which mails become records there."""
    return TABLES[record_object(settings, shape)]


def _is_saved(pair: PairView | None) -> bool:
    return pair is not None and pair.state == PairState.LIVE


def _share(draft: Draft, key: str, work: Work, item: Item, target: str, *, retrying: bool) -> None:
    links = work.links
    _note_pair(draft, key, item)
    values = _record(draft, item, target, key)
    values |= _linked(draft, item, links, target)
    writer = _writer(draft, item)
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, ItemKind.EMAIL, target, Step.RECORDS, work.decision.rule if work.decision else "",
            work.decision.reason.value if work.decision else "", key=key, pair_key=key, values=values,
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
            after=() if writer is None else _pending(writer.id),
        ),
        item.ref, retrying=retrying,
    )  # fmt: skip
    if target == EMAIL_MESSAGE_OBJECT and writer is not None:
        logged.relate(draft, item.ref, "@" + made, _as_sender(writer), "LNK-27")
    copies = _copies(draft, key, item, links, target, values)
    _mark(draft, key, item, (made,))
    plan_files.plan(draft, key, item, id_of("@" + made), values, target, forced=_is_forced(work), also=copies)


def _as_sender(writer: PersonRecord) -> Fields:
    return {"RelationId": id_of(writer.id), "RelationType": "FromAddress", "RelationAddress": writer.address}


def _copies(
    draft: Draft, key: str, item: Item, links: Links | None, target: str, values: Fields
) -> tuple[str | Pending, ...]:  # fmt: skip
    """Copies of the record for those whom it cannot be linked to; the ids that they will have."""
    objects = {record.id: record.object for found in draft.people.values() for record in found}
    made: list[str | Pending] = []
    for number, person in enumerate(once.left_over(links, target, objects, draft.ctx.settings), 1):
        own = once.clone_key(key, number)
        copy = {name: value for name, value in values.items() if name not in LINK_COLUMNS}
        if draft.ctx.key_field in copy:
            copy[draft.ctx.key_field] = own
        operation = Operation(
            Act.CREATE, Side.CRM, ItemKind.EMAIL, target, Step.RECORDS, "DUP-7", Reason.COPIED_FOR_LINK.value,
            key=own, values={**copy, "WhoId": id_of(person)},
        )  # fmt: skip
        made.append(id_of("@" + draft.add(operation, item.ref)))
    return tuple(made)


def _is_forced(work: Work) -> bool:
    """Did somebody ask for this very mail to be saved?"""
    return work.decision is not None and work.decision.rule in FORCED


def _writer(draft: Draft, item: Item) -> PersonRecord | None:
    """Who stands in Salesforce for the sender."""
    sender = item.get(f.FROM)
    return invitee_record(draft.people.get(sender.address, ())) if isinstance(sender, Person) else None


def _pending(record_id: str) -> tuple[str, ...]:
    """A mail is saved once, links and all, so it waits for a sender who is made for it."""
    made = id_of(record_id)
    return (made.operation,) if isinstance(made, Pending) else ()


def _record(draft: Draft, item: Item, target: str, key: str) -> dict[str, Value]:
    ctx = draft.ctx
    table = mapped(TABLES[target], ctx.mappings.get(ItemKind.EMAIL, ()), ctx.shape).table
    key_field = ctx.key_field if ctx.shape.can_create(target, ctx.key_field) else ""
    if target == EMAIL_MESSAGE_OBJECT:
        values = email_message(item, me_addresses=ctx.me.addresses, key_field=key_field, key=key, table=table)
        if ctx.shape.can_create(target, "IsClientManaged"):
            values["IsClientManaged"] = True
        return values
    column = once.column_of(ctx.settings, target, ctx.shape.objects.get(target, {}))
    values = email_task(
        item, me_addresses=ctx.me.addresses, key_field=key_field, key=key, message_id_field=column, table=table
    )
    if ctx.user.crm_user_id:
        values["OwnerId"] = ctx.user.crm_user_id
    return values


def _linked(draft: Draft, item: Item, links: Links | None, target: str) -> dict[str, Value]:
    """A Task hangs on one Who and one What; an EmailMessage names its people by role and one related record."""
    if links is None:
        return {}
    if target == TASK_OBJECT:
        pairs = {"WhoId": links.who, "WhatId": links.what}
        return {name: id_of(value) for name, value in pairs.items() if value}
    values: dict[str, Value] = {"RelatedToId": id_of(links.what)} if links.what else {}
    may_link = set(eligible(draft.ctx, item))  # an EmailMessage takes everybody, a Lead beside Contacts too
    for role, column in ((f.TO, "ToIds"), (f.CC, "CcIds"), (f.BCC, "BccIds")):
        found = item.get(role)
        people = [p for p in (found if isinstance(found, tuple) else ()) if isinstance(p, Person)]
        records = [invitee_record(draft.people.get(p.address, ())) for p in people]
        chosen = [r for r in records if r is not None and (r.address in may_link or r.object == "User")]
        ids = tuple(dict.fromkeys(r.id for r in chosen))
        if ids:
            values[column] = tuple(id_of(i) for i in ids)
    return values


def _adopt(draft: Draft, key: str, work: Work, item: Item, record: Item, target: str, *, ours: bool) -> None:
    """Somebody logged this very mail already: it is the record of this pair, and no second one is made. `ours`: it may
    have been an earlier try of this pair, so its attachments may be missing; those of others are others' (FIL-2)."""
    _note_pair(draft, key, item)
    draft.pair(key, crm_id=record.ref.id, crm_object=record.ref.container, state=PairState.LIVE.value)
    rule = "DUP-2" if record.text(draft.ctx.key_field) == key else "DUP-11"
    draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SHARE, Reason.ADOPTED, rule)
    _mark(draft, key, item, ())
    linked = _linked(draft, item, work.links, target)
    if ours:
        values = {**_record(draft, item, target, key), **linked}
        plan_files.plan(draft, key, item, record.ref.id, values, target, forced=_is_forced(work))
    logged.add_links(draft, item.ref, record, linked)
    writer = _writer(draft, item)
    if target == EMAIL_MESSAGE_OBJECT and writer is not None:
        logged.relate(draft, item.ref, record.ref.id, _as_sender(writer), logged.RULE, retrying=True)


def _mark(draft: Draft, key: str, item: Item, after: tuple[str, ...]) -> None:
    """One update adds the marks; a mail dropped into the managed folder then goes back where it belongs (WAY-3). Where
    there are labels instead of folders, ours was the mark, and it stays (WAY-4)."""
    categories = item.get(f.CATEGORIES)
    current = tuple(c for c in categories if isinstance(c, str)) if isinstance(categories, tuple) else ()
    wanted = marks.mark_saved(current)
    moving = item.ref.container == "emails" and draft.ctx.settings.bool("mail.move_back")
    if wanted == current:
        draft.pair(key, marks={MARKED: "1"})
    else:
        marked = draft.add(
            _on_mail(Act.MARK, key, item, Step.ITEMS, "MKM-1", Reason.MARK_ADDED, {f.CATEGORIES: wanted}, after),
            item.ref,
        )
        after = (marked,)
    if moving:
        home = "inbox" if is_incoming(item, draft.ctx.me.addresses) else "sent"
        draft.add(
            _on_mail(Act.MOVE, key, item, Step.AFTERWARDS, "WAY-3", Reason.MOVED_BACK, {"folder": home}, after),
            item.ref,
        )


def _on_mail(
    act: Act, key: str, item: Item, step: Step, rule: str, reason: Reason, values: Fields, after: tuple[str, ...]
) -> Operation:
    # without a version: adding a mark must not lose a race against the user reading the mail
    return Operation(
        act, Side.MAILBOX, ItemKind.EMAIL, item.ref.container, step, rule, reason.value, pair_key=key, ref=item.ref.id,
        values=values, after=after, agreed={MARKED: "1"} if act is Act.MARK else {},
        changes=tuple(FieldChange(n, item.get(n), v) for n, v in values.items()),
    )  # fmt: skip


def _note_pair(draft: Draft, key: str, item: Item) -> None:
    ref: ItemRef = item.ref
    draft.pair(
        key, born=Side.MAILBOX.value, kind=ItemKind.EMAIL.value, state=PairState.PENDING.value, mailbox_id=ref.id,
        mailbox_version="", folder=ref.container, reason="",
    )  # fmt: skip
