"""Holding what goes over the wire to Graph against the vendor's own types.

Every path names the type that is sent and told there; of an entity every property must be one of its type, and of the
type that the property has. Whoever has not the vendor's file is told nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = Any

# by the last word of a path that names a collection
_TYPES = {
    "events": "event", "calendarView": "event", "instances": "event", "calendars": "calendar", "messages": "message",
    "mailFolders": "mailFolder", "contacts": "contact", "contactFolders": "contactFolder", "lists": "todoTaskList",
    "tasks": "todoTask", "linkedResources": "linkedResource", "masterCategories": "outlookCategory",
    "subscriptions": "subscription",
}  # fmt: skip
_PRIMITIVE = {
    "Edm.String": str, "Edm.Boolean": bool, "Edm.Int32": int, "Edm.DateTimeOffset": str, "Edm.Date": str,
    "Edm.Binary": str, "Edm.Guid": str,
}  # fmt: skip
_FORMS = {
    "Edm.DateTimeOffset": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)"),
    "Edm.Date": re.compile(r"\d{4}-\d\d-\d\d"),
    "Edm.Guid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
# the sheet holds no types that are made of message: they have its properties and some more
_MADE_OF = {"eventMessage": "message", "eventMessageRequest": "message", "eventMessageResponse": "message"}
_WELL_KNOWN = frozenset(
    {"IdType", "outlook.timezone", "outlook.body-content-type", "odata.maxpagesize"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer. Parts of batches are calls of their own."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Json
    status: int
    answer: Json


@cache
def types() -> dict[str, Any] | None:
    """The vendor's types by name; None when this machine has not got them."""
    home = os.environ.get("INBOX_SYNC_VENDOR_SCHEMAS")
    return json.loads((Path(home) / "graph" / "graph-v1-mail-types.json").read_text()) if home else None


def faults(exchanges: list[Exchange]) -> list[str]:
    """What is wrong with what was sent and told; nothing when the types are not at hand."""
    known = types()
    if known is None:
        return []
    told = [each for exchange in exchanges for part in _parts(exchange) for each in _faults(known, part)]
    return list(dict.fromkeys(told))


def notification_faults(body: Json) -> list[str]:
    """What is wrong with a post to a subscriber."""
    known = types()
    name = "changeNotificationCollection"
    return [] if known is None else list(_entity(known, name, body, name))


def _parts(exchange: Exchange) -> Iterator[Exchange]:
    if not exchange.url.endswith("/$batch"):
        yield exchange
        return
    answers = {each["id"]: each for each in (exchange.answer or {}).get("responses", ())}
    for part in exchange.body["requests"]:
        answer = answers.get(part["id"], {"status": 0})
        yield Exchange(
            part["method"], part["url"], part.get("headers", {}), part.get("body"), answer["status"],
            answer.get("body"),
        )  # fmt: skip


def _faults(known: dict[str, Any], exchange: Exchange) -> Iterator[str]:
    where = f"{exchange.method} {urlsplit(exchange.url).path}"
    name = type_of(exchange.url)
    if name is None:
        return
    wanted = dict(
        re.findall(r'([\w.-]+)="?([^",]*)"?', exchange.headers.get("Prefer", exchange.headers.get("prefer", "")))
    )
    yield from (f"{where}: prefers {each}" for each in wanted.keys() - _WELL_KNOWN)
    if isinstance(exchange.body, dict) and not exchange.url.endswith("/move"):
        yield from (f"{where} sends {each}" for each in _entity(known, name, exchange.body, name))
    answer = exchange.answer
    if exchange.status >= 400:
        error = (answer or {}).get("error", {})
        if not (isinstance(error.get("code"), str) and isinstance(error.get("message"), str)):
            yield f"{where} is refused without a code"
    elif isinstance(answer, dict):
        for entity in answer["value"] if "value" in answer and "id" not in answer else [answer]:
            yield from (f"{where} tells {each}" for each in _entity(known, name, entity, name))


def type_of(url: str) -> str | None:
    """The type of what is sent to, or told by, a path; None for what has none here (the user, the token)."""
    words = [part for part in urlsplit(url).path.split("/") if part in _TYPES]
    return _TYPES[words[-1]] if words else None


_OPEN = {"resourceData"}  # declared as open: it holds whatever fits the resource, under a type name of its own


def _entity(known: dict[str, Any], name: str, entity: Json, at: str) -> Iterator[str]:
    if not isinstance(entity, dict):
        yield f"{at} that is no object"
        return
    if name in _OPEN:
        return
    if "@removed" in entity:
        if set(entity) - {"@odata.type", "id", "@removed"} or "reason" not in entity["@removed"]:
            yield f"{at} removed with more than its id"
        return
    given = str(entity.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    if given and _MADE_OF.get(given, given) != name:
        yield f"{at} as {given}"
    properties, navigation = _all(name)
    for key, value in entity.items():
        if "@" in key:
            continue
        if key in properties:
            fact = properties[key]
            yield from _value(known, fact["type"], value, f"{at}.{key}", nullable=fact["nullable"])
        elif key in navigation:
            yield from _value(known, navigation[key], value, f"{at}.{key}", nullable=False)
        else:
            yield f"{at}.{key}, which does not exist"


def _value(known: dict[str, Any], kind: str, value: Json, at: str, *, nullable: bool) -> Iterator[str]:
    if value is None:
        if not nullable:
            yield f"{at} as null"
    elif kind.startswith("Collection("):
        if not isinstance(value, list):
            yield f"{at} that is no list"
            return
        for each in value:
            yield from _value(known, kind[11:-1], each, at, nullable=False)
    elif kind in _PRIMITIVE:
        if not isinstance(value, _PRIMITIVE[kind]) or (kind == "Edm.Int32" and isinstance(value, bool)):
            yield f"{at} = {value!r}, which is no {kind}"
        elif kind in _FORMS and not _FORMS[kind].fullmatch(value):
            yield f"{at} = {value!r}, which has not the form of {kind}"
    elif (name := kind.removeprefix("graph.")) in known:
        if known[name]["kind"] == "enum":
            if value not in known[name]["members"]:
                yield f"{at} = {value!r}, which is no {name}"
        else:
            yield from _entity(known, name, value, at)


@cache
def _all(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    known = types()
    assert known is not None
    properties: dict[str, Any] = {}
    navigation: dict[str, str] = {}
    step: str | None = name
    while step:
        properties |= known[step]["properties"]
        navigation |= known[step]["navigation"]
        step = known[step]["base"]
    return properties, navigation
