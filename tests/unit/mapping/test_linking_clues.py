"""What the words of a message name."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules.linking_clues import MOST_PAGES, answered, case_in, message_ids, pages_in, web_hosts

HOSTS = web_hosts("acme.my.salesforce.com")
OBJECTS = ("Account", "Opportunity", "Case", "Visit__c")
DEAL, VISIT = "006000000000001", "a01000000000001"


def mail(**values: Any) -> Item:
    return Item(ItemRef(Side.MAILBOX, ItemKind.EMAIL, "m1", "inbox"), "v", values)


def test_an_org_is_seen_on_two_hosts_and_no_other() -> None:
    assert {"acme.my.salesforce.com", "acme.lightning.force.com"} == HOSTS
    assert web_hosts("127.0.0.1:8080") == {"127.0.0.1:8080"}


@pytest.mark.rule("LNK-5")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"https://acme.lightning.force.com/lightning/r/Opportunity/{DEAL}AAA/view", (("Opportunity", DEAL),)),
        (f"https://acme.lightning.force.com/lightning/r/{DEAL}AAA/view?x=1", (("Opportunity", DEAL),)),
        (f"(https://ACME.my.salesforce.com/{DEAL}).", (("Opportunity", DEAL),)),
        (
            f"https://acme.lightning.force.com/lightning/r/Visit__c/a01{DEAL[3:]}/view",
            (("Visit__c", f"a01{DEAL[3:]}"),),
        ),
        (f"https://acme.my.salesforce.com.evil.example/{DEAL}", ()),
        (f"https://other.my.salesforce.com/{DEAL}", ()),
        (f"https://evil.example/?u=https://acme.my.salesforce.com/{DEAL}", ()),
        (f"https://acme.my.salesforce.com@evil.example/{DEAL}", ()),
        ("https://acme.my.salesforce.com/003000000000001AAA", ()),
        ("https://acme.my.salesforce.com/home/home.jsp", ()),
        ("https://[bad/006000000000001", ()),
    ],
)
def test_pages_of_records_are_known_by_their_addresses(text: str, found: tuple[tuple[str, str], ...]) -> None:
    assert pages_in(mail(**{fields.BODY: f"See {text} please"}), HOSTS, OBJECTS) == found


def test_the_formatted_text_is_read_and_each_page_counts_once() -> None:
    page = f"https://acme.my.salesforce.com/{DEAL}"
    html = f'<a href="{page}?a=1&amp;b=2">{page}</a>'

    assert pages_in(mail(**{fields.HTML: html}), HOSTS, OBJECTS) == (("Opportunity", DEAL),)


def test_a_mail_of_very_many_pages_is_about_none_of_them() -> None:
    text = " ".join(f"https://acme.my.salesforce.com/006{n:012d}" for n in range(MOST_PAGES + 1))

    assert pages_in(mail(**{fields.BODY: text}), HOSTS, OBJECTS) == ()


@pytest.mark.rule("LNK-5")
@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Case 1001", "00001001"),
        ("RE: case #00001001: broken", "00001001"),
        ("Ticket no. 1001", "00001001"),
        ("[00001001] broken", "00001001"),
        ("[#00001001]", "00001001"),
        ("Case: # 1001 and case 1001", "00001001"),
        ("Case 1001 and case 1002", ""),
        ("Suitcase 1001", ""),
        ("Case 123456789", ""),
        ("Order 1001", ""),
        ("[1001]", ""),
        ("", ""),
    ],
)
def test_a_case_is_named_by_its_number(subject: str, number: str) -> None:
    assert case_in(mail(**{fields.SUBJECT: subject}), ("Case", "Ticket")) == number
    assert case_in(mail(**{fields.SUBJECT: subject}), ()) == ""


@pytest.mark.rule("LNK-29")
def test_what_a_message_answers_is_told_nearest_first() -> None:
    item = mail(**{fields.IN_REPLY_TO: "<3@x>", fields.REFERENCES: ("<1@x>", "<2@x>", "<3@x>")})

    assert answered(item) == ("<3@x>", "<2@x>", "<1@x>")
    assert answered(mail()) == ()
    assert message_ids(" <1@x>\r\n <2@x> junk") == ("<1@x>", "<2@x>")
