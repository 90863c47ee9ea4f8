"""`inbox-sync intent` in words: what is chosen for single messages, and what makes no sense."""

from __future__ import annotations

import pytest

from tests.e2e.cli.conftest import ANN, Company

MESSAGE = ("--message", "<1@acme.example>")
CONTACT, ACCOUNT = "003000000000001AAA", "001000000000001AAA"


@pytest.mark.rule("WAY-10")
def test_a_choice_is_noted_listed_and_taken_back(company: Company) -> None:
    made = company.console.json("intent", "add", ANN, *MESSAGE, "--who", CONTACT, "--what", ACCOUNT, "--thread",
                                "--set", "Subject=Offer")  # fmt: skip

    listed = company.console.json("intent", "list", ANN)
    assert listed == [made]
    assert (made["who"], made["what"], made["thread"], made["outcome"]) == ([CONTACT], ACCOUNT, True, "")
    assert "Offer" not in str(listed)
    assert company.console.json("intent", "drop", str(made["id"]))["outcome"] == "dropped"
    assert company.console.json("intent") == []
    assert [each["outcome"] for each in company.console.json("intent", "list", "--all")] == ["dropped"]


@pytest.mark.rule("WAY-10")
def test_a_new_choice_takes_the_place_of_the_one_before(company: Company) -> None:
    company.console.done("intent", "add", ANN, *MESSAGE, "--what", ACCOUNT)
    company.console.done("intent", "add", ANN, *MESSAGE)

    assert [each["what"] for each in company.console.json("intent")] == [""]


@pytest.mark.rule("LNK-31")
def test_what_one_record_cannot_hang_on_is_refused(company: Company) -> None:
    lead, other = "00Q000000000001AAA", "001000000000002AAA"
    intent = company.console

    several = intent("intent", "add", ANN, *MESSAGE, "--what", ACCOUNT, "--what", other)
    assert (several.code, "several business records" in several.err) == (2, True)
    intent.done("intent", "add", ANN, *MESSAGE, "--who", lead, "--what", ACCOUNT)  # an EmailMessage takes both

    intent.done("config", "set", "email.record", "task")
    for more in (("--what", ACCOUNT), ("--who", CONTACT)):
        answer = intent("intent", "add", ANN, *MESSAGE, "--who", lead, *more)
        assert (answer.code, "a lead excludes every other record" in answer.err) == (2, True)
    intent.done("intent", "add", ANN, *MESSAGE, "--who", lead)
    intent.done("intent", "add", ANN, *MESSAGE, "--who", CONTACT, "--what", ACCOUNT)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", ANN), 2, "either by its Message-ID or by the id"),
        (("add", ANN, *MESSAGE, "--item", "AAMk"), 2, "either by its Message-ID or by the id"),
        (("add", ANN, *MESSAGE, "--who", "Homer"), 2, "no id of a Salesforce record"),
        (("add", ANN, *MESSAGE, "--who", ACCOUNT), 2, "neither a contact nor a lead"),
        (("add", ANN, *MESSAGE, "--what", CONTACT), 2, "is a person"),
        (("add", ANN, "--item", "AAMk", "--folder", "drafts"), 2, "inbox or sent"),
        (("add", "nobody@acme.example", *MESSAGE), 3, "there is no user"),
        (("drop", "7"), 3, "there is no 7"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    company: Company, words: tuple[str, ...], code: int, told: str
) -> None:
    answer = company.console("intent", *words)

    assert answer.code == code
    assert told in answer.err


@pytest.mark.rule("WAY-10", "WAY-13")
def test_nothing_is_noted_for_a_user_who_is_paused(company: Company) -> None:
    company.console.done("user", "pause", ANN)

    answer = company.console("intent", "add", ANN, *MESSAGE)

    assert answer.code == 1
    assert "paused" in answer.err
