"""Values between Salesforce's JSON and ours.

On the wire (REST API guide): datetimes come as `2022-03-17T16:21:26.000+0000` and go as ISO 8601 with `Z`; dates are
`YYYY-MM-DD`; null is null; ids have 15 or 18 characters. What a text means is taken from the describe of its field,
never guessed from how it looks: a subject may well look like a date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime

from connectors.errors import ConnectorError, Fault, Scope
from mapping.model.item import MISSING, Attendee, Item, ItemKind, ItemRef, Pending, Person, Side, Span, Value

INVITEES = "Invitees"
INVITEE_IDS = "InviteeIds"
INVITED = "Invited"
LEFT = "Left"
RECORD_URL = "RecordUrl"
VIRTUAL = frozenset({INVITEES, INVITEE_IDS, INVITED, LEFT, RECORD_URL})

VERSION_FIELD = "SystemModstamp"

Wire = str | int | float | bool | None | list[str]
FieldTypes = Mapping[str, Mapping[str, object]]

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def parse_datetime(text: str) -> datetime:
    """A Salesforce timestamp as aware UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)  # takes `+0000`, `+00:00` and `Z` alike
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_utc(moment: datetime) -> str:
    """`2026-03-01T09:00:00Z`: what JSON bodies, SOQL and our versions use. Seconds are all that Salesforce keeps."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def version_of(row: Mapping[str, object]) -> str:
    """The row's version: its SystemModstamp, or '' when the row was read without."""
    stamp = row.get(VERSION_FIELD)
    return format_utc(parse_datetime(stamp)) if isinstance(stamp, str) and stamp else ""


def http_date(version: str) -> str:
    """A version as `If-Unmodified-Since` wants it."""
    return format_datetime(parse_datetime(version), usegmt=True)


def id18(record_id: str) -> str:
    """The 18-character form of an id, which does not depend on case; anything else comes back as it is."""
    if len(record_id) != 15 or not record_id.isalnum() or not record_id.isascii():
        return record_id
    check = ""
    for start in (0, 5, 10):
        chunk = record_id[start : start + 5]
        check += _ID_ALPHABET[sum(1 << i for i, char in enumerate(chunk) if char.isupper())]
    return record_id + check


def from_wire(value: object, kind: str) -> Value:
    """One JSON value by the type that the describe gives its field."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        # Neutral values know no fractions: whole numbers are numbers, others keep their digits as text.
        return int(value) if float(value).is_integer() else repr(value)
    if isinstance(value, list):
        return tuple(v for v in value if isinstance(v, str))
    if not isinstance(value, str):
        return MISSING
    if kind == "datetime":
        return parse_datetime(value)
    if kind == "date":
        return date.fromisoformat(value[:10])
    return value


def to_wire(value: Value) -> Wire:
    """One of our values as JSON. Raises ValueError for what no column can hold."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple) and all(isinstance(v, str) for v in value):
        return [v for v in value if isinstance(v, str)]
    raise ValueError("not a value for a column")


def is_virtual(name: str, value: Value) -> bool:
    """What belongs to our view of a record and to no column of it."""
    if name in VIRTUAL or value is MISSING or isinstance(value, Attendee | Person | Span):
        return True
    return isinstance(value, tuple) and not all(isinstance(v, str) for v in value) and not _waits(value)


def body_of(values: Mapping[str, Value]) -> dict[str, Wire]:
    """The JSON body of a record, virtual fields left out. Raises ConnectorError (INVALID, Scope.ITEM) when a value
    still waits for another operation, or cannot be written as JSON: leaving it out would write a wrong record."""
    body: dict[str, Wire] = {}
    for name, value in values.items():
        if is_virtual(name, value):
            continue
        try:
            body[name] = to_wire(value)
        except ValueError:
            waits = _waits(value)
            detail = "a value waits for another operation" if waits else "a value has no form on the wire"
            raise ConnectorError(Fault.INVALID, detail, scope=Scope.ITEM, fields=(name,)) from None
    return body


def item_of(row: Mapping[str, object], crm_object: str, kind: ItemKind, types: FieldTypes) -> Item:
    """A query row as an Item. Columns of a parent (`Owner: {Name: ..}`) become dotted names."""
    fields = {name: from_wire(value, str(types.get(name, {}).get("type", ""))) for name, value in _flat(row)}
    ref = ItemRef(Side.CRM, kind, id18(str(row["Id"])), crm_object)
    return Item(ref=ref, version=version_of(row), fields=fields)


def _flat(row: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if name == "attributes":
            continue
        if not isinstance(value, Mapping):
            yield prefix + name, value
        elif "records" not in value:  # a child subquery is not a value of the record
            yield from _flat(value, f"{prefix}{name}.")


def _waits(value: Value) -> bool:
    return isinstance(value, Pending) or (isinstance(value, tuple) and any(_waits(v) for v in value))
