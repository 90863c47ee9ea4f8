"""What changed for a user: one composite call for all that is watched, on SystemModstamp.

The first reading of a watch (no cursor) reads what still matters: events that ended no longer than `first_days` ago,
tasks that are open or due no longer ago, records of other objects by the columns that date them, all contacts. It
leaves out deleted and archived rows; a record outside that window is not gone.

Afterwards what changed is read, deleted rows among it, and whichever of the records held by the caller are the user's
no longer (see `scopes.py`). A user with no change costs one call and yields no change (see `cursor.py`).

A list view is described in the same call in which it is read, by the condition that it had the last time. When it turns
out to have another one now, it is read from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import CrmChanges, OrgShape, Watch
from connectors.salesforce.calendar_reader import CalendarReader
from connectors.salesforce.composite import MOST_PARTS, MOST_QUERIES, Answer, Part
from connectors.salesforce.cursor import Cursor, fingerprint, hour_of
from connectors.salesforce.faults import part_error
from connectors.salesforce.reader import Poll, Reader, Row
from connectors.salesforce.scopes import MINE, range_of
from connectors.salesforce.views import describe_part, is_view, range_of_view, told
from connectors.salesforce.wire import Query, Wire
from mapping.model.item import ItemKind

OPERATION = "changes"

Told = CrmChanges | ConnectorError
Columns = Callable[[str], Sequence[str]]


@dataclass(slots=True)
class _Round:
    """What one round of calls is to ask and has told. `views`: of which the list views are to be described."""

    opened: list[tuple[Watch, Cursor]] = field(default_factory=list)
    views: list[Watch] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    described: dict[str, str] = field(default_factory=dict)


class Feed:
    """Polls for one user. `extra` names further columns of an object."""

    def __init__(
        self, wire: Wire, version: str, shape: OrgShape, owner_id: str, extra: Columns, first_days: int
    ) -> None:
        self._wire = wire
        self._version = version
        self._shape = shape
        self._owner = owner_id
        self._extra = extra
        self._first_days = first_days

    def poll(self, watches: Sequence[Watch], cursors: Mapping[str, str], now: datetime) -> dict[str, Told]:
        """See `Crm.changes`."""
        poll = Poll(self._shape, self._owner, now, self._first_days, lambda q: self._wire.queries(q, OPERATION))
        first = _Round()
        kept: dict[str, Cursor] = {}
        for watch in watches:
            try:
                kept[watch.name] = cursor = self._cursor(watch, cursors.get(watch.name), now)
            except ConnectorError as error:
                first.told[watch.name] = error
                continue
            if is_view(watch):
                first.views.append(watch)
            if cursor.view or not is_view(watch):
                first.opened.append((watch, cursor))
        self._go(poll, first)
        second = _Round()
        for watch in first.views:
            view = first.described.get(watch.name, "")
            if view and view != kept[watch.name].view:
                second.opened.append((watch, replace(self._cursor(watch, None, now), view=view)))
        self._go(poll, second)
        return first.told | second.told

    def _cursor(self, watch: Watch, text: str | None, now: datetime) -> Cursor:
        if watch.kind is ItemKind.EMAIL:
            raise ConnectorError(Fault.INVALID, "e-mails are shared one way and not polled", scope=Scope.CONTAINER)
        watched = fingerprint(watch, self._owner)
        return Cursor.parse(text, watched, now) if text else Cursor(watched, None, hour_of(now))

    def _go(self, poll: Poll, round_: _Round) -> None:
        asked: list[tuple[Reader, list[Query]]] = []
        for watch, cursor in round_.opened:
            try:
                reader = self._reader(poll, watch, cursor)
                asked.append((reader, reader.queries()))
            except ConnectorError as error:
                round_.told[watch.name] = error
        parts: list[tuple[Watch, Part]] = []
        for watch in round_.views:
            try:
                parts.append((watch, describe_part(watch, self._version)))
            except ConnectorError as error:
                round_.told[watch.name] = error
        queries = [self._wire.query_part(query) for _, listed in asked for query in listed]
        answers = self._ask(queries, [part for _, part in parts])
        for reader, listed in asked:
            answered = answers[: len(listed)]
            del answers[: len(listed)]
            round_.told[reader.watch.name] = self._answer(reader, answered)
        for (watch, _), answer in zip(parts, answers, strict=True):
            try:
                round_.described[watch.name] = told(self._body(answer))
            except ConnectorError as error:
                round_.told[watch.name] = error

    def _reader(self, poll: Poll, watch: Watch, cursor: Cursor) -> Reader:
        view = range_of_view(cursor.view, self._owner) if cursor.view else None
        is_calendar = (watch.object, watch.scope, watch.where) == ("Event", MINE, "")
        kind = CalendarReader if is_calendar else Reader
        return kind(poll, watch, cursor, range_of(watch, self._shape, self._owner, view), self._extra(watch.object))

    def _ask(self, queries: Sequence[Part], others: Sequence[Part]) -> list[Answer]:
        """The answers to all of them, in order. Five queries fit into a call, and many others beside them."""
        room = MOST_PARTS - MOST_QUERIES
        calls = max(-(-len(queries) // MOST_QUERIES), -(-len(others) // room))
        told_queries: list[Answer] = []
        told_others: list[Answer] = []
        for number in range(calls):
            some = queries[number * MOST_QUERIES : (number + 1) * MOST_QUERIES]
            rest = others[number * room : (number + 1) * room]
            found = self._wire.composite([*some, *rest], OPERATION, reading=True)
            told_queries += found[: len(some)]
            told_others += found[len(some) :]
        return [*told_queries, *told_others]

    def _answer(self, reader: Reader, answers: Sequence[Answer]) -> Told:
        try:
            rows: list[list[Row]] = []
            for answer in answers:
                self._body(answer)
                rows.append(self._wire.rows_of(answer, OPERATION))
            return reader.answer(rows)
        except ConnectorError as error:
            if error.scope is Scope.CONNECTION:
                raise
            return error

    @staticmethod
    def _body(answer: Answer) -> object:
        """Raises the error of the part, which is that of the connection when it speaks of it."""
        if answer.ok:
            return answer.body
        raise part_error(answer.status, answer.body)
