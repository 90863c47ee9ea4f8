"""Where items are that bear our keys. Graph searches one calendar, one contact folder or one list of tasks at a time;
what was deleted it does not find at all, which is as good an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import ConnectorError, Scope
from connectors.graph.codec import READERS, asked
from connectors.graph.folders import DEFAULT_LIST, everything, items_of, look_up
from connectors.graph.line import Answer, Line, Request
from connectors.graph.rows import EXTENDED, KEY_PROPERTY, Json
from connectors.outlook.facts import CONTACTS, KINDS, TASKS
from mapping.model import fields as f
from mapping.model.item import ELSEWHERE, ItemKind, ItemRef, Side

KEYS_AT_ONCE = 10  # a longer condition makes an address that is too long
_TOP = "100"


def bearing(line: Line, role: str, keys: Sequence[str]) -> dict[str, Json]:
    """The items of a folder that bear one of the keys, by key. Raises ConnectorError."""
    kind = KINDS[role]
    found: dict[str, Json] = {}
    for _, _, told in _searched(line, kind, [(role, items_of(line, role))], keys):
        found.setdefault(_key(kind, told), told)
    return found


def find(line: Line, keys: Iterable[str]) -> Mapping[str, ItemRef]:
    """Where the items that bear the keys stand now, by key: in a folder with a role, or elsewhere."""
    left = list(dict.fromkeys(keys))
    if not left:
        return {}
    found: dict[str, ItemRef] = {}
    for kind, folders in _folders(line).items():
        wanted = [key for key in left if key not in found]
        for role, path, told in _searched(line, kind, folders, wanted):
            found.setdefault(_key(kind, told), ItemRef(Side.MAILBOX, kind, str(told["id"]), role))
            if kind is ItemKind.TASK:
                line.lists[str(told["id"])] = path[2]  # without which no task can be read
    return found


Folders = list[tuple[str, tuple[str, ...]]]  # role, and the path of the items


def _folders(line: Line) -> dict[ItemKind, Folders]:
    """All folders of events, contacts and tasks, those with a role first."""
    look_up(line, [role for role in (TASKS, CONTACTS, DEFAULT_LIST) if role not in line.folder_ids])
    listings = [("calendars",), ("contactFolders",), ("todo", "lists")]
    answers = line.batch([Request("GET", line.path(*each, top=_TOP)) for each in listings], Scope.CONTAINER)
    calendars, contacts, tasks = (_all(line, answer) for answer in answers)
    roles = {identifier: role for role, identifier in line.folder_ids.items()}
    found: dict[ItemKind, Folders] = {
        ItemKind.EVENT: [("calendar", ("calendar", "events"))],
        ItemKind.CONTACT: [("contacts", items_of(line, "contacts"))],
        ItemKind.TASK: [],
    }
    found[ItemKind.EVENT] += [
        (ELSEWHERE, ("calendars", each["id"], "events")) for each in calendars if not each.get("isDefaultCalendar")
    ]
    for kind, listed, path in (
        (ItemKind.CONTACT, contacts, ("contactFolders", "contacts")),
        (ItemKind.TASK, tasks, ("todo", "lists", "tasks")),
    ):
        entries = [(roles.get(each["id"], ELSEWHERE), (*path[:-1], each["id"], path[-1])) for each in listed]
        found[kind] += sorted(entries, key=lambda entry: entry[0] == ELSEWHERE)
    return found


def _all(line: Line, answer: Answer | ConnectorError) -> list[Any]:
    if isinstance(answer, ConnectorError):
        raise answer
    return everything(line, answer)


def _searched(
    line: Line, kind: ItemKind, folders: Folders, keys: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...], Json]]:
    """The items in these folders that bear one of the keys, with role and path of their folder, in the order of the
    folders. Tasks cannot be searched by their links, so they are all looked at."""
    if not keys:
        return
    options = asked(kind, (f.KEY,))
    some = [keys[at : at + KEYS_AT_ONCE] for at in range(0, len(keys), KEYS_AT_ONCE)]
    conditions = [{}] if kind is ItemKind.TASK else [{"filter": _condition(each)} for each in some]
    todo = [
        (role, path, Request("GET", line.path(*path, top=_TOP, **options, **condition)))
        for role, path in folders for condition in conditions
    ]  # fmt: skip
    wanted = set(keys)
    answers = line.batch([request for _, _, request in todo], Scope.CONTAINER)
    for (role, path, _), answer in zip(todo, answers, strict=True):
        for told in _all(line, answer):
            if _key(kind, told) in wanted:
                yield role, path, told


def _condition(keys: Sequence[str]) -> str:
    quoted = (key.replace("'", "''") for key in keys)
    return " or ".join(f"{EXTENDED}/Any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{each}')" for each in quoted)


def _key(kind: ItemKind, told: Json) -> str:
    return str(READERS[kind][f.KEY].value(told) or "")
