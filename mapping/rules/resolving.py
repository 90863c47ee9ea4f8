"""Which record, if any, is made for somebody whom Salesforce does not know yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mapping.model.item import Fields, Item, Person
from mapping.model.people import AccountRecord, domain_of
from mapping.model.reasons import Reason
from mapping.rules.addresses import AddressBook, AddressClass, people_on
from mapping.rules.names import company_of, is_role, person_name, registrable
from mapping.rules.settings import Effective


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


_REFUSED: dict[AddressClass, Reason] = {
    AddressClass.INVALID: Reason.NOT_CREATED_INVALID,
    AddressClass.ME: Reason.NOT_CREATED_INTERNAL,
    AddressClass.INTERNAL: Reason.NOT_CREATED_INTERNAL,
    AddressClass.BLOCKED: Reason.NOT_CREATED_BLOCKED,
    AddressClass.FREE: Reason.NOT_CREATED_FREE,
}


def decide_creation(
    person: Person, book: AddressBook, accounts: Sequence[AccountRecord], settings: Effective
) -> Creation:
    """`accounts`: those found by the mail domain of the address.

    | account found | smart, or contacts     | person accounts | contacts, accounts made | else
    | yes           | contact under it       | person account* |                         |
    | no            |                        | person account  | account and contact     | lead
    * only when smart."""
    refused = _REFUSED.get(book.classify(person.address))
    if refused:
        return Creation("none", person.address, refused, "RES-8" if refused is Reason.NOT_CREATED_FREE else "RES-3")
    if is_role(person.address):
        return Creation("none", person.address, Reason.NOT_CREATED_ROLE, "RES-18")
    smart, kind = settings.bool("resolve.smart"), settings.text("resolve.kind")
    if kind == "off" and not smart:
        return Creation("none", person.address, Reason.CREATE_OFF, "RES-1")
    person_accounts = settings.bool("resolve.person_accounts")
    looks = smart or (kind == "contact" and settings.bool("resolve.account_lookup"))
    account = choose_account(accounts) if looks else None
    if account:
        if smart and person_accounts:
            return _person_account(person, "RES-6")
        return _contact(person, account, "RES-5" if smart else "RES-10")
    if person_accounts and (smart or kind == "contact"):
        return _person_account(person, "RES-6")
    if kind == "contact" and not smart and settings.bool("resolve.account_create"):
        return _account_and_contact(person)
    return _lead(person, "RES-7" if smart else "RES-1")


def choose_account(accounts: Sequence[AccountRecord]) -> AccountRecord | None:
    """The account that both its website and its contacts speak for, else the only one that either speaks for; contacts
    are the better witness. Among several with both, the oldest."""
    both = sorted((a for a in accounts if a.by_website and a.by_contact), key=lambda a: (a.created, a.id))
    if both:
        return both[0]
    for witnessed in ([a for a in accounts if a.by_contact], [a for a in accounts if a.by_website]):
        if witnessed:
            return witnessed[0] if len(witnessed) == 1 else None
    return None


def who_to_create(
    item: Item, eligible_unresolved: Sequence[str], resolved: Collection[str], settings: Effective
) -> tuple[Person, ...]:
    """The people to make records for, out of those unknown (the main counterpart first): only that one, and only when
    nobody on the item is known; or everybody, when the organization wants that. `resolved`: who is known."""
    people = {each.address: each for each in reversed(people_on(item))}
    if len(people) > settings.int("resolve.max_recipients"):
        return ()
    unknown = tuple(people[each] for each in eligible_unresolved if each in people)
    if settings.bool("resolve.all_unresolved"):
        return unknown
    return () if resolved else unknown[:1]


def _contact(person: Person, account: AccountRecord, rule: str) -> Creation:
    columns: Fields = {**_named(person), "Email": person.address, "AccountId": account.id}
    return Creation("contact", person.address, Reason.CREATED_UNDER_ACCOUNT, rule, account.id, columns)


def _account_and_contact(person: Person) -> Creation:
    domain = domain_of(person.address)
    account: Fields = {"Name": company_of(domain), "Website": f"https://{registrable(domain)}"}
    columns: Fields = {**_named(person), "Email": person.address}
    reason = Reason.CREATED_WITH_ACCOUNT
    return Creation("account+contact", person.address, reason, "RES-11", "", columns, account)


def _person_account(person: Person, rule: str) -> Creation:
    columns: Fields = {**_named(person), "PersonEmail": person.address}
    return Creation("person_account", person.address, Reason.CREATED_PERSON_ACCOUNT, rule, "", columns)


def _lead(person: Person, rule: str) -> Creation:
    domain = domain_of(person.address)
    columns: Fields = {
        **_named(person),
        "Company": company_of(domain),
        "Email": person.address,
        "Website": f"https://{registrable(domain)}",
    }
    return Creation("lead", person.address, Reason.CREATED_LEAD, rule, "", columns)


def _named(person: Person) -> Fields:
    first, last = person_name(person)
    return {"FirstName": first, "LastName": last} if first else {"LastName": last}
