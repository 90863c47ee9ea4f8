"""Every set-up that can be broken, broken for real: the doctor names it, it alone, and says what to do."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from connectors.protocols import Check
from mapping.model.findings import FINDINGS, Finding
from sync_tasks.bootstrap import App
from sync_tasks.security.keys import MasterKey
from sync_tasks.security.vault import Vault
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.services.examining import database_check, examine, installation_checks
from sync_tasks.settings import Settings
from sync_tasks.state import migrate
from sync_tasks.state.records import UserView
from tests.support.feeding import settle, with_feed
from tests.support.google_kind import ACCOUNT
from tests.support.kinds import PASSWORD, SERVICE, TENANT
from tests.support.tls import tls_server
from tests.support.world import ORG, World

pytestmark = pytest.mark.any_mailbox(why="what is broken is the set-up that the story names")

Break = Callable[[World, UserView], object]
SCOPES = {
    name: f"https://www.googleapis.com/auth/{scope}"
    for name, scope in (("calendar", "calendar"), ("gmail", "gmail.modify"), ("tasks", "tasks"), ("people", "contacts"))
}
INTEGRATION = "integration@acme.example"


def checks(world: World, user: UserView) -> list[Check]:
    with world.app.store.reading() as unit:
        fresh = unit.accounts.user(user.id)
    sections = [("", installation_checks(world.app)), *examine(world.app, fresh)]
    return [check for _, found in sections for check in found]


def wrong(world: World, user: UserView) -> set[Finding]:
    """What the doctor names of that which does not hold."""
    return {check.finding for check in checks(world, user) if not check.ok and check.finding is not None}


def connected(side: str, secrets: dict[str, str] | None = None, **facts: str) -> Break:
    """Other facts or secrets of the organization's connection."""

    def change(world: World, _user: UserView) -> None:
        with world.app.store.writing() as unit:
            found = unit.accounts.connection(world.org, None, side)
            assert found is not None
            connection, vendor, known = found
            unit.accounts.put_connection(world.org, None, side, vendor, {**known, **facts})
            unit.accounts.forget_tokens(connection)
            for name, value in (secrets or {}).items():
                unit.accounts.put_credential(connection, name, world.app.seal_secret(connection, name, value))

    return change


def controlled(path: str, **body: Any) -> Break:
    """Something that an administrator of the vendor does."""
    return lambda world, _user: world.control(path, **body)


def scripted(match: str, **action: Any) -> Break:
    """The vendor answers so from now on."""
    return lambda world, _user: world.control("faults", match=match, times=None, action=action)


def graph_app(**changes: Any) -> Break:
    return controlled("graph/apps", **{"tenant": TENANT, "client_id": SERVICE, "secret": PASSWORD, **changes})


def graph_without(permission: str) -> Break:
    every = ("Calendars.ReadWrite", "Mail.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite.All",
             "MailboxSettings.ReadWrite", "User.Read.All")  # fmt: skip
    return graph_app(permissions=[each for each in every if each != permission])


def delegated_without(*services: str) -> Break:
    scopes = [scope for name, scope in SCOPES.items() if name not in services]
    return controlled("google/accounts", email=ACCOUNT, domains=["acme.example"], scopes=scopes)


def refused(error: str, number: int) -> str:
    """A log-in of Microsoft's that is refused."""
    return json.dumps({"error": error, "error_codes": [number]})


def switched(**settings: Any) -> Break:
    return lambda world, _user: world.setting(**settings)


def salesforce_user(name: str, **fields: Any) -> Break:
    def change(world: World, _user: UserView) -> None:
        (row,) = world.query(f"SELECT Id FROM User WHERE Username = '{name}'")
        world.change("User", row["Id"], **fields)

    return change


EXCHANGE: list[tuple[Finding, Break]] = [
    (Finding.EWS_ADDRESS, lambda world, user: connected("mailbox", endpoint=f"{world.server.url}/ews/nothing.asmx")(
        world, user)),
    (Finding.PASSWORD_WRONG, connected("mailbox", {"password": "wrong"})),
    (Finding.PASSWORD_EXPIRED, scripted("ews.*", code="ErrorPasswordExpired")),
    (Finding.IMPERSONATION_MISSING, controlled("ews/users", name=SERVICE, password=PASSWORD, impersonates=[])),
    (Finding.MAILBOX_UNKNOWN, lambda world, user: _renamed(world, user, "nobody@acme.example")),
    (Finding.MAILBOX_UNLICENSED, scripted("ews.*", code="ErrorMissingEmailAddress")),
    (Finding.MAILBOX_MOVING, scripted("ews.*", code="ErrorMailboxMoveInProgress")),
    (Finding.ACCOUNT_DISABLED, scripted("ews.*", code="ErrorAccountDisabled")),
    (Finding.FOLDER_RIGHTS, scripted("ews.FindItem", code="ErrorAccessDenied")),
    (Finding.EWS_OFF, scripted("ews.*", status=403)),
    (Finding.EWS_BUILD, scripted("ews.*", code="ErrorInvalidServerVersion")),
    (Finding.THROTTLED, scripted("ews.*", code="ErrorServerBusy")),
    (Finding.OUT_OF_SERVICE, scripted("ews.*", status=503)),
    (Finding.FACTS_WRONG, connected("mailbox", build="fifteen")),
    (Finding.UNREACHABLE, connected("mailbox", endpoint="http://127.0.0.1:9/ews/Exchange.asmx")),
]  # fmt: skip
GRAPH: list[tuple[Finding, Break]] = [
    (Finding.TENANT_UNKNOWN, connected("mailbox", tenant="nowhere")),
    (Finding.CLIENT_UNKNOWN, connected("mailbox", client_id="nobody")),
    (Finding.SECRET_WRONG, connected("mailbox", {"client_secret": "wrong"})),
    (Finding.SECRET_EXPIRED, graph_app(secret_ends="2026-01-01T00:00:00+00:00")),
    (Finding.CERTIFICATE_WRONG, scripted("graph.token", status=401, body=refused("invalid_client", 700027))),
    (Finding.ADMIN_CONSENT, scripted("graph.token", status=400, body=refused("invalid_grant", 65001))),
    (Finding.GRAPH_CALENDARS, graph_without("Calendars.ReadWrite")),
    (Finding.GRAPH_MAIL, graph_without("Mail.ReadWrite")),
    (Finding.GRAPH_CONTACTS, graph_without("Contacts.ReadWrite")),
    (Finding.GRAPH_TASKS, graph_without("Tasks.ReadWrite.All")),
    (Finding.GRAPH_SETTINGS, graph_without("MailboxSettings.ReadWrite")),
    (Finding.MAILBOX_NOT_ADMITTED, graph_app(mailboxes=["bob@acme.example"])),
    (Finding.MAILBOX_UNLICENSED, controlled("graph/unlicensed", address="ann@acme.example")),
    (Finding.MAILBOX_UNKNOWN, lambda world, user: _renamed(world, user, "nobody@acme.example")),
    (Finding.MFA_NEEDED, lambda world, user: (
        _consented(world, user, user.address), graph_app(mfa=True)(world, user))),
    (Finding.CONSENT_OVER, lambda world, user: (
        _consented(world, user, user.address), world.control("graph/tokens/revoke"))),
    (Finding.MAILBOX_OF_SOMEBODY_ELSE, lambda world, user: (
        world.control("ews/mailboxes", address="bob@acme.example", name="Bob"),
        _consented(world, user, "bob@acme.example"))),
    (Finding.THROTTLED, scripted("* /graph/v1.0/", code="ApplicationThrottled")),
    (Finding.FACTS_WRONG, connected("mailbox", cloud="nine")),
]  # fmt: skip
GOOGLE: list[tuple[Finding, Break]] = [
    (Finding.DELEGATION_MISSING, delegated_without(*SCOPES)),
    (Finding.DELEGATION_CALENDAR, delegated_without("calendar")),
    (Finding.DELEGATION_GMAIL, delegated_without("gmail")),
    (Finding.DELEGATION_TASKS, delegated_without("tasks")),
    (Finding.DELEGATION_PEOPLE, delegated_without("people")),
    (Finding.DELEGATION_DRIVE, lambda world, user: (
        connected("mailbox", services="gmail,drive")(world, user), delegated_without("drive")(world, user))),
    (Finding.API_OFF, controlled("google/off", service="tasks")),
    (Finding.MAILBOX_UNLICENSED, controlled("google/off", service="calendar", address="ann@acme.example")),
    (Finding.GOOGLE_USER_SUSPENDED, controlled("google/suspended", address="ann@acme.example")),
    (Finding.MAILBOX_UNKNOWN, lambda world, user: _renamed(world, user, "nobody@acme.example")),
    (Finding.ACCOUNT_KEY_WRONG, connected("mailbox", {"service_account": "{\"type\": \"service_account\"}"})),
    (Finding.CONSENT_OVER, lambda world, user: _google_consent(world, user, user.address, revoked=True)),
    (Finding.SECRET_WRONG, lambda world, user: _google_consent(world, user, user.address, secret="wrong")),
    (Finding.SCOPE_LACKING, lambda world, user: _google_consent(world, user, user.address, without="tasks")),
    (Finding.MAILBOX_OF_SOMEBODY_ELSE, lambda world, user: (
        world.control("google/users", address="bob@acme.example"), _google_consent(world, user, "bob@acme.example"))),
    (Finding.THROTTLED, scripted("google.*.*", code="userRateLimitExceeded")),
]  # fmt: skip
SALESFORCE: list[tuple[Finding, Break]] = [
    (Finding.CLIENT_UNKNOWN, connected("crm", client_id="nobody")),
    (Finding.SECRET_WRONG, connected("crm", {"client_secret": "wrong"})),
    (Finding.CONSENT_OVER, connected("crm", {"refresh_token": "taken back"})),
    (Finding.CERTIFICATE_WRONG, connected("crm", {"private_key": "none"}, username=INTEGRATION)),
    (Finding.APP_NOT_APPROVED, scripted("POST /oauth2/token", status=400, body='{"error": "invalid_app_access"}')),
    (Finding.CRM_LOGIN_INACTIVE, salesforce_user(INTEGRATION, IsActive=False)),
    (Finding.CRM_NETWORK, scripted("* /services/data/", status=403, code="LOGIN_DURING_RESTRICTED_DOMAIN")),
    (Finding.CRM_API_OFF, switched(lacking={INTEGRATION: ["ApiEnabled"]})),
    (Finding.CRM_API_SPENT, switched(api_quota=5)),
    (Finding.CRM_EDIT_EVENTS, switched(lacking={INTEGRATION: ["EditEvent"]})),
    (Finding.CRM_EDIT_TASKS, switched(lacking={INTEGRATION: ["EditTask"]})),
    (Finding.CRM_FIELD_READ_ONLY, switched(fls_hidden={INTEGRATION: {"Event": ["WhatId"]}})),
    (Finding.CRM_KEY_FIELD, switched(key_field=False)),
    (Finding.CRM_SEES_LITTLE, lambda world, _: world.control(
        "salesforce/users", org=ORG, username=INTEGRATION, view_all=False)),
    (Finding.CRM_PERSON_ACCOUNTS, lambda world, _: world.set(resolve__person_accounts=True)),
    (Finding.SETTING_UNFIT, lambda world, _: world.set(defaults__event=["Nowhere__c=x"])),
    (Finding.CRM_USER_INACTIVE, salesforce_user("ann@acme.example", IsActive=False)),
    (Finding.CRM_USER_UNKNOWN, lambda world, user: _told_user(world, user, crm_user_id="")),
    (Finding.SUSPENDED, lambda world, user: _told_user(world, user, suspended_at=world.now, suspended_code="auth")),
    (Finding.UNREACHABLE, connected("crm", login_url="http://127.0.0.1:9")),
]  # fmt: skip


def _told_user(world: World, user: UserView, **values: Any) -> None:
    with world.app.store.writing() as unit:
        unit.accounts.set_user(user.id, **values)


def _renamed(world: World, user: UserView, address: str) -> None:
    _told_user(world, user, address=address)


def _own_connection(world: World, user: UserView, vendor: str, facts: dict[str, str], secrets: dict[str, str]) -> None:
    with world.app.store.writing() as unit:
        own = unit.accounts.put_connection(world.org, user.id, "mailbox", vendor, facts)
        for name, value in secrets.items():
            unit.accounts.put_credential(own, name, world.app.seal_secret(own, name, value))


def _consented(world: World, user: UserView, address: str) -> None:
    """The user's own connection, with the consent of whoever has that address."""
    told = world.control("graph/consents", tenant=TENANT, client_id=SERVICE, address=address)
    _own_connection(world, user, "graph", {}, {"client_secret": PASSWORD, "refresh_token": told["refresh_token"]})


def _google_consent(
    world: World, user: UserView, address: str, *, secret: str = "s", without: str = "", revoked: bool = False
) -> None:
    scopes = [scope for name, scope in SCOPES.items() if name != without]
    told = world.control("google/consents", mailbox=address, client_id="c", client_secret="s", scopes=scopes)
    token = "taken back" if revoked else told["refresh_token"]
    facts = {"client_id": "c", "token_url": f"{world.server.url}/google/token"}
    _own_connection(world, user, "google", facts, {"client_secret": secret, "refresh_token": token})


@pytest.mark.rule("TOP-12")
@pytest.mark.parametrize(
    ("mailbox_kind", "finding", "break_it"),
    [
        pytest.param(kind, finding, break_it, id=f"{kind}-{finding.name}")
        for kind, cases in (("exchange", EXCHANGE), ("graph", GRAPH), ("google", GOOGLE), ("exchange", SALESFORCE))
        for finding, break_it in cases
    ],
)
@pytest.mark.point("1.6.8", "1.9.7")
def test_a_broken_set_up_is_named_and_nothing_else_is(world: World, finding: Finding, break_it: Break) -> None:
    ann = world.user()
    assert wrong(world, ann) == set()

    break_it(world, ann)

    assert wrong(world, ann) == {finding}
    (told, *_) = [check for check in checks(world, ann) if check.finding is finding]
    assert told.advice == FINDINGS[finding].cure


@pytest.mark.parametrize(
    ("mailbox_kind", "side", "path", "fact"),
    [
        ("exchange", "mailbox", "/ews/Exchange.asmx", "endpoint"), ("graph", "mailbox", "", "login_url"),
        ("google", "mailbox", "/token", "token_url"), ("exchange", "crm", "", "login_url"),
    ],
)  # fmt: skip
def test_a_certificate_that_nobody_trusts_is_named(
    world: World, tmp_path: Path, side: str, path: str, fact: str
) -> None:
    ann = world.user()
    with tls_server(tmp_path) as address:
        connected(side, **{fact: f"{address}{path}"})(world, ann)

        assert wrong(world, ann) == {Finding.TLS_UNTRUSTED}


@pytest.mark.parametrize(
    ("mailbox_kind", "side", "path", "fact", "newest"),
    [
        ("exchange", "mailbox", "/ews/Exchange.asmx", "endpoint", ssl.TLSVersion.TLSv1_1),
        ("graph", "mailbox", "", "login_url", ssl.TLSVersion.TLSv1_2),
        ("google", "mailbox", "/token", "token_url", ssl.TLSVersion.TLSv1_2),
        ("exchange", "crm", "", "login_url", ssl.TLSVersion.TLSv1_2),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
@pytest.mark.point("1.12.2")
def test_a_server_that_speaks_too_old_a_tls_is_named(
    world: World, tmp_path: Path, side: str, path: str, fact: str, newest: ssl.TLSVersion
) -> None:
    ann = world.user()
    with tls_server(tmp_path, newest) as address:
        connected(side, **{fact: f"{address}{path}"})(world, ann)

        assert wrong(world, ann) == {Finding.TLS_TOO_OLD}


def test_a_clock_that_is_off_is_named(world: World) -> None:
    ann = world.user()
    world.app.clock = lambda: world.now + timedelta(minutes=2)

    assert wrong(world, ann) == {Finding.CLOCK_WRONG}


def test_a_side_without_a_connection_is_named(world: World) -> None:
    ann = world.user()
    with world.app.store.writing() as unit:
        other = unit.accounts.add_org("other", world.now)
        bob = unit.accounts.add_user(
            other, "bob@other.example", world.now, crm_user_id=ann.crm_user_id, shards=1, next_sync_at=world.now
        )
        user = unit.accounts.user(bob)

    assert wrong(world, user) == {Finding.NOT_CONNECTED}


def test_keys_that_are_missing_are_named(world: World) -> None:
    ann = world.user()
    with world.app.store.writing() as unit:
        unit.accounts.put_credential(1, "other", Vault([MasterKey.generate("lost")]).seal(b"x", b"credential:1:other"))

    assert wrong(world, ann) == {Finding.KEYS_MISSING}
    (told,) = [check for check in checks(world, ann) if check.finding is Finding.KEYS_MISSING]
    assert "lost" in told.detail


def test_a_key_file_that_others_can_read_is_named(world: World) -> None:
    world.app.settings.key_file.chmod(0o644)
    app = App(world.app.settings)

    found = [check.finding for check in installation_checks(app) if not check.ok]

    app.close()
    assert found == [Finding.KEYS_UNREADABLE]


def test_a_database_that_is_silent_or_behind_is_named(world: World, tmp_path: Path) -> None:
    silent = App(Settings(home=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:9/nothing"))
    assert database_check(silent).finding is Finding.DATABASE_SILENT
    silent.close()

    migrate.downgrade(world.app.store.engine, "0001")
    assert database_check(world.app).finding is Finding.DATABASE_BEHIND


def test_a_redis_that_is_silent_or_evicts_is_named(world: World, redis_server: EmbeddedRedis, redis_url: str) -> None:
    def found(url: str) -> list[Finding | None]:
        app = App(Settings(home=world.app.settings.home, database_url=world.app.settings.database_url, redis_url=url),
                  clock=world.app.clock)  # fmt: skip
        told = [check.finding for check in installation_checks(app) if not check.ok]
        app.close()
        return told

    assert found(redis_url) == []
    assert found("redis://127.0.0.1:9/0") == [Finding.REDIS_SILENT]
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert found(redis_url) == [Finding.REDIS_EVICTS]
        finally:
            client.config_set("maxmemory-policy", "noeviction")


def test_a_beat_that_starts_nobody_is_named(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    assert wrong(world, ann) == set()

    world.later(minutes=5)
    assert wrong(world, ann) == {Finding.BEAT_SILENT}

    world.sync(ann)
    assert wrong(world, ann) == set()


def test_a_feed_that_nobody_reads_is_told_and_so_is_one_that_does_not_see_everything(world: World) -> None:
    ann = with_feed(world).user()
    settle(world, ann)
    assert [(c.ok, c.finding) for c in checks(world, ann) if c.name == "feed"] == [(True, None)]

    world.later(minutes=10)
    world.control("salesforce/users", org=ORG, username=INTEGRATION, view_all=False)
    start = world.now.isoformat()
    world.record("Event", Subject="Seen", OwnerId=ann.crm_user_id, StartDateTime=start, DurationInMinutes=5)
    world.setting(private_objects=[])
    told = {check.name: check for check in checks(world, ann)}

    assert told["events of others"].finding is Finding.CRM_SEES_LITTLE
    assert told["feed"].finding is Finding.FEED_LATE
    assert told["feed"].detail.endswith("it tells of what the user sees, and no more")


def test_a_shard_without_a_worker_is_named(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user()
    with world.app.store.writing() as unit:
        claimed = unit.runs.claim_due(
            lambda: world.now, limit=5, lease=timedelta(minutes=15), keys=world.app.vault.run_key
        )
    assert wrong(world, ann) == set()

    world.later(minutes=5)
    assert wrong(world, ann) == {Finding.SHARD_UNATTENDED}
    (told,) = [check for check in checks(world, ann) if not check.ok]
    assert told.name == f"shard {ann.shard}"

    with world.app.store.writing() as unit:
        assert unit.runs.start_work(claimed[0].ref, world.now)
    assert wrong(world, ann) == set()


@pytest.mark.told_over("exchange", why="the credential that ends is a password")
def test_what_ends_soon_or_is_only_unusual_is_a_remark(world: World) -> None:
    ann = world.user()
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, None, "mailbox")
        assert found is not None
        sealed = unit.accounts.credentials(found[0], ["password"])["password"]
        unit.accounts.put_credential(found[0], "password", sealed, world.now + timedelta(days=10))

    told = [check for check in checks(world, ann) if check.finding is not None]

    assert all(check.ok for check in told)
    assert {check.finding for check in told} == {Finding.CREDENTIAL_ENDS, Finding.CRM_SHARED_ACTIVITIES}
    assert [check.detail for check in told if check.finding is Finding.CREDENTIAL_ENDS] == ["ends 2026-03-12"]
    world.setting(shared_activities=True)
    assert Finding.CRM_SHARED_ACTIVITIES not in {check.finding for check in checks(world, ann)}


def test_every_finding_has_a_sentence_and_a_cure_and_a_code_of_three_parts() -> None:
    assert set(FINDINGS) == set(Finding)
    for finding, told in FINDINGS.items():
        assert len(finding.value.split(".")) == 3
        assert told.wrong
        assert told.cure.endswith(".")
