# ruff: noqa: S608  (the statement is told, not run)
"""List views: what an administrator put together, listed and described. They are made through the control entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import orgs
from connectors.sandbox.salesforce.call import Call, state_of
from connectors.sandbox.salesforce.errors import not_found
from connectors.sandbox.salesforce.facts import ObjectFact
from connectors.sandbox.salesforce.ids import to18
from connectors.sandbox.store import Store

PREFIX = "00B"


def add(store: Store, org: orgs.Org, raw: Mapping[str, Any]) -> str:
    """{"object", "label"?, "where"?, "scope"?: everything or mine, "id"?: change this one}. Answers the id."""
    view_id = str(raw.get("id") or state_of(store).minter.mint(org.key, org.instance, PREFIX))
    name, label = str(raw["object"]), str(raw.get("label", "A list"))
    told = (str(raw.get("scope", "everything")), str(raw.get("where", "")))
    store.run("INSERT OR REPLACE INTO sf_view VALUES(?, ?, ?, ?, ?, ?)", (org.key, view_id, name, label, *told))
    return view_id


def listed(call: Call, fact: ObjectFact) -> dict[str, Any]:
    rows = call.store.all("SELECT * FROM sf_view WHERE org = ? AND object = ? ORDER BY id", (call.org.key, fact.name))
    views = [_brief(call, row) for row in rows]
    return {"done": True, "listviews": views, "nextRecordsUrl": None, "size": len(views), "sobjectType": fact.name}


def one(call: Call, fact: ObjectFact, view_id: str) -> dict[str, Any]:
    return _brief(call, _row(call, fact, view_id))


def described(call: Call, fact: ObjectFact, view_id: str) -> dict[str, Any]:
    """Columns, scope and the whole statement; the structured form of the condition is left out."""
    row = _row(call, fact, view_id)
    using = " USING SCOPE mine" if row["scope"] == "mine" else ""
    where = f" WHERE {row['condition']}" if row["condition"] else ""
    query = f"SELECT Name, Id, CreatedDate FROM {fact.name}{using}{where} ORDER BY Name ASC NULLS FIRST, Id ASC"
    ordered = {"fieldNameOrPath": "Name", "nullsPosition": "first", "sortDirection": "ascending"}
    return {
        "columns": [{"fieldNameOrPath": "Name", "hidden": False, "label": "Name", "sortable": True, "type": "string"}],
        "id": row["id"],
        "orderBy": [ordered, {**ordered, "fieldNameOrPath": "Id"}],
        "query": query,
        "relatedEntityId": None,
        "scope": row["scope"],
        "scopeEntityId": None,
        "sobjectType": fact.name,
        "whereCondition": None,
    }


def _row(call: Call, fact: ObjectFact, view_id: str) -> Any:
    sql = "SELECT * FROM sf_view WHERE org = ? AND object = ? AND id = ?"
    row = call.store.one(sql, (call.org.key, fact.name, to18(view_id)))
    if row is None:
        raise not_found()
    return row


def _brief(call: Call, row: Any) -> dict[str, Any]:
    base = call.path(f"sobjects/{row['object']}/listviews/{row['id']}")
    return {
        "describeUrl": f"{base}/describe",
        "developerName": row["label"].replace(" ", "_"),
        "id": row["id"],
        "label": row["label"],
        "resultsUrl": f"{base}/results",
        "soqlCompatible": True,
        "url": base,
    }
