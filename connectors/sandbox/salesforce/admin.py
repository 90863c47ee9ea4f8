"""Control entries of the Salesforce side: orgs, users, settings, and records put in without the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.sandbox.control import body, route
from connectors.sandbox.salesforce import listviews, oauth, orgs
from connectors.sandbox.salesforce.call import Call, state_of
from connectors.sandbox.salesforce.converting import convert
from connectors.sandbox.salesforce.facts import FieldFact, objects
from connectors.sandbox.salesforce.ids import to18
from connectors.sandbox.salesforce.rules_people import full_name
from connectors.sandbox.salesforce.values import read_date, read_moment, show_moment

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


def find(sandbox: Sandbox, key: str | None) -> orgs.Org:
    """An org by key or id, the default one without. Raises ValueError."""
    org = orgs.find_org(sandbox.store, key or orgs.DEFAULT_ORG)
    if org is None:
        raise ValueError(f"no org {key}")
    return org


def add_user(sandbox: Sandbox, org: orgs.Org, raw: Mapping[str, Any]) -> orgs.User:
    """Raises ValueError for a user name that is none."""
    stamp = show_moment(sandbox.clock.now())
    return orgs.create_user(sandbox.store, state_of(sandbox.store).minter, org, raw, stamp)


def furnish(sandbox: Sandbox, org: orgs.Org, client_id: str, client_secret: str, **client: Any) -> orgs.User:
    """What every org has: an integration user that sees all, and a client that acts as it."""
    name = f"integration@{org.key}.example"
    user = add_user(sandbox, org, {"username": name, "FirstName": "Inbox", "LastName": "Sync", "view_all": True})
    oauth.register_client(
        sandbox, {"client_id": client_id, "client_secret": client_secret, "run_as": name, **client}, org
    )
    sandbox.store.run("UPDATE sf_org SET changed = ? WHERE key = ?", (sandbox.clock.now().timestamp(), org.key))
    return user


def load(sandbox: Sandbox, org: orgs.Org, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Put rows in as they are: {"object", "fields", "ref"?}. A value "@name" stands for the id of the earlier row
    with that `ref`, "@user:name" for a user's. Only columns the vendor always fills are filled. Answers the ids.
    Raises ValueError."""
    minter = state_of(sandbox.store).minter
    stamp = show_moment(sandbox.clock.now())
    known: dict[str, str] = {}
    batches: dict[str, list[tuple[Any, ...]]] = {}
    names: list[tuple[Any, ...]] = []
    ids: list[str] = []
    owner = orgs.find_user(sandbox.store, org, f"integration@{org.key}.example")
    users: dict[str, str] = {}
    templates: dict[str, tuple[Mapping[str, FieldFact], dict[str, Any], str]] = {}
    with sandbox.store.transaction() as connection:
        for entry in rows:
            name = str(entry["object"])
            if name not in templates:
                templates[name] = _template(name, stamp, owner.id if owner is not None else None)
            columns, blank, prefix = templates[name]
            row = dict(blank)
            for key, value in dict(entry["fields"]).items():
                if key not in columns:
                    raise ValueError(f"no field {key} on {name}")
                row[key] = _value(sandbox, org, columns[key].type, value, known, users)
            row["Id"] = row["Id"] or minter.mint(org.key, org.instance, prefix)
            _complete(name, row)
            if entry.get("ref"):
                known[str(entry["ref"])] = row["Id"]
            ids.append(row["Id"])
            batches.setdefault(name, []).append(tuple(row.values()))
            if name in orgs.NAMED:
                names.append(orgs.name_row(name, row))
        for name, batch in batches.items():
            quoted = ", ".join(f'"{key}"' for key in templates[name][1])
            marks = ", ".join("?" for _ in templates[name][1])
            connection.executemany(f"INSERT OR REPLACE INTO {org.table(name)}({quoted}) VALUES({marks})", batch)
        marks = ", ".join("?" for _ in orgs.NAME_COLUMNS)
        connection.executemany(f"INSERT OR REPLACE INTO {org.table('Name')} VALUES({marks})", names)
    state_of(sandbox.store).swept.pop(org.key, None)
    return ids


def _template(name: str, stamp: str, owner: str | None) -> tuple[Mapping[str, FieldFact], dict[str, Any], str]:
    """Columns, an empty row and the key prefix of an object. Raises ValueError for an unknown one."""
    fact = objects().get(name)
    if fact is None:
        raise ValueError(f"no object {name}")
    columns = {key: field for key, field in fact.fields.items() if field.stored}
    row: dict[str, Any] = {key: field.more.get("default") for key, field in columns.items()}
    row |= {key: 0 for key, field in columns.items() if field.type == "boolean"}
    row |= {key: stamp for key in ("CreatedDate", "LastModifiedDate", "SystemModstamp") if key in columns}
    row |= {key: owner for key in ("OwnerId", "CreatedById", "LastModifiedById") if key in columns}
    return columns, row, fact.prefix


def _value(
    sandbox: Sandbox, org: orgs.Org, kind: str, value: Any, known: Mapping[str, str], users: dict[str, str]
) -> Any:
    if value is None or value == "":
        return 0 if kind == "boolean" else None
    if kind == "boolean":
        return int(value is True or str(value).lower() in ("true", "1"))
    if kind == "datetime":
        return show_moment(read_moment(str(value)))
    if kind == "date":
        return read_date(str(value)).isoformat()
    if kind in ("int", "double", "currency", "percent"):
        return int(value) if kind == "int" else float(value)
    if kind not in ("id", "reference"):
        return str(value)
    text = str(value)
    if text.startswith("@user:"):
        if text not in users:
            user = orgs.find_user(sandbox.store, org, text.removeprefix("@user:"))
            if user is None:
                raise ValueError(f"no user {text}")
            users[text] = user.id
        return users[text]
    if text.startswith("@"):
        if text[1:] not in known:
            raise ValueError(f"no earlier row {text}")
        return known[text[1:]]
    return to18(text)


def _complete(name: str, row: dict[str, Any]) -> None:
    if name in ("Contact", "Lead", "User"):
        row["Name"] = row["Name"] or full_name(row)
    if name == "Event" and row["StartDateTime"]:
        row["ActivityDate"] = row["ActivityDate"] or row["StartDateTime"][:10]
        if row["EndDateTime"] and row["DurationInMinutes"] is None and not row["IsAllDayEvent"]:
            length = read_moment(row["EndDateTime"]) - read_moment(row["StartDateTime"])
            row["DurationInMinutes"] = int(length.total_seconds() // 60)
        row["EndDate"] = row["EndDate"] or (row["EndDateTime"] or row["StartDateTime"])[:10]


@route("GET", "/control/salesforce/orgs")
def _list_orgs(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return {"orgs": [{"key": org.key, "id": org.id} for org in orgs.all_orgs(sandbox.store)]}


@route("POST", "/control/salesforce/orgs")
def _add_org(request: Request, sandbox: Sandbox) -> Any:
    """{"key", "client_id"?, "client_secret"?, "settings"?, "public_key"?, "redirect_uris"?, "pkce"?}"""
    raw = body(request)
    key = str(raw["key"])
    settings = orgs.Settings.parse(raw.get("settings") or {})
    org = orgs.create_org(sandbox.store, key, settings)
    client_id = str(raw.get("client_id") or (orgs.DEFAULT_CLIENT if key == orgs.DEFAULT_ORG else f"inbox-sync-{key}"))
    secret = str(raw.get("client_secret") or orgs.DEFAULT_SECRET)
    more = {name: raw[name] for name in ("public_key", "redirect_uris", "pkce") if name in raw}
    user = furnish(sandbox, org, client_id, secret, **more)
    return {"key": key, "id": org.id, "client_id": client_id, "integration_user": user.id}


@route("POST", "/control/salesforce/users")
def _add_users(request: Request, sandbox: Sandbox) -> Any:
    """{"org"?, "username", "view_all"?, any User field} or a list of such."""
    raw = body(request)
    out = []
    for entry in raw if isinstance(raw, list) else [raw]:
        user = add_user(sandbox, find(sandbox, entry.get("org")), entry)
        out.append({"id": user.id, "username": user.username})
    return {"users": out}


@route("POST", "/control/salesforce/records")
def _load(request: Request, sandbox: Sandbox) -> Any:
    """A list of rows, or {"org", "records": [..]}."""
    raw = body(request)
    rows = raw if isinstance(raw, list) else raw["records"]
    org = find(sandbox, None if isinstance(raw, list) else raw.get("org"))
    return {"ids": load(sandbox, org, rows)}


@route("POST", "/control/salesforce/leads/convert")
def _convert(request: Request, sandbox: Sandbox) -> Any:
    """{"org"?, "lead", "account"?: an existing one, "opportunity"?: the name of a new one}"""
    raw = body(request)
    org = find(sandbox, raw.get("org"))
    user = orgs.find_user(sandbox.store, org, f"integration@{org.key}.example")
    if user is None:
        raise ValueError("the org has no integration user")
    call = Call(sandbox, org, user)
    with sandbox.store.transaction():
        return convert(call, str(raw["lead"]), str(raw.get("account") or ""), str(raw.get("opportunity") or ""))


@route("POST", "/control/salesforce/listviews")
def _add_view(request: Request, sandbox: Sandbox) -> Any:
    """{"org"?, "object", "label"?, "where"?, "scope"?, "id"?}"""
    raw = dict(body(request))
    return {"id": listviews.add(sandbox.store, find(sandbox, raw.pop("org", None)), raw)}


@route("GET", "/control/salesforce/settings")
def _settings(request: Request, sandbox: Sandbox) -> Any:
    return orgs.plain(find(sandbox, request.args.get("org")).settings)


@route("POST", "/control/salesforce/settings")
def _change_settings(request: Request, sandbox: Sandbox) -> Any:
    """{"org"?, switch: value, ...}"""
    raw = dict(body(request))
    org = find(sandbox, raw.pop("org", None))
    changed = orgs.change_settings(sandbox.store, org, raw, sandbox.clock.now().timestamp())
    state_of(sandbox.store).swept.pop(org.key, None)
    return orgs.plain(changed.settings)
