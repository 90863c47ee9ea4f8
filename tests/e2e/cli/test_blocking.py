"""`inbox-sync block` in words: who is left out, and how that is undone."""

from __future__ import annotations

import pytest

from tests.e2e.cli.conftest import ANN, Company


def blocked(company: Company) -> list[tuple[str, str]]:
    told = company.console.json("block", "list", ANN)
    return [(each["entry"], each["by"]) for each in told["blocked"]]


@pytest.mark.rule("FLT-11")
def test_an_address_is_blocked_and_that_is_undone(company: Company) -> None:
    company.console.done("block", "add", ANN, "Eve@Rival.example", "shop.example")
    assert blocked(company) == [("eve@rival.example", "the user"), ("shop.example", "the user")]

    company.console.done("block", "add", ANN, "eve@rival.example")
    company.console.done("block", "remove", ANN, "shop.example")

    assert blocked(company) == [("eve@rival.example", "the user")]


@pytest.mark.rule("FLT-6", "FLT-11")
def test_what_the_organization_blocks_is_taken_off_for_one_user_and_put_back(company: Company) -> None:
    company.console.done("config", "set", "blocklist.org", "rival.example,shop.example")

    told = company.console.json("block", "remove", ANN, "rival.example")
    assert told == {
        "user": ANN, "blocked": [{"entry": "shop.example", "by": "the organization"}], "removed": ["rival.example"],
    }  # fmt: skip
    company.console.done("block", "add", ANN, "rival.example")

    assert blocked(company) == [
        ("rival.example", "the user"), ("rival.example", "the organization"), ("shop.example", "the organization"),
    ]  # fmt: skip


@pytest.mark.rule("FLT-6")
def test_where_that_is_forbidden_nothing_is_taken_off_and_what_was_comes_back(company: Company) -> None:
    company.console.done("config", "set", "blocklist.org", "rival.example,shop.example")
    company.console.done("block", "remove", ANN, "rival.example")
    company.console.done("config", "set", "blocklist.removable", "false")

    answer = company.console("block", "remove", ANN, "shop.example")

    assert (answer.code, "blocklist.removable is off" in answer.err) == (2, True)
    assert blocked(company) == [("rival.example", "the organization"), ("shop.example", "the organization")]


@pytest.mark.rule("FLT-4")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", ANN, "*.rival.example"), 2, "without wildcards"),
        (("remove", ANN, "eve@rival.example"), 3, "is on no list"),
        (("list", "nobody@acme.example"), 3, "there is no user"),
    ],
)
def test_what_makes_no_sense_is_refused(company: Company, words: tuple[str, ...], code: int, told: str) -> None:
    answer = company.console("block", *words)

    assert answer.code == code
    assert told in answer.err
