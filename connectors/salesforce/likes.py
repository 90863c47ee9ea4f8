"""Knowing a record again that was created without a key: by the columns that nobody would write twice.

Only asked when a create may have happened already (its answer was lost) or was refused as a duplicate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from connectors.protocols import OrgShape, Outcome
from connectors.salesforce.codec import VERSION_FIELD, id18, parse_datetime, version_of
from connectors.salesforce.composite import batched
from connectors.salesforce.rows import Entry
from connectors.salesforce.soql import any_of, literal, select
from connectors.salesforce.wire import Query, Wire

# For each object the sets of columns that make one record; the first set counts whose columns are all written.
LIKENESS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Account": (("Name", "Website"), ("PersonEmail",)),
    "Contact": (("Email",),),
    "EmailMessage": (("MessageIdentifier",),),
    "EmailMessageRelation": (("EmailMessageId", "RelationId", "RelationType"),),
    "Event": (("OwnerId", "Subject", "StartDateTime"), ("OwnerId", "Subject", "ActivityDate")),
    "EventRelation": (("EventId", "RelationId"),),
    "Lead": (("Email",),),
    "Task": (("OwnerId", "Subject", "ActivityDate"),),
}

_ENTRIES_A_QUERY = 50

Likeness = tuple[tuple[str, str], ...]


class Likes:
    def __init__(self, wire: Wire, shape: OrgShape) -> None:
        self._wire = wire
        self._shape = shape

    def find(self, target: str, entries: list[Entry]) -> dict[int, Outcome]:
        """Outcomes for the creates whose like exists, the oldest of several; the others are left out. Two entries never
        share a record."""
        wanted = {e.place: like for e in entries if (like := self._likeness(target, e.body))}
        found: dict[int, Outcome] = {}
        for chunk in batched(list(wanted.items()), _ENTRIES_A_QUERY):
            columns = sorted({name for _, like in chunk for name, _ in like})
            where = any_of([f"({' AND '.join(self._equals(target, *pair) for pair in like)})" for _, like in chunk])
            read = [n for n in ("Id", VERSION_FIELD, "CreatedDate") if n == "Id" or self._shape.has(target, n)]
            order = tuple(name for name in ("CreatedDate", "Id") if name in read)
            statement = select((*read, *(c for c in columns if c not in read)), target, [where], order=order)
            rows = self._wire.queries([Query(statement)], f"write.look.{target}")[0]
            for place, like in chunk:
                for row in rows:
                    same = all(self._normal(target, name, row.get(name)) == value for name, value in like)
                    if same and id18(str(row["Id"])) not in {o.id for o in found.values()}:
                        found[place] = Outcome(id18(str(row["Id"])), version_of(row), adopted=True)
                        break
        return found

    def _likeness(self, target: str, body: Mapping[str, object]) -> Likeness:
        for names in LIKENESS.get(target, ()):
            if all(body.get(name) not in (None, "") for name in names):
                return tuple((name, self._normal(target, name, body[name])) for name in names)
        return ()

    def _type(self, target: str, name: str) -> str:
        return str(self._shape.objects.get(target, {}).get(name, {}).get("type", ""))

    def _normal(self, target: str, name: str, value: object) -> str:
        """A value as text that compares as the vendor compares: no case, one form for moments and ids."""
        text = value if isinstance(value, str) else ""
        kind = self._type(target, name)
        if kind == "datetime" and text:
            return parse_datetime(text).isoformat()
        if kind == "reference":
            return id18(text)
        return text.casefold()

    def _equals(self, target: str, name: str, value: str) -> str:
        kind = self._type(target, name)
        if kind == "datetime":
            return f"{name} = {literal(parse_datetime(value))}"
        return f"{name} = {literal(date.fromisoformat(value[:10]) if kind == 'date' else value)}"
