"""resolve: who is whom. One look-up for all addresses of the run, then what to create for the unresolved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from mapping.merge.plan import Act, Operation, Step
from mapping.model import fields as f
from mapping.model.item import Attendee, Item, ItemKind, Pending, Person, Side
from mapping.model.people import AccountRecord, PersonRecord, domain_of
from mapping.rules import resolving, scope
from mapping.rules.linking import order_addresses
from mapping.rules.scope import Outcome
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.payload import Origin
from sync_tasks.stages.work import Work

People = dict[str, list[PersonRecord]]
Planned = tuple[Operation, Origin]


def run(ctx: StageContext) -> StageReport:
    works = ctx.load_works()
    asked = {address for work in works if work.item is not None for address in _addresses(ctx, work)}
    people: People = {address: list(found) for address, found in ctx.crm.find_people(sorted(asked)).items()}
    operations = _create_the_unresolved(ctx, works, people) if asked else []
    for work in works:
        if work.item is not None and work.decision is not None and work.outcome in (Outcome.CANDIDATE, Outcome.MIRROR):
            _confirm(ctx, work, people)
    kept = [w for w in works if w.outcome not in (Outcome.SKIP, Outcome.WAIT)]
    needed = {op_id for work in kept for op_id in _creations_of(ctx, work, people)}
    operations = [(op, origin) for op, origin in operations if op.id in needed or _is_needed(op, operations, needed)]
    with ctx.fenced() as unit:
        ctx.note_decisions(unit, "resolve", [w for w in works if w.side is Side.MAILBOX])
        ctx.save_note(unit, "people", dump_people(people))
        ctx.save_works(unit, kept)
        unit.plans.forget_unsent(ctx.ref.id, [Step.ACCOUNTS.value, Step.PEOPLE.value])
        ctx.save_operations(unit, operations)
    counts = {"asked": len(asked), "resolved": sum(bool(people.get(a)) for a in asked), "to_create": len(operations)}
    return StageReport(counts, more=bool(kept))


def _addresses(ctx: StageContext, work: Work) -> list[str]:
    """Everybody on the item who may be linked or invited: not the user, not the blocked."""
    assert work.item is not None
    if work.side is Side.CRM:
        return []
    every = order_addresses(work.item, ctx.me)
    if work.kind is ItemKind.EVENT:
        return [a for a in every if a not in ctx.me.addresses and not ctx.book.is_blocked(a)]
    return [a for a in every if ctx.book.eligible(a)]


def eligible(ctx: StageContext, item: Item) -> list[str]:
    return [a for a in order_addresses(item, ctx.me) if ctx.book.eligible(a)]


def known(people: Mapping[str, Sequence[PersonRecord]], addresses: Iterable[str]) -> frozenset[str]:
    """Those of the addresses that a Contact or Lead carries."""
    return frozenset(a for a in addresses if any(r.object in ("Contact", "Lead") for r in people.get(a, ())))


def _confirm(ctx: StageContext, work: Work, people: People) -> None:
    """The second half of the decision, now that it is known who is known."""
    assert work.item is not None and work.decision is not None
    theirs = eligible(ctx, work.item)
    if work.kind is ItemKind.EMAIL:
        work.decision = scope.confirm_email(
            work.decision, work.item, known(people, theirs), frozenset(theirs), ctx.settings
        )
    else:
        work.decision = scope.confirm_event(work.decision, work.item, known(people, theirs), ctx.settings)


# --- creating people


def _create_the_unresolved(ctx: StageContext, works: list[Work], people: People) -> list[Planned]:
    wanted: dict[str, tuple[Person, Work]] = {}
    for work in works:
        if work.item is None or work.side is Side.CRM or work.outcome not in (Outcome.CANDIDATE, Outcome.MIRROR):
            continue
        theirs = eligible(ctx, work.item)
        if scope.may_create(work.decision, work.item, known(people, theirs), ctx.settings):
            unresolved = [a for a in theirs if a not in known(people, theirs)]
            for person in resolving.who_to_create(work.item, unresolved, known(people, theirs), ctx.settings):
                wanted.setdefault(person.address, (person, work))
    if not wanted:
        return []
    domains = {domain_of(address) for address in wanted}
    found = ctx.crm.find_accounts(sorted(domains)) if ctx.settings.text("resolve.kind") != "off" else {}
    operations: dict[str, Planned] = {}
    for address, (person, work) in wanted.items():
        accounts: Sequence[AccountRecord] = found.get(domain_of(address), ())
        creation = resolving.decide_creation(person, ctx.book, accounts, ctx.settings)
        for op in _operations(ctx, creation, work):
            operations.setdefault(op.id, (op, Origin(work.ref)))
            if op.step is Step.PEOPLE:
                account = creation.account_id or next(iter(op.requires and [f"@{min(op.requires)}"] or []), "")
                people.setdefault(address, []).append(
                    PersonRecord("Lead" if op.target == "Lead" else "Contact", f"@{op.id}", address, person.name,
                                 account_id=account)
                )  # fmt: skip
    return list(operations.values())


def _operations(ctx: StageContext, creation: resolving.Creation, work: Work) -> list[Operation]:
    """The writes that bring a person about; an Account that must come first is one of its own, shared by domain."""
    if creation.kind == "none":
        return []
    owner = {"OwnerId": ctx.user.crm_user_id} if ctx.user.crm_user_id else {}
    made: list[Operation] = []
    person = dict(creation.person)
    if creation.kind == "account+contact":
        account = Operation(
            Act.CREATE, Side.CRM, work.kind, "Account", Step.ACCOUNTS, "RES-11", creation.reason.value,
            values={**creation.account, **owner},
        )  # fmt: skip
        made.append(account)
        person["AccountId"] = Pending(account.id)
    target = {"lead": "Lead", "person_account": "PersonAccount"}.get(creation.kind, "Contact")
    if creation.account_id and target == "Contact":
        person["AccountId"] = creation.account_id
    made.append(
        Operation(
            Act.CREATE, Side.CRM, work.kind, target, Step.PEOPLE, creation.rule, creation.reason.value,
            values={**person, **owner},
        )
    )  # fmt: skip
    return made


def _creations_of(ctx: StageContext, work: Work, people: People) -> list[str]:
    if work.item is None or work.side is Side.CRM:
        return []
    return [r.id[1:] for a in eligible(ctx, work.item) for r in people.get(a, ()) if r.id.startswith("@")]


def _is_needed(op: Operation, operations: list[Planned], needed: set[str]) -> bool:
    return any(op.id in other.requires and other.id in needed for other, _ in operations)


# --- the note that link and mirror read


def dump_people(people: Mapping[str, Sequence[PersonRecord]]) -> bytes:
    return json.dumps({address: [asdict(r) for r in records] for address, records in people.items()}).encode()


def load_people(blob: bytes | None) -> dict[str, tuple[PersonRecord, ...]]:
    body = json.loads(blob or b"{}")
    return {address: tuple(PersonRecord(**r) for r in records) for address, records in body.items()}


def attendee_addresses(item: Item) -> tuple[Attendee, ...]:
    value = item.get(f.ATTENDEES)
    return tuple(a for a in value if isinstance(a, Attendee)) if isinstance(value, tuple) else ()

