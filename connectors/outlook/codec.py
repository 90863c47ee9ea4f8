"""What the tables of both codecs have in common: which rows a detail asks for, simple writers, and a check of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from connectors.errors import UnwritableError
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import MISSING, Attendee, Fields, Value

Z = TypeVar("Z")


class Row(Protocol):
    """A row that reads. `deep`: only read with Detail.BODY."""

    @property
    def deep(self) -> bool: ...


def names_at(rows: Mapping[str, Row], detail: Detail) -> tuple[str, ...]:
    """The neutral fields of a whole item at a detail. What only occurrences have is asked for by ids that tell them."""
    named = (name for name, row in rows.items() if detail is Detail.BODY or not row.deep)
    return tuple(name for name in named if name != f.ORIGINAL)


def names_of_occurrence(rows: Mapping[str, Row], detail: Detail) -> tuple[str, ...]:
    """The neutral fields of an occurrence at a detail: it has no series of its own."""
    return (*(name for name in names_at(rows, detail) if name != f.SERIES), f.ORIGINAL)


def as_is(name: str) -> Callable[[Any, object], Mapping[str, Any]]:
    return lambda value, _: {name: value or None}


def word(name: str, words: Mapping[str, str], default: str) -> Callable[[Any, object], Mapping[str, Any]]:
    return lambda value, _: {name: words[value] if value is not None else default}


def written(
    writers: Mapping[str, Callable[[Any, Z], Mapping[str, Any]]],
    values: Fields,
    zone: Z,
    check: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> Iterator[dict[str, Any]]:
    """What writes each of the neutral values, checked one by one: a value that the server cannot read would cost the
    other items of the call. Raises UnwritableError; `check` raises ValueError and the like for what may not be sent."""
    for name, value in values.items():
        if value is MISSING:
            continue
        writer = writers.get(name)
        if writer is None:
            raise UnwritableError(name)
        try:
            check_text(value)
            made = dict(writer(value, zone))
            check(made)
        except (ValueError, TypeError, LookupError, AttributeError):
            raise UnwritableError(name) from None
        yield made


def check_text(value: Value) -> None:
    """Raises UnicodeEncodeError for half a surrogate pair, which no server can read."""
    match value:
        case str():
            value.encode()
        case Attendee():
            (value.address + value.name).encode()
        case tuple():
            for one in value:
                check_text(one)
