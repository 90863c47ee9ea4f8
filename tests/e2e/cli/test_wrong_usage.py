"""What goes wrong at the console is said in a sentence, with what would be right, and never as a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli.conftest import ANN, Company, Console

USAGE = [
    (("nonsense",), "No such command"),
    (("run",), "Missing argument"),
    (("org", "add", ""), "1 to 120 characters"),
    (("org", "connect", "acme"), "--crm VENDOR"),
    (("org", "connect", "acme", "--crm", "salesforce", "--mailbox", "exchange"), "--crm VENDOR"),
    (("org", "connect", "acme", "--crm", "sugar"), "known: salesforce"),
    (("org", "connect", "acme", "--crm", "salesforce", "--set", "loginurl=x"), "did you mean login_url"),
    (("org", "connect", "acme", "--crm", "salesforce", "--set", "login_url"), "name=value"),
    (("org", "connect", "acme", "--crm", "salesforce", "--set", "client_secret=x"), "--secret client_secret"),
    (("org", "connect", "acme", "--mailbox", "exchange", "--secret", "pasword=x"), "did you mean password"),
    (("org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=@nowhere"), "cannot be read"),
    (("user", "add", "no address"), "no mail address"),
    (("config", "set", "autosave.emails", "perhaps"), "must be true or false"),
    (("config", "set", "conflict.event", "me"), "mailbox, salesforce, newest"),
    (("config", "set", "dedupe.field", ""), "which column holds the Message-ID"),
    (("config", "set", "files.types", "*.pdf"), "extensions of file names"),
    (("config", "set", "domains.internal", "acme.example", "--user", ANN), "leave out --user"),
    (("plan", "seven"), "RUN"),
    (("holds", "approve", "all"), "ID"),
    (("mapping", "show", "invoice"), "event"),
    (("mapping", "check", "nowhere.toml"), "cannot be read"),
    (("conflicts", "resolve", "7"), "either --mailbox or --salesforce"),
    (("conflicts", "resolve", "7", "--mailbox", "--salesforce"), "either --mailbox or --salesforce"),
    (("unresolved", "decide", "7"), "say one of --lead"),
    (("unresolved", "decide", "7", "--lead", "--ignore"), "say one of --lead"),
    (("unresolved", "decide", "7", "--lead", "--domain"), "go with --ignore"),
    (("config", "set", "guard.deletes_most", "9", "--user", ANN), "leave out --user"),
    (("worker", "--shards", "9"), "0 to 3"),
    (("worker", "--pool", "swimming"), "prefork"),
    (("beat", "--log-level", "LOUD"), "INFO"),
    (("sandbox", "--port", "70000"), "65535"),
    (("sandbox", "--fault", "everything"), "vendor:operation:what"),
    (("sandbox", "--host", "0.0.0.0"), "not loopback"),
    (("sandbox", "--seed", "nowhere"), "directory"),
]
NOTHING = [
    (("org", "show", "acne"), "did you mean acme"),
    (("user", "show", "anne@acme.example"), f"did you mean {ANN}"),
    (("run", "nobody@nowhere.example"), "inbox-sync user list"),
    (("plan", "99"), "no run 99"),
    (("explain", "AAMk-unknown"), "nothing is known"),
    (("holds", "show", "7"), "no hold 7"),
    (("holds", "approve", "7"), "no hold 7"),
    (("conflicts", "show", "7"), "no conflict 7"),
    (("conflicts", "resolve", "7", "--mailbox"), "no conflict 7"),
    (("unresolved", "show", "7"), "no entry 7"),
    (("unresolved", "decide", "7", "--lead"), "no entry 7"),
    (("holds", "list", "anna@acme.example"), f"did you mean {ANN}"),
    (("config", "explain", "autosave.mails"), "did you mean autosave.emails"),
    (("doctor", "nobody@nowhere.example"), "no user"),
]


@pytest.fixture
def furnished(console: Console) -> Console:
    """An organization and a user that are connected to nothing."""
    console.done("org", "add", "acme")
    console.done("user", "add", ANN, "--crm-user", "005000000000001AAA")
    return console


@pytest.mark.parametrize(("words", "right"), USAGE, ids=lambda value: value if isinstance(value, str) else "")
def test_wrong_usage_exits_with_two_and_says_what_is_right(
    furnished: Console, words: tuple[str, ...], right: str
) -> None:
    answer = furnished(*words)
    assert answer.code == 2
    assert right in " ".join(answer.err.split())
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(("words", "right"), NOTHING, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_exist_exits_with_three_and_names_what_does(
    furnished: Console, words: tuple[str, ...], right: str
) -> None:
    answer = furnished(*words)
    assert answer.code == 3
    assert right in " ".join(answer.err.split())


def test_an_error_asked_for_in_json_is_json(furnished: Console) -> None:
    answer = furnished("plan", "99", "--json")
    assert json.loads(answer.out)["code"] == answer.code == 3


def test_a_run_without_a_connection_tells_how_to_make_one(furnished: Console) -> None:
    answer = furnished("run", ANN)
    assert answer.code == 1
    assert "inbox-sync org connect acme" in " ".join((answer.out + answer.err).split())


def test_an_organization_is_not_made_twice(furnished: Console) -> None:
    answer = furnished("org", "add", "acme")
    assert answer.code == 1
    assert "already" in answer.err


def test_with_several_organizations_one_has_to_be_named(furnished: Console) -> None:
    furnished.done("org", "add", "umbrella")
    answer = furnished("config", "effective")
    assert answer.code == 2
    assert "--org NAME (known: acme, umbrella)" in answer.err
    assert furnished("config", "effective", "--org", "umbrella", "--user", ANN).code == 2


def test_a_worker_without_a_broker_says_where_one_comes_from(furnished: Console) -> None:
    answer = furnished("worker")
    assert answer.code == 1
    assert "INBOX_SYNC_REDIS_URL" in answer.err


def test_a_misspelt_setting_is_named_with_the_nearest(furnished: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_SHARD", "4")
    answer = furnished("user", "list")
    assert answer.code == 2
    assert "INBOX_SYNC_SHARDS" in answer.err


def test_a_setting_that_does_not_hold_is_named_without_its_value(
    furnished: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_SYNC_SHARDS", "many")
    answer = furnished("user", "list")
    assert answer.code == 2
    assert "shards" in answer.err


def test_a_database_that_does_not_answer_is_no_traceback(
    console: Console, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", f"postgresql://u:hidden@127.0.0.1:{free_port}/none")
    answer = console("user", "list")
    assert answer.code == 1
    assert "INBOX_SYNC_DATABASE_URL" in answer.err
    assert "hidden" not in answer.err
    assert console("doctor").code == 1


def test_a_server_that_does_not_answer_is_named_as_such(console: Console, free_port: int) -> None:
    console.done("org", "add", "acme")
    words = ("--crm", "salesforce", "--set", f"login_url=http://127.0.0.1:{free_port}", "--set", "client_id=x")
    answer = console("org", "connect", "acme", *words)
    assert answer.code == 1
    assert "unavailable" in answer.out


def test_with_debug_the_traceback_is_shown(furnished: Console, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sync_tasks.cli.main", "plan", "99", "--debug"]
    root = Path(__file__).resolve().parents[3]
    told = subprocess.run(words, cwd=root, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "NotFoundError" in told.stderr


def test_control_signs_in_what_others_wrote_do_not_reach_the_terminal(console: Console, company: Company) -> None:
    company.control("salesforce/users", username="eve@acme.example", Email="eve@acme.example")
    console.done("org", "add", "evil\x1b[2Jcorp")
    assert "\x1b" not in console.done("org", "list")
