"""Users, service accounts, tokens, and everything that users have, in SQL.

All that a service keeps of a user is a document with an id, in a collection (`kind`, `parent`). Every write gives it
the next number of one counter: the number is its etag, the order in which changes are told, and what is deleted stays
as a document that says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.google.errors import GoogleError
from connectors.sandbox.store import Row, Store

Json = dict[str, Any]

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS google_user (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT UNIQUE NOT NULL,"
        " name TEXT NOT NULL, timezone TEXT NOT NULL)"
    ),
    "CREATE TABLE IF NOT EXISTS google_alias (address TEXT PRIMARY KEY, user INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS google_account (email TEXT PRIMARY KEY, public_key TEXT NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS google_grant (email TEXT NOT NULL, domain TEXT NOT NULL, scopes TEXT NOT NULL,"
        " PRIMARY KEY (email, domain))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS google_consent (token TEXT PRIMARY KEY, client TEXT NOT NULL, secret TEXT NOT NULL,"
        " user INTEGER NOT NULL, scopes TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS google_token (token TEXT PRIMARY KEY, user INTEGER NOT NULL, scopes TEXT NOT NULL,"
        " expires REAL NOT NULL)"
    ),
    # applications to which users consent: where people are sent back to, and whether the administrator forbids it
    (
        "CREATE TABLE IF NOT EXISTS google_client (id TEXT PRIMARY KEY, secret TEXT NOT NULL, redirects TEXT NOT NULL,"
        " blocked INTEGER NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS google_code (code TEXT PRIMARY KEY, client TEXT NOT NULL, user INTEGER NOT NULL,"
        " scopes TEXT NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL, expires REAL NOT NULL)"
    ),
    "CREATE TABLE IF NOT EXISTS google_suspended (user INTEGER PRIMARY KEY)",
    # services that the project has not enabled (user 0), or that a user does not have
    (
        "CREATE TABLE IF NOT EXISTS google_off (service TEXT NOT NULL, user INTEGER NOT NULL,"
        " PRIMARY KEY (service, user))"
    ),
    "CREATE TABLE IF NOT EXISTS google_counter (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS google_doc (user INTEGER NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL,"
        " id TEXT NOT NULL, seq INTEGER NOT NULL, gone INTEGER NOT NULL, doc TEXT NOT NULL,"
        " PRIMARY KEY (user, kind, parent, id))"
    ),
    "CREATE INDEX IF NOT EXISTS google_doc_seq ON google_doc (user, kind, parent, seq)",
    (
        "CREATE TABLE IF NOT EXISTS google_history (seq INTEGER PRIMARY KEY, user INTEGER NOT NULL, what TEXT NOT NULL,"
        " message TEXT NOT NULL, thread TEXT NOT NULL, labels TEXT NOT NULL, changed TEXT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS google_history_of ON google_history (user, seq)",
    # cursors of a service that are older than this have expired
    (
        "CREATE TABLE IF NOT EXISTS google_floor (user INTEGER NOT NULL, service TEXT NOT NULL, seq INTEGER NOT NULL,"
        " PRIMARY KEY (user, service))"
    ),
)


@dataclass(frozen=True, slots=True)
class User:
    id: int
    address: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Doc:
    """`gone`: deleted; what is left of it still tells that."""

    id: str
    parent: str
    seq: int
    gone: bool
    values: Json

    @property
    def etag(self) -> str:
        return f'"{self.seq}"'


class Directory:
    """Who there is, and who may act for whom."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add_user(self, address: str, name: str = "", *, aliases: Iterable[str] = (), timezone: str = "UTC") -> User:
        """An existing user keeps what he has and takes the new properties."""
        address = address.strip().lower()
        if "@" not in address:
            raise ValueError(f"{address!r} is not an address")
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO google_user (address, name, timezone) VALUES (?, ?, ?) ON CONFLICT (address)"
                " DO UPDATE SET name = excluded.name, timezone = excluded.timezone",
                (address, name or address.partition("@")[0], timezone),
            )
            user = self.user(address)
            for alias in {address, *(alias.strip().lower() for alias in aliases)}:
                connection.execute("INSERT OR REPLACE INTO google_alias VALUES (?, ?)", (alias, user.id))
        return user

    def find(self, address: str) -> User | None:
        row = self.store.one(
            "SELECT u.* FROM google_user u JOIN google_alias a ON a.user = u.id WHERE a.address = ?",
            (address.strip().lower(),),
        )
        return None if row is None else _user(row)

    def user(self, address: str) -> User:
        """Raises ValueError."""
        row = self.store.one("SELECT * FROM google_user WHERE address = ?", (address.strip().lower(),))
        if row is None:
            raise ValueError(f"no user {address!r}")
        return _user(row)

    def by_id(self, ident: int) -> User:
        row = self.store.one("SELECT * FROM google_user WHERE id = ?", (ident,))
        assert row is not None
        return _user(row)

    def users(self) -> list[User]:
        return [_user(row) for row in self.store.all("SELECT * FROM google_user ORDER BY address")]

    def aliases(self, user: User) -> list[str]:
        rows = self.store.all("SELECT address FROM google_alias WHERE user = ? ORDER BY address", (user.id,))
        return [row["address"] for row in rows]

    # --- who may act

    def add_account(self, email: str, public_key: str, domains: Iterable[str], scopes: Iterable[str]) -> None:
        """A service account, and the domains whose administrators let it act for their users with these scopes."""
        with self.store.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO google_account VALUES (?, ?)", (email, public_key))
            for domain in domains:
                connection.execute(
                    "INSERT OR REPLACE INTO google_grant VALUES (?, ?, ?)", (email, domain, json.dumps(sorted(scopes)))
                )

    def public_key(self, email: str) -> str:
        return str(self.store.scalar("SELECT public_key FROM google_account WHERE email = ?", (email,)) or "")

    def granted(self, email: str, domain: str) -> frozenset[str]:
        row = self.store.one("SELECT scopes FROM google_grant WHERE email = ? AND domain = ?", (email, domain))
        return frozenset(json.loads(row["scopes"])) if row is not None else frozenset()

    def consent(self, user: User, client: str, secret: str, scopes: Iterable[str]) -> str:
        """The user lets a client act for him; the refresh token that it gets."""
        token = f"1//{secrets.token_urlsafe(24)}"
        self.store.run(
            "INSERT INTO google_consent VALUES (?, ?, ?, ?, ?)",
            (token, client, secret, user.id, json.dumps(sorted(scopes))),
        )
        return token

    def issue(self, user: int, scopes: Iterable[str], expires: float) -> str:
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.store.run(
            "INSERT INTO google_token VALUES (?, ?, ?, ?)", (token, user, json.dumps(sorted(scopes)), expires)
        )
        return token

    def bearer(self, token: str, now: float) -> tuple[User, frozenset[str]] | None:
        row = self.store.one(
            "SELECT u.*, t.scopes AS scopes FROM google_token t JOIN google_user u ON u.id = t.user"
            " WHERE t.token = ? AND t.expires > ?",
            (token, now),
        )
        return None if row is None else (_user(row), frozenset(json.loads(row["scopes"])))

    # --- people who agree

    def add_client(self, ident: str, secret: str, redirects: Iterable[str], *, blocked: bool = False) -> None:
        self.store.run(
            "INSERT OR REPLACE INTO google_client VALUES (?, ?, ?, ?)",
            (ident, secret, json.dumps(sorted(redirects)), int(blocked)),
        )

    def client(self, ident: str) -> Row | None:
        return self.store.one("SELECT * FROM google_client WHERE id = ?", (ident,))

    def give_code(
        self, client: str, user: User, scopes: Iterable[str], redirect: str, challenge: str, expires: float
    ) -> str:
        code = f"4/{secrets.token_urlsafe(24)}"
        self.store.run(
            "INSERT INTO google_code VALUES (?, ?, ?, ?, ?, ?, ?)",
            (code, client, user.id, json.dumps(sorted(scopes)), redirect, challenge, expires),
        )
        return code

    def take_code(self, client: str, code: str, now: float) -> Row | None:
        """What the code was given for; once, and not too late."""
        with self.store.transaction() as connection:
            row = self.store.one("SELECT * FROM google_code WHERE code = ? AND client = ?", (code, client))
            connection.execute("DELETE FROM google_code WHERE code = ?", (code,))
        return row if row is not None and row["expires"] > now else None

    def take_back(self, token: str) -> bool:
        """A consent is revoked; False when there is none."""
        known = self.store.one("SELECT 1 FROM google_consent WHERE token = ?", (token,)) is not None
        self.store.run("DELETE FROM google_consent WHERE token = ?", (token,))
        return known

    # --- what is switched off

    def suspend(self, user: User) -> None:
        self.store.run("INSERT OR REPLACE INTO google_suspended VALUES (?)", (user.id,))

    def is_suspended(self, user: int) -> bool:
        return self.store.one("SELECT 1 FROM google_suspended WHERE user = ?", (user,)) is not None

    def switch_off(self, service: str, user: User | None) -> None:
        self.store.run("INSERT OR REPLACE INTO google_off VALUES (?, ?)", (service, user.id if user else 0))

    def is_off(self, service: str, user: User | None) -> bool:
        wanted = (service, user.id if user else 0)
        return self.store.one("SELECT 1 FROM google_off WHERE service = ? AND user = ?", wanted) is not None

    def revoke_tokens(self) -> None:
        self.store.run("DELETE FROM google_token")


def _user(row: Row) -> User:
    return User(row["id"], row["address"], row["name"], row["timezone"])


class Docs:
    """The documents of one user."""

    def __init__(self, store: Store, user: User, now: datetime) -> None:
        self.store = store
        self.user = user
        self.now = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"

    def head(self) -> int:
        return int(self.store.scalar("SELECT value FROM google_counter") or 0)

    def step(self) -> int:
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO google_counter VALUES (1, 1001) ON CONFLICT (only) DO UPDATE SET value = value + 1"
            )
            return self.head()

    def put(self, kind: str, ident: str, values: Json, *, parent: str = "", gone: bool = False) -> Doc:
        with self.store.transaction() as connection:
            seq = self.step()
            connection.execute(
                "INSERT OR REPLACE INTO google_doc VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self.user.id, kind, parent, ident, seq, int(gone), json.dumps(values)),
            )
        return Doc(ident, parent, seq, gone, values)

    def drop(self, kind: str, ident: str, *, parent: str = "") -> None:
        """Without a trace."""
        self.store.run(
            "DELETE FROM google_doc WHERE user = ? AND kind = ? AND parent = ? AND id = ?",
            (self.user.id, kind, parent, ident),
        )

    def find(self, kind: str, ident: str, *, parent: str = "") -> Doc | None:
        row = self.store.one(
            "SELECT * FROM google_doc WHERE user = ? AND kind = ? AND parent = ? AND id = ?",
            (self.user.id, kind, parent, ident),
        )
        return None if row is None else _doc(row)

    def get(self, kind: str, ident: str, *, parent: str = "") -> Doc:
        """What is there. Raises notFound."""
        found = self.find(kind, ident, parent=parent)
        if found is None or found.gone:
            raise GoogleError(404, "notFound", "Not Found")
        return found

    def all(self, kind: str, *, parent: str = "", since: int = 0, gone: bool = False) -> list[Doc]:
        """In the order of their last writes, those after `since`; with what is deleted if `gone`."""
        rows = self.store.all(
            "SELECT * FROM google_doc WHERE user = ? AND kind = ? AND parent = ? AND seq > ? AND gone <= ?"
            " ORDER BY seq",
            (self.user.id, kind, parent, since, int(gone)),
        )
        return [_doc(row) for row in rows]

    # --- mail

    def history(self, what: str, message: Doc, changed: Iterable[str] = ()) -> None:
        """A line of the mailbox's history: `what` is messagesAdded, messagesDeleted, labelsAdded or labelsRemoved."""
        values = message.values
        self.store.run(
            "INSERT INTO google_history VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.step(), self.user.id, what, message.id, values["threadId"], json.dumps(values["labelIds"]),
             json.dumps(sorted(changed))),
        )  # fmt: skip

    def histories(self, since: int) -> Iterator[Row]:
        yield from self.store.all(
            "SELECT * FROM google_history WHERE user = ? AND seq > ? ORDER BY seq", (self.user.id, since)
        )

    # --- cursors

    def token(self, service: str, seq: int, about: str = "") -> str:
        """A cursor of this user at a service; `about`: the question that it goes with."""
        text = json.dumps([self.user.id, service, seq, about])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read_token(self, service: str, token: str, about: str = "") -> int | None:
        """Where a cursor goes on; None for one that is of no use."""
        try:
            user, at, seq, asked = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, TypeError):
            return None
        fits = user == self.user.id and at == service and asked == about and seq >= self.floor(service)
        return int(seq) if fits else None

    def floor(self, service: str) -> int:
        found = self.store.scalar(
            "SELECT seq FROM google_floor WHERE user = ? AND service = ?", (self.user.id, service)
        )
        return int(found or 0)

    def expire(self, service: str) -> None:
        """All cursors that were given out so far are of no use from now on."""
        self.store.run("INSERT OR REPLACE INTO google_floor VALUES (?, ?, ?)", (self.user.id, service, self.step()))


def _doc(row: Row) -> Doc:
    return Doc(row["id"], row["parent"], row["seq"], bool(row["gone"]), json.loads(row["doc"]))


def fresh_id(*parts: object) -> str:
    """An id that Google makes up; the same parts give the same one."""
    text = "|".join(map(str, parts))
    return base64.b32hexencode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode().lower()[:26]


def merged(old: Json, new: Json) -> Json:
    """A patch: objects come together, null takes away, everything else takes the place of what was there."""
    made = dict(old)
    for name, value in new.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict):
            made[name] = merged(made[name] if isinstance(made.get(name), dict) else {}, value)
        else:
            made[name] = value
    return made
