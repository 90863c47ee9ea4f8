# ruff: noqa: S608  (table and column names come from the facts, never from what a caller sends)
"""Rows: reading them, and writing them with everything the describe promises and the rules demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.sandbox.salesforce import checks, orgs, rules
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, cross_reference, integrity, not_found
from connectors.sandbox.salesforce.facts import PREFIXES, FieldFact, ObjectFact, all_columns
from connectors.sandbox.salesforce.ids import looks_like_id, to18
from connectors.sandbox.salesforce.values import clean, not_writable

Row = dict[str, Any]


def fact_of(call: Call, name: str) -> ObjectFact:
    """Raises NOT_FOUND for an object the user does not see."""
    fact = call.find_object(name)
    if fact is None:
        raise not_found()
    return fact


def read(call: Call, name: str, record_id: str) -> Row | None:
    """The stored row, deleted or not, without any check; None when there never was one or its time is over."""
    row = call.store.one(f"SELECT * FROM {call.org.table(name)} WHERE Id = ?", (record_id,))
    if row is None:
        return None
    found = dict(row)
    return None if found.get("IsDeleted") and found["SystemModstamp"] < call.bin_start else found


def require(call: Call, name: str, record_id: str, *, writing: bool = False) -> Row:
    """A live row that the user may touch. Raises MALFORMED_ID/NOT_FOUND/ENTITY_IS_DELETED/INSUFFICIENT_ACCESS..."""
    if not looks_like_id(record_id):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {record_id}")
    record_id = to18(record_id)
    row = read(call, name, record_id) if PREFIXES.get(record_id[:3]) == name else None
    if row is None or (not writing and not call.sees(name, row)):
        raise not_found()
    if row.get("IsDeleted"):
        raise SfError("ENTITY_IS_DELETED", "entity is deleted", [])
    if writing and not call.sees(name, row):
        raise SfError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])
    return row


def parse(call: Call, fact: ObjectFact, payload: Mapping[str, Any], letter: str) -> Row:
    """Clean the fields of a body. `letter`: c for a create, u for an update. Raises on unknown or read-only fields."""
    values: Row = {}
    refused: list[str] = []
    for name, raw in payload.items():
        if name == "attributes":
            continue
        found = fact.find(name)
        if found is None:
            found, raw = _by_external_id(call, fact, name, raw)
        if found.name == "Id":
            what = "insert" if letter == "c" else "update"
            raise SfError(
                "INVALID_FIELD", f"The Id field should not be specified in the sobject data of an {what}.", ["Id"]
            )
        if not found.has(letter):
            refused.append(found.name)
        else:
            values[found.name] = clean(found, raw)
    if refused:
        raise not_writable(refused)
    for name, value in values.items():
        field = fact.fields[name]
        if value and field.type in ("reference", "junctionIdList"):
            for target in value if isinstance(value, list) else [value]:
                _target(call, field, target)
    return values


def _by_external_id(call: Call, fact: ObjectFact, name: str, raw: Any) -> tuple[FieldFact, Any]:
    """`"Account": {"Some_Key__c": "x"}` in place of an AccountId."""
    for field in fact.fields.values():
        if field.relationship.lower() != name.lower() or not isinstance(raw, dict):
            continue
        keys = [key for key in raw if key != "attributes"]
        wanted = raw.get("attributes", {}).get("type") if field.has("y") else field.references[0]
        target = call.find_object(str(wanted))
        key = target.find(keys[0]) if target is not None and len(keys) == 1 else None
        if target is None or key is None or not (key.has("x") or key.has("i")):
            break
        ids = find_ids(call, target.name, key, raw[keys[0]])
        if len(ids) != 1:
            message = f"Foreign key external ID: {raw[keys[0]]} not found for field {key.name} in entity {target.name}"
            raise SfError("INVALID_FIELD", message, [])
        return field, ids[0]
    raise SfError("INVALID_FIELD", f"No such column '{name}' on sobject of type {fact.name}")


def _target(call: Call, field: FieldFact, target: str) -> None:
    """A reference must be of an allowed object and lead to a live row."""
    if field.name == "RecordTypeId":
        if target not in (orgs.PERSON_RECORD_TYPE, orgs.MASTER_RECORD_TYPE):
            raise cross_reference(field.name)
        return
    name = PREFIXES.get(target[:3])
    if name is None:
        raise cross_reference(field.name)
    if name not in field.references:
        raise integrity(f"{field.label}: id value of incorrect type: {target}", [field.name])
    row = read(call, name, target)
    if row is None or row.get("IsDeleted"):
        raise cross_reference(field.name)
    if field.name == "OwnerId" and not row.get("IsActive"):
        raise SfError("INACTIVE_OWNER_OR_USER", "operation performed with inactive user", [field.name])


def find_ids(call: Call, name: str, key: FieldFact, value: Any) -> list[str]:
    """Live rows by the value of a key field."""
    wanted = to18(value) if key.type == "id" and isinstance(value, str) else value
    live = " AND IsDeleted = 0" if "IsDeleted" in all_columns(name) else ""
    sql = f'SELECT Id FROM {call.org.table(name)} WHERE "{key.name}" = ?{live} ORDER BY Id LIMIT 3'
    return [row[0] for row in call.store.all(sql, (wanted,))]


def create(call: Call, name: str, payload: Mapping[str, Any]) -> str:
    """Insert a row as the user; answers its id. Raises SfError."""
    fact = fact_of(call, name)
    if not fact.can("c"):
        raise SfError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {name} does not support create", [])
    checks.row_fault(call, fact.name, "create")
    values = parse(call, fact, payload, "c")
    with call.store.transaction():
        return insert(call, fact.name, values)


def insert(call: Call, name: str, values: Row, *, user_made: bool = True) -> str:
    """Defaults, rules, then the row and what follows from it. `user_made` False: the vendor itself makes this row."""
    fact = call.org.settings.objects()[name]
    columns = call.org.settings.columns(name)
    lists = {key: values.pop(key) for key in list(values) if columns[key].type == "junctionIdList"}
    given = frozenset(values) | frozenset(lists)
    row: Row = {key: None for key, field in columns.items() if field.stored}
    row |= {key: 0 for key, field in columns.items() if field.type == "boolean"}
    row |= {key: field.more["default"] for key, field in columns.items() if "default" in field.more}
    if "OwnerId" in row:
        row["OwnerId"] = call.user.id
    row |= {key: value for key, value in values.items() if value is not None or not columns[key].has("d")}
    row["Id"] = call.minter.mint(call.org.key, call.org.instance, fact.prefix)
    stamps = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
    row |= {key: call.stamp for key in stamps if key in row}
    row |= {key: call.user.id for key in ("CreatedById", "LastModifiedById") if key in row}
    rule = rules.of(name)
    if user_made:
        rule.before_create(call, row, given, lists)
        missing = [
            key
            for key, field in fact.fields.items()
            if field.has("c") and not _optional(field) and row.get(key) is None
        ]
        if missing:
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    rule.derive(call, row)
    checks.unique(call, fact, row)
    if user_made:
        checks.validation_rules(call, name, row)
        checks.duplicates(call, fact, row, "create")
    write_row(call, name, row)
    call.writes.append((name, "create"))
    rule.after_create(call, row, lists)
    return str(row["Id"])


def _optional(field: FieldFact) -> bool:
    return field.has("n") or field.has("d")


def write_row(call: Call, name: str, row: Row) -> None:
    columns = ", ".join(f'"{key}"' for key in row)
    marks = ", ".join("?" for _ in row)
    call.store.run(f"INSERT OR REPLACE INTO {call.org.table(name)}({columns}) VALUES({marks})", tuple(row.values()))
    orgs.sync_name(call.store, call.org, name, row)


def update(call: Call, name: str, record_id: str, payload: Mapping[str, Any]) -> None:
    """Change a live row as the user. Raises SfError."""
    fact = fact_of(call, name)
    if not fact.can("u"):
        raise SfError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {name} does not support update", [])
    checks.row_fault(call, fact.name, "update")
    with call.store.transaction():
        old = require(call, fact.name, record_id, writing=True)
        values = parse(call, fact, payload, "u")
        lists = {key: values.pop(key) for key in list(values) if fact.fields[key].type == "junctionIdList"}
        if any(
            fact.fields[key].type == "reference" and not value and not fact.fields[key].has("n")
            for key, value in values.items()
        ):
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing", sorted(values))
        missing = [key for key, value in values.items() if value is None and not fact.fields[key].has("n")]
        if missing:
            raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
        change(call, fact.name, old, values, lists)


def change(call: Call, name: str, old: Row, values: Row, lists: Mapping[str, list[str]] | None = None) -> None:
    """Apply cleaned values to a row, with the rules."""
    fact = call.org.settings.objects()[name]
    row = {**old, **values}
    rule = rules.of(name)
    rule.before_update(call, old, row, frozenset(values) | frozenset(lists or ()))
    rule.derive(call, row)
    checks.unique(call, fact, row)
    checks.validation_rules(call, name, row)
    checks.duplicates(call, fact, row, "update")
    touch(call, name, row)
    call.writes.append((name, "update"))
    rule.after_update(call, old, row, lists or {})


def touch(call: Call, name: str, row: Row) -> None:
    """Write a changed row with the call's stamp."""
    for key, value in (
        ("LastModifiedDate", call.stamp),
        ("SystemModstamp", call.stamp),
        ("LastModifiedById", call.user.id),
    ):
        if key in row:
            row[key] = value
    write_row(call, name, row)


def delete(call: Call, name: str, record_id: str) -> None:
    """Move a row to the recycle bin, and with it what belongs to it. Raises SfError."""
    fact = fact_of(call, name)
    if not fact.can("d"):
        raise SfError("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type {name} does not support delete", [])
    checks.row_fault(call, fact.name, "delete")
    if looks_like_id(record_id) and PREFIXES.get(record_id[:3]) == name and read(call, name, to18(record_id)) is None:
        raise SfError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [], status=404)
    with call.store.transaction():
        row = require(call, fact.name, record_id, writing=True)
        remove(call, fact.name, row)


def remove(call: Call, name: str, row: Row) -> None:
    rules.of(name).before_delete(call, row)
    row["IsDeleted"] = 1
    touch(call, name, row)
    call.writes.append((name, "delete"))
    settings = call.org.settings
    for child, by, _, cascade in settings.objects()[name].children:
        if not cascade or child not in settings.objects() or "IsDeleted" not in all_columns(child):
            continue
        sql = f'SELECT * FROM {call.org.table(child)} WHERE "{by}" = ? AND IsDeleted = 0'
        for found in call.store.all(sql, (row["Id"],)):
            remove(call, child, dict(found))
    rules.of(name).after_delete(call, row)


def undelete(call: Call, record_id: str) -> None:
    """Take a row out of the recycle bin, and with it what was deleted along with it. Raises SfError."""
    name = PREFIXES.get(record_id[:3], "") if looks_like_id(record_id) else ""
    row = read(call, name, to18(record_id)) if name in call.org.settings.objects() else None
    if row is None or not row.get("IsDeleted") or not call.sees(name, row):
        raise SfError("UNDELETE_FAILED", "Entity is not in the recycle bin", [])
    checks.row_fault(call, name, "undelete")
    with call.store.transaction():
        bring_back(call, name, row)


def bring_back(call: Call, name: str, row: Row) -> None:
    since = row["SystemModstamp"]
    row["IsDeleted"] = 0
    touch(call, name, row)
    call.writes.append((name, "undelete"))
    settings = call.org.settings
    for child, by, _, cascade in settings.objects()[name].children:
        if not cascade or child not in settings.objects() or "IsDeleted" not in all_columns(child):
            continue
        sql = f'SELECT * FROM {call.org.table(child)} WHERE "{by}" = ? AND IsDeleted = 1 AND SystemModstamp = ?'
        for found in call.store.all(sql, (row["Id"], since)):
            bring_back(call, child, dict(found))
    rules.of(name).after_undelete(call, row, since)


def upsert(call: Call, name: str, key: str, value: Any, payload: Mapping[str, Any]) -> tuple[str, bool]:
    """Create or update by a key field; answers (id, created). Raises SfError; MultipleMatchesError with their ids."""
    fact = fact_of(call, name)
    field = fact.find(key)
    if field is None or not (field.has("x") or field.has("i")):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {key}")
    if any(given.lower() == field.name.lower() for given in payload):
        what = f"The {field.name} field should not be specified in the sobject data."
        raise SfError("INVALID_FIELD", what, [field.name])
    with call.store.transaction():
        ids = find_ids(call, fact.name, field, value) if value not in (None, "") else []
        if len(ids) > 1:
            raise MultipleMatchesError(fact.name, ids)
        if ids:
            update(call, fact.name, ids[0], payload)
            return ids[0], False
        if field.name == "Id":
            if value not in (None, ""):
                raise SfError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name], status=404)
            return create(call, fact.name, payload), True
        return create(call, fact.name, {**payload, field.name: value}), True


class MultipleMatchesError(SfError):
    def __init__(self, name: str, ids: Sequence[str]) -> None:
        super().__init__("DUPLICATE_EXTERNAL_ID", f"{name}: external id is not unique", [], status=300)
        self.ids = list(ids)


def related(call: Call, name: str, by: str, value: str) -> Iterable[Row]:
    """Live rows that refer to a record through one field."""
    sql = f'SELECT * FROM {call.org.table(name)} WHERE "{by}" = ? AND IsDeleted = 0 ORDER BY Id'
    return [dict(row) for row in call.store.all(sql, (value,))]
