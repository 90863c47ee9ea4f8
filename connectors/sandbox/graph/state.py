"""Tenants, the applications that are registered in them, and their tokens, in SQL. The content of mailboxes is that of
the Exchange emulation: one mailbox can be read over both protocols."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from connectors.sandbox.store import Row, Store

TABLES = (
    "CREATE TABLE IF NOT EXISTS graph_tenant (id TEXT PRIMARY KEY, domains TEXT NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS graph_app (tenant TEXT NOT NULL, id TEXT NOT NULL, secret TEXT NOT NULL,"
        " certificate TEXT NOT NULL, permissions TEXT NOT NULL, mailboxes TEXT NOT NULL, more TEXT NOT NULL,"
        " PRIMARY KEY (tenant, id))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS graph_code (hash TEXT PRIMARY KEY, tenant TEXT NOT NULL, app TEXT NOT NULL,"
        " address TEXT NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL, ends TEXT NOT NULL)"
    ),
    # whose mailbox is there, but is not served for want of a licence
    "CREATE TABLE IF NOT EXISTS graph_unlicensed (address TEXT PRIMARY KEY)",
    (
        "CREATE TABLE IF NOT EXISTS graph_token (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, tenant TEXT NOT NULL,"
        " app TEXT NOT NULL, address TEXT NOT NULL, ends TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS graph_transaction (mailbox INTEGER NOT NULL, id TEXT NOT NULL,"
        " item INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (mailbox, id))"
    ),
)
TENANT, APP, SECRET = "sandbox", "inbox-sync", "sandbox-secret"
EVERYTHING = "*"
PERMISSIONS = (
    "Calendars.ReadWrite", "Mail.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite.All",
    "MailboxSettings.ReadWrite", "User.Read.All",
)  # fmt: skip
LIVES = timedelta(seconds=3599)
CODE_LIVES = timedelta(minutes=10)
_MORE = ("redirects", "secret_ends", "admin_only", "mfa")


@dataclass(frozen=True, slots=True)
class App:
    """`permissions`: what was consented to. `mailboxes`: the addresses to which it is limited, or `*`. `redirects`:
    where it may send people back to, anywhere when empty. `secret_ends`: moment, or ''. `admin_only`: users may not
    consent for themselves. `mfa`: what was consented to without a second factor is good no more."""

    tenant: str
    id: str
    secret: str
    certificate: str
    permissions: frozenset[str]
    mailboxes: frozenset[str]
    redirects: tuple[str, ...] = ()
    secret_ends: str = ""
    admin_only: bool = False
    mfa: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `address`: the user who signed in; '' for an application that acts by itself."""

    app: App
    address: str = ""


class Tenants:
    def __init__(self, store: Store) -> None:
        self.store = store

    def add_tenant(self, tenant: str, domains: Iterable[str]) -> None:
        """`domains`: those whose mailboxes it holds, or `*`."""
        kept = json.dumps(sorted({each.lower() for each in domains}))
        self.store.run("INSERT OR REPLACE INTO graph_tenant VALUES (?, ?)", (tenant, kept))

    def holds(self, tenant: str, address: str) -> bool:
        text = self.store.scalar("SELECT domains FROM graph_tenant WHERE id = ?", (tenant,))
        domains = json.loads(text) if text else []
        return EVERYTHING in domains or address.partition("@")[2].lower() in domains

    def exists(self, tenant: str) -> bool:
        return self.store.one("SELECT 1 FROM graph_tenant WHERE id = ?", (tenant,)) is not None

    def add_app(self, app: App) -> None:
        self.store.run(
            "INSERT OR REPLACE INTO graph_app VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                app.tenant, app.id, app.secret, app.certificate,
                json.dumps(sorted(app.permissions)), json.dumps(sorted(app.mailboxes)),
                json.dumps({name: getattr(app, name) for name in _MORE}),
            ),
        )  # fmt: skip

    def app(self, tenant: str, identifier: str) -> App | None:
        row = self.store.one("SELECT * FROM graph_app WHERE tenant = ? AND id = ?", (tenant, identifier))
        return None if row is None else _app(row)

    def give(self, kind: str, app: App, address: str, now: datetime) -> str:
        """A new token: `access` or `refresh`."""
        text = f"{kind}.{secrets.token_urlsafe(32)}" if kind == "refresh" else _bearer(app, address, now)
        lives = LIVES if kind == "access" else timedelta(days=90)
        self.store.run(
            "INSERT INTO graph_token VALUES (?, ?, ?, ?, ?, ?)",
            (_hash(text), kind, app.tenant, app.id, address.lower(), (now + lives).isoformat()),
        )
        return text

    def caller(self, kind: str, text: str, now: datetime) -> Caller | None:
        """Whose token it is; None when it is unknown or over."""
        row = self.store.one("SELECT * FROM graph_token WHERE hash = ? AND kind = ?", (_hash(text), kind))
        if row is None or datetime.fromisoformat(row["ends"]) <= now:
            return None
        app = self.app(row["tenant"], row["app"])
        return None if app is None else Caller(app, row["address"])

    # --- people who agree

    def give_code(self, app: App, address: str, redirect: str, challenge: str, now: datetime) -> str:
        text = f"0.{secrets.token_urlsafe(32)}"
        self.store.run(
            "INSERT INTO graph_code VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_hash(text), app.tenant, app.id, address.lower(), redirect, challenge, (now + CODE_LIVES).isoformat()),
        )
        return text

    def take_code(self, app: App, text: str, now: datetime) -> Row | None:
        """What the code was given for; once, and not too late."""
        with self.store.transaction() as connection:
            row = self.store.one("SELECT * FROM graph_code WHERE hash = ?", (_hash(text),))
            connection.execute("DELETE FROM graph_code WHERE hash = ?", (_hash(text),))
        if row is None or (row["tenant"], row["app"]) != (app.tenant, app.id):
            return None
        return row if datetime.fromisoformat(row["ends"]) > now else None

    def unlicense(self, address: str) -> None:
        self.store.run("INSERT OR REPLACE INTO graph_unlicensed VALUES (?)", (address.lower(),))

    def is_licensed(self, address: str) -> bool:
        return self.store.one("SELECT 1 FROM graph_unlicensed WHERE address = ?", (address,)) is None

    def take_back(self, kind: str = EVERYTHING) -> None:
        """No token of the kind is good any more."""
        self.store.run("DELETE FROM graph_token WHERE kind = ? OR ? = '*'", (kind, kind))


def _app(row: Row) -> App:
    return App(
        row["tenant"], row["id"], row["secret"], row["certificate"],
        frozenset(json.loads(row["permissions"])), frozenset(json.loads(row["mailboxes"])), **json.loads(row["more"]),
    )  # fmt: skip


def _bearer(app: App, address: str, now: datetime) -> str:
    """A token that tells what it is good for, as those of the real one do; nobody here reads that."""
    held = sorted(PERMISSIONS if EVERYTHING in app.permissions else app.permissions)
    told: dict[str, object] = {"scp": " ".join(held), "upn": address} if address else {"roles": held}
    ends = int((now + LIVES).timestamp())
    claims = {"aud": "https://graph.microsoft.com", "tid": app.tenant, "appid": app.id, "exp": ends, **told}
    return jwt.encode({**claims, "uti": secrets.token_urlsafe(16)}, secrets.token_bytes(32), algorithm="HS256")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def set_up(store: Store) -> None:
    """Tables, and a tenant that holds every mailbox with one application in it; repeatable."""
    store.ensure(TABLES)
    tenants = Tenants(store)
    if not tenants.exists(TENANT):
        tenants.add_tenant(TENANT, [EVERYTHING])
        everything = frozenset({EVERYTHING})
        tenants.add_app(App(TENANT, APP, SECRET, "", everything, everything))
