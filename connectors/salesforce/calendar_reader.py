"""How a user's calendar is read: events with their invitees, and the events of others to which the user is invited.

Changing an invitee leaves the event's own stamp as it was, so the relations are asked for beside the events. Whoever is
invited gets a copy of the event (`IsChild`) in his calendar. The copy names neither its original nor its key and may
hardly be written, so it is not told: the relation leads from the user to the organizer's event, and that one is told,
as `Invited`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.protocols import OWNER, Change, CrmChanges
from connectors.salesforce.codec import INVITED, VERSION_FIELD, id18, parse_datetime, version_of
from connectors.salesforce.invitees import by_event, invitee_fields, invites, relation_columns
from connectors.salesforce.reader import Reader, Row
from connectors.salesforce.soql import any_of, chunks, literal, one_of, select
from connectors.salesforce.wire import Query

_OF_EVENT = (f"Event.{OWNER}", f"Event.{VERSION_FIELD}")


class CalendarReader(Reader):
    most_rows = 0  # a calendar has a window; its rows must meet their relations in one answer

    def queries(self) -> list[Query]:
        queries = super().queries()
        if self._has_relations:
            me = literal(self.poll.owner_id)
            where = [any_of([f"Event.{OWNER} = {me}", f"RelationId = {me}"]), *self._relations_moved()]
            columns = [*relation_columns(self.poll.shape), *_OF_EVENT]
            statement = select(columns, "EventRelation", where, (VERSION_FIELD, "Id"))
            queries.append(Query(statement, self._with_deleted))
        return queries

    def inside(self) -> list[str]:
        mine = super().inside()
        return [*mine, "IsChild = false"] if self.poll.shape.has("Event", "IsChild") else mine

    def _window(self, prefix: str = "") -> list[str]:
        shape, horizon = self.poll.shape, self.poll.horizon
        day = literal(horizon.date())
        ended = f"ActivityDate >= {day}"
        if shape.has("Event", "EndDateTime"):
            ended = f"EndDateTime >= {literal(horizon)}"
        matters = [prefix + ended]
        if shape.has("Event", "RecurrenceEndDateOnly"):
            # the record of a series bears the dates of its first occurrence, however long ago that was
            matters.append(f"{prefix}RecurrenceEndDateOnly >= {day}")
        return [any_of(matters)]

    def _relations_moved(self) -> list[str]:
        bound = self.cursor.bound
        if bound is None:
            return self._window("Event.")
        return [any_of([f"{VERSION_FIELD} >= {literal(bound)}", f"Event.{VERSION_FIELD} >= {literal(bound)}"])]

    @property
    def _has_relations(self) -> bool:
        return self.poll.shape.has("EventRelation")

    def answer(self, results: Sequence[list[Row]]) -> CrmChanges:
        rows, relations = results[0], results[1] if self._has_relations else []
        own = [row for row in rows if not self.is_outside(row)]
        in_hand = {id18(row["Id"]) for row in rows}
        touched = self._touched(relations)
        # relations of an event in hand came all together, because the event itself has moved
        guests = by_event(relations)
        changes = [self._told(row, guests) for row in own if self.is_fresh(row) or id18(row["Id"]) in touched]
        changes += [self.change(row) for row in rows if self.is_outside(row)]
        if missing := sorted(touched - in_hand):
            changes += self._by_id(missing)
        stamped = [*own, *relations, *(self._event_of(r) for r in relations if self._is_foreign(r))]
        cursor = replace(self.cursor.after(stamped, self.poll.now), turn=self.next_turn)
        return CrmChanges(tuple(changes), cursor.text())

    def _touched(self, relations: Sequence[Row]) -> set[str]:
        """Ids of the events that are told because of a relation: it moved, or it leads to somebody else's event."""
        bound = self.cursor.bound
        touched = set()
        for relation in relations:
            stamp = version_of(relation)
            moved = bound is not None and bool(stamp) and parse_datetime(stamp) >= bound and self.is_fresh(relation)
            if moved or (self._is_foreign(relation) and self.is_fresh(self._event_of(relation))):
                touched.add(id18(relation["EventId"]))
        return touched

    def _by_id(self, ids: Sequence[str]) -> list[Change]:
        """Events that are not in hand, with all their relations."""
        queries = []
        for chunk in chunks(ids):
            queries.append(Query(select(self.columns, "Event", [one_of("Id", chunk)]), deleted=True))
            relations = select(relation_columns(self.poll.shape), "EventRelation", [one_of("EventId", chunk)])
            queries.append(Query(relations))
        found = self.poll.ask(queries)
        guests = by_event(row for result in found[1::2] for row in result)
        held = set(self.watch.held)
        changes = []
        for row in (row for result in found[0::2] for row in result):
            record_id = id18(row["Id"])
            if not self.is_outside(row) or self._is_invited(guests.get(record_id, [])):
                changes.append(self._told(row, guests))
            elif record_id in held:
                changes.append(self.change(row))
        return changes

    def _told(self, row: Row, guests: Mapping[str, list[Row]]) -> Change:
        change = self.change(row)
        if change.item is None:
            return change
        fields = {**invitee_fields(guests.get(change.ref.id, [])), INVITED: self.is_outside(row)}
        return replace(change, item=change.item.with_fields(fields))

    def _is_invited(self, relations: Sequence[Row]) -> bool:
        return any(invites(r) and id18(str(r["RelationId"])) == id18(self.poll.owner_id) for r in relations)

    def _is_foreign(self, relation: Row) -> bool:
        event = relation.get("Event")
        return isinstance(event, Mapping) and id18(str(event.get(OWNER))) != id18(self.poll.owner_id)

    @staticmethod
    def _event_of(relation: Row) -> dict[str, Any]:
        event = relation.get("Event")
        stamp = event.get(VERSION_FIELD) if isinstance(event, Mapping) else None
        return {"Id": id18(relation["EventId"]), VERSION_FIELD: stamp}
