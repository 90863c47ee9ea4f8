# ruff: noqa: S608  (names come from the facts, values are always bound)
"""All records of an org as JSON in a stable order, optionally freed of everything that differs from run to run."""

from __future__ import annotations

import json
from typing import Any

from connectors.sandbox.salesforce.facts import OBJECTS, PREFIXES, ObjectFact, objects, with_custom
from connectors.sandbox.salesforce.orgs import Org
from connectors.sandbox.salesforce.values import show
from connectors.sandbox.store import Store

_SYSTEM = frozenset(
    ("Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted",
     "LastActivityDate", "LastViewedDate", "LastReferencedDate", "CompletedDateTime", "VersionData", "Body",
     "CaseNumber", "IsArchived", "ActivityId"),
)  # fmt: skip
# what a record is known by, once its id does not count
_NATURAL = {
    "User": ("Username",), "Contact": ("Email", "Name"), "Lead": ("Email", "Name"), "Account": ("Name",),
    "Opportunity": ("Name",), "Event": ("Subject", "StartDateTime"), "Task": ("Subject", "ActivityDate"),
    "EmailMessage": ("MessageIdentifier", "Subject"), "Case": ("Subject",), "ContentDocument": ("Title",),
    "ContentVersion": ("PathOnClient", "Checksum"), "Attachment": ("Name", "BodyLength"),
}  # fmt: skip


def org_state(store: Store, org: Org, normalise: bool) -> dict[str, list[dict[str, Any]]]:
    """Object -> records. Empty members are left out. normalised: live records only, no ids, no system columns,
    references replaced by what they name, sorted by content."""
    names = _names(store, org) if normalise else {}
    out: dict[str, list[dict[str, Any]]] = {}
    everything = objects()
    own = {name: org.settings.custom(name) for name in org.settings.custom_fields or ()}
    for name, fact in sorted(with_custom(everything, own).items()):
        rows = store.all(f"SELECT * FROM {org.table(name)} ORDER BY Id")
        if normalise:
            shown = [
                _natural(fact, dict(row), names)
                for row in rows
                if not fact.fields.get("IsDeleted") or not row["IsDeleted"]
            ]
            shown.sort(key=lambda record: json.dumps(record, sort_keys=True))
        else:
            shown = [_plain(fact, dict(row)) for row in rows]
        if shown:
            out[name] = shown
    return out


def _plain(fact: ObjectFact, row: dict[str, Any]) -> dict[str, Any]:
    return {name: show(fact.fields[name], value) for name, value in row.items() if value is not None}


def _natural(fact: ObjectFact, row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in row.items():
        field = fact.fields[name]
        if name in _SYSTEM or value is None or (field.type == "boolean" and not value):
            continue
        out[name] = names.get(value, "?") if field.type == "reference" else show(field, value)
    return out


def _names(store: Store, org: Org) -> dict[str, str]:
    """Id -> `Object:what it is known by`. A record without any natural content is just its object."""
    out: dict[str, str] = {}
    for name in OBJECTS:
        columns = _NATURAL.get(name, ())
        picked = "".join(f', "{column}"' for column in columns)
        for row in store.all(f"SELECT Id{picked} FROM {org.table(name)}"):
            parts = [str(row[column]) for column in columns if row[column] is not None]
            out[row["Id"]] = ":".join([PREFIXES.get(row["Id"][:3], name), *parts])
    return out
