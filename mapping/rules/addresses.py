"""Whose address is it? The user's own, a colleague's, a blocked one, a free-mail one, or a customer's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mapping.model import fields
from mapping.model.item import Attendee, Item, Person, Role
from mapping.model.people import domain_of, normalise
from mapping.rules.settings import Effective


class AddressClass(StrEnum):
    INVALID = "invalid"
    ME = "me"
    INTERNAL = "internal"
    BLOCKED = "blocked"
    FREE = "free"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class AddressBook:
    """`blocked`: addresses and domains of all block lists. `subdomains`: a domain stands for those below it too.
    `colleagues`: all addresses of all users, wherever their domains belong. `disposable_domains`: of addresses that
    people throw away after use. `customers`: those of internal domains that count as customers all the same."""

    me: frozenset[str]
    internal_domains: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    free_domains: frozenset[str] = frozenset()
    subdomains: bool = True
    colleagues: frozenset[str] = frozenset()
    disposable_domains: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()

    def is_internal(self, address: str) -> bool:
        if address in self.me:
            return True
        return address not in self.customers and (
            address in self.colleagues or self._within(domain_of(address), self.internal_domains)
        )

    def is_blocked(self, address: str) -> bool:
        return address in self.blocked or self._within(domain_of(address), self.blocked)

    def is_free(self, address: str) -> bool:
        return domain_of(address) in self.free_domains

    def is_disposable(self, address: str) -> bool:
        return domain_of(address) in self.disposable_domains

    def classify(self, address: str) -> AddressClass:
        """The first class that holds, strictest first."""
        if not address:
            return AddressClass.INVALID
        if address in self.me:
            return AddressClass.ME
        if self.is_internal(address):
            return AddressClass.INTERNAL
        if self.is_blocked(address):
            return AddressClass.BLOCKED
        return AddressClass.FREE if self.is_free(address) else AddressClass.EXTERNAL

    def eligible(self, address: str) -> bool:
        """May a record be linked to, or made for, this address?"""
        return self.classify(address) is AddressClass.EXTERNAL

    def _within(self, domain: str, entries: Collection[str]) -> bool:
        if not self.subdomains:
            return domain in entries
        labels = domain.split(".")
        return any(".".join(labels[start:]) in entries for start in range(len(labels)))


def address_book(
    settings: Effective,
    me: Iterable[str],
    free_domains: frozenset[str],
    colleagues: Iterable[str] = (),
    disposable_domains: frozenset[str] = frozenset(),
) -> AddressBook:
    """The book that the settings describe. Both block lists count together (FLT-3); the domains of the users' own
    addresses are internal too (FLT-1). What a user took off the lists of the organization is not on his (FLT-6)."""
    mine, theirs = frozenset(me), frozenset(colleagues)
    removed = frozenset(map(entry, settings.list("blocklist.removed")))
    if not settings.bool("blocklist.removable"):
        removed = frozenset()
    own = frozenset(domain_of(address) for address in mine | theirs) - free_domains - {""}
    internal = own | frozenset(map(entry, settings.list("domains.internal")))
    return AddressBook(
        mine,
        internal - removed,
        frozenset(map(entry, settings.list("blocklist.org"))) - removed
        | frozenset(map(entry, settings.list("blocklist.user"))),
        _without(free_domains, removed) if settings.bool("blocklist.free_mail") else frozenset(),
        settings.bool("blocklist.subdomains"),
        theirs,
        disposable_domains,
    )


def _without(domains: frozenset[str], removed: frozenset[str]) -> frozenset[str]:
    return domains - removed if removed else domains  # there are thousands, and mostly nothing is removed


def book_of_mail(
    book: AddressBook, settings: Effective, *, history: bool, carried: Collection[str] = ()
) -> AddressBook:
    """The book as it holds for one message. `history`: it is from before the activation. `carried`: addresses on it
    that a contact or lead in Salesforce bears."""
    if settings.bool("internal.include"):
        book = replace(book, internal_domains=frozenset(), colleagues=frozenset())
    if history and settings.bool("autosave.history_free_mail"):
        book = replace(book, free_domains=frozenset())
    if carried and settings.bool("internal.people_record_overrides"):
        book = replace(book, customers=frozenset(carried))
    return book


def entry(text: str) -> str:
    """An address or a domain as it is compared."""
    plain = text.strip().removeprefix("@")
    return normalise(plain) if "@" in plain else domain_of(normalise(f"x@{plain}"))


def others(item: Item, me: Collection[str]) -> tuple[str, ...]:
    """Everybody on an event or a message besides the user himself and rooms, each once, in the item's order."""
    return tuple(dict.fromkeys(each.address for each in people_on(item) if each.address and each.address not in me))


def people_on(item: Item) -> tuple[Person, ...]:
    """The people an item names: organizer and attendees, or sender and recipients."""
    found: list[Person] = []
    for name in (fields.ORGANIZER, fields.ATTENDEES, fields.FROM, fields.TO, fields.CC, fields.BCC):
        value = item.get(name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Person):
                found.append(each)
            elif isinstance(each, Attendee) and each.role is not Role.RESOURCE:
                found.append(Person(each.address, each.name))
    return tuple(found)
