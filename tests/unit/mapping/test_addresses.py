"""Whose address is it?"""

from __future__ import annotations

import pytest

from mapping.model.item import Attendee, Role
from mapping.rules.addresses import AddressClass, address_book, entry, others
from tests.support.items import COLLEAGUE, CUSTOMER, FREE_DOMAINS, ME, book, event, mail, settings


@pytest.mark.rule("FLT-1")
def test_addresses_fall_into_classes() -> None:
    found = book(settings(blocklist__org="bad.example"))

    assert found.classify(ME) is AddressClass.ME
    assert found.classify(COLLEAGUE) is AddressClass.INTERNAL
    assert found.classify("x@bad.example") is AddressClass.BLOCKED
    assert found.classify("x@gmail.com") is AddressClass.FREE
    assert found.classify(CUSTOMER) is AddressClass.EXTERNAL
    assert found.classify("") is AddressClass.INVALID


def test_only_external_addresses_are_eligible() -> None:
    found = book(settings(blocklist__org="bad.example"))

    assert [found.eligible(each) for each in (ME, COLLEAGUE, "x@bad.example", "x@gmail.com", "", CUSTOMER)] == [
        *[False] * 5,
        True,
    ]


@pytest.mark.rule("FLT-3")
@pytest.mark.point("1.10.5")
def test_both_block_lists_count() -> None:
    found = book(settings(blocklist__org="a.example", blocklist__user="b.example"))

    assert found.is_blocked("x@a.example") and found.is_blocked("x@b.example")


@pytest.mark.rule("FLT-4")
def test_a_domain_stands_for_its_sub_domains_unless_switched_off() -> None:
    assert book(settings(blocklist__org="a.example")).is_blocked("x@mail.a.example")
    assert not book(settings(blocklist__org="a.example")).is_blocked("x@nota.example")
    exact = settings(blocklist__org="a.example", blocklist__subdomains=False)
    assert not book(exact).is_blocked("x@mail.a.example")
    assert book(exact).is_blocked("x@a.example")


@pytest.mark.rule("FLT-4")
def test_a_tagged_address_is_another_address() -> None:
    found = book(settings(blocklist__user="ann@globex.example"))

    assert found.is_blocked("ann@globex.example")
    assert not found.is_blocked("ann+news@globex.example")


@pytest.mark.rule("FLT-5")
def test_free_mail_is_blocked_by_default() -> None:
    assert book().is_free("x@gmail.com")
    assert not address_book(settings(blocklist__free_mail=False), [ME], FREE_DOMAINS).is_free("x@gmail.com")


@pytest.mark.parametrize(
    ("text", "meant"),
    [(" Acme.Example ", "acme.example"), ("@acme.example", "acme.example"), ("Ann@Acme.Example", "ann@acme.example"),
     ("bücher.example", "xn--bcher-kva.example")],
)  # fmt: skip
def test_entries_are_compared_as_addresses_are(text: str, meant: str) -> None:
    assert entry(text) == meant


def test_the_others_are_everybody_once_without_the_user_and_rooms() -> None:
    room = Attendee("room@acme.example", role=Role.RESOURCE)

    assert others(event(CUSTOMER, COLLEAGUE, room), {ME}) == (CUSTOMER, COLLEAGUE)
    assert others(mail(CUSTOMER, (ME, COLLEAGUE), cc=(CUSTOMER,)), {ME}) == (CUSTOMER, COLLEAGUE)


@pytest.mark.rule("ATT-10")
def test_a_colleague_is_internal_under_any_domain() -> None:
    found = address_book(settings(), [ME], FREE_DOMAINS, ["robert@gmail.com"])

    assert found.classify("robert@gmail.com") is AddressClass.INTERNAL
    assert not found.eligible("robert@gmail.com")
