"""People whom Salesforce does not know, at the console: listed, shown, and decided on once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console

BART = "bart.simpson@acme-labs.example"


@pytest.fixture
def asked(console: Console, company: Company) -> Console:
    """A stranger wrote to Ann, and she has not answered."""
    console.done("config", "set", "autosave.emails", "true")
    console.done("config", "set", "resolve.kind", "lead")
    company.mail("<1@acme-labs.example>", BART)
    console.done("run", ANN)
    return console


def the_entry(console: Console) -> dict[str, Any]:
    (entry,) = console.json("unresolved")
    return dict(entry)


def test_whoever_is_unknown_is_listed_and_that_somebody_looked_is_noted(asked: Console, company: Company) -> None:
    entry = the_entry(asked)

    assert (entry["user"], entry["address"], entry["name"]) == (ANN, BART, "Somebody")
    assert (entry["state"], entry["reasons"], len(entry["items"])) == ("waits", ["not_created_one_way"], 1)
    listed = asked.done("unresolved", "list", ANN)
    assert BART in listed
    assert "No record is made for somebody" in listed
    assert company.audit()[-2:] == [("unresolved.list", "everybody"), ("unresolved.list", ANN)]


def test_one_of_them_is_shown_with_the_items_he_was_on(asked: Console, company: Company) -> None:
    entry = the_entry(asked)
    said = asked.done("unresolved", "show", str(entry["id"]))

    assert f"Somebody <{BART}>" in said
    assert "not written to" in said
    assert entry["items"][0]["folder"] == "inbox"
    story = asked.json("explain", entry["items"][0]["item"])["story"]
    assert "No record is made for somebody to whom you have not written yet." in [each["sentence"] for each in story]
    assert company.audit()[-1] == ("unresolved.show", ANN)


def test_a_lead_is_made_by_the_next_run(asked: Console, company: Company) -> None:
    number = str(the_entry(asked)["id"])

    assert "the next run makes a lead" in asked.done("unresolved", "decide", number, "--lead")
    assert "becomes a lead" in asked.done("unresolved", "list")
    sides = asked.json("run", ANN)["sides"]

    assert sides["crm"]["Lead"] == {"created": 1}
    assert sides["crm"]["EmailMessage"] == {"created": 1}
    assert "nobody is unresolved" in asked.done("unresolved")
    assert asked.json("unresolved", "list", "--all")[0]["address"] == ""
    assert ("unresolved.decide", ANN) in company.audit()
    again = asked("unresolved", "decide", number, "--ignore")
    assert again.code == 1
    assert "is settled (made)" in again.err


def test_a_contact_is_made_of_an_account_that_is_there_only(asked: Console) -> None:
    number = str(the_entry(asked)["id"])

    for account, code, told in (("Acme", 2, "begins with 001"), ("001000000000000AAA", 3, "shows no account")):
        refused = asked("unresolved", "decide", number, "--contact", account)
        assert (refused.code, told in refused.err) == (code, True)
    assert asked.json("unresolved", "decide", number, "--contact-and-account")["wish"] == "account+contact"
    created = {target: counts["created"] for target, counts in asked.json("run", ANN)["sides"]["crm"].items()
               if "created" in counts}  # fmt: skip
    assert created == {"Account": 1, "Contact": 1, "EmailMessage": 1}


@pytest.mark.rule("RES-17")
def test_nobody_is_made_an_opportunity(asked: Console) -> None:
    number = str(the_entry(asked)["id"])

    refused = asked("config", "set", "resolve.kind", "opportunity")
    assert (refused.code, "must be one of off, lead, contact" in refused.err) == (2, True)
    assert asked("unresolved", "decide", number, "--opportunity").code == 2
    asked.done("unresolved", "decide", number, "--contact-and-account")
    assert "Opportunity" not in asked.json("run", ANN)["sides"]["crm"]


def test_the_address_goes_on_the_block_list(asked: Console, company: Company) -> None:
    number = str(the_entry(asked)["id"])

    said = asked.done("unresolved", "decide", number, "--ignore", "--domain", "--everybody")

    assert "acme-labs.example is on the block list (blocklist.org)" in said
    assert asked.json("unresolved") == []
    assert asked.json("config", "explain", "blocklist.org")["value"] == ["acme-labs.example"]
    assert ("unresolved.ignore", ANN) in company.audit()
