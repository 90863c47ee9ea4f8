"""To whom and to what a record is linked."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from mapping.model.people import OpportunityRecord, PersonRecord
from mapping.model.reasons import Reason
from mapping.rules.linking import MOST_CONTACTS, Code, Links, choose_person, link, order_addresses
from tests.support.items import COLLEAGUE, CUSTOMER, ME, NOW, OTHER, event, mail, me, settings

USER = "005USER"
TODAY = NOW.date()


def contact(address: str = CUSTOMER, ident: str = "003A", account: str = "001A", **more: Any) -> PersonRecord:
    return PersonRecord("Contact", ident, address, account_id=account, **more)


def lead(address: str = CUSTOMER, ident: str = "00QA", **more: Any) -> PersonRecord:
    return PersonRecord("Lead", ident, address, **more)


def opportunity(ident: str, account: str = "001A", **more: Any) -> OpportunityRecord:
    known = {"owner_id": USER, "created": "2026-01-01"}
    return OpportunityRecord(ident, account, **{**known, **more})


def linked(people: dict[str, list[PersonRecord]], *found: OpportunityRecord, event: bool = False, **by: Any) -> Links:
    return link(
        list(people), people, found, user_id=USER, settings=settings(**by), for_event=event, today=TODAY
    )  # fmt: skip


def codes(links: Links) -> list[Code]:
    return [step.code for step in links.steps]


# --- one person for an address

RANKED = [
    contact(ident="1", owner_id=USER),
    contact(ident="2", last_activity="2026-11-01"),
    contact(ident="3", last_activity="2026-01-01", modified="2026-11-01"),
    contact(ident="4", last_activity="2026-01-01", modified="2026-01-01", created="2020"),
    contact(ident="5", last_activity="2026-01-01", modified="2026-01-01", created="2021"),
    contact(ident="6", last_activity="2026-01-01", modified="2026-01-01", created="2021"),
    lead(ident="7", owner_id=USER),
    contact(ident="8", primary=False, owner_id=USER),
    lead(ident="9", primary=False),
]


@pytest.mark.rule("LNK-1", "LNK-8", "LNK-12")
@pytest.mark.parametrize("start", range(len(RANKED)))
def test_people_with_one_address_are_ranked(start: int) -> None:
    for shuffled in itertools.islice(itertools.permutations(RANKED[start:]), 30):
        assert choose_person(shuffled, USER) is RANKED[start]


def test_an_open_opportunity_speaks_for_a_person() -> None:
    assert choose_person([contact(ident="1"), contact(ident="2")], USER, {"2"}).id == "2"  # type: ignore[union-attr]


def test_users_are_no_customers() -> None:
    assert choose_person([PersonRecord("User", "005", CUSTOMER)], USER) is None


# --- the order of addresses


def test_the_counterpart_comes_first() -> None:
    incoming = mail(CUSTOMER, (ME, OTHER), cc=(COLLEAGUE,))
    outgoing = mail(ME, (OTHER, CUSTOMER), folder="sent")
    aliased = mail("alias@acme.example", (OTHER,), folder="sent")

    assert order_addresses(incoming, me()) == (CUSTOMER, OTHER, COLLEAGUE)
    assert order_addresses(outgoing, me()) == (OTHER, CUSTOMER)
    assert order_addresses(aliased, me()) == (OTHER,)
    assert order_addresses(event(OTHER, organizer=CUSTOMER), me()) == (CUSTOMER, OTHER)


# --- links


@pytest.mark.rule("LNK-20", "LNK-21")
def test_a_contact_is_linked_with_the_account_behind_him() -> None:
    links = linked({CUSTOMER: [contact()]}, opportunity("006A"), link__opportunities=False)

    assert (links.who, links.what, links.primary, links.skip) == ("003A", "001A", CUSTOMER, None)
    assert codes(links) == [Code.PRIMARY, Code.ACCOUNT]


@pytest.mark.rule("LNK-22")
def test_the_latest_of_the_users_opportunities_goes_before_the_account() -> None:
    found = (opportunity("006A"), opportunity("006B", created="2026-06-01"), opportunity("006C", created="2026-03-01"))

    assert linked({CUSTOMER: [contact()]}, *found).what == "006B"


@pytest.mark.rule("LNK-22", "LNK-9")
@pytest.mark.parametrize(
    "more",
    [
        {"owner_id": "005OTHER"},
        {"account": "001B"},
        {"is_closed": True},
        {"close_date": (TODAY - timedelta(days=366)).isoformat()},
        {"close_date": (TODAY + timedelta(days=366)).isoformat()},
    ],
)
def test_other_opportunities_do_not_count(more: dict[str, Any]) -> None:
    assert linked({CUSTOMER: [contact()]}, opportunity("006A", **more)).what == "001A"


@pytest.mark.rule("LNK-6")
def test_a_role_of_a_guest_decides_between_opportunities_of_one_moment() -> None:
    found = (opportunity("006B"), opportunity("006A"), opportunity("006C", contact_ids=frozenset({"003A"})))

    assert linked({CUSTOMER: [contact()]}, *found).what == "006C"
    assert linked({CUSTOMER: [contact()]}, *found[:2]).what == "006A"


@pytest.mark.rule("LNK-22", "LNK-28", "LNK-7")
def test_a_message_without_an_account_is_not_saved() -> None:
    people = {CUSTOMER: [contact(account="")]}

    assert linked(people).skip is Reason.NO_ACCOUNT
    assert linked(people, link__require_account=False).skip is None
    assert linked(people, event=True).skip is None
    assert linked(people, event=True).who == "003A"


def test_the_account_of_the_next_person_serves_too() -> None:
    people = {CUSTOMER: [contact(account="")], OTHER: [contact(OTHER, "003B", "001B")]}

    assert (linked(people).who, linked(people).what) == ("003A", "001B")


@pytest.mark.rule("LNK-26")
def test_a_lead_excludes_everything_else() -> None:
    links = linked({CUSTOMER: [lead()], OTHER: [lead(OTHER, "00QB")]}, opportunity("006A"))

    assert (links.who, links.who_ids, links.what, links.skip) == ("00QA", ("00QA",), "", None)
    assert Code.LEAD_ALONE in codes(links)


@pytest.mark.rule("LNK-25", "LNK-26")
def test_contacts_prevail_over_leads() -> None:
    links = linked({CUSTOMER: [lead()], OTHER: [contact(OTHER, "003B")]})

    assert (links.who_ids, links.primary) == (("003B",), OTHER)
    assert Code.LEADS_DROPPED in codes(links)


@pytest.mark.rule("LNK-25")
def test_all_contacts_are_linked_once_as_far_as_salesforce_takes_them() -> None:
    two = {CUSTOMER: [contact()], OTHER: [contact(OTHER, "003B")], "a@globex.example": [contact("a@globex.example")]}
    many = {f"{n}@globex.example": [contact(f"{n}@globex.example", f"003{n}")] for n in range(60)}

    assert linked(two).who_ids == ("003A", "003B")
    assert len(linked(many).who_ids) == MOST_CONTACTS
    assert Code.TOO_MANY in codes(linked(many))


def test_a_message_nobody_knows_is_not_saved_unless_nobody_could_be_known() -> None:
    assert linked({CUSTOMER: []}).skip is Reason.NO_PERSON
    assert linked({CUSTOMER: []}, event=True).skip is None
    assert linked({}).skip is None
    assert linked({}).who == ""
