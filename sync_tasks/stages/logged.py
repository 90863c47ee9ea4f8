"""Messages of which Salesforce has a record already: whose it is, and what it lacks of our links.

A colleague's run, another product or an earlier try of ours may have made it. It is adopted, and links that our rules
find and it does not show are added, as far as Salesforce lets a sent message be changed (DUP-3).
"""

from __future__ import annotations

from collections.abc import Mapping

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Side, Value
from mapping.model.reasons import Reason
from mapping.rules import once
from sync_tasks.stages.payload import id_of
from sync_tasks.stages.planning import Draft
from sync_tasks.stages.work import Work

RELATION = "EmailMessageRelation"
ROLES: Mapping[str, str] = {"ToIds": "ToAddress", "CcIds": "CcAddress", "BccIds": "BccAddress"}
RULE = "DUP-3"
_REASONS = {
    RULE: Reason.LINKS_ADDED, "LNK-27": Reason.SENDER_LINKED, "RCD-14": Reason.CHOSEN, "THR-4": Reason.IN_THREAD,
}  # fmt: skip
LEAD = "00Q"  # how ids of leads begin


def find(draft: Draft, works: Mapping[str, Work], target: str) -> dict[str, Item]:
    """The records of messages that bear their Message-ID, by key: one call."""
    ctx = draft.ctx
    column = once.column_of(ctx.settings, target, ctx.shape.objects.get(target, {}))
    wanted = {
        spelling: key
        for key, work in works.items() if work.item is not None
        for spelling in once.spellings(work.item.text(f.MESSAGE_ID))
    }  # fmt: skip
    if not column or not wanted:
        return {}
    found = ctx.crm.find_by_key(target, column, sorted(wanted))
    return {wanted[spelling]: found[spelling] for spelling in sorted(found, reverse=True) if spelling in wanted}


def add_links(draft: Draft, origin: ItemRef, record: Item, wanted: Fields) -> list[str]:
    """Plan what `wanted`, the links of a new record, has and the record has not; the operations. Nothing of it is taken
    away."""
    if record.ref.container == "Task":
        return _fill(draft, origin, record, _of_task(record, wanted))
    added = []
    for column, role in ROLES.items():
        listed = wanted.get(column)
        for person in listed if isinstance(listed, tuple) else ():
            values: Fields = {"RelationId": person, "RelationType": role}
            added.append(relate(draft, origin, record.ref.id, values, RULE, retrying=True))
    if record.flag("IsClientManaged") and not record.text("RelatedToId"):
        added += _fill(draft, origin, record, {name: wanted[name] for name in ("RelatedToId",) if name in wanted})
    return added


def relate(
    draft: Draft, origin: ItemRef, message: str, values: Fields, rule: str, *, retrying: bool = False
) -> str:  # fmt: skip
    """Plan that a message shows a person; the operation. `retrying`: it may do so already."""
    return draft.add(
        Operation(
            Act.RELATE, Side.CRM, ItemKind.EMAIL, RELATION, Step.RELATIONS, rule,
            _REASONS[rule].value,
            values={"EmailMessageId": id_of(message), **values},
        ),
        origin, retrying=retrying,
    )  # fmt: skip


def _of_task(record: Item, wanted: Fields) -> dict[str, Value]:
    """A task with a lead has nothing else."""
    free = {name: wanted[name] for name in ("WhoId", "WhatId") if name in wanted and not record.text(name)}
    if record.text("WhoId").startswith(LEAD):
        return {}
    if str(free.get("WhoId", "")).startswith(LEAD):
        free.pop("WhoId")
    return free


def _fill(draft: Draft, origin: ItemRef, record: Item, values: dict[str, Value]) -> list[str]:
    if not values:
        return []
    filled = Operation(
        Act.UPDATE, Side.CRM, ItemKind.EMAIL, record.ref.container, Step.RELATIONS, RULE, Reason.LINKS_ADDED.value,
        ref=record.ref.id, values=values,
        changes=tuple(FieldChange(name, None, value) for name, value in values.items()),
    )  # fmt: skip
    return [draft.add(filled, origin)]
