"""Which records a watch is about, as SOQL: the conditions of those inside, and the one of those that left.

An idle poll must not read what is unchanged, and a record that changed hands or fell out of a list is not among the
changed ones inside any more. Nobody but the caller knows which records were inside before; so the caller names those
it holds, and the poll asks for the ones among them that are outside now. Where the owner alone decides, that is a
second half of the statement that is sent anyway; where a condition decides, which a row does not show, it is one
statement more. Either costs next to nothing: records are looked up by id, and only those that left come back.

Of very many held records a part is asked about in each poll, in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import OWNER, OrgShape, Watch
from connectors.salesforce.soql import MOST_LIST_CHARS, any_of, literal, name, one_of

MINE, ALL, VIEW = "mine", "all", "view:"
PART = MOST_LIST_CHARS // len("'000000000000000000',")  # so many held records one statement asks about


@dataclass(frozen=True, slots=True)
class Range:
    """`owner_id`: the owner of those inside, '' when the owner does not matter. `condition`: what else holds of
    them, '' for nothing. `owner`: the column that names the owner."""

    owner_id: str = ""
    condition: str = ""
    owner: str = OWNER

    @property
    def inside(self) -> list[str]:
        owned = [f"{name(self.owner)} = {literal(self.owner_id)}"] if self.owner_id else []
        return [*owned, self.condition] if self.condition else owned

    @property
    def outside(self) -> str:
        """'' when no record can leave but by being deleted."""
        parts = [f"{name(self.owner)} != {literal(self.owner_id)}"] if self.owner_id else []
        parts += [f"(NOT ({self.condition}))"] if self.condition else []
        return any_of(parts) if parts else ""


def range_of(watch: Watch, shape: OrgShape, owner_id: str, view: Range | None = None) -> Range:
    """`view`: the range of the list view that the scope names. Raises NOT_FOUND (CONTAINER) for an object that the org
    does not show, INVALID for a scope that makes no sense."""
    if watch.object not in shape.objects:
        detail = "the org does not have this object, or hides it"
        raise ConnectorError(Fault.NOT_FOUND, detail, watch.object, Scope.CONTAINER)
    if view is None and watch.scope not in (MINE, ALL):
        raise misconfigured("a scope is mine, all or view:ID", "SCOPE_UNKNOWN")
    found = view or Range(owner_id if watch.scope == MINE else "")
    if found.owner_id and not shape.has(watch.object, watch.owner):
        raise misconfigured("records of this object have no owner, so nobody has any of their own", "SCOPE_NO_OWNER")
    conditions = [c for c in (found.condition, watch.where) if c]
    return Range(found.owner_id, " AND ".join(f"({c})" for c in conditions), watch.owner)


def held_part(held: Sequence[str], turn: int) -> tuple[str, int]:
    """`Id IN (...)` for the records whose turn it is ('' when none are held), and the turn after it."""
    if not held:
        return "", 0
    parts = math.ceil(len(held) / PART)
    here = turn % parts
    return one_of("Id", sorted(held)[here * PART : (here + 1) * PART]), (here + 1) % parts


def misconfigured(detail: str, code: str) -> ConnectorError:
    return ConnectorError(Fault.INVALID, detail, code, Scope.CONTAINER)
