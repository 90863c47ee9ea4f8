"""Addresses and the people behind them, as far as rules need to know them."""

from __future__ import annotations

from dataclasses import dataclass


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
