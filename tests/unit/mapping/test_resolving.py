"""Which record is made for somebody unknown, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.item import Person
from mapping.model.people import AccountRecord
from mapping.model.reasons import Reason
from mapping.rules.names import company_of, is_role, person_name
from mapping.rules.resolving import Creation, choose_account, decide_creation, who_to_create
from tests.support.items import COLLEAGUE, CUSTOMER, ME, OTHER, book, mail, settings

ANN = Person(CUSTOMER, "Ann Smith")
GLOBEX = AccountRecord("001G", "Globex", by_website=True, by_contact=True)


def made(person: Person = ANN, *accounts: AccountRecord, **by: Any) -> Creation:
    effective = settings(**by)
    return decide_creation(person, book(effective), accounts, effective)


@pytest.mark.rule("RES-1")
def test_nothing_is_made_unless_it_is_switched_on() -> None:
    assert (made().kind, made().reason) == ("none", Reason.CREATE_OFF)
    assert made(resolve__kind="lead").kind == "lead"


@pytest.mark.rule("RES-3", "RES-8")
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (ME, Reason.NOT_CREATED_INTERNAL),
        (COLLEAGUE, Reason.NOT_CREATED_INTERNAL),
        ("x@blocked.example", Reason.NOT_CREATED_BLOCKED),
        ("x@gmail.com", Reason.NOT_CREATED_FREE),
        ("", Reason.NOT_CREATED_INVALID),
        ("no-reply@globex.example", Reason.NOT_CREATED_ROLE),
    ],
)
def test_nothing_is_made_for_these(address: str, reason: Reason) -> None:
    found = made(
        Person(address), GLOBEX, resolve__kind="contact", resolve__smart=True, blocklist__org="blocked.example"
    )

    assert (found.kind, found.reason) == ("none", reason)
    assert found.person == found.account == {}


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


@pytest.mark.rule("RES-18")
def test_nobody_is_made_from_a_crowd() -> None:
    crowd = mail(CUSTOMER, tuple(f"{n}@globex.example" for n in range(20)))

    assert who_to_create(crowd, [CUSTOMER], (), settings()) == ()


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


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    "local",
    ["noreply", "no-reply", "do.not.reply", "newsletter", "bounce+abc", "mailer-daemon", "info", "support",
     "notifications+x", "orders", "customer.service", "acme-no-reply"],
)  # fmt: skip
def test_robots_and_offices_are_recognised(local: str) -> None:
    assert is_role(f"{local}@x.example")


@pytest.mark.parametrize("local", ["ann", "ann.smith", "bo", "teamer", "infante", "noreen", "salesman"])
def test_people_are_no_robots(local: str) -> None:
    assert not is_role(f"{local}@x.example")


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
