"""Signing in, everything that can go wrong with a call, and what a check of the connection tells."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors import registry
from connectors.errors import ConnectorError, Fault
from connectors.graph.config import CLOUDS, GraphConfig
from connectors.protocols import Can
from tests.support.graph import ADDRESS, APP, NOW, TENANT, World


def failing(world: World, **changes: Any) -> ConnectorError:
    """What a look into the inbox fails with."""
    mailbox = world.opened(**changes)
    with pytest.raises(ConnectorError) as told:
        mailbox.changes("inbox", None)
    return told.value


# --- signing in


def test_one_token_serves_until_five_minutes_before_it_ends(world: World) -> None:
    def look() -> dict[str, int]:
        return world.counted(lambda: world.opened().claimed_by())

    assert look() == {"token": 1, "getMailFolder": 1}
    world.server.sandbox.clock.advance(54 * 60)
    assert look() == {"getMailFolder": 1}
    world.server.sandbox.clock.advance(60)
    assert look() == {"token": 1, "getMailFolder": 1}


def test_a_token_that_is_refused_is_renewed_once(world: World) -> None:
    world.mailbox.claimed_by()
    world.control("graph/tokens/revoke")

    assert world.counted(lambda: world.mailbox.claimed_by()) == {"token": 1, "getMailFolder": 2}

    world.goes_wrong("graph.getMailFolder", times=2, status=401)
    with pytest.raises(ConnectorError) as told:
        world.mailbox.claimed_by()
    assert told.value.fault is Fault.AUTH_EXPIRED


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_secret": "wrong"}, "invalid_client AADSTS7000215"),
        ({"client_id": "nobody"}, "unauthorized_client AADSTS700016"),
        ({"tenant": "nowhere"}, "invalid_request AADSTS90002"),
        ({"certificate": "no certificate"}, ""),
    ],
)
def test_an_application_that_is_not_let_in_needs_a_person(world: World, changes: dict[str, str], word: str) -> None:
    error = failing(world, **changes)

    assert (error.fault, error.vendor_code) == (Fault.AUTH_REVOKED, word)


@pytest.mark.point("1.9.2")
def test_a_certificate_proves_the_application(world: World) -> None:
    key, certificate = made_certificate()
    world.control("graph/apps", tenant=TENANT, client_id=APP, certificate=certificate)

    assert world.opened(client_secret="", certificate=key + certificate).claimed_by() == ""

    other, _ = made_certificate()
    world.kept.clear()
    error = failing(world, client_secret="", certificate=other + certificate)
    assert (error.fault, error.vendor_code) == (Fault.AUTH_REVOKED, "invalid_client AADSTS700027")


def test_a_certificate_tells_when_it_ends() -> None:
    key, certificate = made_certificate()
    told = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc

    assert registry.ends({"certificate": key + certificate}) == {"certificate": told}
    assert registry.ends({"certificate": "none", "client_secret": "x"}) == {}


def made_certificate() -> tuple[str, str]:
    """A private key and a certificate of it, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "inbox-sync")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2036, 1, 1, tzinfo=UTC)
    )
    form, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    text = key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain).decode()
    return text, builder.sign(key, hashes.SHA256()).public_bytes(form).decode()


@pytest.mark.point("1.9.2")
def test_a_users_consent_opens_the_own_mailbox_and_no_other(world: World) -> None:
    given = world.control("graph/consents", tenant=TENANT, client_id=APP, address=ADDRESS)["refresh_token"]
    mailbox = world.opened(refresh_token=given)
    mailbox.claim("acme/1")
    assert world.mailbox.claimed_by() == "acme/1"

    world.server.sandbox.clock.advance(3600)
    mailbox.claimed_by()  # with the token that came with the first one

    world.control("graph/tokens/revoke")
    world.server.sandbox.clock.advance(3600)
    with pytest.raises(ConnectorError) as told:
        mailbox.claimed_by()
    assert (told.value.fault, told.value.vendor_code) == (Fault.AUTH_REVOKED, "invalid_grant AADSTS70008")


@pytest.mark.parametrize(
    ("status", "fault"), [(429, Fault.THROTTLED), (500, Fault.UNAVAILABLE), (503, Fault.UNAVAILABLE)]
)
def test_a_log_in_service_in_trouble_is_no_lost_consent(world: World, status: int, fault: Fault) -> None:
    world.goes_wrong("graph.token", status=status, body="{}")

    assert failing(world).fault is fault


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_every_cloud_has_its_own_hosts_and_scope(cloud: str) -> None:
    config = GraphConfig("acme", "app", "ann@acme.example", cloud=cloud)

    assert config.token_url == f"{CLOUDS[cloud].login}/acme/oauth2/v2.0/token"
    assert config.root == f"{CLOUDS[cloud].graph}/v1.0"
    assert config.scope == f"{CLOUDS[cloud].graph}/.default"


def test_a_cloud_or_zone_that_nobody_knows_is_refused_at_once(world: World) -> None:
    for changes in ({"cloud": "moon"}, {"time_zone": "Moon/Base"}):
        with pytest.raises(ValueError, match=r"cloud|zone"):
            world.opened(**changes)


# --- calls


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ({"status": 429, "headers": {"Retry-After": "7.5"}}, Fault.THROTTLED),
        ({"status": 503}, Fault.UNAVAILABLE),
        ({"status": 503, "headers": {"Retry-After": "7.5"}}, Fault.THROTTLED),
        ({"status": 500}, Fault.UNAVAILABLE),
        ({"status": 504}, Fault.UNAVAILABLE),
        ({"status": 403}, Fault.FORBIDDEN),
        ({"code": "MailboxNotEnabledForRESTAPI"}, Fault.FORBIDDEN),
        ({"code": "resyncRequired", "status": 400}, Fault.CURSOR_LOST),
        ({"status": 200, "body": "<html>"}, Fault.UNAVAILABLE),
        ({"drop_before": True}, Fault.UNAVAILABLE),
        ({"truncate": 20}, Fault.UNAVAILABLE),
    ],
)
def test_every_misfortune_is_a_fault_after_a_single_call(world: World, action: dict[str, Any], fault: Fault) -> None:
    world.mailbox.claimed_by()
    world.goes_wrong("graph.messagesDelta", **action)
    found: list[ConnectorError] = []

    calls = world.counted(lambda: found.append(failing(world)))

    assert (found[0].fault, calls) == (fault, {"messagesDelta": 1})
    if fault is Fault.THROTTLED:
        assert found[0].retry_after == timedelta(seconds=7.5)


def test_nobody_listening_is_told_as_such(world: World, free_port: int) -> None:
    error = failing(world, login_url=f"http://127.0.0.1:{free_port}", client_id="other")

    assert (error.fault, error.detail) == (Fault.UNAVAILABLE, "no connection to the server")


def test_no_content_and_no_secret_reaches_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    world.has("Message", "inbox", Subject="top secret", From={"address": "h@globex.example"})
    world.goes_wrong("graph.messagesDelta", code="ErrorItemSave", message="top secret")

    error = failing(world)
    world.mailbox.changes("inbox", None)

    text = caplog.text + str(error) + repr(world.config)
    assert "top secret" not in text
    assert world.config.client_secret not in text


def test_one_tenant_does_not_reach_the_mailboxes_of_another(world: World) -> None:
    world.control("graph/tenants", tenant="other", domains=["other.example"])
    world.control("graph/apps", tenant="other", client_id=APP, secret="x")

    error = failing(world, tenant="other", client_secret="x")

    assert (error.fault, error.vendor_code) == (Fault.FORBIDDEN, "ErrorInvalidUser")


# --- the check


def checks(world: World, **changes: Any) -> dict[str, bool]:
    return {each.name: each.ok for each in world.opened(**changes).check()}


HEALTHY = ("endpoint", "log-in", "mailbox", "calendar", "inbox", "contacts", "tasks", "category list")


def test_a_healthy_connection_passes_every_step(world: World) -> None:
    assert checks(world) == dict.fromkeys(HEALTHY, True)


@pytest.mark.parametrize(
    ("changes", "stuck"),
    [({"client_secret": "wrong"}, "log-in"), ({"address": "nobody@corp.example"}, "mailbox")],
)
def test_a_check_stops_where_nothing_goes_on_and_says_what_to_do(
    world: World, changes: dict[str, str], stuck: str
) -> None:
    found = list(world.opened(**changes).check())

    assert found[-1].name == stuck
    assert not found[-1].ok
    assert found[-1].advice
    assert all(each.ok for each in found[:-1])


def test_an_endpoint_that_nobody_serves_stops_at_the_first_step(world: World, free_port: int) -> None:
    assert checks(world, login_url=f"http://127.0.0.1:{free_port}", client_id="other") == {"endpoint": False}


@pytest.mark.parametrize(
    ("missing", "stuck"),
    [("Tasks.ReadWrite.All", "tasks"), ("Mail.ReadWrite", "inbox"), ("MailboxSettings.ReadWrite", "category list")],
)
def test_a_permission_that_is_missing_is_named(world: World, missing: str, stuck: str) -> None:
    every = {"Calendars.ReadWrite", "Mail.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite.All",
             "MailboxSettings.ReadWrite"}  # fmt: skip
    world.control("graph/apps", tenant=TENANT, client_id=APP, secret=world.config.client_secret,
                  permissions=sorted(every - {missing}))  # fmt: skip

    failed = [each for each in world.mailbox.check() if not each.ok]

    assert [each.name for each in failed] == [stuck]
    assert missing in failed[0].advice


def test_what_cannot_be_done_is_declared(world: World) -> None:
    assert Can.SILENT_WRITE not in world.mailbox.can
    assert world.server.sandbox.clock.now() == NOW
