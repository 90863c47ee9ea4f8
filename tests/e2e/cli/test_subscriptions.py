"""Subscriptions at the console: how users are listened for, made and given up by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sync_tasks.bootstrap import App
from sync_tasks.settings import Settings
from tests.e2e.cli.conftest import ANN, Company, Console
from tests.support.web import serving


@pytest.fixture
def reached(console: Console, company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """The web process is up, and its address is known."""
    app = App(Settings())
    with serving(app) as address:
        monkeypatch.setenv("INBOX_SYNC_PUBLIC_URL", address)
        yield console
    app.close()


def test_a_user_is_listened_for_and_given_up_again(reached: Console, company: Company) -> None:
    assert "nobody is listened for yet" in reached.done("subscriptions")

    made = reached.json("subscriptions", "renew", ANN)

    assert [(each["feed"], each["kind"], each["state"]) for each in made] == [
        ("calendar", "ews", "live"), ("mail", "", "off"),
    ]  # fmt: skip
    assert reached.json("subscriptions", "list", ANN) == reached.json("subscriptions") == made
    listed = reached.done("subscriptions")
    assert "listens" in listed
    assert "not wanted, or not possible" in listed

    dropped = reached.done("subscriptions", "drop", ANN)
    assert "listens" not in dropped
    assert f"instant.enabled false --user {ANN}" in dropped
    assert [each["state"] for each in reached.json("subscriptions")] == ["off", "off"]
    assert company.audit()[-2:] == [("subscriptions.renew", ANN), ("subscriptions.drop", ANN)]


def test_nothing_by_which_anybody_could_post_is_shown(reached: Console) -> None:
    [calendar, _] = reached.json("subscriptions", "renew", ANN)
    assert {"secret", "sealed", "address", "vendor_id"}.isdisjoint(calendar)


def test_without_an_address_the_console_says_which_setting_is_missing(console: Console, company: Company) -> None:
    told = console("subscriptions", "renew", ANN)
    assert (told.code, "INBOX_SYNC_PUBLIC_URL" in told.err) == (1, True)
    assert "INBOX_SYNC_PUBLIC_URL" in console("subscriptions", "list").err


def test_a_vendor_that_refuses_is_told_with_advice(
    console: Console, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_SYNC_PUBLIC_URL", "https://sync.acme.example")
    requests.post(
        f"{company.url}/control/faults", timeout=10,
        json={"match": "ews.Subscribe", "times": 2, "action": {"code": "ErrorInvalidPushSubscriptionUrl"}},
    )  # fmt: skip

    told = console("subscriptions", "renew", ANN)

    assert told.code == 1
    assert "ErrorInvalidPushSubscriptionUrl" in told.err
    assert "https://sync.acme.example" in told.err
    assert "refused" in told.out
    assert console("subscriptions", "renew", ANN, "--json").code == 1


def test_an_unknown_user_is_not_found(console: Console, company: Company) -> None:
    for verb in ("list", "renew", "drop"):
        assert console("subscriptions", verb, "nobody@acme.example").code == 3
