"""Addresses at which a person opens an item."""

from __future__ import annotations

import pytest

from sync_tasks.services.places import mailbox, salesforce

MY_DOMAIN = {"login_url": "https://acme.my.salesforce.com"}


@pytest.mark.point("1.2.4")
def test_a_record_opens_in_the_organizations_own_salesforce() -> None:
    assert salesforce(MY_DOMAIN, "00U000000000001AAA") == "https://acme.my.salesforce.com/00U000000000001AAA"
    assert salesforce({"login_url": "http://localhost:1/salesforce", "base_url": "https://a.example"}, "001") == (
        "https://a.example/001"
    )


@pytest.mark.parametrize("host", ["https://login.salesforce.com", "https://test.salesforce.com", ""])
def test_the_common_log_in_shows_no_record(host: str) -> None:
    assert salesforce({"login_url": host}, "00U000000000001AAA") == ""


@pytest.mark.parametrize("ref", ["javascript:alert(1)", "../setup", "watch:Event", ""])
def test_what_is_no_id_leads_nowhere(ref: str) -> None:
    assert salesforce(MY_DOMAIN, ref) == ""


@pytest.mark.point("1.2.4")
def test_items_open_in_the_web_client_of_their_mailbox() -> None:
    graph = mailbox("graph", {}, "ann@acme.example", "event", "AA+/=")
    assert graph.startswith("https://outlook.office.com/owa/?ItemID=AA%2B%2F%3D&")
    ours = mailbox("exchange", {"endpoint": "https://mail.acme.example/EWS/Exchange.asmx"}, "", "email", "AA")
    assert ours.startswith("https://mail.acme.example/owa/?ItemID=AA&")
    assert mailbox("google", {}, "ann@acme.example", "email", "18c") == (
        "https://mail.google.com/mail/u/ann%40acme.example/#all/18c"
    )


def test_where_a_client_has_no_address_for_an_item_none_is_told() -> None:
    assert mailbox("google", {}, "ann@acme.example", "event", "1") == ""
    assert mailbox("graph", {}, "", "task", "1") == ""
    assert mailbox("exchange", {"endpoint": ""}, "", "email", "1") == ""
