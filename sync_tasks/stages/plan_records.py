"""Planning the record of a mail: its columns, what it is linked to, and all that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.protocols import OrgShape
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, Pending, Person, Side, Value
from mapping.model.reasons import Reason
from mapping.model.table import Table
from mapping.rules import mail_records, once
from mapping.rules.attendees import invitee_record
from mapping.rules.linking import Links
from mapping.rules.scope_emails import FORCED
from mapping.rules.settings import Effective
from mapping.tables.email_message import EMAIL_MESSAGE, email_message, is_incoming
from mapping.tables.email_task import EMAIL_TASK, email_task
from sync_tasks.stages import intents, logged, plan_files
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.mapped import mapped
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work

EMAIL_MESSAGE_OBJECT, TASK_OBJECT = mail_records.EMAIL_MESSAGE, mail_records.TASK
TABLES = {EMAIL_MESSAGE_OBJECT: EMAIL_MESSAGE, TASK_OBJECT: EMAIL_TASK}
JUNCTIONS = {f.TO: "ToIds", f.CC: "CcIds", f.BCC: "BccIds"}
LINK_COLUMNS = frozenset({"WhoId", "WhatId", "RelatedToId", *JUNCTIONS.values()})


def record_object(settings: Effective, shape: OrgShape) -> str:
    """The object of the records that mails become there."""
    return mail_records.record_object(settings, shape.objects)


def delivered(settings: Effective, shape: OrgShape) -> Table:
    """The table by which mails become records there."""
    return TABLES[record_object(settings, shape)]


def create(
    draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None, *, retrying: bool,
    after: tuple[str, ...] = (), record_key: str = "", agreed: Mapping[str, str] = {},
) -> tuple[str, list[str]]:  # fmt: skip
    """Plan the record with all that hangs on it: people whom no column takes, copies, attachments. Its operation, and
    those that link it. `record_key`: the key of the record, where it is not that of the pair (`key`)."""
    assert work.decision is not None
    own = record_key or key
    values = record(draft, work, item, target, own, intent)
    values |= linked(draft, item, work.links, target)
    writer = _writer(draft, item, work.links)
    made = draft.add(
        Operation(
            Act.CREATE, Side.CRM, ItemKind.EMAIL, target, Step.RECORDS, work.decision.rule, work.decision.reason.value,
            key=own, pair_key=key, values=values, after=(*after, *_pending(writer)),
            agreed={**agreed, **({} if intent is None else {intents.MARK: str(intent.id)})},
            changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
        ),
        item.ref, retrying=retrying,
    )  # fmt: skip
    related = []
    if target == EMAIL_MESSAGE_OBJECT:
        related = _relate(draft, item, work.links, writer, "@" + made, chosen=intent is not None)
    copies = _copies(draft, own, item, work.links, target, values, (made,))
    # of a mail that was chosen while it was written nobody could choose the attachments (FIL-5); made anew, it has them
    if record_key or intent is None or not intent.composed or is_incoming(item, draft.ctx.me.addresses):
        also = tuple(id_of("@" + copy) for copy in copies)
        plan_files.plan(draft, own, item, id_of("@" + made), values, target, forced=is_forced(work), also=also)
    return made, [*related, *copies]


def add_links(draft: Draft, work: Work, item: Item, record: Item, intent: Intent | None) -> list[str]:
    """Plan the links that a record lacks which stands already; the operations."""
    target = record.ref.container
    added = logged.add_links(draft, item.ref, record, linked(draft, item, work.links, target))
    if target == EMAIL_MESSAGE_OBJECT:
        writer = _writer(draft, item, work.links)
        added += _relate(
            draft, item, work.links, writer, record.ref.id, chosen=intent is not None, retrying=True
        )  # fmt: skip
    return added


def add_copies(draft: Draft, key: str, work: Work, item: Item, target: str, intent: Intent | None) -> list[str]:
    """Plan the copies of a record that stands already; the operations. An earlier try may have made them."""
    if not draft.ctx.settings.bool("clones.sync"):
        return []
    return _copies(draft, key, item, work.links, target, record(draft, work, item, target, key, intent), ())


def is_forced(work: Work) -> bool:
    """Did somebody ask for this very mail to be saved?"""
    return work.decision is not None and work.decision.rule in FORCED


def _as_sender(item: Item, writer: str) -> Fields:
    sender = item.get(f.FROM)
    address = sender.address if isinstance(sender, Person) else ""
    return {"RelationId": id_of(writer), "RelationType": "FromAddress", "RelationAddress": address}


def _copies(
    draft: Draft, key: str, item: Item, links: Links | None, target: str, values: Fields, after: tuple[str, ...]
) -> list[str]:  # fmt: skip
    """Copies of the record for what it cannot be linked to; the operations. They come after the record, which is
    known as the oldest of all that bear its Message-ID."""
    objects = {person.id: person.object for found in draft.people.values() for person in found}
    made: list[str] = []
    for number, (column, linked_to) in enumerate(once.left_over(links, target, objects, draft.ctx.settings), 1):
        own = once.clone_key(key, number)
        copy = {name: value for name, value in values.items() if name not in LINK_COLUMNS}
        if draft.ctx.key_field in copy:
            copy[draft.ctx.key_field] = own
        operation = Operation(
            Act.CREATE, Side.CRM, ItemKind.EMAIL, target, Step.RECORDS, "DUP-7", Reason.COPIED_FOR_LINK.value,
            key=own, values={**copy, column: id_of(linked_to)}, after=after,
        )  # fmt: skip
        made.append(draft.add(operation, item.ref, retrying=not after))
    return made


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
        rule = logged.RULE if retrying else "LNK-27"
        related.append(logged.relate(draft, item.ref, message, _as_sender(item, writer), rule, retrying=retrying))
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
    chosen = {person.address: person.id for person in links.people} if links is not None else {}
    return chosen.get(address, "")


def record(draft: Draft, work: Work, item: Item, target: str, key: str, intent: Intent | None) -> dict[str, Value]:
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


def linked(draft: Draft, item: Item, links: Links | None, target: str) -> dict[str, Value]:
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
