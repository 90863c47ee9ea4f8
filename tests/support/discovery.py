"""Requests and answers held against Google's discovery documents, which are like JSON Schema with references."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

DOCUMENTS = {"calendar": "calendar.v3", "gmail": "gmail.v1", "tasks": "tasks.v1", "people": "people.v1"}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip
_TEXTS = {"integer": r"-?\d+", "boolean": "true|false"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `path`: below the root of the service, without the query."""

    method: str
    url: str
    body: bytes
    status: int
    answer: bytes


def available() -> bool:
    return bool(os.environ.get("INBOX_SYNC_VENDOR_SCHEMAS"))


@cache
def _document(service: str) -> dict[str, Any]:
    home = Path(os.environ["INBOX_SYNC_VENDOR_SCHEMAS"])
    found: dict[str, Any] = json.loads((home / "google" / f"{DOCUMENTS[service]}.json").read_text())
    return found


@cache
def _methods(service: str) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    document = _document(service)
    found = []
    for method in _walk(document):
        path = method.get("flatPath") or method["path"]
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+?", re.escape(f"/{document['servicePath']}{path}"))
        found.append((method["httpMethod"], re.compile(pattern), method))
    return found


def _walk(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for below in resource.get("resources", {}).values():
        yield from _walk(below)


def faults(exchange: Exchange) -> list[str]:
    """What the discovery document of the service has to say against the request and the answer."""
    url = urlsplit(exchange.url)
    path = url.path.removeprefix("/google")
    service = "people" if path.startswith("/people/") else path.split("/")[1]
    path = path.removeprefix("/people") if service == "people" else path
    document = _document(service)
    named = [m for verb, pattern, m in _methods(service) if verb == exchange.method and pattern.fullmatch(path)]
    if not named:
        return [f"{service} has no {exchange.method} {path}"]
    method = named[0]
    where = method["id"]
    known = {**document["parameters"], **method.get("parameters", {})}
    found = [f"{where}: {fault}" for fault in _params(known, parse_qs(url.query, keep_blank_values=True))]
    if exchange.body:
        sent = json.loads(exchange.body)
        if "request" not in method:
            found.append(f"{where}: takes no body")
        else:
            nothing = exchange.method == "PATCH"
            found += _against(document, {"$ref": method["request"]["$ref"]}, sent, f"{where} request", nothing)
    if exchange.status < 300 and exchange.answer.strip():
        told = json.loads(exchange.answer)
        found += _against(document, {"$ref": method["response"]["$ref"]}, told, f"{where} response", False)
    return found


def _params(known: dict[str, Any], given: dict[str, list[str]]) -> Iterator[str]:
    for name, values in given.items():
        if name not in known:
            yield f"no parameter {name}"
            continue
        about = known[name]
        if len(values) > 1 and not about.get("repeated"):
            yield f"parameter {name} is repeated"
        for value in map(unquote, values):
            if not re.fullmatch(_TEXTS.get(about.get("type", ""), r"[\s\S]*"), value):
                yield f"parameter {name} is {value!r}"
            if "enum" in about and value not in about["enum"]:
                yield f"parameter {name} is {value!r}, none of {about['enum']}"
    for name, about in known.items():
        if about.get("required") and about.get("location") == "query" and name not in given:
            yield f"parameter {name} is missing"


def _against(document: dict[str, Any], schema: dict[str, Any], value: Any, where: str, nothing: bool) -> Iterator[str]:
    """`nothing`: null is allowed, because it takes a property away."""
    if "$ref" in schema:
        schema = document["schemas"][schema["$ref"]]
    if value is None:
        if not nothing:
            yield f"{where} is null"
        return
    kind = schema.get("type", "any")
    wanted = _KINDS.get(kind)
    if wanted is not None and (not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool))):
        yield f"{where} is a {type(value).__name__}, not a {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}"
    if kind == "array":
        for at, each in enumerate(value):
            yield from _against(document, schema["items"], each, f"{where}[{at}]", nothing)
    if kind == "object":
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, each in value.items():
            if name in properties:
                yield from _against(document, properties[name], each, f"{where}.{name}", nothing)
            elif others is not None:
                yield from _against(document, others, each, f"{where}.{name}", nothing)
            else:
                yield f"{where} has no property {name}"
