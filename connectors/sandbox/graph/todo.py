"""Tasks between the store and the JSON of To Do. Links to other applications are kept beside what Exchange keeps."""

from __future__ import annotations

import uuid
from typing import Any

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.items import Stored, Values
from connectors.sandbox.ews.shapes import told_values
from connectors.sandbox.graph import ids, recurrences
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.values import lower_first, read_body, read_clock, told_body, told_clock, upper_first

KIND = "Task"
TYPE = "todoTask"
LINKS, STEPS = "linkedResources", "checklistItems"
ON_REQUEST = frozenset({LINKS, STEPS})
_LINKS, _STEPS = "LinkedResources", "ChecklistItems"  # under which the store has them
_MOMENTS = {"dueDateTime": "DueDate", "startDateTime": "StartDate", "completedDateTime": "CompleteDate"}
_LINK_PARTS = ("applicationName", "displayName", "externalId", "webUrl")


# --- telling


def told(call: GraphCall, item: Stored) -> Json:
    """Everything that Graph has to say of a task."""
    values = told_values(item)
    reminder = values.get("ReminderDueBy") if values.get("ReminderIsSet") else None
    entity: Json = {
        "@odata.etag": ids.etag(item.version),
        "id": call.item_id(item),
        "importance": lower_first(values["Importance"]),
        "isReminderOn": bool(values.get("ReminderIsSet")),
        "status": lower_first(values.get("Status") or "NotStarted"),
        "title": values.get("Subject") or "",
        "createdDateTime": values["DateTimeCreated"],
        "lastModifiedDateTime": values["LastModifiedTime"],
        "bodyLastModifiedDateTime": values["LastModifiedTime"],
        "hasAttachments": bool(values.get("HasAttachments")),
        "categories": list(values.get("Categories") or ()),
        "body": told_body(item.values.get("Body") or {}, as_text=call.prefer.text),
    }
    entity |= {name: told_clock(values[ours], "UTC") for name, ours in _MOMENTS.items() if values.get(ours)}
    if reminder:
        entity["reminderDateTime"] = told_clock(reminder, "UTC")
    if values.get("Recurrence") and not str(values["Recurrence"][0][0]).endswith("Regeneration"):
        entity["recurrence"] = recurrences.told(values["Recurrence"], "UTC")
    entity |= {name: links(item) if name == LINKS else steps(item) for name in call.options.expand}
    return entity


def links(item: Stored) -> list[Json]:
    found: list[Json] = item.values.get(_LINKS) or []
    return found


def steps(item: Stored) -> list[Json]:
    found: list[Json] = item.values.get(_STEPS) or []
    return found


# --- reading


def read(call: GraphCall, before: Values) -> Values:
    """What the body of a call sets. Raises GraphError for what Graph does not take."""
    made: Values = {}
    for name, value in call.body.items():
        made.update(_read(name, value, before))
    return made


def _read(name: str, value: Any, before: Values) -> Values:
    match name:
        case "title":
            return {"Subject": value}
        case "body":
            return {"Body": read_body(value)}
        case "status":
            return {"Status": upper_first(value)}
        case "importance":
            return {"Importance": upper_first(value)}
        case "categories":
            return {"Categories": value}
        case "isReminderOn":
            return {"ReminderIsSet": True if value else None}
        case "reminderDateTime":
            return {"ReminderDueBy": None if value is None else zones.stamp(read_clock(value, name)[0])}
        case "dueDateTime" | "startDateTime" | "completedDateTime":
            return {_MOMENTS[name]: None if value is None else zones.stamp(read_clock(value, name)[0])}
        case "recurrence":
            return {"Recurrence": None if value is None else recurrences.read(value)}
        case "linkedResources" | "checklistItems" if not before:
            key, parts = (_LINKS, _LINK_PARTS) if name == LINKS else (_STEPS, ("displayName", "isChecked"))
            return {key: [_entry(each, parts) for each in value]}
    raise bad(f"The property '{name}' cannot be set on type 'microsoft.graph.todoTask'.", "RequestBodyRead")


def _entry(given: Json, parts: tuple[str, ...]) -> Json:
    unknown = set(given) - set(parts) - {"id"}
    if unknown:
        raise bad(f"The property '{unknown.pop()}' is not known.", "RequestBodyRead")
    return {"id": str(uuid.uuid4()), **{name: given[name] for name in parts if name in given}}


def with_link(item: Stored, given: Json) -> tuple[Values, Json]:
    """The task's values with one link more, and the link."""
    made = _entry(given, _LINK_PARTS)
    return {**item.values, _LINKS: [*links(item), made]}, made


def changed_link(item: Stored, identifier: str, given: Json | None) -> tuple[Values, Json]:
    """The task's values with a link changed (None: without it), and the link. Raises ErrorItemNotFound."""
    old = next((each for each in links(item) if each["id"] == identifier), None)
    if old is None:
        raise GraphError(404, "ErrorItemNotFound")
    new = {**old, **(given or {}), "id": identifier}
    kept = [(new if each is old else each) for each in links(item) if given is not None or each is not old]
    return {**item.values, _LINKS: kept}, new
