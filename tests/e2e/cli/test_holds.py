"""Holds at the console: what waits is told in words, looked at, approved or rejected, and noted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console


@pytest.fixture
def emptied(console: Console, company: Company) -> Console:
    """Ann's calendar has lost all six saved appointments; her run was held."""
    items = [company.appointment(f"Call {n}") for n in range(6)]
    console.done("run", ANN)
    for item in items:
        company.discard(item)
    held = console("run", ANN)
    assert held.code == 1
    assert "held: HELD.EMPTY, All 6 items are suddenly gone from one side" in " ".join(held.out.split())
    assert "nothing of this plan was written" in held.out
    return console


def the_hold(console: Console) -> dict[str, Any]:
    (hold,) = console.json("holds")
    return dict(hold)


def test_a_hold_is_listed_with_its_sentence(emptied: Console) -> None:
    hold = the_hold(emptied)

    assert (hold["user"], hold["guard"], hold["items"], hold["decision"]) == (ANN, "empty", 6, "")
    listed = emptied.done("holds", "list", ANN)
    assert "suddenly gone" in listed
    assert "waits" in listed
    assert emptied.done("holds") == emptied.done("holds", "list")


def test_what_waits_is_shown_change_by_change_with_its_reason(emptied: Console) -> None:
    number = str(the_hold(emptied)["id"])

    told = emptied.json("holds", "show", number)

    assert told["lines"] == [{"side": "mailbox", "kind": "event", "count": 6, "pairs": 6, "most": 0}]
    assert {(c["act"], c["side"], c["reason"]) for c in told["changes"]} == {("delete", "crm", "deleted_in_mailbox")}
    assert len(told["changes"]) == 6
    assert "The item was deleted in the mailbox." in emptied.done("holds", "show", number)


def test_runs_and_the_user_s_status_tell_that_nothing_is_written(emptied: Console) -> None:
    run = emptied.json("runs", ANN)[0]
    assert (run["state"], run["error_code"]) == ("held", "HELD.EMPTY")
    assert "held" in emptied.done("runs")

    status = emptied.json("user", "status", ANN)
    assert status["holds"] == [the_hold(emptied)["id"]]
    assert status["held_at"] is not None
    assert "nothing is written before hold" in emptied.done("user", "status", ANN)


def test_approving_lets_the_next_run_do_it(emptied: Console, company: Company) -> None:
    number = str(the_hold(emptied)["id"])

    said = emptied.done("holds", "approve", number)

    assert "approved: the next run does all of it" in said
    assert "approved by console" in emptied.done("holds", "show", number)
    assert "not yet done" in emptied.done("holds", "show", number)
    done = emptied.json("run", ANN)
    assert done["sides"]["crm"]["Event"] == {"deleted": 6}
    assert emptied.done("holds").strip() == "nothing is held"
    assert "approved" in emptied.done("holds", "list", "--all")
    assert "not yet done" not in emptied.done("holds", "show", number)
    assert emptied.json("user", "status", ANN)["held_at"] is None
    assert ("hold.approve", ANN) in company.audit()


def test_rejecting_keeps_both_copies(emptied: Console, company: Company) -> None:
    number = str(the_hold(emptied)["id"])

    answer = emptied.json("holds", "reject", number)

    assert answer["decision"] == "rejected"
    assert emptied.json("run", ANN)["sides"] == {"mailbox": {}, "crm": {}}
    assert emptied.json("holds") == []
    assert ("hold.reject", ANN) in company.audit()


def test_a_hold_is_decided_once(emptied: Console) -> None:
    number = str(the_hold(emptied)["id"])
    emptied.done("holds", "approve", number)

    again = emptied("holds", "reject", number)

    assert again.code == 1
    assert "approved by console" in again.err


def test_an_item_that_waits_says_so_when_asked(emptied: Console) -> None:
    change = emptied.json("holds", "show", str(the_hold(emptied)["id"]))["changes"][0]

    story = emptied.json("explain", change["item"])["story"]

    assert "held_empty" in {step["reason"] for step in story}


def test_nothing_held_is_said(console: Console, company: Company) -> None:
    assert console.done("holds").strip() == "nothing is held"
    assert console.json("holds", "list") == []
