"""Which record, if any, is made for somebody whom Salesforce does not know yet.

Guards first: what they refuse is made for nobody, whatever is set. Then one table, the first row of which that fits
decides. What a person has decided (`Wanted`) goes before both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from mapping.model import fields
from mapping.model.item import Fields, Item, ItemKind, Person, Response, Span, Value
from mapping.model.people import AccountRecord, domain_of
from mapping.model.reasons import Reason
from mapping.rules.addresses import AddressBook, AddressClass, people_on
from mapping.rules.names import company_of, company_shown, person_name, registrable
from mapping.rules.robots import bulk_sign, is_role, is_tracking
from mapping.rules.settings import Effective
from mapping.tables.email_message import is_incoming, mail_instant


@dataclass(frozen=True, slots=True)
class Creation:
    """`kind`: 'none', 'lead', 'contact', 'account+contact' or 'person_account'. `person` and `account` are Salesforce
    columns; the contact of 'account+contact' gets its AccountId from the operation that makes the account."""

    kind: str
    address: str
    reason: Reason
    rule: str
    account_id: str = ""
    person: Fields = field(default_factory=dict)
    account: Fields = field(default_factory=dict)


# --- guards


@dataclass(frozen=True, slots=True)
class Encounter:
    """Somebody unknown, as one item names him. `met`: the user has written to him, or meets him (see `has_met`).
    `asked`: a person marked the item to be saved."""

    person: Person
    item: Item
    met: bool = False
    asked: bool = False

    @property
    def crowd(self) -> int:
        return len({each.address for each in people_on(self.item)})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is made for somebody. `detail` fills the sentence of the reason, and names nobody."""

    reason: Reason
    rule: str
    detail: Mapping[str, str] = field(default_factory=dict)


_CLASSES: Mapping[AddressClass, tuple[Reason, str]] = {
    AddressClass.INVALID: (Reason.NOT_CREATED_INVALID, "RES-3"),
    AddressClass.ME: (Reason.NOT_CREATED_INTERNAL, "RES-3"),
    AddressClass.INTERNAL: (Reason.NOT_CREATED_INTERNAL, "RES-3"),
    AddressClass.BLOCKED: (Reason.NOT_CREATED_BLOCKED, "RES-3"),
    AddressClass.FREE: (Reason.NOT_CREATED_FREE, "RES-8"),
}

Guard = Callable[[Encounter, AddressBook, Effective], "Refusal | None"]


def _classed(met: Encounter, book: AddressBook, _settings: Effective) -> Refusal | None:
    found = _CLASSES.get(book.classify(met.person.address))
    return Refusal(*found) if found else None


def _office(met: Encounter, _book: AddressBook, _settings: Effective) -> Refusal | None:
    return Refusal(Reason.NOT_CREATED_ROLE, "RES-18") if is_role(met.person.address) else None


def _made_up(met: Encounter, _book: AddressBook, _settings: Effective) -> Refusal | None:
    return Refusal(Reason.NOT_CREATED_ROBOT, "RES-18") if is_tracking(met.person.address) else None


def _thrown_away(met: Encounter, book: AddressBook, _settings: Effective) -> Refusal | None:
    return Refusal(Reason.NOT_CREATED_DISPOSABLE, "RES-18") if book.is_disposable(met.person.address) else None


def _crowded(met: Encounter, _book: AddressBook, settings: Effective) -> Refusal | None:
    most = settings.int("resolve.max_recipients")
    if met.crowd <= most:
        return None
    return Refusal(Reason.NOT_CREATED_CROWD, "RES-18", {"count": str(met.crowd), "limit": str(most)})


def _sent_in_bulk(met: Encounter, _book: AddressBook, _settings: Effective) -> Refusal | None:
    sign = bulk_sign(met.item)
    return Refusal(Reason.NOT_CREATED_BULK, "RES-18", {"field": sign}) if sign else None


def _one_way(met: Encounter, _book: AddressBook, settings: Effective) -> Refusal | None:
    if met.met or met.asked or not settings.bool("resolve.require_outbound"):
        return None
    return Refusal(Reason.NOT_CREATED_ONE_WAY, "RES-18")


# Those of the address come first: whom they refuse nobody has to decide on, and no message need be read for that.
OF_ADDRESS: tuple[Guard, ...] = (_classed, _office, _made_up, _thrown_away)
OF_MESSAGE: tuple[Guard, ...] = (_sent_in_bulk,)  # needs the headers
OF_CONTACT: tuple[Guard, ...] = (_crowded, _one_way)


def refusal(
    met: Encounter,
    book: AddressBook,
    settings: Effective,
    guards: Iterable[Guard] = (*OF_ADDRESS, *OF_MESSAGE, *OF_CONTACT),
) -> Refusal | None:
    """The first objection to making a record for somebody."""
    return next((found for guard in guards if (found := guard(met, book, settings))), None)


_MEETS = frozenset({Response.ORGANIZER.value, Response.ACCEPTED.value, Response.TENTATIVE.value})


def has_met(item: Item, address: str, me: Collection[str]) -> bool:
    """Does the item show that the user has to do with this person? He wrote to him, invited him, or said that he would
    come."""
    if item.ref.kind is ItemKind.EMAIL:
        sender = item.get(fields.FROM)
        return not is_incoming(item, me) and not (isinstance(sender, Person) and sender.address == address)
    organizer = item.get(fields.ORGANIZER)
    own = not isinstance(organizer, Person) or not organizer.address or organizer.address in me
    return own or item.text(fields.MY_RESPONSE) in _MEETS


def who_to_create(
    item: Item, eligible_unresolved: Sequence[str], resolved: Collection[str], settings: Effective
) -> tuple[Person, ...]:
    """The people to make records for, out of those unknown (the main counterpart first): only that one, and only when
    nobody on the item is known; or everybody, when the organization wants that. `resolved`: who is known."""
    unknown = named(item, eligible_unresolved)
    if settings.bool("resolve.all_unresolved"):
        return unknown
    return () if resolved else unknown[:1]


def named(item: Item, addresses: Iterable[str]) -> tuple[Person, ...]:
    """The people behind these addresses, as the item names them."""
    people = {each.address: each for each in reversed(people_on(item))}
    return tuple(people[each] for each in addresses if each in people)


# What waits for a person, and the setting whose limit it is beyond.
HELD: Mapping[Reason, str] = {
    Reason.HELD_DOMAIN: "resolve.domain_most",
    Reason.HELD_PEOPLE: "resolve.daily_most",
    Reason.HELD_ALIKE: "",
}


def held_for(reason: Reason, settings: Effective) -> Refusal:
    limit = settings.value(HELD[reason]) if HELD[reason] else None
    return Refusal(reason, "RES-18", {} if limit is None else {"limit": str(limit)})


def beyond_budget(addresses: Sequence[str], made: Counter[str], settings: Effective) -> dict[str, Refusal]:
    """Those of the addresses that are too many for one day. `made`: how many were made today already, by domain."""
    most, of_one = (settings.optional_int(HELD[r]) for r in (Reason.HELD_PEOPLE, Reason.HELD_DOMAIN))
    count, by_domain = made.total(), Counter(made)
    held: dict[str, Refusal] = {}
    for address in addresses:
        domain = domain_of(address)
        if of_one is not None and by_domain[domain] >= of_one:
            held[address] = held_for(Reason.HELD_DOMAIN, settings)
        elif most is not None and count >= most:
            held[address] = held_for(Reason.HELD_PEOPLE, settings)
        else:
            count += 1
            by_domain[domain] += 1
    return held


# --- the table


@dataclass(frozen=True, slots=True)
class _Row:
    """What is made where all that is named here holds; None: it does not matter."""

    made: str
    reason: Reason
    rule: str
    smart: bool | None = None
    kind: str | None = None
    account: bool | None = None  # one was found
    persons: bool | None = None  # person accounts are made
    makes: bool | None = None  # accounts are made
    default: bool | None = None  # there is one for all contacts without one


_UNDER, _PERSON = Reason.CREATED_UNDER_ACCOUNT, Reason.CREATED_PERSON_ACCOUNT
_TABLE: tuple[_Row, ...] = (
    _Row("none", Reason.CREATE_OFF, "RES-1", smart=False, kind="off"),
    _Row("person_account", _PERSON, "RES-6", smart=True, persons=True),
    _Row("contact", _UNDER, "RES-5", smart=True, account=True),
    _Row("lead", Reason.CREATED_LEAD, "RES-7", smart=True),
    _Row("lead", Reason.CREATED_LEAD, "RES-1", kind="lead"),
    _Row("contact", _UNDER, "RES-10", account=True),
    _Row("person_account", _PERSON, "RES-6", persons=True),
    _Row("account+contact", Reason.CREATED_WITH_ACCOUNT, "RES-11", makes=True),
    _Row("contact", Reason.CREATED_UNDER_DEFAULT, "RES-12", default=True),
    _Row("lead", Reason.CREATED_LEAD, "RES-1"),  # a contact without an account would be seen by its owner only
)


def decide_creation(person: Person, account: AccountRecord | None, settings: Effective) -> Creation:
    """What is made for somebody to whom no guard objects. `account`: the one found for him, see `looks_for_account`."""
    default = settings.text("resolve.default_account")
    facts: dict[str, object] = {
        "smart": settings.bool("resolve.smart"),
        "kind": settings.text("resolve.kind"),
        "account": account is not None,
        "persons": settings.bool("resolve.person_accounts"),
        "makes": settings.bool("resolve.account_create"),
        "default": bool(default),
    }
    row = next(r for r in _TABLE if all(getattr(r, name) in (None, value) for name, value in facts.items()))
    under = account.id if account is not None else default
    return _make(row.made, person, row.reason, row.rule, under)


def looks_for_account(settings: Effective) -> bool:
    """Does it matter which account somebody belongs to?"""
    by_contact = settings.text("resolve.kind") == "contact" and settings.bool("resolve.account_lookup")
    return settings.bool("resolve.smart") or by_contact


def choose_account(accounts: Sequence[AccountRecord], evidence: str = "any") -> AccountRecord | None:
    """The account that both its website and its contacts speak for, the oldest of several; else, where any evidence
    will do, the only one that either speaks for. Contacts are the better witness."""
    both = sorted((a for a in accounts if a.by_website and a.by_contact), key=lambda a: (a.created, a.id))
    if both:
        return both[0]
    if evidence == "both":
        return None
    for witnessed in ([a for a in accounts if a.by_contact], [a for a in accounts if a.by_website]):
        if witnessed:
            return witnessed[0] if len(witnessed) == 1 else None
    return None


# --- what a person has decided


class Wish(StrEnum):
    LEAD = "lead"
    CONTACT = "contact"  # of an account that is there
    CONTACT_AND_ACCOUNT = "account+contact"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked to be made. `account_id`: of the account that a contact goes under."""

    wish: Wish
    account_id: str = ""


_WISHED: Mapping[Wish, tuple[Reason, str]] = {
    Wish.LEAD: (Reason.CREATED_LEAD, "RES-1"),
    Wish.CONTACT: (Reason.CREATED_UNDER_ACCOUNT, "RES-10"),
    Wish.CONTACT_AND_ACCOUNT: (Reason.CREATED_WITH_ACCOUNT, "RES-11"),
}


def as_wanted(person: Person, wanted: Wanted) -> Creation:
    reason, rule = _WISHED[wanted.wish]
    return _make(wanted.wish.value, person, reason, rule, wanted.account_id)


# --- columns


def _make(kind: str, person: Person, reason: Reason, rule: str, account_id: str) -> Creation:
    domain = domain_of(person.address)
    website = f"https://{registrable(domain)}"
    company = company_shown(person) or company_of(domain)
    first, last = person_name(person)
    columns: dict[str, Value] = {"FirstName": first} if first else {}
    columns["LastName"] = last
    made = Creation(kind, person.address, reason, rule)
    match kind:
        case "lead":
            return replace(made, person={**columns, "Company": company, "Email": person.address, "Website": website})
        case "contact":
            columns |= {"Email": person.address, "AccountId": account_id}
            return replace(made, account_id=account_id, person=columns)
        case "account+contact":
            account: Fields = {"Name": company, "Website": website}
            return replace(made, person={**columns, "Email": person.address}, account=account)
        case "person_account":
            return replace(made, person={**columns, "PersonEmail": person.address})
        case _:
            return made


def share_accounts(creations: Mapping[str, Creation]) -> dict[str, Creation]:
    """People of one company get one account: that of the first of them, by address, whose name tells the company, else
    the one named after the domain."""
    shared: dict[str, Fields] = {}
    for address in sorted(creations):
        if account := creations[address].account:
            domain = registrable(domain_of(address))
            if domain not in shared or shared[domain]["Name"] == company_of(domain):
                shared[domain] = account
    return {
        address: replace(made, account=shared[registrable(domain_of(address))]) if made.account else made
        for address, made in creations.items()
    }


def with_address(creation: Creation, account: Fields) -> Creation:
    """A contact with the address of its account, unless it has one of its own (RES-14)."""
    found = {
        f"Mailing{part}": value
        for part in ("Street", "City", "State", "PostalCode", "Country")
        if isinstance(value := account.get(f"Billing{part}"), str) and value
    }
    own = any(name.startswith("Mailing") and value for name, value in creation.person.items())
    return creation if own or not found else replace(creation, person={**creation.person, **found})


def provenance(item: Item, me: Collection[str]) -> str:
    """Where a new record comes from, for whoever finds it and wonders."""
    if item.ref.kind is ItemKind.EMAIL:
        at, name = mail_instant(item, me), item.text(fields.MESSAGE_ID)
        return f"Made by Inbox Sync from an e-mail{_on(at)}{f', Message-ID {name}' if name else ''}."
    span = item.get(fields.SPAN)
    start = span.start if isinstance(span, Span) else None
    return f"Made by Inbox Sync from a meeting{_on(start if isinstance(start, datetime) else None)}."


def _on(at: datetime | None) -> str:
    return f" of {at:%Y-%m-%d}" if at is not None else ""
