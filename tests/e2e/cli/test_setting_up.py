"""From an empty home to a user who can run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from tests.e2e.cli.conftest import ANN, Company, Console


def test_the_database_is_brought_up_to_date_and_says_so(console: Console) -> None:
    before = console("db", "current", "--json")
    assert before.code == 1
    assert '"up_to_date": false' in before.out
    assert "went from empty to" in console.done("db", "upgrade")
    assert console.json("db", "upgrade")["before"] == console.json("db", "current")["head"]


def test_the_database_of_the_home_needs_no_upgrade_by_hand(console: Console) -> None:
    assert console.json("org", "list") == []


def test_another_database_is_not_changed_unasked(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    refused = console("org", "list")
    assert refused.code == 1
    assert "run `inbox-sync db upgrade`" in refused.err
    console.done("db", "upgrade")
    console.done("org", "list")


def test_an_organization_is_made_connected_and_shown(console: Console, company: Company) -> None:
    (org,) = console.json("org", "list")
    assert (org["name"], org["users"]) == ("acme", 1)
    shown = console.json("org", "show", "acme")["connections"]
    assert shown["crm"] == {
        "vendor": "salesforce",
        "facts": {"login_url": f"{company.url}/salesforce", "client_id": "inbox-sync"},
        "secrets": ["client_secret"],
    }
    assert shown["mailbox"]["secrets"] == ["password"]
    text = console.done("org", "show", "acme")
    assert "sandbox-secret" not in text
    assert "client_secret" in text


def test_connecting_again_keeps_what_is_not_said_anew(console: Console, company: Company) -> None:
    console.done("org", "connect", "acme", "--mailbox", "exchange", "--set", "auth=ntlm")
    facts = console.json("org", "show", "acme")["connections"]["mailbox"]["facts"]
    assert facts["auth"] == "ntlm"
    assert facts["endpoint"].startswith(company.url)


def test_a_secret_may_come_from_a_file(console: Console, company: Company, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sandbox-secret\n", encoding="utf-8")
    found = console.json("org", "connect", "acme", "--crm", "salesforce", "--secret", "client_secret=@secret")
    assert all(check["ok"] for check in found["checks"])
    (tmp_path / "secret").write_text("wrong", encoding="utf-8")
    refused = console("org", "connect", "acme", "--crm", "salesforce", "--secret", "client_secret=@secret")
    assert refused.code == 1
    assert "it does not work yet" in refused.out


def test_a_user_is_found_in_salesforce_by_the_address(console: Console, company: Company) -> None:
    (ann,) = console.json("user", "list")
    assert ann["crm_user_id"] == company.ann_in_salesforce
    assert ann["status"] == "enabled"
    stranger = console("user", "add", "bob@acme.example")
    assert stranger.code == 3
    assert "--crm-user" in stranger.err
    made = console.json("user", "add", "bob@acme.example", "--crm-user", "005000000000001AAA")
    assert made["crm_user_id"] == "005000000000001AAA"
    assert console("user", "add", "Bob@acme.example", "--crm-user", "x").code == 1


@pytest.mark.point("1.13.4")
def test_a_user_is_paused_resumed_disabled_and_enabled(console: Console, company: Company) -> None:
    assert console.json("user", "pause", ANN)["status"] == "paused"
    assert console.json("user", "force", ANN)["will_run"] is False
    assert console.json("user", "disable", ANN)["status"] == "disabled"
    assert console.json("user", "enable", ANN)["status"] == "paused"
    assert console.json("user", "resume", ANN)["status"] == "enabled"
    assert console.json("user", "status", ANN)["status"] == "enabled"
    assert "runs now" in console.done("user", "force", ANN)
    assert "enabled" in console.done("user", "status", ANN)
    assert ANN in console.done("user", "show", ANN)
    assert ANN in console.done("user", "list", "--org", "acme")


@pytest.mark.rule("LIF-3", "LIF-4", "LIF-6")
def test_a_mailbox_is_reset_initialized_anew_and_left_for_good(console: Console, company: Company) -> None:
    assert "read from the start" in console.done("user", "reinit", ANN)
    assert console.json("user", "reset", ANN)["status"] == "disabled"
    assert console.json("user", "enable", ANN)["status"] == "enabled"
    assert console.json("user", "deactivate", ANN, "--preview")["trigger"] == "parting.look"
    assert console.json("user", "show", ANN)["status"] == "enabled"
    assert "parting" in console.done("user", "deactivate", ANN)
    assert console.json("user", "show", ANN)["status"] == "disabled"
    done = [action for action, _ in company.audit()]
    assert done[-4:] == ["user.reinit", "user.reset", "user.enable", "user.reset"]


def test_a_suspended_user_runs_again_once_resumed(console: Console, company: Company) -> None:
    requests.post(f"{company.url}/control/reset", timeout=10)  # the mailbox is gone, and so are all log-ins
    console("run", ANN)
    assert console.json("user", "show", ANN)["suspended_code"]
    assert console.json("user", "resume", ANN)["status"] == "enabled"


def test_a_setting_of_a_user_outranks_that_of_the_organization(console: Console, company: Company) -> None:
    assert console.json("config", "explain", "autosave.emails")["from"] == "default"
    assert "also known as: Auto-saving of emails" in console.done("config", "explain", "autosave.emails")
    console.done("config", "set", "autosave.emails", "yes")
    console.done("config", "set", "Auto-saving of emails", "no", "--user", ANN)
    found = console.json("config", "explain", "autosave.emails", "--user", ANN)
    assert [(line["layer"], line["value"]) for line in found["chain"]] == [
        ("default", False),
        ("organization", True),
        ("user", False),
    ]
    assert console.json("config", "effective", "--user", ANN)["autosave.emails"]["value"] is False
    assert console.json("config", "unset", "autosave.emails", "--user", ANN)["from"] == "organization"
    assert console("config", "unset", "autosave.emails", "--user", ANN).code == 3


def test_no_limit_is_a_value_that_outranks_a_limit(console: Console, company: Company) -> None:
    console.done("config", "set", "scope.future_days", "60")
    found = console.json("config", "set", "scope.future_days", "none", "--user", ANN)
    assert (found["value"], found["from"]) == (None, "user")


def test_the_doctor_finds_nothing_wrong_with_a_healthy_company(console: Console, company: Company) -> None:
    found = console.json("doctor")
    wrong = [check for section in found["sections"] for check in section["checks"] if not check["ok"]]
    assert wrong == []
    assert "all is well" in console.done("doctor", ANN)


@pytest.mark.point("1.3.7")
def test_the_doctor_says_what_is_wrong_and_what_to_do(console: Console, company: Company) -> None:
    console.done("org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=wrong")
    found = console("doctor", ANN)
    assert found.code == 1
    assert "mailbox: log-in" in found.out
    assert "something is wrong" in found.out


def test_the_doctor_of_an_empty_home_tells_how_to_begin(console: Console) -> None:
    assert "inbox-sync org add" in console.done("doctor")


def test_objects_to_show_are_set_from_a_file_and_the_doctor_looks_whether_they_fit(
    console: Console, company: Company, tmp_path: Path
) -> None:
    company.control("salesforce/settings", visits=True)
    entry = {"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c"}
    (tmp_path / "shown.json").write_text(json.dumps([entry]), encoding="utf-8")
    assert console.json("config", "set", "objects.shown", "@shown.json")["value"] == [entry]
    assert '"object": "Visit__c"' in console.done("config", "explain", "objects.shown")
    assert "shown: Visit__c" in console.done("doctor", ANN)

    console.done("config", "set", "objects.shown", json.dumps([{**entry, "ends": "Day__c", "location": "Where__c"}]))
    found = console("doctor", ANN)
    assert found.code == 1
    assert "Where__c is not there or hidden from the user" in found.out

    refused = console("config", "set", "objects.shown", "Visit__c")
    assert refused.code == 2
    assert "is written as JSON" in refused.err
    refused = console("config", "set", "objects.shown", json.dumps([{"object": "Visit__c", "owner": "a b"}]))
    assert "subject, starts is missing; " in refused.err
    assert "owner must be an API name" in refused.err


def over_graph(company: Company) -> tuple[str, ...]:
    return (
        "--set", "tenant=sandbox", "--set", "client_id=inbox-sync", "--set", f"login_url={company.url}/graph",
        "--set", f"graph_url={company.url}/graph", "--secret", "client_secret=sandbox-secret",
    )  # fmt: skip


def test_mailboxes_of_microsoft_365_are_connected_and_checked(console: Console, company: Company) -> None:
    refused = console("org", "connect", "acme", "--mailbox", "graph", "--set", "tenant=sandbox")
    assert refused.code == 2
    assert "--set client_id=... --secret client_secret=... or --secret certificate=... or" in refused.err

    console.done("org", "connect", "acme", "--mailbox", "graph", *over_graph(company))
    company.appointment("Lunch")

    assert console.json("run", ANN)["state"] == "done"
    checks = console.json("doctor", ANN)["sections"][-1]["checks"]
    assert {check["check"]: check["ok"] for check in checks}["mailbox: tasks"]


def test_a_mailbox_moves_and_its_links_follow(console: Console, company: Company) -> None:
    company.appointment("Lunch")
    console.done("run", ANN)

    told = console.json("user", "move-mailbox", ANN, "--to", "graph", *over_graph(company))

    assert (told["followed"], told["released"]) == ({"event": 1}, {})
    assert console.json("run", ANN)["state"] == "done"
    assert "Links that followed" in console.done("user", "move-mailbox", ANN, "--to", "graph", *over_graph(company))
    assert ("user.move-mailbox", ANN) in company.audit()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--to", "lotus"), 2, "known: exchange, graph"),
        (("--to", "graph"), 2, "graph needs --set tenant=... --set client_id=... --secret client_secret=... or"),
        (("--to", "graph", "--set", "client_secret=x"), 2, "client_secret is secret"),
    ],
)
def test_a_move_that_is_not_told_where_to_is_refused(
    console: Console, company: Company, words: tuple[str, ...], code: int, told: str
) -> None:
    refused = console("user", "move-mailbox", ANN, *words)

    assert refused.code == code
    assert told in refused.err


def test_a_move_to_where_nobody_is_let_in_changes_nothing(console: Console, company: Company) -> None:
    words = [word.replace("sandbox-secret", "wrong") for word in over_graph(company)]

    refused = console("user", "move-mailbox", ANN, "--to", "graph", *words)

    assert refused.code == 1
    assert "nothing was changed" in refused.err
    assert console.json("run", ANN)["state"] == "done"


def test_what_mailboxes_are_able_to_do_is_printed(console: Console) -> None:
    told = console.json("abilities")
    assert "silent_write" in told["exchange"]
    assert "silent_write" not in told["graph"]
    shown = console.done("abilities")
    assert "Without it" in shown
    assert all(word in shown for word in told["exchange"])
