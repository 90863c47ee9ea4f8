"""Tokens, refusals, and the steps of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google.config import GoogleConfig, Service
from connectors.google.mailbox import GoogleMailbox
from connectors.protocols import Mailbox
from connectors.registry import open_mailbox
from mapping.model.findings import Finding
from tests.support.google import ACCOUNT, ADDRESS, World


def trouble(world: World, mailbox: GoogleMailbox | None = None) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        (mailbox or world.mailbox).changes("calendar", None)
    return caught.value


@pytest.mark.point("1.9.3")
def test_one_token_serves_all_services_and_all_mailboxes_of_the_process(world: World) -> None:
    world.server.sandbox.ledger.reset()
    for mailbox in (world.mailbox, world.opened()):
        mailbox.changes("calendar", None)
        mailbox.changes("inbox", None)
        mailbox.changes("contacts", None)
    assert world.server.sandbox.ledger.count("google.token") == 1


def test_a_token_that_is_refused_is_renewed_once(world: World) -> None:
    world.mailbox.changes("calendar", None)
    world.control("revoke")
    world.server.sandbox.ledger.reset()
    world.mailbox.changes("calendar", None)
    assert world.server.sandbox.ledger.count("google.token") == 1
    world.goes_wrong("calendar.events.list", times=5, status=401)
    assert trouble(world).fault is Fault.AUTH_EXPIRED


@pytest.mark.point("1.9.3")
def test_a_user_may_let_us_act_without_any_administrator(world: World) -> None:
    told = world.acts("consents", client_id="app", client_secret="shh")
    config = replace(
        world.config, account={}, refresh_token=told["refresh_token"], client_id="app", client_secret="shh",
        token_url=f"{world.server.url}/google/token",
    )  # fmt: skip
    assert GoogleMailbox(config).changes("calendar", None).complete
    error = trouble(world, GoogleMailbox(replace(config, refresh_token="1//gone")))
    assert (error.fault, error.vendor_code) == (Fault.AUTH_REVOKED, "invalid_grant")
    error = trouble(world, GoogleMailbox(replace(config, client_secret="wrong")))
    assert (error.fault, error.vendor_code) == (Fault.AUTH_REVOKED, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "fault", "code"),
    [
        ({"address": "nobody@corp.example"}, Fault.AUTH_REVOKED, "invalid_grant: unknown"),
        ({"address": "anna@other.example"}, Fault.FORBIDDEN, "unauthorized_client"),
    ],
)
def test_a_token_that_is_not_given_out(world: World, changes: dict[str, Any], fault: Fault, code: str) -> None:
    error = trouble(world, world.opened(**changes))
    assert (error.fault, error.vendor_code, error.scope) == (fault, code, Scope.CONNECTION)


@pytest.mark.parametrize(
    "account", [{}, {"client_email": "x"}, {"client_email": "x", "token_uri": "y", "private_key": "z"}]
)
def test_a_connection_without_a_usable_key_says_so(world: World, account: dict[str, str]) -> None:
    error = trouble(world, world.opened(account=account))
    assert (error.fault, error.scope) == (Fault.AUTH_REVOKED, Scope.CONNECTION)


def test_a_domain_that_granted_less_serves_what_it_granted(world: World) -> None:
    world.control("accounts", email=ACCOUNT, domains=["corp.example"],
                  scopes=["https://www.googleapis.com/auth/calendar"])  # fmt: skip
    assert trouble(world).vendor_code == "unauthorized_client"
    narrow = world.opened(services=frozenset({Service.CALENDAR}))
    assert narrow.changes("calendar", None).complete
    assert narrow.known_folders() == {"calendar"}
    assert (narrow.claimed_by(), narrow.aliases()) == ("", {ADDRESS})
    with pytest.raises(ConnectorError) as caught:
        narrow.changes("inbox", None)
    assert (caught.value.fault, caught.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)


@pytest.mark.parametrize(
    ("action", "fault", "pause"),
    [
        ({"code": "rateLimitExceeded"}, Fault.THROTTLED, timedelta(seconds=60)),
        ({"code": "userRateLimitExceeded", "headers": {"Retry-After": "7"}}, Fault.THROTTLED, timedelta(seconds=7)),
        ({"code": "quotaExceeded"}, Fault.THROTTLED, timedelta(minutes=30)),
        ({"status": 429}, Fault.THROTTLED, timedelta(seconds=60)),
        ({"code": "accessNotConfigured"}, Fault.FORBIDDEN, None),
        ({"code": "insufficientPermissions"}, Fault.FORBIDDEN, None),
        ({"status": 403}, Fault.FORBIDDEN, None),
        ({"status": 500}, Fault.UNAVAILABLE, None),
        ({"status": 503, "headers": {"Retry-After": "9"}}, Fault.UNAVAILABLE, timedelta(seconds=9)),
        ({"status": 502, "body": "<html>Bad Gateway</html>"}, Fault.UNAVAILABLE, None),
        ({"status": 302}, Fault.UNAVAILABLE, None),
        ({"drop_before": True}, Fault.UNAVAILABLE, None),
        ({"truncate": 10}, Fault.UNAVAILABLE, None),
    ],
)
def test_refusals_are_told_apart(world: World, action: dict[str, Any], fault: Fault, pause: timedelta | None) -> None:
    world.goes_wrong("calendar.events.list", **action)
    error = trouble(world)
    assert (error.fault, error.retry_after) == (fault, pause)


def test_a_server_that_is_not_there_is_told_so(world: World) -> None:
    roots = dict.fromkeys(Service, "http://127.0.0.1:9")
    assert trouble(world, world.opened(roots=roots)).fault is Fault.UNAVAILABLE


def test_an_error_carries_no_content_and_no_address(world: World) -> None:
    world.goes_wrong("calendar.events.list", code="notFound", message="anna@corp.example has no such calendar")
    error = trouble(world)
    assert error.__context__ is None
    assert "anna" not in str(error)
    assert world.config.quota_user not in ("", ADDRESS)


def test_a_check_proves_the_connection_step_by_step(world: World) -> None:
    assert [(line.name, line.ok) for line in world.mailbox.check()] == [
        ("token", True), ("calendar", True), ("gmail", True), ("tasks", True), ("people", True),
    ]  # fmt: skip
    world.goes_wrong("tasks.tasklists.list", code="accessNotConfigured")
    lines = list(world.mailbox.check())
    assert [line.name for line in lines if not line.ok] == ["tasks"]
    assert lines[3].finding is Finding.API_OFF
    (line,) = world.opened(address="nobody@corp.example").check()
    assert (line.name, line.ok) == ("token", False)
    assert line.finding is Finding.MAILBOX_UNKNOWN


class Box:
    """Google's tokens do not outlive the process, so nothing is ever put into it."""

    def get(self, name: str) -> str | None:
        raise AssertionError(name)

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        raise AssertionError(name)


def test_the_registry_opens_a_mailbox_by_facts(world: World) -> None:
    import json

    facts = {"base_url": f"{world.server.url}/google", "services": "calendar, gmail", "mark_colour": "Blueberry",
             "own_zone": "Europe/Berlin", "mail_days": "7", "folders": {"emails": "Label_1"}}  # fmt: skip
    secrets = {"service_account": json.dumps(dict(world.config.account))}
    heard: list[str] = []

    def opened(facts: Mapping[str, Any]) -> Mailbox:
        return open_mailbox(
            "google",
            ADDRESS,
            facts,
            secrets,
            box=Box(),
            on_call=lambda operation, _parts: heard.append(operation),
            now=world.server.sandbox.clock.now,
        )

    mailbox = opened(facts)
    assert mailbox.known_folders() == {"calendar", "inbox", "sent", "emails"}
    mailbox.changes("calendar", None)
    assert heard == ["calendar.events.list"]
    with pytest.raises(ValueError, match="no colour"):
        opened(facts | {"mark_colour": "mauve"})


def test_secrets_are_not_shown(world: World) -> None:
    config = GoogleConfig(ADDRESS, {"private_key": "pppp"}, refresh_token="rrrr", client_secret="ssss")
    assert not {"pppp", "rrrr", "ssss"} & {part for part in ("pppp", "rrrr", "ssss") if part in repr(config)}
