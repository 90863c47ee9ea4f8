"""Items, people and settings in few words, for tests of rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from mapping.model import fields
from mapping.model.item import Attendee, Item, ItemKind, ItemRef, Person, Response, Role, Side, Span
from mapping.rules.addresses import AddressBook, address_book
from mapping.rules.decision import Me, PairFacts
from mapping.rules.settings import Effective, resolve

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ME = "me@acme.example"
COLLEAGUE = "col@acme.example"
CUSTOMER = "ann@globex.example"
OTHER = "bob@initech.example"
FREE_DOMAINS = frozenset({"gmail.com"})
DISPOSABLE_DOMAINS = frozenset({"mailinator.com"})


def settings(**values: object) -> Effective:
    """Settings with the given values; a double underscore stands for the dot of a name."""
    given = {"domains.internal": "acme.example"} | {name.replace("__", "."): value for name, value in values.items()}
    return resolve([("organization", given)])


def book(effective: Effective | None = None) -> AddressBook:
    return address_book(effective or settings(), [ME], FREE_DOMAINS, disposable_domains=DISPOSABLE_DOMAINS)


def me(*sync_users: str, activated_days_ago: int = 100) -> Me:
    return Me(frozenset({ME}), NOW - timedelta(days=activated_days_ago), frozenset(sync_users), "005USER")


def pair(born: Side = Side.MAILBOX, **facts: Any) -> PairFacts:
    return PairFacts("ev:1", born, **facts)


def timed(days: float = 1, minutes: int = 60) -> Span:
    """A span that starts so many days from now."""
    start = NOW + timedelta(days=days)
    return Span(start, start + timedelta(minutes=minutes))


def all_day(first: date, days: int = 1) -> Span:
    return Span(first, first + timedelta(days=days))


def guest(address: str, response: Response = Response.UNKNOWN, role: Role = Role.REQUIRED) -> Attendee:
    return Attendee(address, "", role, response)


def event(*guests: str | Attendee, organizer: str = ME, marks: tuple[str, ...] = (), **more: Any) -> Item:
    """A calendar item one day ahead, made yesterday; a meeting when it has guests or somebody else organizes it."""
    attendees = tuple(each if isinstance(each, Attendee) else guest(each) for each in guests)
    known: dict[str, Any] = {
        fields.UID: "uid-1",
        fields.SUBJECT: "Quarterly numbers",
        fields.SPAN: timed(),
        fields.CATEGORIES: marks,
        fields.SENSITIVITY: "normal",
        fields.CREATED: NOW - timedelta(days=1),
        fields.ORGANIZER: Person(organizer),
        fields.ATTENDEES: attendees,
        fields.IS_MEETING: bool(attendees) or organizer != ME,
        fields.MY_RESPONSE: Response.ORGANIZER.value if organizer == ME else Response.ACCEPTED.value,
        fields.IS_CANCELLED: False,
        fields.RECURRENCE: "",
    }
    return Item(ItemRef(Side.MAILBOX, ItemKind.EVENT, "AAMk1", "calendar"), "1", {**known, **more})


def crm_event(**columns: Any) -> Item:
    """A timed Salesforce event one day ahead, made yesterday, owned by the user."""
    known: dict[str, Any] = {
        "Subject": "Quarterly numbers",
        "IsAllDayEvent": False,
        "StartDateTime": NOW + timedelta(days=1),
        "ActivityDate": (NOW + timedelta(days=1)).date(),
        "DurationInMinutes": 60,
        "OwnerId": "005USER",
        "CreatedDate": NOW - timedelta(days=1),
        "IsChild": False,
    }
    return Item(ItemRef(Side.CRM, ItemKind.EVENT, "00U1", "Event"), "1", {**known, **columns})


def mail(
    sender: str = CUSTOMER,
    to: tuple[str, ...] = (ME,),
    *,
    cc: tuple[str, ...] = (),
    folder: str = "inbox",
    marks: tuple[str, ...] = (),
    **more: Any,
) -> Item:
    """A message received an hour ago."""
    known: dict[str, Any] = {
        fields.SUBJECT: "Offer",
        fields.MESSAGE_ID: "<m1@globex.example>",
        fields.FROM: Person(sender),
        fields.TO: tuple(map(Person, to)),
        fields.CC: tuple(map(Person, cc)),
        fields.CATEGORIES: marks,
        fields.SENSITIVITY: "normal",
        fields.ITEM_CLASS: "IPM.Note",
        fields.SENT_AT: NOW - timedelta(hours=1),
        fields.RECEIVED_AT: NOW - timedelta(hours=1),
        fields.IS_DRAFT: False,
    }
    return Item(ItemRef(Side.MAILBOX, ItemKind.EMAIL, "AAMk2", folder), "1", {**known, **more})
