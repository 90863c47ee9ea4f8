"""One run at the console, and everything one can ask about it afterwards."""

from __future__ import annotations

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console


@pytest.mark.point("1.7.3")
def test_a_preview_shows_what_a_run_then_does(console: Console, company: Company) -> None:
    company.appointment("Showroom")
    preview = console.json("run", ANN, "--preview")
    (create,) = [op for op in preview["operations"] if op["act"] == "create"]
    assert (create["side"], create["target"], create["state"]) == ("crm", "Event", "planned")
    assert "Subject" in create["fields"]
    assert "nothing was written" in console.done("run", ANN, "--preview")

    done = console.json("run", ANN)
    assert done["state"] == "done"
    assert done["sides"]["crm"]["Event"]["created"] == 1
    assert done["sides"]["mailbox"]["calendar"]["marked"] == 1
    assert done["calls"]["SyncFolderItems"] >= 1
    (made,) = [op for op in console.json("plan", str(done["run"]))["operations"] if op["act"] == "create"]
    assert made["id"] == create["id"]

    again = console.json("run", ANN)
    assert again["sides"] == {"mailbox": {}, "crm": {}}


def test_what_was_left_alone_is_told_with_its_sentence(console: Console, company: Company) -> None:
    company.appointment("Dentist", Categories=[])
    done = console.json("run", ANN)
    (left,) = done["skipped"]
    assert left["reason"] == "autosave_off"
    assert left["sentence"].startswith("Saving automatically is switched off")
    assert left["sentence"] in console.done("plan", str(done["run"]))


def test_an_item_is_explained_under_every_name_it_has(console: Console, company: Company) -> None:
    item = company.appointment("Showroom")
    run = console.json("run", ANN)["run"]
    by_mailbox = console.json("explain", item)
    (key,) = by_mailbox["keys"]
    done = [step for step in by_mailbox["story"] if step["what"].startswith("create Event")]
    assert [step["run"] for step in done] == [run]
    crm_id = done[0]["item"]
    assert console.json("explain", crm_id)["story"] == by_mailbox["story"]
    assert console.json("explain", crm_id[:15])["story"] == by_mailbox["story"]
    assert console.json("explain", key, "--user", ANN)["story"] == by_mailbox["story"]
    assert "You marked this item" in console.done("explain", item)


def test_a_message_is_explained_by_its_message_id(console: Console, company: Company) -> None:
    console.done("config", "set", "autosave.emails", "on")
    company.mail("<m1@lumen-labs.example>", "noor@lumen-labs.example")
    console.done("run", ANN)
    for name in ("<m1@lumen-labs.example>", "m1@lumen-labs.example"):
        assert console.json("explain", name)["story"][-1]["reason"] == "no_person"


@pytest.mark.point("1.2.4")
def test_an_item_that_is_refused_becomes_an_issue(console: Console, company: Company) -> None:
    rule = {"object": "Event", "field": "Subject", "op": "contains", "value": "secret", "message": "No secrets here."}
    company.control("salesforce/settings", validation_rules=[rule])
    item = company.appointment("secret plan")
    done = console.json("run", ANN)
    assert done["sides"]["crm"]["Event"] == {"failed": 1}
    (issue,) = console.json("issues", ANN)
    assert (issue["code"], issue["ref"]) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", item)
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in console.done("issues")
    assert "open issue" in console.done("explain", item)


def test_runs_are_listed_newest_first(console: Console, company: Company) -> None:
    assert "no run yet" in console.done("runs")
    first, second = console.json("run", ANN)["run"], console.json("run", ANN)["run"]
    assert [run["run"] for run in console.json("runs", ANN)] == [second, first]
    assert [run["run"] for run in console.json("runs", "--limit", "1")] == [second]
    assert "manual" in console.done("runs")
    assert {(run["outcome"], run["ended"], run["issues"]) for run in console.json("runs")} == {("SW0000", "done", 0)}


def test_a_run_that_fails_exits_with_one_and_says_why(
    console: Console, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    console.done("org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=wrong")
    failed = console("run", ANN)
    assert failed.code == 1
    assert "failed: MAILBOX.PERMANENT.AUTH_REVOKED" in failed.out
    assert "suspended" in console.done("user", "status", ANN)


def test_nothing_to_report_is_said(console: Console, company: Company) -> None:
    assert "no open issues" in console.done("issues")
    assert console.json("issues") == []
    assert "nothing was written on either side" in console.done("run", ANN)
