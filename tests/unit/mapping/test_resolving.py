"""Which record is made for somebody unknown, and what it says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import Item, Person, Response
from mapping.model.people import AccountRecord
from mapping.model.reasons import Reason
from mapping.rules.names import company_of, company_shown, person_name
from mapping.rules.resolving import (
    Creation,
    Encounter,
    Refusal,
    Wanted,
    Wish,
    as_wanted,
    beyond_budget,
    choose_account,
    decide_creation,
    has_met,
    looks_for_account,
    provenance,
    refusal,
    who_to_create,
    with_address,
)
from tests.support.items import COLLEAGUE, CUSTOMER, ME, OTHER, book, event, mail, settings

ANN = Person(CUSTOMER, "Ann Smith")
GLOBEX = AccountRecord("001G", "Globex", by_website=True, by_contact=True)


def made(person: Person = ANN, *accounts: AccountRecord, **by: Any) -> Creation:
    effective = settings(**by)
    found = choose_account(accounts, effective.text("resolve.evidence")) if looks_for_account(effective) else None
    return decide_creation(person, found, effective)


def refused(address: str = CUSTOMER, item: Item | None = None, *, met: bool = True, asked: bool = False,
            **by: Any) -> Refusal | None:  # fmt: skip
    effective = settings(blocklist__org="blocked.example", **by)
    return refusal(Encounter(Person(address), item or mail(address), met, asked), book(effective), effective)


@pytest.mark.rule("RES-1")
def test_nothing_is_made_unless_it_is_switched_on() -> None:
    assert (made().kind, made().reason) == ("none", Reason.CREATE_OFF)
    assert made(resolve__kind="lead").kind == "lead"


# --- guards


@pytest.mark.rule("RES-3", "RES-8", "RES-18")
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (ME, Reason.NOT_CREATED_INTERNAL),
        (COLLEAGUE, Reason.NOT_CREATED_INTERNAL),
        ("x@blocked.example", Reason.NOT_CREATED_BLOCKED),
        ("x@gmail.com", Reason.NOT_CREATED_FREE),
        ("", Reason.NOT_CREATED_INVALID),
        ("no-reply@globex.example", Reason.NOT_CREATED_ROLE),
        ("prvs=123=ann@shop.example", Reason.NOT_CREATED_ROBOT),
        ("ann@mailinator.com", Reason.NOT_CREATED_DISPOSABLE),
    ],
)
def test_nothing_is_made_for_these_even_when_somebody_asks(address: str, reason: Reason) -> None:
    found = refused(address, asked=True)

    assert found is not None
    assert found.reason is reason


def test_nothing_is_said_against_a_customer() -> None:
    assert refused() is None


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("List-Unsubscribe", "<https://shop.example/out>"),
        ("List-ID", "Offers <offers.shop.example>"),
        ("Auto-Submitted", "auto-replied; owner-email=x"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "Bulk"),
        ("precedence", "list"),
        ("X-Auto-Response-Suppress", "All"),
        ("Feedback-ID", "12:shop"),
    ],
)
def test_nothing_is_made_from_mail_to_many_or_by_a_machine(header: str, value: str) -> None:
    item = mail(**{fields.HEADERS: (("Received", "by x"), (header, value))})

    found = refused(item=item, asked=True)

    assert found is not None
    assert (found.reason, found.detail["field"].lower()) == (Reason.NOT_CREATED_BULK, header.lower())


@pytest.mark.parametrize(
    "header", [("Auto-Submitted", "no"), ("Precedence", "first-class"), ("X-Auto-Response-Suppress", "None")]
)
def test_headers_that_say_nothing_of_the_kind_do_no_harm(header: tuple[str, str]) -> None:
    assert refused(item=mail(**{fields.HEADERS: (header,)})) is None


@pytest.mark.rule("RES-18")
def test_nobody_is_made_from_a_crowd() -> None:
    circle, crowd = (mail(CUSTOMER, tuple(f"{n}@globex.example" for n in range(count))) for count in (14, 15))

    assert refused(item=circle) is None
    found = refused(item=crowd)
    assert found is not None
    assert (found.reason, found.detail) == (Reason.NOT_CREATED_CROWD, {"count": "16", "limit": "15"})


@pytest.mark.rule("RES-18")
def test_nobody_is_made_to_whom_the_user_has_not_written_unless_that_is_not_asked_for() -> None:
    found = refused(met=False)

    assert found is not None
    assert found.reason is Reason.NOT_CREATED_ONE_WAY
    assert refused(met=True) is None
    assert refused(met=False, asked=True) is None
    assert refused(met=False, resolve__require_outbound=False) is None


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    ("item", "met"),
    [
        (mail(CUSTOMER), False),
        (mail(ME, (CUSTOMER,), folder="sent"), True),
        (mail(ME, (OTHER,), cc=(CUSTOMER,), folder="sent"), True),
        (mail(CUSTOMER, (ME,), folder="sent"), False),
        (event(CUSTOMER), True),
        (event(ME, organizer=CUSTOMER), True),
        (event(ME, organizer=CUSTOMER, **{fields.MY_RESPONSE: Response.NONE.value}), False),
        (event(ME, organizer=CUSTOMER, **{fields.MY_RESPONSE: Response.DECLINED.value}), False),
    ],
)
def test_whoever_the_user_wrote_to_or_meets_is_no_stranger(item: Item, met: bool) -> None:
    assert has_met(item, CUSTOMER, {ME}) is met


@pytest.mark.rule("RES-18")
def test_more_people_than_a_day_allows_are_held() -> None:
    one, many = [f"{n}@one.example" for n in range(7)], [f"{n}@{n}.example" for n in range(30)]

    held = beyond_budget(one, Counter({"one.example": 1}), settings())
    assert list(held) == one[4:]
    assert held[one[4]] == Refusal(Reason.HELD_DOMAIN, "RES-18", {"limit": "5"})

    held = beyond_budget(many, Counter({"else.example": 2}), settings())
    assert list(held) == many[18:]
    assert held[many[18]] == Refusal(Reason.HELD_PEOPLE, "RES-18", {"limit": "20"})

    assert beyond_budget(many, Counter(), settings(resolve__daily_most=None)) == {}
    assert beyond_budget(one, Counter(), settings(resolve__domain_most=None)) == {}


# --- the table


@pytest.mark.rule("RES-1", "RES-4")
def test_a_lead_gets_a_name_and_a_company() -> None:
    found = made(resolve__kind="lead")

    assert found.person == {
        "FirstName": "Ann",
        "LastName": "Smith",
        "Company": "Globex",
        "Email": CUSTOMER,
        "Website": "https://globex.example",
    }


@pytest.mark.rule("RES-5")
def test_smart_makes_a_contact_under_the_account_of_the_domain() -> None:
    found = made(ANN, GLOBEX, resolve__smart=True)

    assert (found.kind, found.account_id, found.rule) == ("contact", "001G", "RES-5")
    assert found.person == {"FirstName": "Ann", "LastName": "Smith", "Email": CUSTOMER, "AccountId": "001G"}


@pytest.mark.rule("RES-6")
def test_smart_makes_a_person_account_where_those_are_wanted() -> None:
    for accounts in ((GLOBEX,), ()):
        found = made(ANN, *accounts, resolve__smart=True, resolve__person_accounts=True)
        assert (found.kind, found.person["PersonEmail"]) == ("person_account", CUSTOMER)


@pytest.mark.rule("RES-7")
def test_smart_makes_a_lead_when_no_account_is_found() -> None:
    for kind in ("off", "lead", "contact"):
        assert made(resolve__smart=True, resolve__kind=kind).rule == "RES-7"


@pytest.mark.rule("RES-10")
def test_a_contact_goes_under_the_account_that_is_found() -> None:
    assert made(ANN, GLOBEX, resolve__kind="contact").account_id == "001G"
    other = made(ANN, GLOBEX, resolve__kind="contact", resolve__account_lookup=False)
    assert other.kind == "account+contact"


@pytest.mark.rule("RES-11")
def test_a_contact_without_an_account_gets_one_named_after_the_domain() -> None:
    found = made(Person("ann@mail.acme-labs.co.uk"), resolve__kind="contact")

    assert found.kind == "account+contact"
    assert found.account == {"Name": "Acme Labs", "Website": "https://acme-labs.co.uk"}
    assert "AccountId" not in found.person


@pytest.mark.rule("RES-11")
def test_a_contact_that_may_have_no_account_becomes_a_lead() -> None:
    assert made(resolve__kind="contact", resolve__account_create=False).kind == "lead"


@pytest.mark.rule("RES-6")
def test_a_person_account_needs_no_account() -> None:
    assert made(resolve__kind="contact", resolve__person_accounts=True).kind == "person_account"
    assert made(resolve__kind="lead", resolve__person_accounts=True).kind == "lead"


@pytest.mark.rule("RES-5", "RES-13")
def test_one_witness_is_enough_only_for_a_single_account() -> None:
    web, web2 = (AccountRecord(i, i, by_website=True) for i in ("1", "2"))
    told, told2 = (AccountRecord(i, i, by_contact=True) for i in ("3", "4"))
    both, older = GLOBEX, AccountRecord("0", "0", created="2001", by_website=True, by_contact=True)

    assert choose_account([]) is None
    assert choose_account([web]) is web
    assert choose_account([web, web2]) is None
    assert choose_account([web, told]) is told
    assert choose_account([told, told2, web]) is None
    assert choose_account([web, told, both]) is both
    assert choose_account([AccountRecord("9", "9", created="2020", by_website=True, by_contact=True), older]) is older


@pytest.mark.rule("RES-9")
def test_only_the_main_counterpart_is_made_unless_all_are_wanted() -> None:
    item = mail(CUSTOMER, (ME, OTHER))

    assert who_to_create(item, [CUSTOMER, OTHER], (), settings()) == (Person(CUSTOMER),)
    every = settings(resolve__all_unresolved=True)
    assert who_to_create(item, [CUSTOMER, OTHER], (), every) == (Person(CUSTOMER), Person(OTHER))


@pytest.mark.rule("RES-9")
def test_nobody_is_made_when_somebody_is_known() -> None:
    item = mail(CUSTOMER, (ME, OTHER))

    assert who_to_create(item, [OTHER], [CUSTOMER], settings()) == ()
    assert who_to_create(item, [OTHER], [CUSTOMER], settings(resolve__all_unresolved=True)) == (Person(OTHER),)


@pytest.mark.rule("RES-5")
def test_both_kinds_of_evidence_can_be_asked_for() -> None:
    web = AccountRecord("1", "1", by_website=True)

    assert choose_account([web], "both") is None
    assert choose_account([web, GLOBEX], "both") is GLOBEX
    assert made(ANN, web, resolve__smart=True, resolve__evidence="both").kind == "lead"


@pytest.mark.rule("RES-12")
def test_contacts_without_an_account_go_under_the_one_for_all() -> None:
    by: dict[str, Any] = {"resolve__kind": "contact", "resolve__default_account": "001D"}

    under = made(resolve__account_create=False, **by)
    assert (under.kind, under.account_id, under.person["AccountId"]) == ("contact", "001D", "001D")
    assert under.reason is Reason.CREATED_UNDER_DEFAULT
    assert made(**by).kind == "account+contact"
    assert made(ANN, GLOBEX, resolve__account_create=False, **by).account_id == "001G"


@pytest.mark.rule("RES-14")
def test_a_contact_may_get_the_address_of_its_account_but_not_in_place_of_its_own() -> None:
    creation = made(ANN, GLOBEX, resolve__smart=True)
    account = {"BillingStreet": "1 Main St", "BillingCity": "Springfield", "BillingState": None, "Name": "Globex"}

    person = with_address(creation, account).person
    assert {name: person[name] for name in person if name.startswith("Mailing")} == {
        "MailingStreet": "1 Main St",
        "MailingCity": "Springfield",
    }
    own = Creation("contact", CUSTOMER, Reason.CREATED_UNDER_ACCOUNT, "RES-5", person={"MailingCity": "Shelbyville"})
    assert with_address(own, account) == own


@pytest.mark.parametrize(
    ("wanted", "kind", "account"),
    [
        (Wanted(Wish.LEAD), "lead", ""),
        (Wanted(Wish.CONTACT, "001G"), "contact", "001G"),
        (Wanted(Wish.CONTACT_AND_ACCOUNT), "account+contact", ""),
    ],
)
def test_what_a_person_wants_is_made(wanted: Wanted, kind: str, account: str) -> None:
    creation = as_wanted(ANN, wanted)

    assert (creation.kind, creation.account_id) == (kind, account)
    assert creation.person["LastName"] == "Smith"


@pytest.mark.rule("RES-17")
def test_opportunities_are_not_made_and_the_setting_says_what_is() -> None:
    with pytest.raises(ValueError, match="must be one of off, lead, contact, not 'opportunity'"):
        settings(resolve__kind="opportunity")


def test_a_record_says_where_it_comes_from() -> None:
    sent = datetime(2026, 11, 20, tzinfo=UTC)
    told = provenance(mail(**{fields.RECEIVED_AT: sent}), {ME})

    assert told == "Made by Inbox Sync from an e-mail of 2026-11-20, Message-ID <m1@globex.example>."
    assert provenance(event(CUSTOMER), {ME}) == "Made by Inbox Sync from a meeting of 2026-11-24."


# --- names


@pytest.mark.rule("RES-4")
@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Ann Smith", ("Ann", "Smith")),
        ("Smith, Ann", ("Ann", "Smith")),
        ("SMITH, ANN", ("Ann", "Smith")),
        ("Dr. Ann Maria Smith", ("Ann Maria", "Smith")),
        ("Ann Smith Jr.", ("Ann", "Smith")),
        ("Ann Smith, PhD", ("Ann", "Smith")),
        ("Ludwig van Beethoven", ("Ludwig", "van Beethoven")),
        ("Ann.Smith", ("Ann", "Smith")),
        ("Ann Smith (Globex)", ("Ann", "Smith")),
        ("Ann Smith via Calendar", ("Ann", "Smith")),
        ('"Ann Smith"', ("Ann", "Smith")),
        ("Madonna", ("", "Madonna")),
        ("", ("Ann", "Smith")),
        ("ann.smith@globex.example", ("Ann", "Smith")),
        ("François d'Étoile", ("François", "d'Étoile")),
        ("PAT O'BRIEN", ("Pat", "O'Brien")),
        ("'Ann Smith'", ("Ann", "Smith")),
    ],
)
def test_names_are_read_from_what_is_shown(shown: str, name: tuple[str, str]) -> None:
    assert person_name(Person("ann.smith@globex.example", shown)) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("ann@x.example", ("", "Ann")),
        ("ann_maria-smith+news@x.example", ("Ann", "Maria Smith")),
        ("12345@x.example", ("", "12345")),
    ],
)
def test_names_are_read_from_the_address_when_nothing_is_shown(address: str, name: tuple[str, str]) -> None:
    assert person_name(Person(address)) == name


@pytest.mark.rule("RES-4")
@pytest.mark.parametrize(
    ("shown", "company"),
    [
        ("Ann Smith (Globex Inc.)", "Globex Inc."),
        ("Ann Smith [GLOBEX]", "GLOBEX"),
        ("Ann Smith (she/her)", ""),
        ("Ann Smith (Sales)", ""),
        ("Ann Smith", ""),
    ],
)
def test_a_company_in_brackets_counts_when_the_address_bears_it_out(shown: str, company: str) -> None:
    assert company_shown(Person(CUSTOMER, shown)) == company
    lead = made(Person(CUSTOMER, shown), resolve__kind="lead").person
    assert (lead["LastName"], lead["Company"]) == ("Smith", company or "Globex")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("globex.com", "Globex"),
        ("mail.acme-labs.co.uk", "Acme Labs"),
        ("initech.de", "Initech"),
        ("xn--bcher-kva.example", "Bücher"),
        ("co.uk", "Co"),
        ("localhost", "Localhost"),
    ],
)
def test_a_company_is_named_after_its_domain(domain: str, name: str) -> None:
    assert company_of(domain) == name
