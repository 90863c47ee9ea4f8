"""resolve: who is whom. One look-up for all addresses of the run, then what to create for the unresolved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from mapping.merge.plan import Step
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Side
from mapping.model.people import PersonRecord, domain_of
from mapping.model.reasons import Reason
from mapping.rules import scope
from mapping.rules.addresses import others
from mapping.rules.email_modes import Standing, counts_blocked, may_save_unknown
from mapping.rules.linking import order_addresses
from mapping.rules.scope import Outcome
from sync_tasks.stages import (
    adopting,
    adopting_events,
    complaints,
    creating,
    imaging,
    intents,
    naming,
    strangers,
    unresolved,
)
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.naming import Naming
from sync_tasks.stages.strangers import Made, Planned, Strangers, eligible, known, mail_book
from sync_tasks.stages.work import Work

People = dict[str, list[PersonRecord]]
ITSELF = "itself"  # a person account has no account but itself, and nothing more to be related to


def run(ctx: StageContext) -> StageReport:
    works = ctx.load_works()
    looked = creating.moment(ctx)
    asked = {address for work in works if work.item is not None for address in _addresses(ctx, work)}
    found = ctx.crm.find_people(sorted(asked), naming.only(ctx.settings))
    people: People = {address: list(records) for address, records in found.items()}
    named = _named(ctx, works, people)
    adopted = adopting.adopt(ctx, works, people)
    there = known(people, asked)
    chosen = intents.chosen(ctx, works)
    met = strangers.meet(ctx, works, people)
    made = met.made
    for work in works:
        if work.outcome is Outcome.CANDIDATE:
            _confirm(ctx, work, people, met, named.get(work.slot, naming.NOTHING), chosen.get(work.slot))
    adopting_events.adopt(ctx, works, adopted)
    kept = [w for w in works if w.outcome not in (Outcome.SKIP, Outcome.WAIT)]
    operations = _of_kept(ctx, kept, made, people)
    for address in made:
        _remember(people, address, made[address])
    left = [w for w in works if w.outcome is Outcome.SKIP]
    images = imaging.take(ctx, operations, (), {})
    with ctx.fenced() as unit:
        strangers.note(ctx, unit, met, kept, operations)
        ctx.note_decisions(unit, "resolve", [w for w in works if w.side is Side.MAILBOX])
        if not ctx.preview:
            unresolved.found(ctx, unit, met.listed, there)
            ctx.note_issues(unit, left)
        ctx.save_note(unit, "people", dump_people(people))
        ctx.save_note(unit, creating.NOTE, looked)
        ctx.save_note(unit, naming.NOTE, naming.dump(named))
        ctx.save_note(unit, adopting.NOTE, adopted.dump())
        ctx.save_works(unit, kept)
        unit.plans.forget_unsent(ctx.ref.id, [Step.ACCOUNTS.value, Step.PEOPLE.value])
        ctx.save_operations(unit, operations)
        images.keep(ctx, unit)
        complains = complaints.note(ctx, unit, "resolve", left)
    counts = {"asked": len(asked), "resolved": sum(bool(people.get(a)) for a in asked), "to_create": len(operations)}
    return StageReport(counts, more=bool(kept) or complains or complaints.pending(ctx))


def _addresses(ctx: StageContext, work: Work) -> list[str]:
    """Everybody on the item who may be linked or invited: not the user, not the blocked. Of a contact, who it is."""
    if work.item is None or work.side is Side.CRM:
        return []
    if work.kind is ItemKind.CONTACT:
        return [work.item.text(f.EMAIL)] if adopting.is_new(work) and work.item.text(f.EMAIL) else []
    every = order_addresses(work.item, ctx.me)
    if work.kind is ItemKind.EVENT:
        primary = ctx.primary
        every = tuple(dict.fromkeys(primary.get(a, a) for a in every))
        return [a for a in every if not ctx.book.is_blocked(a)]  # colleagues are no customers, but they are invited
    if counts_blocked(ctx.settings):
        return list(every)
    book = mail_book(ctx, work.item)
    return [a for a in every if book.eligible(a) or book.is_internal(a)]


def _named(ctx: StageContext, works: list[Work], people: People) -> dict[str, Naming]:
    """What the messages name that are saved when somebody on them is known, that were asked for, or that may be saved
    although nobody is known. Of those that were asked for, and on which nobody is known, also the accounts of the mail
    domains."""
    mails = [w for w in works if w.kind is ItemKind.EMAIL and w.side is Side.MAILBOX and _may_be_saved(w)]
    theirs = {w.slot: eligible(ctx, w.item, people) for w in mails}
    unknown = [w for w in mails if not known(people, theirs[w.slot])]
    asked = [w for w in unknown if w.decision is not None and w.decision.rule in scope.FORCED]
    read = mails if may_save_unknown(ctx.settings) else [w for w in mails if w not in unknown or w in asked]
    found = naming.look(ctx, read)
    accounts = naming.by_domain(ctx, {w.slot: theirs[w.slot] for w in asked})
    return {
        slot: replace(found.get(slot, naming.NOTHING), accounts=accounts.get(slot, ())) for slot in {*found, *accounts}
    }


def _may_be_saved(work: Work) -> bool:
    if work.item is None or work.decision is None or work.decision.reason is Reason.LINKED:
        return False
    return work.outcome in (Outcome.CANDIDATE, Outcome.SHARE)


def _confirm(
    ctx: StageContext, work: Work, people: People, met: Strangers, says: Naming, intent: Intent | None
) -> None:
    """The second half of the decision, now that it is known who is known and who will be."""
    assert work.item is not None and work.decision is not None
    theirs = eligible(ctx, work.item, people)
    if work.kind is ItemKind.EMAIL:
        standing = _standing(ctx, work.item, people, theirs, met, says)
        chosen = intent is not None and intent.chooses
        work.decision = scope.confirm_email(work.decision, standing, ctx.settings, chosen=chosen)
    else:
        coming = frozenset(a for a in theirs if a in met.made)
        work.decision = scope.confirm_event(work.decision, work.item, known(people, theirs) | coming, ctx.settings)


def _standing(
    ctx: StageContext, item: Item, people: People, theirs: list[str], met: Strangers, says: Naming
) -> Standing:
    everybody, found = others(item, ctx.me.addresses), known(people, theirs)
    unknown = [address for address in theirs if address not in found]
    return Standing(
        outside=not all(map(ctx.book.is_internal, everybody)), eligible=bool(theirs), known=bool(found),
        coming=any(a in met.made for a in theirs), unknown=bool(unknown),
        known_blocked=bool(known(people, everybody) - found),
        by_domain=any(domain_of(a) in met.domains for a in unknown), named=bool(says),
        account=bool(says.accounts),
    )  # fmt: skip


# --- creating people


def _of_kept(ctx: StageContext, kept: list[Work], made: Mapping[str, Made], people: People) -> list[Planned]:
    """The creations that some kept item still asks for, each once."""
    asked = {a for w in kept if w.item is not None and w.side is Side.MAILBOX for a in eligible(ctx, w.item, people)}
    planned = {op.id: (op, origin) for a, m in made.items() if a in asked for op, origin in m.operations}
    return list(planned.values())


def _remember(people: People, address: str, made: Made) -> None:
    """Let linking count on the person: its id is the operation that will yield it."""
    last = made.operations[-1][0]
    account = made.creation.account_id or (f"@{made.operations[0][0].id}" if len(made.operations) > 1 else "")
    if made.creation.kind == "person_account":
        account = ITSELF
    kind = "Lead" if last.target == "Lead" else "Contact"
    people.setdefault(address, []).append(
        PersonRecord(kind, f"@{last.id}", address, made.person.name, account_id=account)
    )


# --- the note that link and mirror read


def dump_people(people: Mapping[str, Sequence[PersonRecord]]) -> bytes:
    return json.dumps({address: [asdict(r) for r in records] for address, records in people.items()}).encode()


def load_people(blob: bytes | None) -> dict[str, tuple[PersonRecord, ...]]:
    body = json.loads(blob or b"{}")
    return {address: tuple(PersonRecord(**r) for r in records) for address, records in body.items()}
