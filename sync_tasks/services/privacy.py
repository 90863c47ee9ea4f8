"""All that is kept about a person's address: told as values, or erased (TOP-22).

`HELD` goes through every table of the store. A new table that is not named here fails a test, so that nobody forgets to
say what it holds of people. What Salesforce and the mailboxes hold is theirs, and is not touched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConnectorError
from mapping.merge.baseline import fingerprint
from mapping.model.people import normalise
from mapping.rules.attendees import person_mark
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.security.vault import VaultError
from sync_tasks.stages import disputes, imaging, intents, threads, unresolved
from sync_tasks.state.personal import Personal, Row
from sync_tasks.state.records import OrgView, UserView
from sync_tasks.state.store import Unit

STAYS = (
    "Salesforce and the mailboxes keep what they have; nothing there is touched.",
    "Keyed fingerprints of attendees stay with the pairs of the meetings that name the person; they cannot be read.",
    "An entry on a block list stays, because it is what keeps the address from being saved again.",
)


class StillAUserError(Exception):
    """The address is that of a user, who is deleted and not erased. The text says how."""


@dataclass(slots=True)
class Search:
    """An address, with the fingerprints under which it stands in an organization, and the ids of its records."""

    app: App
    unit: Unit
    address: str
    users: list[UserView]
    orgs: list[OrgView]
    records: frozenset[str] = frozenset()

    def by_user(self, name: Callable[[bytes], str]) -> frozenset[str]:
        return frozenset(name(self.app.fingerprint_key(user.id)) for user in self.users)

    def by_org(self, name: Callable[[bytes], str]) -> frozenset[str]:
        return frozenset(name(self.app.fingerprint_key(f"org:{org.id}")) for org in self.orgs)


Found = list[Row]


@dataclass(frozen=True, slots=True)
class Held:
    """What a table holds of people. `find`: the rows about somebody. `blanks`: columns that are emptied by erasing; the
    whole row goes when there are none. `stays`: it is told, but not erased."""

    what: str
    find: Callable[[Search], Found] | None = None
    blanks: tuple[str, ...] = ()
    stays: bool = False


@dataclass(slots=True)
class Told:
    """Rows by table, and what the store does not hold or keeps."""

    address: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    stays: tuple[str, ...] = STAYS


# --- how rows are found


def _text(table: str, *columns: str) -> Callable[[Search], Found]:
    return lambda search: search.unit.personal.with_text(table, columns, search.address)


def _named(table: str, column: str, names: Callable[[Search], Iterable[str]]) -> Callable[[Search], Found]:
    return lambda search: search.unit.personal.with_value(table, column, list(names(search)))


def _sealed(table: str, column: str, context: Callable[[Row], str]) -> Callable[[Search], Found]:
    """Rows whose sealed value speaks of the address. What no key opens any more is nothing to anybody."""

    def find(search: Search) -> Found:
        found = []
        for row in search.unit.personal.sealed(table, column):
            with suppress(VaultError):
                content = search.app.vault.kept_box(row["user_id"]).open(row[column], context(row))
                if search.address.encode() in content.lower():
                    found.append(row)
        return found

    return find


def _images(search: Search) -> Found:
    """Before-images that speak of the address: those operations can be undone no more once they are erased."""
    found: Found = []
    boxes: dict[int, Any] = {}
    for row in search.unit.personal.sealed("journal", "key"):
        with suppress(VaultError):
            kept = search.app.vault.kept_box(row["user_id"])
            boxes[row["run_id"]] = imaging.box_of(kept, row["run_id"], row["key"])
    for row in search.unit.personal.sealed("before_image", "sealed"):
        box = boxes.get(row["run_id"])
        if box is not None and search.address.encode() in box.open(row["sealed"], row["op_id"].encode()).lower():
            found.append(row)
    return found


def _linkings(search: Search) -> Found:
    rows = [row for each in search.records for row in search.unit.personal.with_text("linking", ("candidates",), each)]
    return list({(row["run_id"], row["ref"]): row for row in rows}.values())


def _unresolved_names(search: Search) -> frozenset[str]:
    return search.by_user(lambda key: fingerprint(key, "unresolved", search.address))


def _claims(search: Search) -> frozenset[str]:
    return search.by_org(lambda key: fingerprint(key, "claim", f"person:{search.address}"))


def _thread_marks(search: Search) -> frozenset[str]:
    return search.by_org(lambda key: person_mark(key, search.address))


def _pairs(search: Search) -> Found:
    marks = search.by_user(lambda key: person_mark(key, search.address))
    rows = [row for mark in marks for row in search.unit.personal.with_text("pair", ("people",), mark)]
    return [{name: row[name] for name in ("id", "user_id", "kind", "key", "mailbox_id", "crm_id")} for row in rows]


IDS = "ids, moments and codes only"

HELD: Mapping[str, Held] = {
    "unresolved": Held("people unknown to Salesforce", _named("unresolved", "name", _unresolved_names)),
    "claim": Held("who makes whose record", _named("claim", "name", _claims)),
    "thread_link": Held("addresses that a thread is linked to", _named("thread_link", "value", _thread_marks)),
    "thread_follower": Held(
        "values of later records", _sealed("thread_follower", "sealed", lambda _: threads.VALUES), ("sealed",)
    ),
    "conflict": Held(
        "both values of a field",
        _sealed("conflict", "sealed", lambda row: disputes.context_of(row["key"], row["field"])),
    ),
    "intent": Held(
        "values that somebody chose",
        _sealed("intent", "sealed", lambda row: intents.context_of(row["key"], row["item"])),
    ),
    "before_image": Held("what a run overwrote", _images),
    "linking": Held("records that came into question", _linkings),
    "pair": Held("fingerprints of attendees", _pairs, stays=True),
    "setting_value": Held("block lists", _text("setting_value", "value"), stays=True),
    "setting_change": Held(
        "earlier block lists, and who changed them", _text("setting_change", "before", "after", "by")
    ),
    "preset": Held("names"),
    "profile": Held("names"),
    "profile_member": Held(IDS),
    "rollout": Held(
        "block lists that are rolled out, and by whom",
        _text("rollout", "settings", "started_by", "ended_by"),
        stays=True,
    ),
    "admin_audit": Held("what administrators did", _text("admin_audit", "subject", "actor"), ("subject",)),
    "web_grant": Held("who administers", _text("web_grant", "address")),
    "web_link": Held("log-ins that wait", _text("web_link", "address")),
    "web_session": Held("sessions", _text("web_session", "address")),
    "web_token": Held("tokens", _text("web_token", "address")),
    "org_feed": Held(IDS),
    "org_feed_reader": Held(IDS),
    "push_subscription": Held("addresses of this installation, not of people"),
    "app_user": Held("users", _text("app_user", "address", "aliases"), stays=True),
    "organization": Held("names and describes of organizations"),
    "connection": Held("service accounts and endpoints"),
    "credential": Held("secrets of connections"),
    "kept_secret": Held("secrets of the installation"),
    "consent": Held("log-ins under way, for some minutes"),
    "refresh_claim": Held(IDS),
    "mapping": Held("columns"),
    "cursor": Held(IDS),
    "sync_run": Held(IDS),
    "run_stage": Held(IDS),
    "staged_item": Held("content of open runs, under a key that goes with the run"),
    "operation": Held("values of open runs, under a key that goes with the run; else ids"),
    "journal": Held("keys of before-images"),
    "decision": Held("ids and reasons"),
    "issue": Held(IDS),
    "item_retry": Held(IDS),
    "mail_files": Held(IDS),
    "hold": Held(IDS),
    "thread": Held(IDS),
    "thread_key": Held("hashes of messages"),
    "breaker": Held(IDS),
    "notification": Held("ids of users"),
    "web_try": Held("hashes of network addresses, for an hour"),
}


# --- what is asked for


def export(app: App, address: str, *, by: str) -> Told:
    """Everything that is kept about an address. That somebody looked is noted."""
    told = Told(normalise(address))
    noted = _noted(app, told.address)
    with app.store.writing() as unit:
        search = _search(app, unit, told.address)
        for table, held in HELD.items():
            rows = held.find(search) if held.find is not None else []
            told.tables |= {table: [_shown(search, table, row) for row in rows]} if rows else {}
        user = next((each for each in search.users if each.address == told.address), None)
        if user is not None:
            told.tables |= _of_user(unit, user)
        unit.accounts.audit(app.clock(), by, "person.export", noted)
    return told


def erase(app: App, address: str, *, by: str) -> Told:
    """Erase what is kept about an address; returns what was erased. Doing it twice does no harm. Raises
    StillAUserError."""
    told = Told(normalise(address))
    noted, records = _noted(app, told.address), _records(app, told.address)
    with app.store.writing() as unit:
        search = _search(app, unit, told.address, records)
        if any(told.address in (each.address, *each.aliases) for each in search.users):
            raise StillAUserError(f"{told.address} is a user here; `inbox-sync user delete {told.address}` first")
        for table, held in HELD.items():
            if held.find is None or held.stays:
                continue
            rows = held.find(search)
            if held.blanks:
                unit.personal.blank(table, held.blanks, rows)
            else:
                unit.personal.drop(table, rows)
            told.tables |= {table: [Personal.plain(row) for row in rows]} if rows else {}
        counts = {table: len(rows) for table, rows in told.tables.items()}
        unit.accounts.audit(app.clock(), by, "person.erase", noted, **counts)
    return told


def _noted(app: App, address: str) -> str:
    """By what the audit calls somebody whose address it must not keep."""
    return fingerprint(app.fingerprint_key("person"), "person", address)[:12]


def _search(app: App, unit: Unit, address: str, records: frozenset[str] | None = None) -> Search:
    users, orgs = unit.accounts.users(), unit.accounts.orgs()
    return Search(app, unit, address, users, orgs, records or frozenset())


def _records(app: App, address: str) -> frozenset[str]:
    """The ids of the person's records, by which the trail names him. Where Salesforce does not answer the trail stays,
    until its time is over."""
    with app.store.reading() as unit:
        orgs = unit.accounts.orgs()
    found: set[str] = set()
    for org in orgs:
        with suppress(ConnectorError, NotConnectedError):
            people = app.crm_of(org.id, None, org.name).find_people([address])
            found |= {each.id for each in people.get(address, ()) if each.object != "User"}
    return frozenset(found)


def _shown(search: Search, table: str, row: Row) -> Row:
    told = Personal.plain(row)
    if table == "unresolved" and row["sealed"] is not None:
        box = search.app.vault.kept_box(row["user_id"])
        told |= {"person": json.loads(box.open(row["sealed"], unresolved.context_of(row["name"])))}
    return told


def _of_user(unit: Unit, user: UserView) -> dict[str, list[Row]]:
    """All rows that are a user's own."""
    rows = {table: list(map(Personal.plain, unit.personal.of_user(table, user.id))) for table in HELD}
    return {table: found for table, found in rows.items() if found}
