"""Composite calls: up to 25 requests in one HTTP call that counts as one API call.

Sources: REST API guide, composite: at most 25 subrequests of which at most five are queries or collections;
`referenceId` of letters, digits and underscores; the answer is 200 with a status for each part.

A value `@{x.y}` in a body is a reference to another part's answer. A subject that happens to contain it would be
replaced, or refused, so bodies with that text must travel outside of composite: see `refers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

MOST_PARTS = 25
MOST_QUERIES = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside a composite call. `path` starts with `/services/data/`."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one part got. `body` is parsed JSON, or None for 204."""

    status: int
    body: object

    @property
    def ok(self) -> bool:
        return self.status < 300


def request_of(parts: Sequence[Part]) -> dict[str, object]:
    """The body of POST /composite. Parts are run in their order: a query behind a write sees what was written."""
    if not 1 <= len(parts) <= MOST_PARTS:
        raise ValueError("a composite call has 1 to 25 parts")
    listed: list[dict[str, object]] = []
    for number, part in enumerate(parts):
        entry: dict[str, object] = {"method": part.method, "url": part.path, "referenceId": f"p{number}"}
        if part.headers:
            entry["httpHeaders"] = dict(part.headers)
        if part.body is not None:
            entry["body"] = dict(part.body)
        listed.append(entry)
    return {"allOrNone": False, "collateSubrequests": False, "compositeRequest": listed}


def answers_of(body: object, count: int) -> list[Answer] | None:
    """The parts' answers in the order of the parts; None when the body is not the answer to such a call."""
    listed = body.get("compositeResponse") if isinstance(body, Mapping) else None
    if not isinstance(listed, list) or len(listed) != count:
        return None
    found: dict[str, Answer] = {}
    for entry in listed:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("httpStatusCode"), int):
            return None
        found[str(entry.get("referenceId"))] = Answer(entry["httpStatusCode"], entry.get("body"))
    names = [f"p{number}" for number in range(count)]
    return [found[name] for name in names] if set(names) == set(found) else None


def refers(body: Mapping[str, object]) -> bool:
    """Whether a body contains what composite would take for a reference."""
    return any(
        "@{" in text
        for value in body.values()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    )


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, in order."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
