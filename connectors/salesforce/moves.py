"""What moved in the whole organization, for all its users at once: which records changed, and whom that concerns.

A poll of `feed.py` asks what changed *and is the user's*. Here the second half is left out, and only ids, owners and
stamps are read, so one call of a minute stands for the polls of everybody. Whatever lets a record appear in a user's
poll moves a stamp that is read here:

- a record that is made, edited, deleted, restored or given to somebody else has a new SystemModstamp;
- so has the relation of somebody who is invited, answers, or is no longer invited; and when the event itself moves, all
  its relations are read with it.

A row gets its stamp before it is committed. The cursor of an idle user stands far in the past and forgives that; here
it is always new, so it looks back for as long as a transaction may last: Apex gives up after ten minutes.

A list view is told by its condition, which is described in the same call. Only conditions that nothing but the record's
own columns decides can be followed so: what hangs on a formula, on another record or on the calendar lets records leave
without a stamp that moves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import OWNER, Move, Moves, OrgShape, Watch
from connectors.salesforce.codec import VERSION_FIELD, id18, version_of
from connectors.salesforce.composite import MOST_PARTS, MOST_QUERIES, Answer, Part
from connectors.salesforce.cursor import Cursor, fingerprint, hour_of
from connectors.salesforce.describe import kind_of
from connectors.salesforce.faults import part_error
from connectors.salesforce.scopes import ALL, MINE, PART, VIEW
from connectors.salesforce.soql import any_of, literal, select
from connectors.salesforce.views import describe_part, is_view, told
from connectors.salesforce.wire import Query, Wire

OPERATION = "moves"
MOST_ROWS = 10_000  # of an object since the last call; beyond that everybody asks for himself

Row = Mapping[str, Any]

_RELATION, _EVENT = "EventRelation", "Event"
_BY = "LastModifiedById"
_STRING = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_WORD = re.compile(r"(?<!\w)[A-Za-z_][\w.:]*")
_SPOKEN = frozenset({"and", "or", "not", "in", "like", "includes", "excludes", "null", "true", "false"})
_SYSTEM = frozenset({"id", "createddate", "createdbyid", "lastmodifieddate", "lastmodifiedbyid", "systemmodstamp"})


class OrgCursor(Cursor):
    """Where the reading of an object goes on."""

    __slots__ = ()

    overlap: ClassVar[timedelta] = timedelta(minutes=15)
    most_remembered: ClassVar[int] = MOST_ROWS


# --- what users listen to


def topics(watches: Sequence[Watch], shape: OrgShape) -> tuple[str, ...] | None:
    """`Object:column` of the owner, `Object:*` for all records, `Object:view:ID`. See `Crm.topics`."""
    found = [_topic(watch, shape) for watch in watches]
    return tuple(sorted({topic for topic in found if topic})) if all(found) else None


def _topic(watch: Watch, shape: OrgShape) -> str:
    """'' when the watch cannot be followed."""
    if not shape.has(watch.object, VERSION_FIELD) or not is_plain(watch.where, watch.object, shape):
        return ""
    if watch.scope == MINE and shape.has(watch.object, watch.owner):
        return f"{watch.object}:{watch.owner}"
    if watch.scope == ALL:
        return f"{watch.object}:*"
    return f"{watch.object}:{watch.scope}" if is_view(watch) else ""


def is_plain(condition: str, crm_object: str, shape: OrgShape) -> bool:
    """Does only what stands in the record itself decide? Nobody can write a formula."""
    fields = {name.lower(): facts for name, facts in shape.objects[crm_object].items()}
    for word in _WORD.findall(_STRING.sub("", condition)):
        facts = fields.get(word.lower())
        written = facts is not None and bool(facts.get("createable") or facts.get("updateable"))
        if not written and word.lower() not in _SPOKEN | _SYSTEM:
            return False
    return True


def unmoved(
    watches: Sequence[Watch], owner_id: str, cursors: Mapping[str, str], at: datetime, polls: int,
    lists: Mapping[str, str],
) -> dict[str, str] | None:  # fmt: skip
    """See `Crm.unmoved`."""
    found = {}
    for watch in watches:
        try:
            cursor = Cursor.parse(cursors.get(watch.name, ""), fingerprint(watch, owner_id), at)
        except ConnectorError:
            return None
        # of very many held records a poll asks about a part
        if cursor.since is None or cursor.place or len(watch.held) > PART * polls:
            return None
        if is_view(watch) and cursor.view != lists.get(watch.scope):
            return None
        found[watch.name] = cursor.unmoved(at).text()
    return found


# --- what moved


@dataclass(slots=True)
class _Line:
    """One object: who is asked about, and from where. `columns`: those that name owners."""

    object: str
    columns: tuple[str, ...]
    views: tuple[str, ...]
    cursor: OrgCursor | None = None

    def describe(self, view: str, version: str) -> Part:
        return describe_part(Watch("", kind_of(self.object), self.object, view), version)


class Lookout:
    """Asks for everybody. `cursors`: by object, as the last call left them."""

    def __init__(self, wire: Wire, version: str, shape: OrgShape, now: datetime) -> None:
        self._wire = wire
        self._version = version
        self._shape = shape
        self._now = now

    def moves(self, asked: Collection[str], cursors: Mapping[str, str]) -> dict[str, Moves | ConnectorError]:
        """See `Crm.moves`."""
        told_of: dict[str, Moves | ConnectorError] = {}
        lines: list[tuple[_Line, list[Query]]] = []
        for line in _lines(asked):
            line.cursor = self._cursor(line, cursors.get(line.object, ""))
            lines.append((line, self._queries(line)))
        queries = [self._wire.query_part(query) for _, some in lines for query in some]
        views = [line.describe(view, self._version) for line, _ in lines for view in line.views]
        answers = self._ask(queries, views)
        of_queries, of_views = iter(answers[: len(queries)]), iter(answers[len(queries) :])
        for line, some in lines:
            mine, described = [next(of_queries) for _ in some], [next(of_views) for _ in line.views]
            try:
                told_of[line.object] = self._told(line, mine, described)
            except ConnectorError as error:
                if error.scope is Scope.CONNECTION:
                    raise
                told_of[line.object] = error
        return told_of

    def _cursor(self, line: _Line, text: str) -> OrgCursor | None:
        """None when the reading begins: with no cursor, or with one for other users' wishes."""
        try:
            return OrgCursor.parse(text, _watched(line, _lists_of(text)), self._now) if text else None
        except ConnectorError:
            return None

    def _queries(self, line: _Line) -> list[Query]:
        both = [line.object, _RELATION] if line.object == _EVENT and self._shape.has(_RELATION) else [line.object]
        bound = line.cursor.bound if line.cursor else None
        if bound is None:
            newest = (VERSION_FIELD,)
            return [
                Query(f"{select(('Id', VERSION_FIELD), each, order=newest)} DESC LIMIT 1", deleted=True)
                for each in both
            ]
        since = f">= {literal(bound)}"
        moved = {
            line.object: [f"{VERSION_FIELD} {since}"],
            _RELATION: [any_of([f"{VERSION_FIELD} {since}", f"{_EVENT}.{VERSION_FIELD} {since}"])],
        }
        order = (VERSION_FIELD, "Id")
        return [Query(select(self._columns(line, e), e, moved[e], order, MOST_ROWS), deleted=True) for e in both]

    def _columns(self, line: _Line, crm_object: str) -> list[str]:
        own = [_BY] if self._shape.has(crm_object, _BY) else []
        if crm_object == _RELATION:
            return [
                "Id",
                VERSION_FIELD,
                *own,
                "EventId",
                "RelationId",
                f"{_EVENT}.{OWNER}",
                f"{_EVENT}.{VERSION_FIELD}",
            ]
        return list(dict.fromkeys(["Id", VERSION_FIELD, *own, *line.columns]))

    def _ask(self, queries: Sequence[Part], others: Sequence[Part]) -> list[Answer]:
        """The answers to all of them, in order; as few calls as they fit into."""
        room = MOST_PARTS - MOST_QUERIES
        calls = max(-(-len(queries) // MOST_QUERIES), -(-len(others) // room))
        first: list[Answer] = []
        second: list[Answer] = []
        for number in range(calls):
            some = queries[number * MOST_QUERIES : (number + 1) * MOST_QUERIES]
            rest = others[number * room : (number + 1) * room]
            found = self._wire.composite([*some, *rest], OPERATION, reading=True)
            first += found[: len(some)]
            second += found[len(some) :]
        return [*first, *second]

    def _told(self, line: _Line, answers: Sequence[Answer], described: Sequence[Answer]) -> Moves:
        lists = {view: known for view, a in zip(line.views, described, strict=True) if (known := self._list(line, a))}
        results = [self._rows(answer) for answer in answers]
        relations = results[1] if len(results) > 1 else []
        watched, old = _watched(line, lists), line.cursor
        # a list with another condition is one that nobody has read yet
        begins = old is None or old.watched != watched
        cursor = old or OrgCursor(watched, None, hour_of(self._now))
        found = [] if begins else [*self._own(line, results[0], cursor), *_invited(relations, cursor)]
        stamped = [*results[0], *relations, *(_event_of(each) for each in relations if _EVENT in each)]
        after = replace(cursor.after(stamped, self._now), watched=watched, view=json.dumps(lists, sort_keys=True))
        return Moves(tuple(_merged(found)), after.text(), begins, lists)

    def _list(self, line: _Line, answer: Answer) -> str:
        """The condition of a list view, '' where it cannot be followed: then whoever shows it asks for himself."""
        try:
            condition = told(_body(answer))
        except ConnectorError as error:
            if error.scope is Scope.CONNECTION:
                raise
            return ""
        return condition if is_plain(condition.partition(" ")[2], line.object, self._shape) else ""

    def _rows(self, answer: Answer) -> list[Row]:
        _body(answer)
        rows: list[Row] = self._wire.rows_of(answer, OPERATION)
        if len(rows) >= MOST_ROWS:
            detail = "more has moved than anybody would read"
            raise ConnectorError(Fault.CURSOR_LOST, detail, "BURST", Scope.CONTAINER)
        return rows

    @staticmethod
    def _own(line: _Line, rows: Sequence[Row], cursor: OrgCursor) -> Iterator[Move]:
        for row in rows:
            if _is_fresh(row, cursor):
                people = frozenset(id18(str(row[column])) for column in line.columns if row.get(column))
                yield Move(line.object, id18(row["Id"]), people, id18(str(row.get(_BY) or "")))


def _lines(asked: Iterable[str]) -> list[_Line]:
    """By object what its topics ask for."""
    found: dict[str, list[str]] = {}
    for topic in sorted(set(asked)):
        crm_object, _, aspect = topic.partition(":")
        found.setdefault(crm_object, []).append(aspect)
    return [
        _Line(
            name, tuple(a for a in aspects if a != "*" and not a.startswith(VIEW)),
            tuple(a for a in aspects if a.startswith(VIEW)),
        )
        for name, aspects in found.items()
    ]  # fmt: skip


def _watched(line: _Line, lists: Mapping[str, str]) -> str:
    """What a cursor is good for: these columns, and these conditions."""
    known = [lists.get(view, "") for view in line.views]
    return hashlib.sha256(json.dumps([line.object, line.columns, line.views, known]).encode()).hexdigest()[:16]


def _lists_of(text: str) -> Mapping[str, str]:
    """The conditions that a cursor remembers."""
    try:
        return dict(json.loads(json.loads(text).get("view") or "{}"))
    except (ValueError, AttributeError, TypeError):
        return {}


def _invited(relations: Sequence[Row], cursor: OrgCursor) -> Iterator[Move]:
    """The events of relations that moved, or whose event did, for whoever is invited and for the owner."""
    for relation in relations:
        event = _event_of(relation)
        if _is_fresh(relation, cursor) or _is_fresh(event, cursor):
            people = frozenset(id18(str(each)) for each in (relation.get("RelationId"), event.get(OWNER)) if each)
            yield Move(_EVENT, event["Id"], people, id18(str(relation.get(_BY) or "")))


def _event_of(relation: Row) -> dict[str, Any]:
    event = relation.get(_EVENT)
    told_of = dict(event) if isinstance(event, Mapping) else {}
    return {**told_of, "Id": id18(str(relation["EventId"]))}


def _is_fresh(row: Row, cursor: OrgCursor) -> bool:
    stamp = version_of(row)
    return bool(stamp) and cursor.seen.get(id18(row["Id"])) != stamp


def _merged(moves: Iterable[Move]) -> Iterator[Move]:
    """One move a record; `by` is told when all agree."""
    found: dict[tuple[str, str], Move] = {}
    for move in moves:
        known = found.get((move.object, move.id), move)
        by = move.by if move.by == known.by else ""
        found[move.object, move.id] = Move(move.object, move.id, known.people | move.people, by)
    yield from found.values()


def _body(answer: Answer) -> object:
    """Raises the error of the part."""
    if answer.ok:
        return answer.body
    raise part_error(answer.status, answer.body)
