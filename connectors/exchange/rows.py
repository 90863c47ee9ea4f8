"""What the tables of the codec are made of: rows that read, functions that write, and paths to single entries.

Exchange keeps phone numbers, e-mail addresses and postal addresses of a contact as lists of labelled entries, and
changes each entry by itself. exchangelib writes such a list only as a whole, and what is missing in it is emptied. So
wherever a field is named here, an entry may be named as well, by three parts:
`phone_numbers__BusinessPhone__phone_number`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from exchangelib import EWSTimeZone
from exchangelib.fields import FieldPath
from exchangelib.items import Item

from connectors.exchange.zones import utc
from mapping.model.item import MISSING, Value

SEPARATOR = "__"


@dataclass(frozen=True, slots=True)
class Reader:
    """`needs`: the fields and entries of exchangelib's that the value is made of."""

    needs: tuple[str, ...]
    value: Callable[[Any], Value]
    deep: bool = False  # only read with Detail.BODY


Writer = Callable[[Any, EWSTimeZone], Mapping[str, Any]]


# --- reading


def content_of(item: Any, name: str) -> Any:
    """What a field or an entry holds; None when it holds nothing."""
    attribute, _, rest = name.partition(SEPARATOR)
    found = getattr(item, attribute, None)
    if not rest:
        return found
    label, _, part = rest.partition(SEPARATOR)
    return next((getattr(entry, part) for entry in found or () if entry.label == label), None)


def text(name: str) -> Callable[[Any], Value]:
    return lambda item: content_of(item, name) or ""


def flag(name: str) -> Callable[[Any], Value]:
    return lambda item: bool(getattr(item, name, None))


def moment(name: str) -> Callable[[Any], Value]:
    def read(item: Any) -> Value:
        found = getattr(item, name, None)
        return utc(found) if isinstance(found, datetime) else MISSING

    return read


def day(name: str) -> Callable[[Any], Value]:
    def read(item: Any) -> Value:
        found = getattr(item, name, None)
        return plain_day(found) if isinstance(found, date) else None

    return read


def plain_day(found: date) -> date:
    return date(found.year, found.month, found.day)


# --- paths


def path_of(model: type[Item], name: str) -> FieldPath:
    """exchangelib's path to a field or an entry."""
    attribute, _, rest = name.partition(SEPARATOR)
    field = model.get_field_by_fieldname(attribute)
    if not rest:
        return FieldPath(field=field)
    label, _, part = rest.partition(SEPARATOR)
    return FieldPath(field=field, label=label, subfield=field.value_cls.get_field_by_fieldname(part))


def check(model: type[Item], name: str, content: Any, version: Any) -> None:
    """Raise what exchangelib raises (ValueError, TypeError) for a content that it will not write."""
    path = path_of(model, name)
    if path.subfield is None:
        path.field.clean(content, version=version)
    elif content is not None:
        path.subfield.clean(content, version=version)


def assembled(model: type[Item], contents: Mapping[str, Any]) -> dict[str, Any]:
    """Contents of fields and entries as the attributes of an item: entries of one list come together in it."""
    attributes: dict[str, Any] = {}
    entries: dict[str, dict[str, dict[str, Any]]] = {}
    for name, content in contents.items():
        attribute, _, rest = name.partition(SEPARATOR)
        if rest:
            label, _, part = rest.partition(SEPARATOR)
            entries.setdefault(attribute, {}).setdefault(label, {})[part] = content
        else:
            attributes[attribute] = content
    for attribute, by_label in entries.items():
        entry = model.get_field_by_fieldname(attribute).value_cls
        attributes[attribute] = [
            entry(label=label, **parts) for label, parts in by_label.items() if any(parts.values())
        ]
    return attributes
