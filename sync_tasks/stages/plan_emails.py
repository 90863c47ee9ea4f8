"""Planning for e-mails: one record each, once, upwards only; then the marks on the mail. It only computes, except for
one look whether another product has logged the same Message-ID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.protocols import OrgShape
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Pending, Person, Side, Value
from mapping.model.reasons import ISSUES, Reason
from mapping.model.table import Table
from mapping.rules import mail_records, marks
from mapping.rules.attendees import invitee_record
from mapping.rules.decision import Decision, categories
from mapping.rules.linking import Links
from mapping.rules.scope import Outcome
from mapping.rules.scope_emails import FORCED, MARKED_FOLDER, never_saveable
from mapping.rules.settings import Effective
from mapping.tables.email_message import EMAIL_MESSAGE, email_message, is_incoming
from mapping.tables.email_task import EMAIL_TASK, email_task
from sync_tasks.stages import complaints, intents
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.mapped import mapped
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.remarking import MARKED, ON
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

EMAIL_MESSAGE_OBJECT, TASK_OBJECT = mail_records.EMAIL_MESSAGE, mail_records.TASK
LEAD = "00Q"
TABLES = {EMAIL_MESSAGE_OBJECT: EMAIL_MESSAGE, TASK_OBJECT: EMAIL_TASK}


def plan(draft: Draft, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan the sharing of every selected mail, oldest key first."""
    _disown(draft, works)
    chosen = {w.key: w for w in works if w.outcome is Outcome.SHARE and w.item is not None and not _refused(draft, w)}
    target = record_object(draft.ctx.settings, draft.ctx.shape)
    wishes = intents.chosen(draft.ctx, list(chosen.values()))
    adopted = _already_logged(draft, chosen, target)
    for key in sorted(chosen):
        work, pair = chosen[key], pairs.get(key)
        assert work.item is not None and work.decision is not None
        intent = wishes.get(work.slot)
        if pair is not None and pair.state == PairState.LIVE:
            if work.decision.reason is Reason.RELINKED and intent is not None:
                _relink(draft, key, work, work.item, pair, intent)
            else:
                _mark(draft, key, work.item, ())  # its record stands; only the mark is missing
        elif key in adopted:
            _adopt(draft, key, work.item, adopted[key])
        else:
            _share(draft, key, work, work.item, target, intent, retrying=pair is not None)


def record_object(settings: Effective, shape: OrgShape) -> str:
    """The object of the records that mails become there."""
    return mail_records.record_object(settings, shape.objects)


def delivered(settings: Effective, shape: OrgShape) -> Table:
    """The table by which mails become records there."""
    return TABLES[record_object(settings, shape)]


def _refused(draft: Draft, work: Work) -> bool:
    """Now that its headers are read, does the message turn out to be one that is never saved?"""
    assert work.item is not None and work.decision is not None
    forced = work.decision.rule in FORCED
    reason = never_saveable(work.item, forced=forced)
    if reason is None:
        return False
    decision = Decision(Outcome.SKIP, reason, work.decision.rule)
    draft.decide(work.side, work.kind, work.ref.id, work.key, decision.outcome, reason, decision.rule)
    if reason in ISSUES:
        draft.quarantine(work.key, work.ref, reason)
        complaints.complain(draft, replace(work, key="", decision=decision))
    return True


def _disown(draft: Draft, works: list[Work]) -> None:
    """Take our marks off mails that nobody marked (WAY-15). The pair remembers it: a mark that is set later counts."""
    for work in works:
        if work.outcome is not Outcome.DISOWN or work.item is None or work.decision is None:
            continue
        _note_pair(draft, work.key, work.item)
        draft.pair(work.key, reason=Reason.INHERITED_CATEGORY.value)
        values: Fields = {f.CATEGORIES: marks.clear(categories(work.item))}
        operation = _on_mail(
            Act.MARK, work.key, work.item, Step.ITEMS, work.decision.rule, work.decision.reason, values, ()
        )
        draft.add(replace(operation, agreed={}), work.ref)


def _already_logged(draft: Draft, chosen: Mapping[str, Work], target: str) -> dict[str, Item]:
    if target != EMAIL_MESSAGE_OBJECT or not chosen:
        return {}
    by_id = {w.item.text(f.MESSAGE_ID): key for key, w in chosen.items() if w.item and w.item.text(f.MESSAGE_ID)}
    found = draft.ctx.crm.find_by_key(EMAIL_MESSAGE_OBJECT, "MessageIdentifier", sorted(by_id))
    return {by_id[message_id]: item for message_id, item in found.items() if message_id in by_id}


def _share(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool,
    after: tuple[str, ...] = (),
) -> None:  # fmt: skip
    _note_pair(draft, key, item)
    made = _create(draft, key, work, item, target, intent, retrying=retrying, after=after)
    _mark(draft, key, item, (made,))


def _create(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool,
    after: tuple[str, ...],
) -> str:  # fmt: skip
    """Plan the record and, of an EmailMessage, the people on it that no column of it takes; its operation."""
    assert work.decision is not None
    values = _record(draft, work, item, target, key, intent)
    values |= _linked(draft, item, work.links, target)
    writer = _writer(draft, item, work.links)
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, ItemKind.EMAIL, target, Step.RECORDS, work.decision.rule, work.decision.reason.value,
            key=key, pair_key=key, values=values, after=(*after, *_pending(writer)),
            agreed={} if intent is None else {intents.MARK: str(intent.id)},
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        ),
        item.ref, retrying=retrying,
    )  # fmt: skip
    if target == EMAIL_MESSAGE_OBJECT:
        _relate(draft, item, work.links, writer, made, chosen=intent is not None)
    return made


def _writer(draft: Draft, item: Item, links: Links | None) -> str:
    """Who stands in Salesforce for the sender."""
    sender = item.get(f.FROM)
    return _behind(draft, links, sender.address) if isinstance(sender, Person) and sender.address else ""


def _pending(record_id: str) -> tuple[str, ...]:
    """A mail is saved once, links and all, so it waits for a sender who is made for it."""
    made = id_of(record_id)
    return (made.operation,) if isinstance(made, Pending) else ()


def _relate(draft: Draft, item: Item, links: Links | None, writer: str, made: str, *, chosen: bool) -> None:
    """The sender, and people who are not on the message: the user chose them (RCD-14), or the thread brought them."""
    sender = item.get(f.FROM)
    if writer and isinstance(sender, Person):
        draft.add(_relation(made, writer, "FromAddress", sender.address, "LNK-27", Reason.SENDER_LINKED), item.ref)
    rule, reason = ("RCD-14", Reason.CHOSEN) if chosen else ("THR-4", Reason.IN_THREAD)
    for person in links.people if links is not None else ():
        if not person.address:
            draft.add(_relation(made, person.id, "OtherAddress", "", rule, reason), item.ref)


def _relation(made: str, record: str, role: str, address: str, rule: str, reason: Reason) -> Operation:
    values: dict[str, Value] = {
        "EmailMessageId": id_of("@" + made), "RelationId": id_of(record), "RelationType": role,
    }  # fmt: skip
    if address:
        values["RelationAddress"] = address
    return Operation(
        Act.RELATE, Side.CRM, ItemKind.EMAIL, "EmailMessageRelation", Step.RELATIONS, rule, reason.value, values=values
    )


def _behind(draft: Draft, links: Links | None, address: str) -> str:
    """The record that stands for an address of a message: the colleague's user, or whom linking chose."""
    record = invitee_record(draft.people.get(address, ()))
    if record is not None and record.object == "User":
        return record.id
    linked = {person.address: person.id for person in links.people} if links is not None else {}
    return linked.get(address, "")


def _record(draft: Draft, work: Work, item: Item, target: str, key: str, intent: Intent | None) -> dict[str, Value]:
    """The columns of the record besides its links."""
    ctx = draft.ctx
    table = mapped(TABLES[target], ctx.mappings.get(ItemKind.EMAIL, ()), ctx.shape).table
    key_field = ctx.key_field if ctx.shape.can_create(target, ctx.key_field) else ""
    whole = work.decision is not None and work.decision.rule.startswith("THR")
    shown = mail_records.told(item, ctx.settings, whole=whole)
    write = email_message if target == EMAIL_MESSAGE_OBJECT else email_task
    values = write(shown, me_addresses=ctx.me.addresses, key_field=key_field, key=key, table=table)
    if target == TASK_OBJECT and ctx.user.crm_user_id:
        values["OwnerId"] = ctx.user.crm_user_id
    elif ctx.shape.can_create(target, "IsClientManaged"):
        values["IsClientManaged"] = True
    given = {**(work.links.values if work.links is not None else {}), **(intent.values if intent is not None else {})}
    more = mail_records.added(
        item, values.get("Subject"), target, ctx.settings, ctx.shape.objects.get(target, {}),
        incoming=is_incoming(item, ctx.me.addresses), chosen=given,
    )  # fmt: skip
    return values | more.values


JUNCTIONS = {f.TO: "ToIds", f.CC: "CcIds", f.BCC: "BccIds"}


def _linked(draft: Draft, item: Item, links: Links | None, target: str) -> dict[str, Value]:
    """A Task hangs on one Who and one What; an EmailMessage names its people by role and one related record."""
    if links is None:
        return {}
    if target == TASK_OBJECT:
        pairs = {"WhoId": links.who, "WhatId": links.what}
        return {name: id_of(value) for name, value in pairs.items() if value}
    values: dict[str, Value] = {"RelatedToId": id_of(links.what)} if links.what else {}
    for role, column in JUNCTIONS.items():
        found = item.get(role)
        people = [p for p in (found if isinstance(found, tuple) else ()) if isinstance(p, Person)]
        ids = tuple(dict.fromkeys(i for p in people if (i := _behind(draft, links, p.address))))
        if ids:
            values[column] = tuple(id_of(i) for i in ids)
    return values


def _relink(draft: Draft, key: str, work: Work, item: Item, pair: PairView, intent: Intent) -> None:
    """Other records were chosen for a saved mail. A Task is edited; an EmailMessage cannot be, so it is deleted and
    made anew (RCD-13), unless colleagues have it too."""
    ctx = draft.ctx
    if pair.crm_object == TASK_OBJECT:
        values: dict[str, Value] = _linked(draft, item, work.links, TASK_OBJECT)
        values |= mail_records.typed(intent.values, ctx.shape.objects.get(TASK_OBJECT, {}), "updateable")
        draft.add(
            Operation(
                Act.UPDATE, Side.CRM, ItemKind.EMAIL, TASK_OBJECT, Step.RECORDS, "RCD-13", Reason.RELINKED.value,
                pair_key=key, ref=pair.crm_id, values=values, agreed={intents.MARK: str(intent.id)},
                changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
            ),
            item.ref,
        )  # fmt: skip
        return
    with ctx.store.reading() as unit:
        holders = unit.pairs.holders(ctx.user.org_id, [key]).get(key, [])
    if any(user != ctx.user.id and other.crm_id == pair.crm_id for user, other in holders):
        draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SKIP, Reason.SAVED_BY_OTHERS, "RCD-13")
        draft.quarantine(key, item.ref, Reason.SAVED_BY_OTHERS)
        return
    gone = draft.add(
        Operation(
            Act.DELETE, Side.CRM, ItemKind.EMAIL, pair.crm_object, Step.REMADE, "RCD-13", Reason.RELINKED.value,
            ref=pair.crm_id,
        ),
        item.ref,
    )  # fmt: skip
    _create(draft, key, work, item, EMAIL_MESSAGE_OBJECT, intent, retrying=True, after=(gone,))


def _adopt(draft: Draft, key: str, item: Item, record: Item) -> None:
    """Somebody logged this very mail already: it is the record of this pair, and no second one is made."""
    _note_pair(draft, key, item)
    draft.pair(key, crm_id=record.ref.id, crm_object=record.ref.container, state=PairState.LIVE.value)
    draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SHARE, Reason.ADOPTED, "DUP-11")
    _mark(draft, key, item, ())


def _mark(draft: Draft, key: str, item: Item, after: tuple[str, ...]) -> None:
    """One update adds the marks; a mail dropped into the managed folder then goes back where it belongs."""
    categories = item.get(f.CATEGORIES)
    current = tuple(c for c in categories if isinstance(c, str)) if isinstance(categories, tuple) else ()
    wanted = marks.mark_saved(current)
    moving = item.ref.container == MARKED_FOLDER
    if wanted == current:
        draft.pair(key, marks={MARKED: ON})
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
    # Categories are written as a whole list, so a mark goes with the version: what the user adds in that moment stays,
    # and the next run marks the mail. Moving it back needs none.
    marking = act is Act.MARK
    return Operation(
        act, Side.MAILBOX, ItemKind.EMAIL, item.ref.container, step, rule, reason.value, pair_key=key, ref=item.ref.id,
        version=item.version if marking else "", values=values, after=after, agreed={MARKED: ON} if marking else {},
        changes=tuple(FieldChange(n, item.get(n), v) for n, v in values.items()),
    )  # fmt: skip


def _note_pair(draft: Draft, key: str, item: Item) -> None:
    ref: ItemRef = item.ref
    draft.pair(
        key, born=Side.MAILBOX.value, kind=ItemKind.EMAIL.value, state=PairState.PENDING.value, mailbox_id=ref.id,
        mailbox_version="", folder=ref.container, reason="",
    )  # fmt: skip
