"""Failures of the whole connection: each has its fault, its advice, and none quotes the mailbox."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import session
from connectors.exchange.folders import MANAGED
from connectors.exchange.session import Access
from connectors.outlook.facts import KINDS
from connectors.protocols import Detail, Verb, Write
from mapping.model import fields as f
from mapping.model.item import ItemKind
from tests.support.exchange import ADDRESS, Wire, World, event, ews_schema, faults_against


def _failure(world: World, **changes: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        world.opened(**changes).changes("calendar", None)
    return caught.value


def _checks(world: World, **changes: Any) -> list[tuple[str, bool]]:
    return [(check.name, check.ok) for check in world.opened(**changes).check()]


@pytest.mark.point("1.9.1")
def test_a_healthy_connection_passes_every_step_with_two_calls(world: World) -> None:
    steps = ["endpoint", "log-in", "impersonation", "calendar", "inbox"]

    assert _checks(world) == [(step, True) for step in steps]
    assert world.counted(lambda: list(world.mailbox.check())) == {"FindItem": 2}


def test_a_wrong_password_stops_at_the_log_in(world: World) -> None:
    assert _failure(world, password="wrong").fault is Fault.AUTH_REVOKED
    assert _checks(world, password="wrong") == [("endpoint", True), ("log-in", False)]


def test_a_mailbox_that_does_not_exist_stops_at_impersonation(world: World) -> None:
    failure = _failure(world, address="nobody@corp.example")

    assert (failure.fault, failure.scope) == (Fault.FORBIDDEN, Scope.CONNECTION)
    assert failure.vendor_code == "ErrorNonExistentMailbox"
    assert _checks(world, address="nobody@corp.example")[-1] == ("impersonation", False)


def test_a_service_account_without_the_right_stops_at_impersonation(world: World) -> None:
    world.control("users", name="small", password="p", impersonates=["other@corp.example"])

    failure = _failure(world, username="small", password="p")

    assert (failure.fault, failure.vendor_code) == (Fault.FORBIDDEN, "ErrorImpersonateUserDenied")
    assert _checks(world, username="small", password="p")[-1] == ("impersonation", False)


def test_an_endpoint_that_nobody_serves_stops_at_the_first_step(world: World, free_port: int) -> None:
    endpoint = f"http://127.0.0.1:{free_port}/EWS/Exchange.asmx"

    assert _failure(world, endpoint=endpoint).fault is Fault.UNAVAILABLE
    assert _checks(world, endpoint=endpoint) == [("endpoint", False)]
    with pytest.raises(ConnectorError) as caught:
        world.opened(endpoint=endpoint).write([Write(Verb.CREATE, ItemKind.TASK, "tasks", key="k", values={})])
    assert caught.value.fault is Fault.UNAVAILABLE


def test_a_failed_check_says_what_to_do(world: World) -> None:
    *_, last = world.opened(password="wrong").check()

    assert "password" in last.advice


@pytest.mark.point("1.9.1")
def test_the_owner_can_open_the_mailbox_without_impersonation(world: World, wire: Wire) -> None:
    world.control("mailboxes", address="bob@corp.example", name="Bob", password="own")
    mine = {"address": "bob@corp.example", "username": "bob@corp.example", "password": "own", "access": Access.SELF}

    assert _checks(world, **mine) == [(step, True) for step in ("endpoint", "log-in", "calendar", "inbox")]
    assert b"ExchangeImpersonation" not in wire.requests[-1]


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ({"code": "ErrorServerBusy"}, Fault.THROTTLED),
        ({"code": "ErrorMailboxMoveInProgress"}, Fault.UNAVAILABLE),
        ({"code": "ErrorInvalidRequest"}, Fault.INVALID),
        ({"code": "ErrorSomethingNew"}, Fault.UNAVAILABLE),
        ({"status": 503}, Fault.UNAVAILABLE),
        ({"status": 503, "headers": {"Retry-After": "9"}}, Fault.THROTTLED),
        ({"status": 429}, Fault.THROTTLED),
        ({"status": 403}, Fault.FORBIDDEN),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, Fault.UNAVAILABLE),
        ({"drop_before": True}, Fault.UNAVAILABLE),
        ({"truncate": 300}, Fault.UNAVAILABLE),
        ({"status": 200, "body": "<html>Please log in to the hotel's network</html>"}, Fault.UNAVAILABLE),
    ],
)
def test_every_misfortune_is_a_fault_after_a_single_call(world: World, action: dict[str, Any], fault: Fault) -> None:
    world.goes_wrong("SyncFolderItems", times=99, **action)

    failure = _failure(world)

    assert failure.fault is fault
    assert world.calls["SyncFolderItems"] == 1
    assert failure.__cause__ is None
    assert failure.__context__ is None
    world.server.sandbox.faults.clear()
    assert world.opened().changes("calendar", None).complete


def test_no_content_and_no_password_reaches_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "the merger with Contoso"
    made = world.has(Subject=secret, Start="2026-11-23T10:00:00Z", End="2026-11-23T11:00:00Z", Body=secret)

    world.mailbox.read([event(made)], Detail.BODY)
    world.goes_wrong("UpdateItem", code="ErrorInternalServerError", message=secret)
    world.mailbox.write([Write(Verb.UPDATE, ItemKind.EVENT, "calendar", made, values={f.SUBJECT: secret})])

    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("exchangelib", "connectors"))]
    assert not any(secret in line or "Basic " in line for line in lines)
    assert world.config.password not in repr(world.config)


def test_after_a_fork_connections_are_opened_anew(world: World) -> None:
    world.mailbox.changes("inbox", None)

    session.close()

    assert world.mailbox.changes("inbox", None).complete
    assert world.opened().changes("inbox", None).complete


def test_a_build_or_zone_that_makes_no_sense_is_refused_at_once(world: World) -> None:
    for changes in ({"build": "15.2"}, {"time_zone": "Mars/Olympus"}):
        with pytest.raises(ValueError, match=r"build|time zone"):
            world.opened(**changes)


def test_whatever_is_sent_is_valid_against_the_schema_of_ews(world: World, wire: Wire) -> None:
    schema = ews_schema()
    if schema is None:
        pytest.skip("INBOX_SYNC_VENDOR_SCHEMAS does not name the vendors' schemas")
    world.has(Subject="x", Start="2026-11-23T10:00:00Z", End="2026-11-23T11:00:00Z")
    world.mailbox.folders(MANAGED)
    assert world.mailbox.aliases()
    world.mailbox.claim("acme/0a")
    world.mailbox.withdraw()
    for role in KINDS:
        world.mailbox.changes(role, world.mailbox.changes(role, None).cursor)

    assert len(wire.requests) > 14
    assert ADDRESS.encode() in wire.requests[-1]
    assert faults_against(schema, wire.requests) == []
    assert faults_against(schema, wire.responses) == []
