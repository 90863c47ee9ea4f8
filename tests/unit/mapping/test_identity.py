"""Keys: the same thing has the same key, whoever looks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from mapping.model import fields
from mapping.model.item import ItemKind, Person
from mapping.rules.identity import crm_key, email_key, event_key, mailbox_key, nomid_key
from tests.support.items import NOW, OTHER, mail

NO_ID = mail(message_id="", body="Hello")


@pytest.mark.rule("IDN-8")
def test_copies_of_a_meeting_share_a_key_and_occurrences_do_not() -> None:
    key = event_key("org", "uid-1")

    assert re.fullmatch(r"ev:[0-9a-f]{40}", key)
    assert event_key("org", " uid-1 ") == key
    others = {event_key("other", "uid-1"), event_key("org", "uid-2"), event_key("org", "uid-1", "2026-11-23")}
    assert len(others | {key}) == 4


def test_a_key_never_changes() -> None:
    # Stamped on records out there; another value would make every event a new one.
    assert event_key("org", "uid-1") == "ev:70ba80f9b1be1e2df1395befde18103292f0c431"
    assert event_key("", "") != crm_key("", ItemKind.EVENT, "")


def test_both_lengths_of_an_id_are_one_id() -> None:
    assert crm_key("org", ItemKind.EVENT, "00U5g00000ABCDE") == crm_key("org", ItemKind.EVENT, "00U5g00000ABCDEFGH")
    assert crm_key("org", ItemKind.EVENT, "00U5g00000abcde") != crm_key("org", ItemKind.EVENT, "00U5g00000ABCDE")


@pytest.mark.rule("IDN-8")
def test_kinds_and_sides_never_share_a_key() -> None:
    kinds = (ItemKind.EVENT, ItemKind.TASK, ItemKind.CONTACT)
    keys = {make("org", kind, "00U5g00000ABCDE") for kind in kinds for make in (crm_key, mailbox_key)}

    assert len(keys) == 6
    assert {key[:3] for key in keys} == {"ev:", "tk:", "ct:"}


@pytest.mark.rule("DUP-2", "DUP-9")
def test_copies_of_a_message_share_a_key() -> None:
    key = email_key("org", "<Ab1@x.example>")

    assert re.fullmatch(r"em:[0-9a-f]{40}", key)
    assert email_key("org", "  Ab1@x.example ") == key
    assert email_key("org", "<ab1@x.example>") != key


@pytest.mark.rule("DUP-10")
def test_a_message_without_an_id_is_known_by_what_it_says() -> None:
    key = nomid_key("org", NO_ID)

    assert re.fullmatch(r"nomid:[0-9a-f]{40}", key)
    assert (
        nomid_key("org", NO_ID.with_fields({fields.SENT_AT: NO_ID.fields[fields.SENT_AT].replace(microsecond=9)}))
        == key
    )


@pytest.mark.rule("DUP-10")
@pytest.mark.parametrize(
    "more",
    [
        {fields.SUBJECT: "Other"},
        {fields.BODY: "Other"},
        {fields.FROM: Person(OTHER)},
        {fields.TO: (Person(OTHER),)},
        {fields.SENT_AT: NOW - timedelta(seconds=1)},
    ],
)
def test_another_message_without_an_id_is_another(more: dict[str, object]) -> None:
    assert nomid_key("org", NO_ID.with_fields(more)) != nomid_key("org", NO_ID)  # type: ignore[arg-type]


@pytest.mark.rule("DUP-10")
def test_the_order_of_recipients_does_not_matter() -> None:
    one = NO_ID.with_fields({fields.TO: (Person("a@x.example"), Person("b@x.example"))})
    two = NO_ID.with_fields({fields.TO: (Person("b@x.example"), Person("a@x.example"))})

    assert nomid_key("org", one) == nomid_key("org", two)
