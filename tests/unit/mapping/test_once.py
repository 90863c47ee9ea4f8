"""How copies of a message are known, and how many records it gets."""

from __future__ import annotations

import pytest

from mapping.rules import once
from mapping.rules.columns import unfit
from mapping.rules.linking import Links
from mapping.rules.once import Relink
from tests.support.items import settings

PACKAGED = "REVGRD__InternetMessageId__c"


@pytest.mark.rule("DUP-2")
@pytest.mark.parametrize(
    ("field", "crm_object", "columns", "found"),
    [
        ("auto", "EmailMessage", {"MessageIdentifier"}, "MessageIdentifier"),
        ("auto", "Task", {PACKAGED, "InternetMessageId__c"}, PACKAGED),
        ("auto", "Task", {"Subject"}, ""),
        ("MailId__c", "Task", {"MailId__c", PACKAGED}, "MailId__c"),
        ("MailId__c", "EmailMessage", {"MessageIdentifier"}, ""),
    ],
)
def test_records_are_known_by_a_column_that_is_there(
    field: str, crm_object: str, columns: set[str], found: str
) -> None:  # fmt: skip
    assert once.column_of(settings(dedupe__field=field), crm_object, columns) == found


@pytest.mark.rule("DUP-6")
def test_with_the_switch_off_nothing_is_looked_for_and_keys_are_ones_own() -> None:
    off = settings(dedupe__emails=False, dedupe__field="")

    assert once.column_of(off, "EmailMessage", {"MessageIdentifier"}) == ""
    assert once.objection(off) == ""
    assert once.own_key("em:1", 7) != once.own_key("em:1", 8)


@pytest.mark.rule("DUP-5")
def test_the_switch_without_a_column_is_no_valid_setting() -> None:
    empty = settings(dedupe__field="")

    assert "dedupe.field" in once.objection(empty)
    assert "dedupe.field" in unfit(empty, {})
    assert once.objection(settings()) == ""


@pytest.mark.rule("DUP-5")
def test_a_column_that_the_organization_lacks_is_told() -> None:
    named = settings(dedupe__field="MailId__c")

    assert unfit(named, {"Task": {"Subject": {}}}) == {
        "dedupe.field": ("MailId__c is not there or hidden from the user",)
    }
    assert unfit(named, {"Task": {"MailId__c": {}}}) == {}


@pytest.mark.rule("DUP-7")
def test_whoever_is_left_over_gets_a_copy_up_to_a_limit() -> None:
    links = Links("003a", ("003a", "003b", "003c", "003d"), "006a", whats=("006a", "001a"))
    objects = {"003b": "Contact", "003c": "Lead", "003d": "Contact"}

    def copies(crm_object: str = "Task", **setting: object) -> list[str]:
        wanted = once.left_over(links, crm_object, objects, settings(clones__sync=True, **setting))
        return [f"{column} {each}" for column, each in wanted]

    assert copies() == ["WhoId 003b", "WhoId 003c", "WhoId 003d", "WhatId 001a"]
    assert copies(clones__most=1) == ["WhoId 003b"]
    assert copies(clones__objects="Contact") == ["WhoId 003b", "WhoId 003d"]
    assert copies("EmailMessage") == ["RelatedToId 001a"]
    assert once.left_over(links, "Task", objects, settings()) == ()


@pytest.mark.rule("DUP-4", "DUP-8", "RCD-13")
@pytest.mark.parametrize(
    ("shared", "copies", "keyed", "message", "task"),
    [
        (False, True, True, Relink.REMAKE, Relink.EDIT),
        (False, True, False, Relink.REMAKE, Relink.EDIT),
        (True, True, True, Relink.COPY, Relink.COPY),
        (True, True, False, Relink.LEAVE, Relink.LEAVE),
        (True, False, True, Relink.REMAKE, Relink.EDIT),
        (True, False, False, Relink.REMAKE, Relink.EDIT),
    ],
)
def test_a_record_is_copied_for_who_links_it_anew_only_when_colleagues_have_it(
    shared: bool, copies: bool, keyed: bool, message: Relink, task: Relink
) -> None:
    by = settings(clones__relinked=copies)

    assert once.relink("EmailMessage", by, shared=shared, keyed=keyed) is message
    assert once.relink("Task", by, shared=shared, keyed=keyed) is task


def test_the_copy_of_a_user_is_known_by_a_key_that_leads_back_to_the_message() -> None:
    copy = once.copy_key("em:1", 7)

    assert copy not in ("em:1", once.copy_key("em:1", 8), once.own_key("em:1", 7), once.clone_key("em:1", 7))
    assert once.pair_key(copy) == once.pair_key("em:1") == "em:1"
    assert once.pair_key(once.copy_key("em:1:7", 7)) == "em:1:7"


def test_a_message_id_is_found_with_its_brackets_and_without() -> None:
    assert once.spellings(" <1@x.example> ") == once.spellings("1@x.example") == ("<1@x.example>", "1@x.example")
    assert once.spellings(" ") == ()
