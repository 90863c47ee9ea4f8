"""What changed for an owner: one composite call a poll, on SystemModstamp.

A row gets its stamp before it is committed, and stamps have whole seconds, so the newest stamp seen is no safe place
to go on from. Every poll therefore reads again what lies five minutes before it. The cursor remembers the rows
of those minutes with their stamps and keeps them out of the next answer: an owner with no change costs one call and
yields no change.

The first poll (no cursor) reads what still matters: events that ended no longer than `first_days` ago, tasks that are
open or due no longer ago, all contacts. It leaves out deleted and archived rows, and says `complete=False`: a record
outside that window is not gone.

Deleted rows stay readable for 15 days (recycle bin). A cursor that was last used longer ago has missed some:
CURSOR_LOST.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Change, CrmChanges, OrgShape
from connectors.salesforce.codec import format_utc, id18, item_of, parse_datetime, version_of
from connectors.salesforce.describe import columns_of
from connectors.salesforce.invitees import by_event, invitee_fields, relation_columns
from connectors.salesforce.soql import any_of, chunks, literal, one_of, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.item import ItemKind, ItemRef, Side

OVERLAP = timedelta(minutes=5)
BIN_KEEPS = timedelta(days=14)
CLOCKS_DIFFER = timedelta(hours=1)
MOST_REMEMBERED = 2000

Row = Mapping[str, Any]

OBJECT_OF: Mapping[ItemKind, str] = {ItemKind.EVENT: "Event", ItemKind.TASK: "Task", ItemKind.CONTACT: "Contact"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """`since`: the newest stamp seen, None before the first row. `used`: the day of the last poll (a day, so that
    the cursor of an idle owner does not change with every poll). `seen`: id -> stamp of the rows near `since`."""

    since: datetime | None
    used: date
    seen: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        since = format_utc(self.since) if self.since else ""
        return json.dumps(
            {"since": since, "used": self.used.isoformat(), "seen": dict(self.seen)},
            separators=(",", ":"),
            sort_keys=True,
        )

    @classmethod
    def parse(cls, text: str, today: date) -> Cursor:
        """Raises CURSOR_LOST for text that is no cursor, or one that deletions may have passed by."""
        try:
            told = json.loads(text)
            cursor = cls(
                since=parse_datetime(told["since"]) if told["since"] else None,
                used=date.fromisoformat(told["used"]),
                seen={str(k): str(v) for k, v in told["seen"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConnectorError(Fault.CURSOR_LOST, "not a cursor of this feed", scope=Scope.CONTAINER) from None
        if today - cursor.used > BIN_KEEPS:
            raise ConnectorError(
                Fault.CURSOR_LOST, "last used so long ago that deletions were missed", scope=Scope.CONTAINER
            )
        return cursor


class Feed:
    """Polls one kind for one owner."""

    def __init__(
        self, wire: Wire, shape: OrgShape, kind: ItemKind, owner_id: str, extra: Sequence[str], first_days: int
    ) -> None:
        if kind not in OBJECT_OF:
            raise ConnectorError(Fault.INVALID, "e-mails are shared one way and not polled", scope=Scope.CONTAINER)
        self._wire = wire
        self._shape = shape
        self._kind = kind
        self._object = OBJECT_OF[kind]
        self._owner = owner_id
        self._columns = columns_of(shape, self._object, extra)
        self._first_days = first_days
        self._with_relations = kind is ItemKind.EVENT and shape.has("EventRelation")

    def poll(self, cursor_text: str | None, now: datetime) -> CrmChanges:
        last = Cursor.parse(cursor_text, now.date()) if cursor_text else Cursor(None, now.date())
        bound = last.since - OVERLAP if last.since else None
        rows, relations = self._read(bound, now)
        wanted = self._fresh(rows, relations, last, bound)
        in_hand = {id18(row["Id"]) for row in rows}
        missing = sorted(wanted - in_hand)
        more_rows, more_relations = self._read_by_id(missing) if missing else ([], [])
        guests = by_event(relations) | by_event(more_relations)
        changes = tuple(self._change(r, guests) for r in [*rows, *more_rows] if id18(r["Id"]) in wanted)
        return CrmChanges(changes, _advance(last, [*rows, *relations], now).text())

    def _read(self, bound: datetime | None, now: datetime) -> tuple[list[Row], list[Row]]:
        """The poll itself: rows of the owner, and the relations that changed or belong to a changed event."""
        deleted = bound is not None
        moved = [f"SystemModstamp >= {literal(bound)}"] if bound else self._window(now, "")
        statement = select(self._columns, self._object, [*self._owned(), *moved], order=("SystemModstamp", "Id"))
        queries = [Query(statement, deleted)]
        if self._with_relations:
            of_moved = (
                [any_of([f"SystemModstamp >= {literal(bound)}", f"Event.SystemModstamp >= {literal(bound)}"])]
                if bound
                else self._window(now, "Event.")
            )
            where = [f"Event.OwnerId = {literal(self._owner)}", *of_moved]
            statement = select(relation_columns(self._shape), "EventRelation", where, order=("SystemModstamp", "Id"))
            queries.append(Query(statement, deleted))
        found = self._wire.queries(queries, f"changes.{self._kind}")
        return found[0], found[1] if self._with_relations else []

    def _read_by_id(self, ids: list[str]) -> tuple[list[Row], list[Row]]:
        """Events whose relations alone have changed, with all their relations."""
        queries = []
        for chunk in chunks(ids):
            where = [*self._owned(), one_of("Id", chunk)]
            queries.append(Query(select(self._columns, self._object, where), deleted=True))
            of_chunk = [one_of("EventId", chunk)]
            queries.append(Query(select(relation_columns(self._shape), "EventRelation", of_chunk)))
        found = self._wire.queries(queries, f"changes.{self._kind}")
        rows = [row for result in found[0::2] for row in result]
        relations = [row for result in found[1::2] for row in result]
        return rows, relations

    def _owned(self) -> list[str]:
        owned = [f"OwnerId = {literal(self._owner)}"]
        if self._kind is ItemKind.EVENT and self._shape.has("Event", "IsChild"):
            owned.append("IsChild = false")  # the copies that invited users get; the organizer's row is the event
        return owned

    def _window(self, now: datetime, prefix: str) -> list[str]:
        start = now - timedelta(days=self._first_days)
        if self._kind is ItemKind.EVENT:
            if self._shape.has("Event", "EndDateTime"):
                return [f"{prefix}EndDateTime >= {literal(start)}"]
            return [f"{prefix}ActivityDate >= {literal(start.date())}"]
        if self._kind is ItemKind.TASK:
            return [any_of(["IsClosed = false", f"ActivityDate >= {literal(start.date())}"])]
        return []

    @staticmethod
    def _fresh(rows: list[Row], relations: list[Row], last: Cursor, bound: datetime | None) -> set[str]:
        """Ids of records to tell: rows not seen with this stamp, and events with such a relation."""
        fresh = {id18(r["Id"]) for r in rows if last.seen.get(id18(r["Id"])) != version_of(r)}
        if bound is None:
            return fresh
        for relation in relations:
            stamp = version_of(relation)
            moved = bool(stamp) and parse_datetime(stamp) >= bound
            if moved and last.seen.get(id18(relation["Id"])) != stamp:
                fresh.add(id18(relation["EventId"]))
        return fresh

    def _change(self, row: Row, guests: Mapping[str, list[Row]]) -> Change:
        record_id = id18(row["Id"])
        if row.get("IsDeleted"):
            return Change(ItemRef(Side.CRM, self._kind, record_id, self._object), deleted=True)
        item = item_of(row, self._object, self._kind, self._shape.objects[self._object])
        if self._kind is ItemKind.EVENT:
            item = item.with_fields(invitee_fields(guests.get(record_id, [])))
        return Change(item.ref, item=item)


def _advance(last: Cursor, rows: Iterable[Row], now: datetime) -> Cursor:
    """The cursor after a poll that returned these rows."""
    stamps = {id18(row["Id"]): stamp for row in rows if (stamp := version_of(row))}
    newest = max((parse_datetime(s) for s in stamps.values()), default=None)
    since = max((m for m in (last.since, newest) if m is not None), default=None)
    if since is None:
        # Nothing there yet: go on from here, with room for clocks that differ. Without a bound the next poll would be
        # a first one again, and a first one tells no deletions.
        return Cursor(now.replace(minute=0, second=0, microsecond=0) - CLOCKS_DIFFER, now.date())
    # ISO stamps in UTC compare as text like the moments they name.
    edge = format_utc(since - OVERLAP)
    near = sorted(((stamp, rid) for rid, stamp in stamps.items() if stamp >= edge), reverse=True)
    return Cursor(since, now.date(), {rid: stamp for stamp, rid in near[:MOST_REMEMBERED]})
