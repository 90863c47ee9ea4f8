# ruff: noqa: S608  (table and column names come from the facts)
"""Checks that an admin can add or that hold for any object: unique keys, validation rules, duplicate rules, faults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError
from connectors.sandbox.salesforce.facts import KEY_FIELD, ObjectFact


def row_fault(call: Call, name: str, verb: str) -> None:
    """Let a scripted fault hit this one row: match `sf.row.<Object>.<verb>` with a code."""
    action = call.sandbox.faults.take(f"sf.row.{name}.{verb}")
    if action is not None and action.code:
        messages = {"UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record"}
        raise SfError(
            action.code, action.message or messages.get(action.code, action.code.lower()), [], status=action.status
        )


def unique(call: Call, fact: ObjectFact, row: Mapping[str, Any]) -> None:
    for name, field in fact.fields.items():
        if not field.has("q") or row.get(name) is None:
            continue
        spans = name == KEY_FIELD and fact.name in ("Event", "Task") and call.org.settings.activity_unique_spans
        for other in ("Event", "Task") if spans else (fact.name,):
            live = "" if other == "User" else " AND IsDeleted = 0"
            sql = f'SELECT Id FROM {call.org.table(other)} WHERE "{name}" = ? AND Id <> ?{live}'
            taken = call.store.scalar(sql, (row[name], row["Id"]))
            if taken is not None:
                message = f"duplicate value found: {name} duplicates value on record with id: {taken}"
                raise SfError("DUPLICATE_VALUE", message, [])


def _holds(op: str, value: Any, wanted: Any) -> bool:
    if op in ("blank", "not_blank"):
        return (value in (None, "")) == (op == "blank")
    if op in ("equals", "not_equals"):
        same = str(value).lower() == str(wanted).lower() if value is not None else wanted is None
        return same == (op == "equals")
    if value is None:
        return False
    if op == "contains":
        return str(wanted).lower() in str(value).lower()
    if op == "matches":
        return re.search(str(wanted), str(value)) is not None
    if op == "longer":
        return len(str(value)) > int(wanted)
    if op in ("less", "greater"):
        if isinstance(value, int | float):
            return value < float(wanted) if op == "less" else value > float(wanted)
        return str(value) < str(wanted) if op == "less" else str(value) > str(wanted)
    raise SfError("UNKNOWN_EXCEPTION", f"the sandbox knows no validation operator {op}")


def validation_rules(call: Call, name: str, row: Mapping[str, Any]) -> None:
    """A rule describes what is wrong: when it holds, the row is refused with the rule's message."""
    for rule in call.org.settings.validation_rules:
        if rule.get("object") == name and _holds(
            str(rule.get("op")), row.get(str(rule.get("field"))), rule.get("value")
        ):
            message = str(rule.get("message", "refused by a validation rule"))
            raise SfError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, [str(rule["field"])])


def _wants(call: Call, option: str) -> bool:
    """Whether the caller's header switches this option of duplicate rules on; all of them are off by default."""
    text = call.headers.get("sforce-duplicate-rule-header", "")
    return re.search(rf"{option}\s*=\s*true", text, re.IGNORECASE) is not None


def duplicates(call: Call, fact: ObjectFact, row: Mapping[str, Any], verb: str) -> None:
    """`alert` rules let the row through when the caller insists, `block` rules never do. Letters count whatever their
    case. A rule looks at all rows, and names those that the caller may see."""
    for rule in call.org.settings.duplicate_rules:
        names = _compared(rule)
        if rule.get("object") != fact.name or not names or any(row.get(name) is None for name in names):
            continue
        alert = rule.get("action", "block") == "alert"
        if verb not in rule.get("on", ("create",)) or (alert and _wants(call, "allowSave")):
            continue
        other = call.org.settings.objects()[str(rule.get("against", fact.name))]
        where = " AND ".join(f'"{other.fields[theirs].name}" = ? COLLATE NOCASE' for theirs in names.values())
        table = call.org.table(other.name)
        sql = f"SELECT * FROM {table} WHERE {where} AND IsDeleted = 0 AND Id <> ? ORDER BY Id LIMIT 20"
        found = [dict(entry) for entry in call.store.all(sql, [*(row[name] for name in names), row["Id"]])]
        if not found:
            continue
        message = str(rule.get("message", "Use one of these records?"))
        seen = [entry for entry in found if call.sees(other.name, entry)]
        told = _result(call, fact, other, rule, message, seen, alert)
        raise SfError("DUPLICATES_DETECTED", message, [], extra={"duplicateResult": told})


def _compared(rule: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the new row, each with the one of the other object that it is compared to."""
    fields = rule.get("fields", ())
    return (
        {str(k): str(v) for k, v in fields.items()} if isinstance(fields, Mapping) else {str(n): str(n) for n in fields}
    )


def _result(
    call: Call, fact: ObjectFact, other: ObjectFact, rule: Mapping[str, Any], message: str,
    found: list[dict[str, Any]], alert: bool,
) -> dict[str, Any]:  # fmt: skip
    matches = []
    for match in found:
        url = call.path(f"sobjects/{other.name}/{match['Id']}")
        record = {"attributes": {"type": other.name, "url": url}, "Id": match["Id"]}
        if _wants(call, "includeRecordDetails"):
            record |= {name: match[name] for name in _compared(rule).values()}
        matches.append({"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record})
    return {
        "allowSave": alert,
        "duplicateRule": str(rule.get("name", f"Standard_{fact.name}_Duplicate_Rule")),
        "duplicateRuleEntityType": fact.name,
        "errorMessage": message,
        "matchResults": [
            {
                "entityType": other.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": matches,
                "rule": f"Standard_{other.name}_Match_Rule",
                "size": len(matches),
                "success": True,
            }
        ],
    }
