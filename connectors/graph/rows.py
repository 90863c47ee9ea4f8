"""What the tables of the codec are made of: rows that read, functions that write, and properties beyond Graph's own.

What Graph has no property for it reads and writes as an *extended* property, by the tag or the name that Exchange keeps
it under. Those are told only when they are asked for by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph.times import moment as moment_of
from connectors.outlook.facts import PROPERTY_NAME, PROPERTY_SET
from mapping.model.item import MISSING, Person, Value
from mapping.model.people import normalise

Json = Mapping[str, Any]
Writer = Callable[[Any, ZoneInfo], Mapping[str, Any]]
EXTENDED = "singleValueExtendedProperties"
KEY_PROPERTY = f"String {{{PROPERTY_SET}}} Name {PROPERTY_NAME}"


@dataclass(frozen=True, slots=True)
class Reader:
    """`needs`: the properties that the value is made of. `extended`: the ids of extended ones. `expand`: what is told
    only if it is expanded."""

    needs: tuple[str, ...]
    value: Callable[[Json], Value]
    extended: tuple[str, ...] = ()
    expand: str = ""
    deep: bool = False  # only read with Detail.BODY


# --- reading


def text(name: str) -> Callable[[Json], Value]:
    return lambda told: told.get(name) or ""


def flag(name: str) -> Callable[[Json], Value]:
    return lambda told: bool(told.get(name))


def moment(name: str) -> Callable[[Json], Value]:
    def read(told: Json) -> Value:
        found = told.get(name)
        return moment_of(found) if found else MISSING

    return read


def person(told: Json | None) -> Person | None:
    """Of a `recipient`; None when there is nobody. The address is '' for what has none."""
    found = (told or {}).get("emailAddress")
    return Person(normalise(found.get("address") or ""), found.get("name") or "") if found else None


def extended(told: Json, name: str) -> str:
    """What an extended property holds; '' when the item does not bear it."""
    wanted = _normal(name)
    return next(
        (str(each.get("value") or "") for each in told.get(EXTENDED) or () if _normal(each["id"]) == wanted), ""
    )


def key(told: Json) -> Value:
    return extended(told, KEY_PROPERTY) or MISSING


def _normal(name: str) -> str:
    """The id of an extended property in one spelling: Graph shortens the numbers of tags."""
    kind, _, rest = name.lower().partition(" ")
    return f"{kind} {int(rest, 16):#x}" if rest.startswith("0x") else f"{kind} {rest}"


# --- writing


def as_extended(name: str, spell: Callable[[Any], str] = lambda value: value or "") -> Writer:
    """Nothing removes an extended property over Graph; an empty one says as much as none."""
    return lambda value, _: {EXTENDED: [{"id": name, "value": spell(value)}]}


# --- asking


def options(readers: Iterable[Reader]) -> dict[str, str]:
    """The options of a call that asks for everything the readers need."""
    rows = tuple(readers)
    names = dict.fromkeys(name for row in rows for name in row.needs)
    ids = tuple(dict.fromkeys(each for row in rows for each in row.extended))
    wanted = [row.expand for row in rows if row.expand]
    if ids:
        named = " or ".join(f"id eq '{each}'" for each in ids)
        wanted.append(f"{EXTENDED}($filter={named})")
    chosen = {"select": ",".join(("id", *(name for name in names if name != "id")))}
    return chosen | ({"expand": ",".join(dict.fromkeys(wanted))} if wanted else {})
