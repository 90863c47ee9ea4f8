"""The options of a call, and what of an entity is told because of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from connectors.sandbox.graph.errors import GraphError, bad

Json = dict[str, Any]
EXTENDED = "singleValueExtendedProperties"
# told with every entity, whatever is selected
_ALWAYS = ("@odata.type", "@odata.etag", "id")
_IDS = re.compile(r"id eq '([^']*)'")
_BEARS = re.compile(rf"{EXTENDED}/Any\((\w+): \1/id eq '([^']*)' and \1/value eq '((?:[^']|'')*)'\)", re.IGNORECASE)
_CONVERSATION = re.compile(r"conversationId eq '((?:[^']|'')*)'")
_NAMED = re.compile(r"displayName eq '((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Options:
    """`select` None: everything. `expand`: what is expanded, with the options in its brackets."""

    given: Mapping[str, str] = field(default_factory=dict)
    select: frozenset[str] | None = None
    expand: Mapping[str, str] = field(default_factory=dict)

    @property
    def top(self) -> int:
        return _count(self.given.get("$top", "10"))

    @property
    def skip(self) -> int:
        return _count(self.given.get("$skip", "0"))

    @property
    def extended(self) -> tuple[str, ...]:
        """The extended properties that are asked for, by their canonical names."""
        return tuple(canonical(each) for each in _IDS.findall(self.expand.get(EXTENDED, "")))

    def allow(self, *names: str) -> None:
        """Raises ErrorInvalidUrlQuery for an option that the call does not take."""
        for name in self.given:
            if name not in names:
                raise bad(f"The query option '{name}' is not supported here.", "ErrorInvalidUrlQuery")


def read(query: str) -> Options:
    """Raises BadRequest."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    select = given.get("$select")
    # a property of a type that is made of another is named behind that type
    chosen = frozenset(each.strip().rpartition("/")[2] for each in select.split(",")) if select else None
    return Options(given, chosen, _expanded(given.get("$expand", "")))


def _expanded(text: str) -> dict[str, str]:
    """`a,b($select=x,y)` as {a: "", b: "$select=x,y"}."""
    found: dict[str, str] = {}
    name, inner, depth = "", "", 0
    for letter in [*text, ","]:
        if letter == "," and depth == 0:
            if name.strip():
                found[name.strip()] = inner
            name = inner = ""
        elif letter == "(" and depth == 0:
            depth = 1
        elif depth:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            inner += letter if depth else ""
        else:
            name += letter
    if depth:
        raise bad("The $expand is not well formed.")
    return found


def selected(entity: Json, options: Options, *, on_request: frozenset[str] = frozenset()) -> Json:
    """What is told of an entity. `on_request`: properties that are told only when they are selected by name, and
    navigations that are told only when they are expanded."""
    chosen = options.select
    kept = {
        name: value for name, value in entity.items()
        if name in _ALWAYS or name in options.expand
        or (name not in on_request if chosen is None else name in chosen)
    }  # fmt: skip
    for name, inner in options.expand.items():
        within = read(inner.replace(";", "&")) if inner and name != EXTENDED else None
        if within is not None and isinstance(kept.get(name), list):
            kept[name] = [selected(each, within, on_request=on_request) for each in kept[name]]
    return kept


def known(options: Options, entity_type: str, names: frozenset[str]) -> None:
    """Raises BadRequest for a selected or expanded property that the type has not."""
    for name in (*(options.select or ()), *options.expand):
        if name not in names:
            raise bad(f"Could not find a property named '{name}' on type 'microsoft.graph.{entity_type}'.")


def bears(text: str) -> list[tuple[str, str]]:
    """The pairs of name and value of which an item has to bear one. Raises ErrorInvalidUrlQueryFilter."""
    found = [(canonical(match[1]), match[2].replace("''", "'")) for match in _BEARS.findall(text)]
    if not found or len(_BEARS.sub("", text).replace(" or ", "").strip()):
        raise bad("The filter is not supported.", "ErrorInvalidUrlQueryFilter")
    return found


def named(text: str) -> str:
    """The name that a folder has to have. Raises ErrorInvalidUrlQueryFilter."""
    match = _NAMED.fullmatch(text.strip())
    if match is None:
        raise bad("The filter is not supported.", "ErrorInvalidUrlQueryFilter")
    return match[1].replace("''", "'")


def conversation(text: str) -> str:
    """The conversation to which a message has to belong. Raises ErrorInvalidUrlQueryFilter."""
    match = _CONVERSATION.fullmatch(text.strip())
    if match is None:
        raise bad("The filter is not supported.", "ErrorInvalidUrlQueryFilter")
    return match[1].replace("''", "'")


def canonical(name: str) -> str:
    """An extended property under the name that the store has it by. Raises ErrorInvalidProperty."""
    parts = name.split(" ")
    if len(parts) == 2 and parts[1].lower().startswith("0x"):
        return f"{parts[0].capitalize()} {int(parts[1], 16):#06x}"
    if len(parts) == 4 and parts[2] in ("Name", "Id") and parts[1].startswith("{"):
        return f"{parts[0].capitalize()} {parts[1].lower()} {parts[2]} {parts[3]}"
    raise GraphError(400, "ErrorInvalidProperty", "The extended property is not named as it must be.")


def _count(text: str) -> int:
    if not text.isdigit():
        raise bad("A number is expected.", "ErrorInvalidUrlQuery")
    return int(text)
