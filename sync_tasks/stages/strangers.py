"""People whom Salesforce does not know: for whom of them a record is made, as what, and why for the others none is.

What needs no further look is decided first. Then the messages of those who are left are read whole, because their
headers tell letters from newsletters, in one call for all; then Salesforce is asked for the accounts of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.errors import ConnectorError
from connectors.protocols import ALIKE, Detail
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model import fields as f
from mapping.model.item import MISSING, Fields, Item, ItemKind, ItemRef, Pending, Person, Side, Value
from mapping.model.people import AccountRecord, PersonRecord, domain_of
from mapping.model.reasons import Reason
from mapping.rules import accounts, resolving, scope
from mapping.rules.addresses import AddressBook, book_of_mail, others
from mapping.rules.email_modes import makes_beside_known, only_under_account
from mapping.rules.linking import order_addresses
from mapping.rules.names import company_shown, registrable
from mapping.rules.resolving import Creation, Encounter, Refusal
from mapping.rules.scope import Decision, Outcome
from mapping.rules.scope_emails import FORCED, is_history
from mapping.rules.settings import Effective
from mapping.tables.email_message import is_incoming
from sync_tasks.stages import naming, signed, unresolved
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.payload import Origin
from sync_tasks.stages.unresolved import Listed, Seen
from sync_tasks.stages.work import Work
from sync_tasks.state.records import DecisionView
from sync_tasks.state.store import Unit

People = Mapping[str, Sequence[PersonRecord]]
Planned = tuple[Operation, Origin]
_NONE_KNOWN: People = {}

# which Salesforce object each kind of creation makes; `PersonAccount` yields the id that WhoId takes
TARGETS = {"lead": "Lead", "contact": "Contact", "account+contact": "Contact", "person_account": "PersonAccount"}
_SOURCES = {"Lead": "LeadSource", "Contact": "LeadSource", "PersonAccount": "PersonLeadSource"}

# reasons behind which there is no person on whom anybody would have to decide
_NOBODY = frozenset(
    {
        Reason.NOT_CREATED_INTERNAL, Reason.NOT_CREATED_BLOCKED, Reason.NOT_CREATED_FREE, Reason.NOT_CREATED_INVALID,
        Reason.NOT_CREATED_ROLE, Reason.NOT_CREATED_ROBOT, Reason.NOT_CREATED_DISPOSABLE, Reason.NOT_CREATED_BULK,
        Reason.NOT_CREATED_OUTSIDE,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A person to be created: the operations that do it, the last of which yields the person's id."""

    person: Person
    creation: Creation
    operations: tuple[Planned, ...]
    seen: Seen


@dataclass(slots=True)
class Case:
    """Somebody unknown on one item. `why`: the objection to making a record for him, as far as there is one."""

    work: Work
    person: Person
    met: bool
    asked: bool
    why: Refusal | None = None

    @property
    def encounter(self) -> Encounter:
        return Encounter(self.person, item_of(self.work), self.met, self.asked)

    @property
    def seen(self) -> Seen:
        ref = self.work.ref
        return Seen(self.person, (ref.kind.value, ref.id, ref.container), self.met)

    @property
    def automatic(self) -> bool:
        """Is it a message that nobody asked for?"""
        return self.work.decision is not None and self.work.decision.rule == "WAY-5"

    def by(self, ctx: StageContext) -> Effective:
        """The settings by which he is made."""
        return scope.by_mode(self.work.decision, ctx.settings)


@dataclass(slots=True)
class Strangers:
    """`made`: by address, whom records are made for. `cases`: everybody unknown on everything new. `domains`: mail
    domains, of those that were looked for, of which an account is known."""

    listed: Listed
    made: dict[str, Made] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()
    cases: list[Case] = field(default_factory=list)


def meet(ctx: StageContext, works: Sequence[Work], people: People) -> Strangers:
    """Decide on all people unknown on what is to be saved for the first time."""
    strangers = Strangers(unresolved.load(ctx))
    cases = strangers.cases
    cases += _cases(ctx, works, people, strangers.listed)
    wanted = {a: w for a in {c.person.address for c in cases} if (w := strangers.listed.wanted(a)) is not None}
    open_cases = [case for case in cases if case.person.address not in wanted]
    _object(ctx, open_cases, resolving.OF_ADDRESS)
    _choose(ctx, open_cases, people)
    _read_whole(ctx, [case for case in cases if case.why is None])
    _object(ctx, open_cases, (*resolving.OF_MESSAGE, *resolving.OF_CONTACT))
    _look_beyond(ctx, [case for case in open_cases if case.why is None])
    _hold(ctx, open_cases, strangers.listed)
    chosen: dict[str, Case] = {}
    for case in sorted((c for c in cases if c.why is None), key=lambda c: c.person.address):
        chosen.setdefault(case.person.address, case)
    found = _accounts(ctx, [case for address, case in chosen.items() if address not in wanted])
    strangers.domains = frozenset(map(domain_of, found))
    for address in [a for a in chosen if a not in wanted and a not in found and _only_under_account(ctx, chosen[a])]:
        chosen.pop(address).why = Refusal(Reason.NOT_CREATED_NO_ACCOUNT, "WAY-5")
    creations = {
        address: resolving.as_wanted(case.person, wanted[address]) if address in wanted
        else resolving.decide_creation(case.person, found.get(address), case.by(ctx))
        for address, case in chosen.items()
    }  # fmt: skip
    for address, case in chosen.items():
        mails = [item_of(each.work) for each in cases if each.person.address == address]
        target = TARGETS[creations[address].kind]
        creations[address] = signed.complete(ctx, creations[address], target, case.person, mails)
    creations = resolving.share_accounts(_with_addresses(ctx, creations))
    for address, case in chosen.items():
        operations = _operations(ctx, creations[address], case.work, insist=address in wanted)
        origin = Origin(case.work.ref)
        planned = tuple((op, origin) for op in operations)
        strangers.made[address] = Made(case.person, creations[address], planned, case.seen)
    return strangers


def item_of(work: Work) -> Item:
    assert work.item is not None
    return work.item


def eligible(ctx: StageContext, item: Item | None, people: People = _NONE_KNOWN) -> list[str]:
    """The addresses that may be linked to, main counterpart first. `people`: who is known by now."""
    if item is None:
        return []
    book = mail_book(ctx, item, people) if item.ref.kind is ItemKind.EMAIL else ctx.book
    return [a for a in order_addresses(item, ctx.me) if book.eligible(a)]


def mail_book(ctx: StageContext, item: Item, people: People = _NONE_KNOWN) -> AddressBook:
    """The book as it holds for one message."""
    carried = known(people, others(item, ctx.me.addresses)) if people else ()
    return book_of_mail(ctx.book, ctx.settings, history=is_history(item, ctx.me), carried=carried)


def known(people: People, addresses: Iterable[str]) -> frozenset[str]:
    """Those of the addresses that a Contact or Lead carries."""
    return frozenset(a for a in addresses if any(r.object in ("Contact", "Lead") for r in people.get(a, ())))


# --- who is unknown, and what is to be said against a record


def _cases(ctx: StageContext, works: Sequence[Work], people: People, listed: Listed) -> list[Case]:
    mailbox = [work for work in works if work.side is Side.MAILBOX and work.item is not None]
    met = {
        address for work in mailbox for address in eligible(ctx, item_of(work))
        if resolving.has_met(item_of(work), address, ctx.me.addresses)
    }  # fmt: skip
    cases: list[Case] = []
    for work in mailbox:
        if not scope.may_create(work.decision):
            continue
        theirs = eligible(ctx, item_of(work), people)
        unknown = [address for address in theirs if address not in known(people, theirs)]
        asked = work.decision is not None and work.decision.rule in FORCED
        cases += [
            Case(work, person, person.address in met or listed.has_met(person.address), asked)
            for person in resolving.named(item_of(work), unknown)
        ]
    return cases


def _object(ctx: StageContext, cases: Iterable[Case], guards: Iterable[resolving.Guard]) -> None:
    guards = tuple(guards)
    for case in cases:
        if case.why is None:
            case.why = resolving.refusal(case.encounter, ctx.book, ctx.settings, guards)


def _choose(ctx: StageContext, cases: Iterable[Case], people: People) -> None:
    """Whom the settings ask for at all: nobody, the main counterpart, or everybody."""
    main: dict[str, frozenset[str]] = {}
    for case in cases:
        if case.why is not None:
            continue
        if not scope.makes_people(case.by(ctx)):
            case.why = Refusal(Reason.CREATE_OFF, "RES-1")
            continue
        if case.work.slot not in main:
            main[case.work.slot] = _main(ctx, case, people)
        if case.person.address not in main[case.work.slot]:
            case.why = Refusal(Reason.NOT_CREATED_BESIDE, "RES-9")


def _main(ctx: StageContext, case: Case, people: People) -> frozenset[str]:
    item = item_of(case.work)
    theirs = eligible(ctx, item, people)
    found = known(people, theirs)
    unknown = [address for address in theirs if address not in found]
    if _only_under_account(ctx, case) and found:
        return frozenset()
    beside = () if case.automatic and makes_beside_known(ctx.settings) else found
    return frozenset(p.address for p in resolving.who_to_create(item, unknown, beside, case.by(ctx)))


def _only_under_account(ctx: StageContext, case: Case) -> bool:
    """Does the mode of saving e-mail make him only where an account has his mail domain?"""
    return case.automatic and only_under_account(ctx.settings)


def _read_whole(ctx: StageContext, cases: Sequence[Case]) -> None:
    """The messages that came in, with headers and bodies; what is read here need not be read again to be saved."""
    works = {
        case.work.ref: case.work for case in cases
        if case.work.kind is ItemKind.EMAIL and item_of(case.work).get(f.BODY) is MISSING
        and is_incoming(item_of(case.work), ctx.me.addresses)
    }  # fmt: skip
    answers = ctx.mailbox.read(list(works), Detail.BODY) if works else {}
    for ref, work in works.items():
        answer = answers.get(ref)
        if isinstance(answer, Item):
            work.item = answer
            continue
        if isinstance(answer, ConnectorError):
            ctx.item_failed(ref, answer)
        for case in cases:
            if case.work is work:  # it cannot be told what it is
                case.why = Refusal(Reason.NOT_CREATED_INVALID, "RES-18")


def _look_beyond(ctx: StageContext, cases: Sequence[Case]) -> None:
    """Where settings let only a part of Salesforce be found, nobody in the other part is made a second time."""
    if not cases or not naming.only(ctx.settings):
        return
    there = ctx.crm.find_people(sorted({case.person.address for case in cases}))
    for case in cases:
        if known(there, [case.person.address]):
            case.why = Refusal(Reason.NOT_CREATED_OUTSIDE, "RES-15")


def _hold(ctx: StageContext, cases: Sequence[Case], listed: Listed) -> None:
    """What waits for a person goes on waiting, and what is too much for one day begins to."""
    left = [case for case in cases if case.why is None]
    addresses = sorted({case.person.address for case in left})
    held = {address: why for address in addresses if (why := listed.held(address)) is not None}
    rest = [address for address in addresses if address not in held]
    held |= resolving.beyond_budget(rest, listed.made_of(rest), ctx.settings)
    for case in left:
        case.why = held.get(case.person.address)


# --- what is made


def _accounts(ctx: StageContext, cases: Sequence[Case]) -> dict[str, AccountRecord]:
    """By address the account that somebody belongs to: told by the mail domain, or by the company that his name
    shows (RES-13)."""
    people = [case.person for case in cases if resolving.looks_for_account(case.by(ctx))]
    if not people:
        return {}
    domains = {domain_of(p.address) for p in people}
    by_domain = ctx.crm.find_accounts(sorted(domains | set(map(registrable, domains))))
    evidence = ctx.settings.text("resolve.evidence")
    found: dict[str, AccountRecord] = {}
    for person in people:
        domain = domain_of(person.address)
        for each in dict.fromkeys((domain, registrable(domain))):
            account = resolving.choose_account(by_domain.get(each, ()), evidence)
            if account is not None:
                found.setdefault(person.address, account)
    companies = {p.address: company for p in people if p.address not in found and (company := company_shown(p))}
    by_name = ctx.crm.find_accounts_by_name(sorted(set(companies.values()))) if companies else {}
    for address, company in companies.items():
        by_id = {account.id: account for account in by_name.get(company, ())}
        if chosen := accounts.choose_account(company, list(by_id.values())):
            found[address] = by_id[chosen]
    return found


def _with_addresses(ctx: StageContext, creations: dict[str, Creation]) -> dict[str, Creation]:
    """Contacts with the addresses of their accounts, where that is wanted: one call for all (RES-14)."""
    if not ctx.settings.bool("resolve.account_address"):
        return creations
    refs = {ItemRef(Side.CRM, ItemKind.CONTACT, c.account_id, "Account") for c in creations.values() if c.account_id}
    read = ctx.crm.read(sorted(refs, key=lambda ref: ref.id), Detail.HEAD) if refs else {}
    fields = {ref.id: item.fields for ref, item in read.items() if isinstance(item, Item)}
    return {a: resolving.with_address(c, fields.get(c.account_id, {})) for a, c in creations.items()}


def _operations(ctx: StageContext, creation: Creation, work: Work, *, insist: bool) -> list[Operation]:
    """The writes that bring a person about; an Account that must come first is one of its own, shared by domain.
    `insist`: a person wants it although Salesforce warns of a duplicate."""
    operations: list[Operation] = []
    person = _completed(ctx, TARGETS[creation.kind], creation.person, work, insist=insist)
    if creation.kind == "account+contact":
        account = Operation(
            Act.CREATE, Side.CRM, work.kind, "Account", Step.ACCOUNTS, "RES-11", creation.reason.value,
            values=_completed(ctx, "Account", creation.account, None, insist=False),
            changes=_as_changes(creation.account),
        )  # fmt: skip
        operations.append(account)
        person["AccountId"] = Pending(account.id)
    operations.append(
        Operation(
            Act.CREATE, Side.CRM, work.kind, TARGETS[creation.kind], Step.PEOPLE, creation.rule, creation.reason.value,
            values=person, changes=_as_changes(creation.person),
        )
    )  # fmt: skip
    return operations


def _completed(ctx: StageContext, target: str, columns: Fields, work: Work | None, *, insist: bool) -> dict[str, Value]:
    """The columns of a new record with those that say whose it is and where it comes from. `work`: the item that tells
    of it; an account has none, because several people may be the first of it."""
    crm_object = "Account" if target == "PersonAccount" else target
    made: dict[str, Value] = dict(columns)
    if ctx.user.crm_user_id:
        made["OwnerId"] = ctx.user.crm_user_id
    if work is not None:
        made.setdefault("Description", resolving.provenance(item_of(work), ctx.me.addresses))
    source = ctx.settings.text("resolve.lead_source")
    if source and target in _SOURCES:
        made.setdefault(_SOURCES[target], source)
    flags = ctx.settings.list("resolve.made_flags")
    made |= {flag: True for flag in flags if ctx.shape.can_create(crm_object, flag)}
    policy = "save" if insist else ctx.settings.text("resolve.alike")
    return made if policy == "hold" else {**made, ALIKE: policy}


def _as_changes(values: Fields) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(name, None, value) for name, value in values.items())


# --- what is written down


def note(
    ctx: StageContext, unit: Unit, strangers: Strangers, kept: Sequence[Work], operations: Sequence[Planned]
) -> None:
    """Write down why whom nothing was made for, before the last word on the items; put on the list whoever belongs
    there; remember who is on his way. `kept`: what goes on. `operations`: those that are planned for it."""
    refused = [case for case in strangers.cases if case.why is not None and case.person.address not in strangers.made]
    unit.trail.forget_stage(ctx.ref.id, "people")
    unit.trail.decide(ctx.user.id, _told(ctx, refused))
    if ctx.preview:
        return
    saved = {work.slot for work in kept}
    unresolved.keep(ctx, unit, [(c.seen, c.why) for c in refused if c.why is not None and _is_listed(c, saved)])
    ids = {op.id for op, _ in operations}
    planned = {m.operations[-1][0].id: m.seen for m in strangers.made.values()}
    unresolved.note(ctx, unit, {op_id: seen for op_id, seen in planned.items() if op_id in ids})


def _told(ctx: StageContext, refused: Iterable[Case]) -> list[DecisionView]:
    """One decision for each item and reason, naming nobody."""
    told: dict[tuple[str, Reason], DecisionView] = {}
    for case in refused:
        work, why = case.work, case.why
        if why is not None:
            decision = Decision(Outcome.SKIP, why.reason, why.rule, why.detail)
            row = ctx.decision_row("people", work.side, work.kind, work.ref.id, work.key, decision, ctx.now())
            told.setdefault((work.slot, why.reason), row)
    return list(told.values())


def _is_listed(case: Case, saved: set[str]) -> bool:
    if case.why is None or case.why.reason in _NOBODY:
        return False
    if case.why.reason in resolving.HELD:
        return True
    wanted = case.why.reason is not Reason.CREATE_OFF or case.asked
    return wanted and case.work.slot not in saved
