"""What a written row looks like on its way out and on its way back.

Out: columns filtered by the describe, so that a field hidden from the user, or read-only, does not fail the record.
Back: the result of one row (`{"id", "success", "created", "errors"}`) as an Outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import ALIKE, OrgShape, Outcome, Verb, Write
from connectors.salesforce.codec import Wire as JsonValue
from connectors.salesforce.codec import body_of, id18
from connectors.salesforce.composite import refers
from connectors.salesforce.config import ROWS_PER_COLLECTION
from connectors.salesforce.faults import GONE, names_field, row_error

# A request in JSON may have 50 MB. Characters of these may be written with six bytes each, and most are one.
TEXT_PER_CALL = 16_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A write that is ready to be sent: its place among the writes of the caller, and its body."""

    place: int
    write: Write
    body: Mapping[str, JsonValue]

    @property
    def alike(self) -> str:
        """What to do about a warning of a duplicate: see `Write`."""
        return str(self.write.values.get(ALIKE, ""))

    @property
    def refers(self) -> bool:
        return refers(self.body)


def portions(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """What one collections request takes, in order: so many rows, and no more text than Salesforce reads at once."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        own = sum(len(value) for value in entry.body.values() if isinstance(value, str))
        if portion and (len(portion) == ROWS_PER_COLLECTION or size + own > TEXT_PER_CALL):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += own
    if portion:
        yield portion


def entry_of(place: int, write: Write, shape: OrgShape, key_field: str, dropped: Counter[str]) -> Entry:
    """Raises ConnectorError (Scope.ITEM) when a value cannot be written. Names that the org does not let us write
    are counted in `dropped` as `Object.Field`."""
    body = body_of({name: value for name, value in write.values.items() if name != ALIKE})
    fields = shape.objects.get(write.target)
    if fields is not None:
        ability = "createable" if write.verb is Verb.CREATE else "updateable"
        refused = [name for name in body if not fields.get(name, {}).get(ability)]
        dropped.update(f"{write.target}.{name}" for name in refused)
        body = {name: value for name, value in body.items() if name not in refused}
    if write.verb is Verb.CREATE and key_field and write.key:
        body[key_field] = write.key
    return Entry(place, write, body)


def row_outcome(entry: Entry, row: Mapping[str, object], key_field: str) -> Outcome:
    """The outcome of one row of a collections result. A create that met its own key is adopted; when the vendor did
    not tell the id of the record that holds it, the id is left empty for a look-up."""
    if row.get("success"):
        return Outcome(id18(str(row.get("id") or entry.write.id)), adopted=row.get("created") is False)
    errors = row.get("errors")
    error = row_error(errors)
    if entry.write.verb is Verb.DELETE and error.vendor_code in GONE:
        return Outcome(entry.write.id)
    if (
        entry.write.verb is Verb.CREATE
        and entry.write.key
        and error.vendor_code == "DUPLICATE_VALUE"
        and key_field
        and names_field(errors, key_field)
    ):
        return Outcome(id18(error.existing), adopted=True)
    return Outcome(error=error)


def unknown() -> ConnectorError:
    return ConnectorError(Fault.UNKNOWN, "the connection broke before the answer", scope=Scope.ITEM)


def for_item(error: ConnectorError) -> ConnectorError:
    """The same error as that of one item."""
    return ConnectorError(
        error.fault,
        error.detail,
        error.vendor_code,
        Scope.ITEM,
        error.retry_after,
        error.fields,
        error.existing,
    )
