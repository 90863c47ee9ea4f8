"""Planning for e-mails: one record each, once, upwards only; then the marks on the mail. It only computes, except for
one look whether another product has logged the same Message-ID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.protocols import Detail, OrgShape
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Pending, Person, Side, Value
from mapping.model.reasons import ISSUES, Reason
from mapping.model.table import Table
from mapping.rules import mail_records, marks, once
from mapping.rules.attendees import invitee_record
from mapping.rules.decision import Decision, categories
from mapping.rules.linking import Links
from mapping.rules.scope import Outcome
from mapping.rules.scope_emails import FORCED, MARKED_FOLDER, never_saveable
from mapping.rules.settings import Effective
from mapping.tables.email_message import EMAIL_MESSAGE, email_message, is_incoming
from mapping.tables.email_task import EMAIL_TASK, email_task
from sync_tasks.stages import complaints, intents, logged, plan_files
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.mapped import mapped
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.remarking import MARKED, ON
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

EMAIL_MESSAGE_OBJECT, TASK_OBJECT = mail_records.EMAIL_MESSAGE, mail_records.TASK
LINK_COLUMNS = ("WhoId", "WhatId")
TABLES = {EMAIL_MESSAGE_OBJECT: EMAIL_MESSAGE, TASK_OBJECT: EMAIL_TASK}


def plan(draft: Draft, works: list[Work], pairs: Mapping[str, PairView]) -> None:
    """Plan the sharing of every selected mail, oldest key first."""
    _disown(draft, works)
    chosen = {w.key: w for w in works if w.outcome is Outcome.SHARE and w.item is not None and not _refused(draft, w)}
    target = record_object(draft.ctx.settings, draft.ctx.shape)
    wishes = intents.chosen(draft.ctx, list(chosen.values()))
    adopted = logged.find(draft, {key: w for key, w in chosen.items() if not _is_saved(pairs.get(key))}, target)
    standing = _standing(draft, chosen, pairs)
    unfinished: dict[str, tuple[Item, PairView]] = {}
    for key in sorted(chosen):
        work, pair = chosen[key], pairs.get(key)
        assert work.item is not None and work.decision is not None
        intent = wishes.get(work.slot)
        if pair is not None and _is_saved(pair):
            if work.decision.reason is Reason.RELINKED and intent is not None:
                draft.renewed.add(key)
                _relink(draft, key, work, work.item, pair, intent)
                continue
            record = standing.get(key)  # it stands; only links, the mark, or attachments are missing
            added = _add_links(draft, work, work.item, record, intent) if record is not None else []
            _mark(draft, key, work.item, tuple(added))
            if plan_files.is_open(pair):
                unfinished[key] = work.item, pair
        elif key in adopted:
            _adopt(draft, key, work, work.item, adopted[key], target, intent, ours=pair is not None)
        else:
            if pair is not None and pair.state == PairState.UNSYNCED:
                draft.renewed.add(key)
            _share(draft, key, work, work.item, target, intent, retrying=pair is not None)
    plan_files.go_on(draft, unfinished)


def record_object(settings: Effective, shape: OrgShape) -> str:
    """The object of the records that mails become there."""
    return mail_records.record_object(settings, shape.objects)


def delivered(settings: Effective, shape: OrgShape) -> Table:
    """The table by which mails become records there."""
    return TABLES[record_object(settings, shape)]


def _refused(draft: Draft, work: Work) -> bool:
    """Now that its headers are read, does the message turn out to be one that is never saved?"""
    assert work.item is not None and work.decision is not None
    reason = never_saveable(work.item, forced=_is_forced(work))
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


def _is_saved(pair: PairView | None) -> bool:
    return pair is not None and pair.state == PairState.LIVE


def _standing(draft: Draft, chosen: Mapping[str, Work], pairs: Mapping[str, PairView]) -> dict[str, Item]:
    """The records, by key, of saved mails that an earlier run could not link as it should: one call, mostly none."""
    refs = {
        ItemRef(Side.CRM, ItemKind.EMAIL, pairs[key].crm_id, pairs[key].crm_object): key
        for key, work in chosen.items()
        if _is_saved(pairs.get(key)) and work.decision is not None and work.decision.reason is Reason.LINKS_ADDED
    }
    told = draft.ctx.crm.read(list(refs), Detail.HEAD) if refs else {}
    return {refs[ref]: record for ref, record in told.items() if isinstance(record, Item)}


def _share(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool
) -> None:  # fmt: skip
    _note_pair(draft, key, item)
    made, related = _create(draft, key, work, item, target, intent, retrying=retrying)
    _mark(draft, key, item, (made, *related))


def _create(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool,
    after: tuple[str, ...] = (),
) -> tuple[str, list[str]]:  # fmt: skip
    """Plan the record with all that hangs on it: people whom no column takes, copies, attachments. Its operation, and
    those that link it."""
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
    related = []
    if target == EMAIL_MESSAGE_OBJECT:
        related = _relate(draft, item, work.links, writer, "@" + made, chosen=intent is not None)
    copies = _copies(draft, key, item, work.links, target, values)
    # of a mail that was chosen while it was written nobody could choose the attachments (FIL-5); made anew, it has them
    if after or intent is None or not intent.composed or is_incoming(item, draft.ctx.me.addresses):
        plan_files.plan(draft, key, item, id_of("@" + made), values, target, forced=_is_forced(work), also=copies)
    return made, related


def _is_forced(work: Work) -> bool:
    """Did somebody ask for this very mail to be saved?"""
    return work.decision is not None and work.decision.rule in FORCED


def _as_sender(item: Item, writer: str) -> Fields:
    sender = item.get(f.FROM)
    address = sender.address if isinstance(sender, Person) else ""
    return {"RelationId": id_of(writer), "RelationType": "FromAddress", "RelationAddress": address}


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


def _writer(draft: Draft, item: Item, links: Links | None) -> str:
    """Who stands in Salesforce for the sender."""
    sender = item.get(f.FROM)
    return _behind(draft, links, sender.address) if isinstance(sender, Person) and sender.address else ""


def _pending(record_id: str) -> tuple[str, ...]:
    """A mail is saved once, links and all, so it waits for a sender who is made for it."""
    made = id_of(record_id)
    return (made.operation,) if isinstance(made, Pending) else ()


def _relate(
    draft: Draft, item: Item, links: Links | None, writer: str, message: str, *, chosen: bool, retrying: bool = False
) -> list[str]:  # fmt: skip
    """The sender, and people who are not on the message: the user chose them (RCD-14), or the thread brought them."""
    related = []
    if writer:
        related.append(logged.relate(draft, item.ref, message, _as_sender(item, writer), "LNK-27", retrying=retrying))
    for person in links.people if links is not None else ():
        if not person.address:
            other: Fields = {"RelationId": id_of(person.id), "RelationType": "OtherAddress"}
            rule = "RCD-14" if chosen else "THR-4"
            related.append(logged.relate(draft, item.ref, message, other, rule, retrying=retrying))
    return related


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
    me = ctx.me.addresses
    if target == EMAIL_MESSAGE_OBJECT:
        values = email_message(shown, me_addresses=me, key_field=key_field, key=key, table=table)
    else:
        column = once.column_of(ctx.settings, target, ctx.shape.objects.get(target, {}))
        values = email_task(
            shown, me_addresses=me, key_field=key_field, key=key, message_id_field=column, table=table
        )  # fmt: skip
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


def _adopt(
    draft: Draft, key: str, work: Work, item: Item, record: Item, target: str, intent: Intent | None, *, ours: bool,
) -> None:  # fmt: skip
    """Somebody logged this very mail already: it is the record of this pair, and no second one is made. `ours`: it may
    have been an earlier try of this pair, so its attachments may be missing; those of others are others' (FIL-2)."""
    _note_pair(draft, key, item)
    draft.pair(key, crm_id=record.ref.id, crm_object=record.ref.container, state=PairState.LIVE.value)
    rule = "DUP-2" if record.text(draft.ctx.key_field) == key else "DUP-11"
    draft.decide(Side.MAILBOX, ItemKind.EMAIL, item.ref.id, key, Outcome.SHARE, Reason.ADOPTED, rule)
    _mark(draft, key, item, tuple(_add_links(draft, work, item, record, intent)))
    if intent is not None:  # what it asks for is added as far as Salesforce lets it
        draft.pair(key, marks={**draft.notes[key].get("marks", {}), intents.MARK: str(intent.id)})
    if ours:
        values = {**_record(draft, work, item, target, key, intent), **_linked(draft, item, work.links, target)}
        plan_files.plan(draft, key, item, record.ref.id, values, target, forced=_is_forced(work))


def _add_links(draft: Draft, work: Work, item: Item, record: Item, intent: Intent | None) -> list[str]:
    """Plan the links that a record lacks which stands already; the operations."""
    target = record.ref.container
    added = logged.add_links(draft, item.ref, record, _linked(draft, item, work.links, target))
    if target == EMAIL_MESSAGE_OBJECT:
        writer = _writer(draft, item, work.links)
        added += _relate(
            draft, item, work.links, writer, record.ref.id, chosen=intent is not None, retrying=True
        )  # fmt: skip
    return added


def _mark(draft: Draft, key: str, item: Item, after: tuple[str, ...]) -> None:
    """One update adds the marks, once the mail is saved and linked. A mail dropped into the managed folder then goes
    back where it belongs (WAY-3). Where there are labels instead of folders, ours was the mark; it stays (WAY-4)."""
    categories = item.get(f.CATEGORIES)
    current = tuple(c for c in categories if isinstance(c, str)) if isinstance(categories, tuple) else ()
    wanted = marks.mark_saved(current)
    moving = item.ref.container == MARKED_FOLDER and draft.ctx.settings.bool("mail.move_back")
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
