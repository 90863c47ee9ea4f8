"""Users who let us in, from the console."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.e2e.cli.conftest import ANN, Company, Console


def google(company: Company) -> tuple[str, ...]:
    company.control("google/users", address=ANN)
    company.control("google/clients", client_id="c", client_secret="s")
    url = f"{company.url}/google"
    return (
        "--set", "client_id=c", "--set", f"base_url={url}", "--set", f"token_url={url}/token",
        "--set", f"auth_url={url}/o/oauth2/v2/auth", "--secret", "client_secret=s",
    )  # fmt: skip


def test_a_user_agrees_in_the_browser_and_the_console_hears_of_it(
    console: Console, company: Company, free_port: int
) -> None:
    words = ("connect", "google", ANN, *google(company), "--port", str(free_port), "--wait", "60", "--json")
    program = [sys.executable, "-m", "sync_tasks.cli.main", *words]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        address = next(line.strip() for line in running.stderr if line.startswith("http"))
        back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
        # it listens at one of the addresses that this name has
        assert requests.get(back.replace("localhost", "127.0.0.1"), timeout=10).ok
        told = json.loads(running.communicate(timeout=60)[0])

    assert told == {"user": ANN, "vendor": "google", "connected": True, "resumed": False}
    assert console.json("run", ANN)["state"] == "done"
    assert ("user.connect", ANN) in company.audit()


def test_nobody_is_waited_for_longer_than_was_said(console: Console, company: Company, free_port: int) -> None:
    refused = console("connect", "google", ANN, *google(company), "--port", str(free_port), "--wait", "0")

    assert refused.code == 1
    assert "nobody came back in time" in refused.err


def test_a_link_needs_an_address_under_which_people_reach_us(
    console: Console, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = console("connect", "salesforce", ANN, "--link")
    assert refused.code == 1
    assert "INBOX_SYNC_PUBLIC_URL" in refused.err

    monkeypatch.setenv("INBOX_SYNC_PUBLIC_URL", "https://sync.example")
    told = console.json("connect", "salesforce", ANN, "--link")
    assert told["link"].startswith("https://sync.example/connect/")


def test_an_application_of_which_nothing_is_known_is_asked_for(console: Console, company: Company) -> None:
    refused = console("connect", "microsoft", ANN)

    assert refused.code == 1
    assert "tenant" in refused.err


def test_an_exchange_mailbox_is_kept_only_when_it_opens(console: Console, company: Company) -> None:
    company.control("ews/mailboxes", address=ANN, name="Ann", password="hers")
    endpoint = f"endpoint={company.url}/ews/Exchange.asmx"

    refused = console("connect", "exchange", ANN, "--password", "wrong", "--set", endpoint)
    assert refused.code == 1
    assert "CONNECTION.CONFIG.PASSWORD_WRONG" in refused.out
    assert "nothing was changed" in refused.out

    told = console.json("connect", "exchange", ANN, "--password", "hers", "--set", endpoint)
    assert (told["connected"], told["resumed"]) == (True, False)
    assert console.json("run", ANN)["state"] == "done"
    assert console("connect", "exchange", ANN, "--access", "magic").code == 2


@pytest.mark.point("1.6.5")
def test_what_ends_soon_is_told_beforehand(console: Console, company: Company) -> None:
    soon = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    console.done(
        "org", "connect", "acme", "--mailbox", "exchange", "--secret", "password=sandbox", "--ends", f"password={soon}"
    )

    assert f"password of the mailbox ends {soon}" in console.done("user", "status", ANN)
    (told,) = console.json("user", "status", ANN)["ending"]
    assert (told["side"], told["name"]) == ("mailbox", "password")
    assert "CONNECTION.SOON.CREDENTIAL_ENDS" in console.done("doctor", ANN)
    wrong = console("org", "connect", "acme", "--mailbox", "exchange", "--ends", "password=soon")
    assert wrong.code == 2
