"""Conflicts at the console: listed without the values, shown with them, answered once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console


@pytest.fixture
def disputed(console: Console, company: Company) -> Console:
    """Ann's appointment was renamed on both sides, and conflicts are settled by hand."""
    console.done("config", "set", "conflict.event", "manual")
    item = company.appointment("Lunch")
    run = console.json("run", ANN)["run"]
    (made,) = [op["result"] for op in console.json("plan", str(run))["operations"] if op["act"] == "create"]
    company.edit(item, Subject="Dinner")
    company.change("Event", made, Subject="Breakfast")
    console.done("run", ANN)
    return console


def the_conflict(console: Console) -> dict[str, Any]:
    (conflict,) = console.json("conflicts")
    return dict(conflict)


def test_a_conflict_is_listed_without_its_values(disputed: Console) -> None:
    conflict = the_conflict(disputed)

    assert (conflict["user"], conflict["kind"], conflict["field"]) == (ANN, "event", "subject")
    listed = disputed.done("conflicts", "list", ANN)
    assert "waits" in listed
    for told in (listed, str(conflict), disputed.done("issues"), disputed.done("runs")):
        assert "Dinner" not in told
        assert "Breakfast" not in told
    assert "CONFLICT" in disputed.done("issues")


def test_both_values_are_shown_and_that_is_noted(disputed: Console, company: Company) -> None:
    number = str(the_conflict(disputed)["id"])

    assert disputed.json("conflicts", "show", number)["values"] == {"mailbox": "Dinner", "crm": "Breakfast"}
    said = disputed.done("conflicts", "show", number)
    assert "Dinner" in said
    assert "Breakfast" in said
    assert company.audit().count(("conflict.show", ANN)) == 2


@pytest.mark.parametrize(("side", "written"), [("--mailbox", "crm"), ("--salesforce", "mailbox")])
def test_the_answer_is_written_by_the_next_run(disputed: Console, company: Company, side: str, written: str) -> None:
    number = str(the_conflict(disputed)["id"])

    assert "is right; the next run writes subject" in disputed.done("conflicts", "resolve", number, side)
    assert "not yet written" in disputed.done("conflicts", "show", number)
    sides = disputed.json("run", ANN)["sides"]

    assert sides == {"mailbox": {}, "crm": {}} | {
        written: {"Event" if written == "crm" else "calendar": {"changed": 1}}
    }
    assert disputed.json("conflicts") == []
    assert disputed.json("issues") == []
    assert ("conflict.resolve", ANN) in company.audit()


def test_what_is_over_is_not_decided_again_and_tells_nothing_any_more(disputed: Console) -> None:
    number = str(the_conflict(disputed)["id"])
    disputed.done("conflicts", "resolve", number, "--mailbox")
    disputed.done("run", ANN)

    again = disputed("conflicts", "resolve", number, "--salesforce")

    assert again.code == 1
    assert "is over" in again.err
    assert "thrown away" in disputed.done("conflicts", "show", number)
    assert disputed.json("conflicts", "list", "--all")[0]["closed_at"] is not None


def test_the_item_tells_of_its_conflict(disputed: Console) -> None:
    key = the_conflict(disputed)["key"]

    told = disputed.json("explain", key)

    assert "conflict_open" in {step["reason"] for step in told["story"]}
    assert [issue["code"] for issue in told["issues"]] == ["CONFLICT"]


def test_without_a_conflict_that_is_said(console: Console, company: Company) -> None:
    assert console.done("conflicts").strip() == "no conflict waits"
    assert console.json("conflicts", "list") == []
