"""Records of other Salesforce objects as calendar items: they are shown in the mailbox, and never written.

Which objects those are, and by which columns they are dated and described, is an organization's own choice; the rules
read it from a setting (`mapping.rules.shown_objects`). Here it becomes a table like any other, except that all of its
rows go down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from mapping.model import fields
from mapping.model.item import MISSING, Fields, ItemKind, Span, Value
from mapping.model.lens import minutes_span, plain_text, readable, truncated
from mapping.model.moment import minute, span_days
from mapping.model.table import Columns, Direction, Field, Form, Table
from mapping.tables.describe import Describe

MINE, ALL, VIEW = "mine", "all", "view:"
OWNER = "OwnerId"
LONGEST_LINE, LONGEST_TEXT = 255, 32_000


@dataclass(frozen=True, slots=True)
class ShownObject:
    """One object, by the API names of the object and its columns.

    `starts`: a date, for a day or (with `ends`, another date) for several; or a date-time, with `ends`, another one.
    `scope`: whose records: "mine" (by `owner`, a column that names a user), "all", or "view:ID" of a list view.
    `where`: a SOQL condition on top of it. `category`: what its items bear, '' for the object's label."""

    object: str
    subject: str = ""
    starts: str = ""
    ends: str = ""
    location: str = ""
    description: str = ""
    owner: str = OWNER
    scope: str = MINE
    where: str = ""
    category: str = ""

    @property
    def dates(self) -> Columns:
        return (self.starts, self.ends) if self.ends else (self.starts,)

    @property
    def columns(self) -> Columns:
        """Every column that is read of a record, each once."""
        owner = self.owner if self.scope == MINE else ""
        named = (self.subject, *self.dates, self.location, self.description, owner)
        return tuple(dict.fromkeys(name for name in named if name))


def table_of(shown: ShownObject) -> Table:
    """Subject, time, place and text are the record's; guests, privacy and series it has none. All else of the item,
    like its reminder, is the user's own."""
    rows = [
        _text(fields.SUBJECT, shown.subject, LONGEST_LINE),
        Field(fields.SPAN, shown.dates, minutes_span(), SPAN, Direction.DOWN),
        _always(fields.ATTENDEES, "Attendees", ()),
        _always(fields.SENSITIVITY, "Sensitivity", "normal"),
    ]
    if shown.location:
        rows.append(_text(fields.LOCATION, shown.location, LONGEST_LINE))
    if shown.description:
        text = Field(fields.BODY, (shown.description,), plain_text(LONGEST_TEXT), READABLE, Direction.DOWN)
        rows.append(text)
    return Table(ItemKind.EVENT, shown.object, tuple(rows))


def span_of(shown: ShownObject, record: Fields) -> Span | None:
    """When a record takes place; None when it does not say, or ends before it starts."""
    span = _read_span(shown.dates, record)
    return span if isinstance(span, Span) else None


def misfits(shown: ShownObject, describe: Describe | None) -> Iterator[str]:
    """What keeps the object from being shown, in words; `describe`: None when the org does not show the object."""
    if describe is None:
        yield f"{shown.object} is not there or hidden from the user"
        return
    missing = [column for column in shown.columns if column not in describe]
    yield from (f"{column} is not there or hidden from the user" for column in missing)
    if missing:
        return
    kinds = [str(describe[column].get("type")) for column in shown.dates]
    if kinds not in (["date"], ["date", "date"], ["datetime", "datetime"]):
        told = " and ".join(f"{column} ({kind})" for column, kind in zip(shown.dates, kinds, strict=True))
        yield f"{told}: a record is dated by a date, by two dates or by two date-times"
    named = describe[shown.owner].get("referenceTo") if shown.scope == MINE else ("User",)
    if not isinstance(named, (list, tuple)) or "User" not in named:
        yield f"{shown.owner} names no user, so it does not tell whose a record is"


# --- how a record lies in its columns


def _read_span(columns: Columns, row: Fields) -> Value:
    start, end = row.get(columns[0], MISSING), row.get(columns[-1], MISSING)
    if isinstance(start, datetime) or isinstance(end, datetime):
        timed = isinstance(start, datetime) and isinstance(end, datetime) and len(columns) == 2
        return Span(minute(start), minute(end)) if timed and start <= end else MISSING  # type: ignore[arg-type, operator]
    if isinstance(start, date) and isinstance(end, date) and start <= end:
        return span_days(start, (end - start).days + 1)
    return MISSING


def _read_any(columns: Columns, row: Fields) -> Value:
    value = row.get(columns[0], MISSING)
    return value if value is MISSING else readable(value)


def _never_written(_columns: Columns, _view: Value) -> Fields:
    raise ValueError("records that are only shown are not written")


SPAN = Form("dates", _read_span, _never_written)
READABLE = Form("readable", _read_any, _never_written)


def _text(name: str, column: str, length: int) -> Field:
    return Field(name, (column,), truncated(length), READABLE, Direction.DOWN)


def _always(name: str, column: str, value: Value) -> Field:
    """A row for what these records never have: whatever the item says, this is right."""
    form = Form("always", lambda _columns, _row: value, _never_written)
    return Field(name, (column,), form=form, direction=Direction.DOWN, virtual=True)
