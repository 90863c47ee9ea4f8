"""The folders of a mailbox by role: where each stands in the paths of Graph, and how those of ours are found and made.

Mail folders, contact folders and lists of tasks are three things to Graph; a calendar is a fourth one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.line import Answer, Line, Request
from connectors.outlook.facts import CATEGORIES, CONTACTS, EMAILS, MANAGED_NAMES, TASKS, kind_of
from mapping.model.item import DELETED, ItemKind

log = logging.getLogger(__name__)

WELL_KNOWN = {
    "inbox": "inbox",
    "sent": "sentitems",
    DELETED: "deleteditems",
}  # mail folders that have names of their own
DEFAULT_LIST = "tasks"  # the role of the list of tasks that everybody has; its id has to be asked for


@dataclass(frozen=True, slots=True)
class Managed:
    """Where a folder of ours is listed and made, and by which property it is named."""

    listing: tuple[str, ...]
    named: str = "displayName"


MANAGED = {
    EMAILS: Managed(("mailFolders",)),
    TASKS: Managed(("todo", "lists")),
    CONTACTS: Managed(("contactFolders",)),
}


def items_of(line: Line, role: str) -> tuple[str, ...]:
    """The path under which the items of a folder stand. Raises NOT_FOUND (container) for a role or a folder of ours
    that is not there."""
    match kind_of(role):
        case ItemKind.EVENT:
            return "calendar", "events"
        case ItemKind.TASK:
            return "todo", "lists", _id(line, role), "tasks"
        case ItemKind.CONTACT:
            return "contactFolders", _id(line, role) if role == CONTACTS else "contacts", "contacts"
        case ItemKind.EMAIL:
            return "mailFolders", WELL_KNOWN.get(role) or _id(line, role), "messages"
    raise ConnectorError(Fault.NOT_FOUND, "there is no such folder role", scope=Scope.CONTAINER)


def _id(line: Line, role: str) -> str:
    if role not in line.folder_ids:
        look_up(line, [role])
    if role not in line.folder_ids:
        raise ConnectorError(Fault.NOT_FOUND, "the mailbox has no such folder", scope=Scope.CONTAINER)
    return line.folder_ids[role]


def list_of(line: Line, task: str) -> str:
    """The list in which a task of the user's own stands: no task can be read without it. When it is in none, the list
    that everybody has, which does not know it either."""
    if task not in line.lists:
        lists = line.pages(Request("GET", line.path("todo", "lists", top="100")))
        asked = [Request("GET", line.path("todo", "lists", each["id"], "tasks", task, select="id")) for each in lists]
        answers = zip(lists, line.batch(asked), strict=True)
        found = next((each["id"] for each, answer in answers if isinstance(answer, Answer)), "")
        line.lists[task] = found or _id(line, DEFAULT_LIST)
    return line.lists[task]


def look_up(line: Line, roles: Collection[str]) -> None:
    """Find folders by their names, all in one call; those that are there are known from now on."""
    wanted = [role for role in roles if role in MANAGED or role == DEFAULT_LIST]
    asked = [MANAGED[TASKS if role == DEFAULT_LIST else role] for role in wanted]
    answers = line.batch([Request("GET", line.path(*each.listing, top="100")) for each in asked], Scope.CONTAINER)
    for role, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, ConnectorError):
            raise answer
        found = next((each for each in everything(line, answer) if _is_it(role, each)), None)
        if found is not None:
            line.folder_ids[role] = found["id"]


def everything(line: Line, answer: Answer) -> list[Any]:
    """All entries of a listing whose first page was told in a batch."""
    link = answer.body.get("@odata.nextLink")
    rest = line.pages(Request("GET", line.relative(link))) if link else []
    return [*answer.body.get("value", ()), *rest]


def _is_it(role: str, told: Mapping[str, Any]) -> bool:
    if role == DEFAULT_LIST:
        return told.get("wellknownListName") == "defaultList"
    return str(told.get("displayName", "")).casefold() == MANAGED_NAMES[role].casefold()


def ensure(line: Line, roles: Collection[str]) -> None:
    """See to it that folders of ours are there: one call finds them, one makes what is missing."""
    for role in roles:
        line.folder_ids.pop(role, None)
    look_up(line, [*roles, *([DEFAULT_LIST] if DEFAULT_LIST not in line.folder_ids else [])])
    missing = [role for role in roles if role not in line.folder_ids]
    wanted = [
        Request("POST", line.path(*MANAGED[role].listing), {"displayName": MANAGED_NAMES[role]}) for role in missing
    ]
    for role, answer in zip(missing, line.batch(wanted, Scope.CONTAINER, writing=True), strict=True):
        if isinstance(answer, Answer):
            line.folder_ids[role] = answer.body["id"]
        elif answer.fault in (Fault.DUPLICATE, Fault.UNKNOWN):
            # another run, or the call whose outcome was not told, made it meanwhile
            look_up(line, [role])
            if role not in line.folder_ids:
                raise answer
        else:
            raise answer


def ensure_categories(line: Line) -> None:
    """Put our categories into the mailbox's list. They work on items without being in it, so an application that may
    not change the list is no reason to fail."""
    try:
        present = {str(each.get("displayName", "")).casefold() for each in _categories(line)}
        missing = [name for name in CATEGORIES if name.casefold() not in present]
        made = [
            Request("POST", line.path("outlook", "masterCategories"), {"displayName": name, "color": _color(name)})
            for name in missing
        ]
        for answer in line.batch(made, writing=True):
            if isinstance(answer, ConnectorError) and answer.fault is not Fault.DUPLICATE:
                raise answer
    except ConnectorError as error:
        if error.fault not in (Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND):
            raise
        log.warning("category_list_refused fault=%s code=%s", error.fault.value, error.vendor_code)


def remove_categories(line: Line) -> None:
    """Take our categories out of the mailbox's list. On items they stay, like those of anybody else."""
    ours = {name.casefold() for name in CATEGORIES}
    found = [each["id"] for each in _categories(line) if str(each.get("displayName", "")).casefold() in ours]
    gone = [Request("DELETE", line.path("outlook", "masterCategories", each)) for each in found]
    for answer in line.batch(gone, writing=True):
        if isinstance(answer, ConnectorError) and answer.fault is not Fault.NOT_FOUND:
            raise answer


def _categories(line: Line) -> list[Any]:
    return line.pages(Request("GET", line.path("outlook", "masterCategories")), Scope.ITEM)


def _color(name: str) -> str:
    return f"preset{CATEGORIES[name]}"
