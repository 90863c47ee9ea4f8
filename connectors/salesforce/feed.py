"""What changed for a user: one composite call for all that is watched, on SystemModstamp.

The first reading of a watch (no cursor) reads what still matters: events that ended no longer than `first_days` ago,
tasks that are open or due no longer ago, records of other objects by the columns that date them, all contacts. It
leaves out deleted and archived rows; a record outside that window is not gone.

Afterwards what changed is read, deleted rows among it, and whichever of the records held by the caller are the user's
no longer (see `scopes.py`). A user with no change costs one call and yields no change (see `cursor.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import CrmChanges, OrgShape, Watch
from connectors.salesforce.calendar_reader import CalendarReader
from connectors.salesforce.composite import MOST_QUERIES, batched
from connectors.salesforce.cursor import Cursor, fingerprint
from connectors.salesforce.faults import part_error
from connectors.salesforce.reader import Poll, Reader, Row
from connectors.salesforce.scopes import MINE, range_of
from connectors.salesforce.wire import Query, Wire
from mapping.model.item import ItemKind

OPERATION = "changes"

Told = CrmChanges | ConnectorError
Columns = Callable[[str], Sequence[str]]


class Feed:
    """Polls for one user. `extra` names further columns of an object."""

    def __init__(self, wire: Wire, shape: OrgShape, owner_id: str, extra: Columns, first_days: int) -> None:
        self._wire = wire
        self._shape = shape
        self._owner = owner_id
        self._extra = extra
        self._first_days = first_days

    def poll(self, watches: Sequence[Watch], cursors: Mapping[str, str], now: datetime) -> dict[str, Told]:
        """See `Crm.changes`."""
        poll = Poll(self._shape, self._owner, now, self._first_days, lambda q: self._wire.queries(q, OPERATION))
        told: dict[str, Told] = {}
        readers: list[Reader] = []
        for watch in watches:
            try:
                readers.append(self._reader(poll, watch, cursors.get(watch.name)))
            except ConnectorError as error:
                told[watch.name] = error
        asked = [(reader, reader.queries()) for reader in readers]
        results = iter(self._ask([query for _, queries in asked for query in queries]))
        for reader, queries in asked:
            told[reader.watch.name] = _answer(reader, [next(results) for _ in queries])
        return told

    def _reader(self, poll: Poll, watch: Watch, cursor_text: str | None) -> Reader:
        if watch.kind is ItemKind.EMAIL:
            raise ConnectorError(Fault.INVALID, "e-mails are shared one way and not polled", scope=Scope.CONTAINER)
        watched, today = fingerprint(watch, self._owner), poll.now.date()
        cursor = Cursor.parse(cursor_text, watched, today) if cursor_text else Cursor(watched, None, today)
        is_calendar = (watch.object, watch.scope, watch.where) == ("Event", MINE, "")
        kind = CalendarReader if is_calendar else Reader
        return kind(poll, watch, cursor, range_of(watch, self._shape, self._owner), self._extra(watch.object))

    def _ask(self, queries: Sequence[Query]) -> list[list[Row] | ConnectorError]:
        """The rows of each statement, or its error. Raises what concerns the connection."""
        found: list[list[Row] | ConnectorError] = []
        for chunk in batched(queries, MOST_QUERIES):
            parts = [self._wire.query_part(query) for query in chunk]
            for answer in self._wire.composite(parts, OPERATION, reading=True):
                if answer.ok:
                    found.append(self._wire.rows_of(answer, OPERATION))
                    continue
                error = part_error(answer.status, answer.body)
                if error.scope is Scope.CONNECTION:
                    raise error
                found.append(error)
        return found


def _answer(reader: Reader, results: Sequence[list[Row] | ConnectorError]) -> Told:
    rows: list[list[Row]] = []
    for result in results:
        if isinstance(result, ConnectorError):
            return result
        rows.append(result)
    try:
        return reader.answer(rows)
    except ConnectorError as error:
        if error.scope is Scope.CONNECTION:
            raise
        return error
