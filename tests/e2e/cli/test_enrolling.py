"""Many users at once: whom Salesforce knows, and how they come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console

BOB, CARL, DORA = "bob@acme.example", "carl@acme.example", "dora@acme.example"


def people(company: Company) -> dict[str, str]:
    """Three more in Salesforce; their ids."""
    made = {
        who: company.control("salesforce/users", username=who, Email=who, Country=country)["users"][0]["id"]
        for who, country in ((BOB, "DE"), (CARL, "FR"), (DORA, "DE"))
    }
    return {who: str(number) for who, number in made.items()}


def test_whoever_is_active_in_salesforce_and_not_here_yet_is_listed(console: Console, company: Company) -> None:
    ids = people(company)
    company.change("User", ids[CARL], IsActive=False)
    told = {each["address"]: each for each in console.json("user", "candidates")}
    assert {BOB, DORA} <= set(told)
    assert not {ANN, CARL} & set(told)  # the one is here, the other is gone
    assert (told[BOB]["id"], told[BOB]["name"], told[BOB]["country"]) == (ids[BOB], "Bob", "DE")
    assert [each["address"] for each in console.json("user", "candidates", "--only", "dora")] == [DORA]


@pytest.mark.point("1.9.6")
def test_all_that_are_listed_come_in_at_once_one_after_the_other(console: Console, company: Company) -> None:
    ids = people(company)
    console.done("profile", "create", "Sales")
    done = console.json("user", "enroll", "--all", "--only", "DE", "--profile", "Sales")
    assert (sorted(done["added"]), done["left_out"]) == ([BOB, DORA], {})
    here = {user["address"]: user for user in console.json("user", "list")}
    assert [here[who]["crm_user_id"] for who in (BOB, DORA)] == [ids[BOB], ids[DORA]]
    assert len({here[who]["next_sync_at"] for who in (BOB, DORA)}) == 2
    assert set(console.json("profile", "show", "Sales")["users"]) == {BOB, DORA}
    assert ("user.add", BOB) in company.audit()


@pytest.mark.point("1.9.6")
def test_a_file_brings_in_whom_it_names_and_says_whom_it_does_not(
    console: Console, company: Company, tmp_path: Path
) -> None:
    ids = people(company)
    lines = f"name,address,crm_user\nBob,{BOB},{ids[BOB]}\nDora,{DORA},\nAnn,{ANN},\nNobody,x@acme.example,\nBad,no,\n"
    (tmp_path / "new.csv").write_text(lines, encoding="utf-8-sig")
    answer = console("user", "enroll", "--file", "new.csv")
    assert answer.code == 1
    assert "2 of 5 added" in answer.out
    for said in (f"{ANN}: is there already", "x@acme.example: Salesforce has no active user", "no: it is no mail addr"):
        assert said in answer.out
    again = console.json("user", "enroll", BOB, DORA)
    assert (again["added"], set(again["left_out"])) == ([], {BOB, DORA})
    assert len(console.json("user", "list")) == 3


def test_an_address_that_several_have_is_added_by_an_id_only(console: Console, company: Company) -> None:
    ids = people(company)
    company.change("User", ids[CARL], Email=BOB)
    refused = console("user", "enroll", BOB)
    assert refused.code == 1
    assert "several active users" in refused.out
    assert not {BOB} & set(console.json("user", "enroll", DORA)["added"])


def test_a_file_that_can_not_be_read_brings_in_nobody(console: Console, company: Company, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("mail\nx@acme.example\n", encoding="utf-8")
    for words in (("--file", "new.csv"), ("--file", "none.csv"), ("--all", BOB), ()):
        assert console("user", "enroll", *words).code in (1, 2)
    assert len(console.json("user", "list")) == 1
