"""Looking, before a task or contact is saved for the first time, whether Salesforce has it already."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side
from mapping.model.people import PersonRecord
from mapping.model.reasons import Reason
from mapping.rules import twins
from mapping.rules.decision import Decision, Outcome
from mapping.rules.identity import crm_key
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import PairState, PairView

People = Mapping[str, Sequence[PersonRecord]]
Look = Callable[[Item, Collection[str]], tuple[str, ...]]

RULES = {ItemKind.TASK: "TSK-14", ItemKind.CONTACT: "CON-16"}
NOTE = "adopted"


@dataclass(slots=True)
class Adopted:
    """`records`: by pair key, the id of the record that an item adopts. `given_up`: keys under which the item was
    known before."""

    records: dict[str, str] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)

    def dump(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def load(ctx: StageContext) -> Adopted:
    """What was found in this run, for the stage that plans."""
    return Adopted(**json.loads(ctx.load_note(NOTE) or b"{}"))


def is_new(work: Work) -> bool:
    """Is it a task or contact of the mailbox that is to be saved for the first time?"""
    saved = work.decision is not None and work.decision.reason is Reason.LINKED
    return work.side is Side.MAILBOX and work.kind in RULES and work.outcome is Outcome.MIRROR and not saved


def adopt(ctx: StageContext, works: Sequence[Work], people: People) -> Adopted:
    """Find the records that new items are the same as. From then on such an item goes by the key of the record, so what
    Salesforce tells of it in this run meets it; an item that looks like several records is left alone."""
    new = [work for work in works if is_new(work)]
    adopted = Adopted()
    if not new:
        return adopted
    tasks = _alike_tasks(ctx, new)
    looks: dict[ItemKind, Look] = {
        ItemKind.TASK: lambda item, taken: twins.same_task(item, tasks, taken),
        ItemKind.CONTACT: lambda item, taken: twins.same_contact(
            [p for p in people.get(item.text(f.EMAIL), ()) if not p.converted], ctx.user.crm_user_id, taken
        ),
    }
    told = {work.ref.id: work.key for work in works if work.side is Side.CRM}
    known = _known(ctx, [*(task.ref.id for task in tasks), *(p.id for found in people.values() for p in found)])
    taken = {crm_id for crm_id, pair in known.items() if pair.state == PairState.LIVE}
    for work in new:
        assert work.item is not None
        alike = looks[work.kind](work.item, taken)
        if len(alike) > 1:
            work.decision = Decision(Outcome.SKIP, Reason.AMBIGUOUS, RULES[work.kind], {"count": str(len(alike))})
        for crm_id in alike if len(alike) == 1 else ():
            pair = known.get(crm_id)
            key = pair.key if pair is not None else told.get(crm_id) or crm_key(ctx.org, work.kind, crm_id)
            if key != work.key:
                adopted.given_up.append(work.key)
            work.key = key
            adopted.records[key] = crm_id
            taken.add(crm_id)
    return adopted


def _alike_tasks(ctx: StageContext, new: Sequence[Work]) -> tuple[Item, ...]:
    subjects = {work.item.text(f.SUBJECT) for work in new if work.kind is ItemKind.TASK and work.item is not None}
    owner = ctx.user.crm_user_id
    return ctx.crm.find_tasks(owner, sorted(subjects)) if subjects and owner else ()


def _known(ctx: StageContext, crm_ids: Sequence[str]) -> dict[str, PairView]:
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_crm(ctx.user.id, crm_ids)
    return {crm_id: pair for (kind, crm_id), pair in pairs.items() if kind in RULES}
