# ruff: noqa: S608  (table names are made here, never from what a caller sends)
"""Orgs, what is switched on in them, their users, and the tables that hold all this."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from connectors.sandbox.salesforce import facts
from connectors.sandbox.salesforce.ids import Minter, checksum
from connectors.sandbox.store import Store

DEFAULT_ORG = "acme"
DEFAULT_CLIENT, DEFAULT_SECRET = "inbox-sync", "sandbox-secret"  # public by design
PERSON_RECORD_TYPE = "012000000000001AAA"
MASTER_RECORD_TYPE = "012000000000000AAA"


_FEATURES = tuple(entry.name for entry in fields(facts.Features))


@dataclass(frozen=True)
class Settings:
    """Switches of an org. Those that stand for something nobody has confirmed against the vendor can be turned over."""

    enhanced_email: bool = True
    shared_activities: bool = False
    person_accounts: bool = False
    key_field: bool = True
    batch_size: int = 2000  # rows per query page; may be set absurdly low to exercise paging
    all_day_end: str = "inclusive"  # or "exclusive": what EndDateTime of an all-day event says
    api_quota: int = 1_000_000
    multi_day_events: bool = True
    recurring_events: bool = True  # off: series cannot be made
    advanced_calendaring: bool = False  # brings ClientGuid and OriginalInstanceDateTime
    series_over_cap: str = "refuse"  # or "cut": what becomes of a series with more occurrences than there may be
    files: bool = True  # off: nobody sees ContentVersion, as without the right to use Salesforce Files
    attachments: bool = True  # the older object Attachment
    file_storage_mb: int = 1024
    update_email_messages: bool = True  # off: what hangs on a sent mail cannot be added to
    visits: bool = False  # a custom object with a date and two date-times
    refresh_rotation: bool = False
    upsert_update_status: int = 200  # or 204
    activity_unique_spans: bool = True  # one unique key over Events and Tasks together
    archive_after_days: int = 365
    session_seconds: int = 7200
    locator_seconds: int = 900
    commit_delay_seconds: int = 0  # stamps lie this far in the past, as if the transaction had taken so long
    private_objects: tuple[str, ...] = ("Event", "Task")  # rows of others stay unseen without "view all"
    validation_rules: tuple[Mapping[str, Any], ...] = ()  # {object, field, op, value, message}: error when it holds
    # {object, fields, action: block|alert, message; against: another object, and then fields may say which is which;
    # on: create, update}
    duplicate_rules: tuple[Mapping[str, Any], ...] = ()
    fls_hidden: Mapping[str, Mapping[str, Any]] | None = None  # user name -> object -> list of fields unseen
    lacking: Mapping[str, tuple[str, ...]] | None = None  # user name -> permissions that he has not: EditEvent, ...
    lead_assignment_owner: str = ""  # user name that the active lead assignment rule hands new leads to
    custom_fields: Mapping[str, tuple[Mapping[str, Any], ...]] | None = None  # by object, see `facts.custom_field`

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Settings:
        """Raises ValueError for an unknown switch."""
        known = {entry.name for entry in fields(cls)}
        if unknown := set(raw) - known:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()
        }
        return cls(**values)

    def objects(self) -> Mapping[str, facts.ObjectFact]:
        known = facts.objects(facts.Features(**{name: getattr(self, name) for name in _FEATURES}))
        return facts.with_custom(known, {name: self.custom(name) for name in self.custom_fields or ()})

    def custom(self, name: str) -> dict[str, facts.FieldFact]:
        """The fields that were added to an object."""
        made = map(facts.custom_field, (self.custom_fields or {}).get(name, ()))
        return {fact.name: fact for fact in made}

    def columns(self, name: str) -> Mapping[str, facts.FieldFact]:
        """Every field that a stored row of the object has, whatever is switched on."""
        return {**facts.all_columns(name), **self.custom(name)}


@dataclass(frozen=True)
class Org:
    key: str
    id: str
    instance: str
    settings: Settings

    def table(self, name: str) -> str:
        return f'"sf_{self.key}_{name}"'


@dataclass(frozen=True)
class User:
    id: str
    username: str
    view_all: bool
    zone: str


_SHARED = (
    """CREATE TABLE IF NOT EXISTS sf_org(key TEXT PRIMARY KEY, id TEXT UNIQUE, instance TEXT, settings TEXT,
       used INTEGER, changed REAL)""",
    "CREATE TABLE IF NOT EXISTS sf_counter(org TEXT, prefix TEXT, next INTEGER, PRIMARY KEY(org, prefix))",
    "CREATE TABLE IF NOT EXISTS sf_access(org TEXT, user TEXT, view_all INTEGER, PRIMARY KEY(org, user))",
    """CREATE TABLE IF NOT EXISTS sf_client(id TEXT PRIMARY KEY, secret TEXT, org TEXT, run_as TEXT, public_key TEXT,
       redirects TEXT, pkce INTEGER)""",
    """CREATE TABLE IF NOT EXISTS sf_token(token TEXT PRIMARY KEY, kind TEXT, org TEXT, user TEXT, client TEXT,
       used_at REAL, more TEXT)""",
    "CREATE INDEX IF NOT EXISTS sf_token_user ON sf_token(org, user, kind)",
    """CREATE TABLE IF NOT EXISTS sf_locator(id TEXT PRIMARY KEY, org TEXT, user TEXT, soql TEXT, all_rows INTEGER,
       ids TEXT, used_at REAL)""",
    "CREATE TABLE IF NOT EXISTS sf_blob(org TEXT, id TEXT, data BLOB, PRIMARY KEY(org, id))",
    """CREATE TABLE IF NOT EXISTS sf_view(org TEXT, id TEXT, object TEXT, label TEXT, scope TEXT, condition TEXT,
       PRIMARY KEY(org, id))""",
    # which event belongs to which: kind `invitee` (child of a user's invitation) or `series` (occurrence of a series)
    "CREATE TABLE IF NOT EXISTS sf_link(org TEXT, kind TEXT, child TEXT, parent TEXT, PRIMARY KEY(org, kind, child))",
    "CREATE INDEX IF NOT EXISTS sf_link_parent ON sf_link(org, kind, parent)",
)


def install(store: Store) -> None:
    """Tables that are shared by all orgs."""
    store.ensure(_SHARED)


_KINDS = {"boolean": "INTEGER", "int": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL"}
_EXACT = ("id", "reference", "date", "datetime")
_TYPED_INDEX = ("reference", "email")


def _kind(fact: facts.FieldFact) -> str:
    return _KINDS.get(fact.type) or ("TEXT" if fact.type in _EXACT else "TEXT COLLATE NOCASE")


def _table(org: Org, name: str) -> Iterable[str]:
    columns, indexed = [], {"SystemModstamp", "CreatedDate", "Website", "StartDateTime", "Name"}
    for fact in facts.all_columns(name).values():
        if not fact.stored:
            continue
        columns.append(f'"{fact.name}" {_kind(fact)}' + (" PRIMARY KEY" if fact.name == "Id" else ""))
        if fact.type in _TYPED_INDEX or fact.has("i") or fact.has("x"):
            indexed.add(fact.name)
    yield f"CREATE TABLE IF NOT EXISTS {org.table(name)} ({', '.join(columns)})"
    have = facts.all_columns(name)
    for column in sorted(indexed & set(have) - {"Id"}):
        if column == "OwnerId":
            spec = '"OwnerId", "SystemModstamp", "Id"'  # the poll of one owner's rows
        elif column == "SystemModstamp":
            spec = '"SystemModstamp", "Id"'
        elif column in ("CreatedById", "LastModifiedById"):
            continue
        else:
            spec = f'"{column}"'
        # most references are empty in most rows: those rows cost nothing in the index
        some = f' WHERE "{column}" IS NOT NULL' if have[column].has("n") else ""
        yield f'CREATE INDEX IF NOT EXISTS "sf_{org.key}_{name}_{column}" ON {org.table(name)}({spec}){some}'


def _added_columns(org: Org, before: Settings, after: Settings) -> Iterable[str]:
    """Raises ValueError for an object that is not kept here."""
    for name in after.custom_fields or ():
        if name not in facts.OBJECTS:
            raise ValueError(f"no object {name}")
        for fact in after.custom(name).values():
            if fact.name not in before.custom(name):
                default = " DEFAULT 0" if fact.type == "boolean" else ""
                yield f'ALTER TABLE {org.table(name)} ADD COLUMN "{fact.name}" {_kind(fact)}{default}'


NAME_COLUMNS = (
    "Id",
    "Type",
    "Name",
    "FirstName",
    "LastName",
    "Email",
    "Phone",
    "Title",
    "Username",
    "Alias",
    "IsActive",
)
NAMED = (
    "Account",
    "Attachment",
    "Calendar",
    "Case",
    "Contact",
    "Lead",
    "Opportunity",
    "User",
    "EmailMessage",
    "Event",
    "Task",
    "ContentDocument",
)


def create_org(store: Store, key: str, settings: Settings | None = None) -> Org:
    """Add an org with empty tables; an org of that key that exists already is left as it is. Raises ValueError for
    a key that is not plain lower-case text."""
    if not re.fullmatch(r"[a-z][a-z0-9]{0,20}", key):
        raise ValueError("an org key is lower-case letters and digits")
    existing = find_org(store, key)
    if existing is not None:
        return existing
    with store.transaction() as connection:
        number = connection.execute("SELECT count(*) FROM sf_org").fetchone()[0] + 1
        instance = f"A{number:02d}"
        short = f"00D{instance}00000000{number % 10}"
        org = Org(key, short + checksum(short), instance, settings or Settings())
        connection.execute(
            "INSERT INTO sf_org VALUES(?, ?, ?, ?, 0, 0)", (key, org.id, instance, json.dumps(plain(org.settings)))
        )
        for name in facts.OBJECTS:
            for statement in _table(org, name):
                connection.execute(statement)
        for statement in _added_columns(org, Settings(), org.settings):
            connection.execute(statement)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {org.table('Name')} (Id TEXT PRIMARY KEY, "
            + ", ".join(
                f"{column} {'INTEGER' if column == 'IsActive' else 'TEXT COLLATE NOCASE'}"
                for column in NAME_COLUMNS[1:]
            )
            + ") WITHOUT ROWID"
        )
    return org


def plain(settings: Settings) -> dict[str, Any]:
    return {entry.name: getattr(settings, entry.name) for entry in fields(settings)}


_parsed: dict[str, Settings] = {}


def _org(row: Any) -> Org:
    settings = _parsed.get(row["settings"])
    if settings is None:
        settings = Settings.parse(json.loads(row["settings"]))
        _parsed[row["settings"]] = settings
    return Org(row["key"], row["id"], row["instance"], settings)


def find_org(store: Store, key: str) -> Org | None:
    row = store.one("SELECT * FROM sf_org WHERE key = ? OR id = ?", (key, key))
    return None if row is None else _org(row)


def all_orgs(store: Store) -> list[Org]:
    return [_org(row) for row in store.all("SELECT * FROM sf_org ORDER BY key")]


def change_settings(store: Store, org: Org, changes: Mapping[str, Any], at: float) -> Org:
    """Turn switches; unknown ones raise ValueError. `at`: the moment, describes are newer from then on."""
    wanted = Settings.parse({**plain(org.settings), **changes})
    for statement in _added_columns(org, org.settings, wanted):
        store.run(statement)
    store.run("UPDATE sf_org SET settings = ?, changed = ? WHERE key = ?", (json.dumps(plain(wanted)), at, org.key))
    return Org(org.key, org.id, org.instance, wanted)


def find_user(store: Store, org: Org, name_or_id: str) -> User | None:
    row = store.one(
        f"SELECT u.Id, u.Username, u.TimeZoneSidKey, coalesce(a.view_all, 0) AS view_all FROM {org.table('User')} u "
        "LEFT JOIN sf_access a ON a.org = ? AND a.user = u.Id WHERE u.Id = ? OR u.Username = ?",
        (org.key, name_or_id, name_or_id),
    )
    if row is None:
        return None
    return User(row["Id"], row["Username"], bool(row["view_all"]), row["TimeZoneSidKey"] or "GMT")


def create_user(store: Store, minter: Minter, org: Org, raw: Mapping[str, Any], stamp: str) -> User:
    """`username` and any User field; `view_all`: sees every record. A user of that name is changed, not doubled."""
    username = str(raw.get("username") or raw.get("Username") or "")
    if "@" not in username:
        raise ValueError("a user needs a username of e-mail shape")
    local = username.partition("@")[0]
    first, _, last = local.replace("_", ".").rpartition(".")
    known = facts.all_columns("User")
    values: dict[str, Any] = {
        "Username": username, "Email": username, "FirstName": first.title() or None, "LastName": last.title(),
        "Alias": local[:8], "IsActive": 1, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8", "UserType": "Standard", "CreatedDate": stamp, "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
    }  # fmt: skip
    values |= {name: int(value) if isinstance(value, bool) else value for name, value in raw.items() if name in known}
    values["Name"] = " ".join(part for part in (values["FirstName"], values["LastName"]) if part)
    with store.transaction() as connection:
        existing = find_user(store, org, username)
        values["Id"] = existing.id if existing else raw.get("Id") or minter.mint(org.key, org.instance, "005")
        values.setdefault("CreatedById", values["Id"])
        values.setdefault("LastModifiedById", values["Id"])
        marks = ", ".join("?" for _ in values)
        names = ", ".join(f'"{name}"' for name in values)
        connection.execute(
            f"INSERT OR REPLACE INTO {org.table('User')}({names}) VALUES({marks})", tuple(values.values())
        )
        view_all = int(bool(raw.get("view_all", existing.view_all if existing else False)))
        connection.execute("INSERT OR REPLACE INTO sf_access VALUES(?, ?, ?)", (org.key, values["Id"], view_all))
        sync_name(store, org, "User", values)
    return User(values["Id"], username, bool(view_all), values["TimeZoneSidKey"])


def sync_name(store: Store, org: Org, name: str, row: Mapping[str, Any]) -> None:
    """Keep the table behind polymorphic `Who.Name`, `What.Type`, `Owner.Email`."""
    if name in NAMED:
        store.run(
            f"INSERT OR REPLACE INTO {org.table('Name')} VALUES({', '.join('?' for _ in NAME_COLUMNS)})",
            name_row(name, row),
        )


def name_row(name: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    shown = row.get("Name") or row.get("Subject") or row.get("CaseNumber") or row.get("Title")
    title = row.get("Title") if name in ("Contact", "Lead", "User") else None
    return (
        row["Id"], name, shown, row.get("FirstName"), row.get("LastName"), row.get("Email"), row.get("Phone"), title,
        row.get("Username"), row.get("Alias"), row.get("IsActive"),
    )  # fmt: skip
