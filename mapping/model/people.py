"""Addresses and the people behind them, as far as rules need to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A Contact, Lead or User that carries an address, with what linking needs to choose among several."""

    object: str  # "Contact" | "Lead" | "User"
    id: str  # what WhoId takes (for a person account: PersonContactId)
    address: str  # normalised; the address asked for
    name: str = ""
    account_id: str = ""
    owner_id: str = ""
    primary: bool = True  # matched on the standard Email field
    last_activity: str = ""
    modified: str = ""
    created: str = ""
    person_account: bool = False  # a Contact that is the person inside of an Account
    converted: str = ""  # the Lead on which the address was found; this is what it was converted into

    @property
    def sort(self) -> str:
        """What linking calls it: "PersonAccount" for such a Contact, else the object."""
        return "PersonAccount" if self.person_account else self.object


@dataclass(frozen=True, slots=True)
class CrmUser:
    """Somebody who works in Salesforce, with what administrators tell their people apart by."""

    id: str
    address: str  # normalised; '' when there is none
    name: str = ""
    country: str = ""
    profile: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    id: str
    name: str
    website: str = ""
    created: str = ""
    by_website: bool = False  # its Website carries the domain asked for
    by_contact: bool = False  # one of its Contacts has a mail address of that domain


@dataclass(frozen=True, slots=True)
class OpportunityRecord:
    id: str
    account_id: str
    owner_id: str
    name: str = ""
    is_closed: bool = False
    close_date: str = ""
    created: str = ""
    contact_ids: frozenset[str] = frozenset()  # contact roles
    modified: str = ""
    last_activity: str = ""


@dataclass(frozen=True, slots=True)
class BusinessRecord:
    """A record that a message names itself, by the address of its page or by its number."""

    object: str
    id: str
    number: str = ""  # of a Case: the number by which people call it
    is_closed: bool = False
    created: str = ""


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """An EmailMessage by its Message-ID. `ours`: it was logged by this product, so it was not sent from Salesforce.
    `people`: (address, object, id) of the people it is related to."""

    message_id: str
    incoming: bool = False
    ours: bool = False
    what: str = ""
    people: tuple[tuple[str, str, str], ...] = ()


SEARCHED = ("Contact", "Lead", "Opportunity", "Case")  # what links are looked for in

Restrictions = Mapping[
    str, Mapping[str, str]
]  # by object: `where` (a condition in SOQL) and `view` (id of a list view)


@dataclass(frozen=True, slots=True)
class Clues:
    """What messages name: `ids` of records by object, `numbers` of cases, `message_ids` of what they answer."""

    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return any(self.ids.values()) or bool(self.numbers or self.message_ids)


@dataclass(frozen=True, slots=True)
class Named:
    """What Salesforce has of it. `records` by id, `cases` by number, `mails` by Message-ID."""

    records: Mapping[str, BusinessRecord] = field(default_factory=dict)
    cases: Mapping[str, BusinessRecord] = field(default_factory=dict)
    mails: Mapping[str, LoggedMail] = field(default_factory=dict)


# what the first three characters of an id say; custom objects have prefixes of their own in every org
_PREFIXES = {
    "001": "Account", "003": "Contact", "005": "User", "006": "Opportunity", "00Q": "Lead", "500": "Case",
}  # fmt: skip


def object_of(record_id: str) -> str:
    """The standard object that an id is of, '' for any other."""
    return _PREFIXES.get(record_id[:3], "")


def normalise(address: str) -> str:
    """The address as it is compared: trimmed, without `mailto:` and angle brackets, lower case, IDN domain in
    punycode, no trailing dot. A `+tag` stays. Text without exactly one usable `@` gives ''."""
    text = address.strip().strip("<>").strip()
    if text.lower().startswith("mailto:"):
        text = text[7:]
    local, at, domain = text.rpartition("@")
    domain = domain.strip().rstrip(".").lower()
    if not at or not local or not domain or any(c.isspace() for c in text):
        return ""
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return ""
    return f"{local.lower()}@{domain}"


def domain_of(address: str) -> str:
    """The domain of a normalised address."""
    return address.rpartition("@")[2]
