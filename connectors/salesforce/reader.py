"""How one watch is read: the statements of its part in the poll, and what their rows tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import OWNER, Change, CrmChanges, OrgShape, Watch
from connectors.salesforce.codec import LEFT, VERSION_FIELD, id18, item_of, parse_datetime, version_of
from connectors.salesforce.cursor import Cursor
from connectors.salesforce.describe import COLUMNS, columns_of
from connectors.salesforce.scopes import Range, held_part
from connectors.salesforce.soql import any_of, literal, select
from connectors.salesforce.wire import Query
from mapping.model.item import ItemRef, Side

# Rows of one answer (a page of the vendor's); a longer reading goes on with the next call, so that no answer outgrows
# the memory of a worker.
MOST_ROWS = 2000

Row = Mapping[str, Any]
Ask = Callable[[Sequence[Query]], list[list[Row]]]

_ALWAYS = ("Id", VERSION_FIELD, "IsDeleted", OWNER)


@dataclass(frozen=True, slots=True)
class Poll:
    """What all watches of a poll share. `ask` runs further statements, one call for five of them."""

    shape: OrgShape
    owner_id: str
    now: datetime
    first_days: int
    ask: Ask

    @property
    def horizon(self) -> datetime:
        """What ended before does not matter to a first reading."""
        return self.now - timedelta(days=self.first_days)


class Reader:
    """A watch whose records stand alone. `extra`: further columns of its object. `most_rows`: of one answer; 0 is no
    limit."""

    most_rows: ClassVar[int] = MOST_ROWS

    def __init__(self, poll: Poll, watch: Watch, cursor: Cursor, scope: Range, extra: Sequence[str]) -> None:
        self.poll = poll
        self.watch = watch
        self.cursor = cursor
        self.scope = scope
        self.columns = self._columns(extra)
        self._held, turn = held_part(watch.held, cursor.turn)
        self.next_turn = turn if self._outside() else cursor.turn

    # --- asking

    def queries(self) -> list[Query]:
        """The statements of the poll: at most two."""
        outside = self._outside()
        changed = " AND ".join([*self.inside(), *self._moved()])
        joined = bool(outside) and not self.scope.condition
        where = [any_of([f"({changed})", f"({outside})"])] if joined else [changed] if changed else []
        order = (VERSION_FIELD, "Id")
        queries = [Query(select(self.columns, self.watch.object, where, order, self.most_rows), self._with_deleted)]
        if outside and not joined:
            queries.append(Query(select(self.columns, self.watch.object, [outside], order), deleted=True))
        return queries

    def inside(self) -> list[str]:
        return self.scope.inside

    def _outside(self) -> str:
        """The condition of held records that left; '' while a longer reading goes on."""
        if not self._held or not self.scope.outside or self.cursor.place:
            return ""
        return f"{self._held} AND {self.scope.outside}"

    @property
    def _with_deleted(self) -> bool:
        return not self.cursor.place.first if self.cursor.place else self.cursor.since is not None

    def _moved(self) -> list[str]:
        """The condition of what is to be told: it changed, or (first reading) it still matters."""
        place, bound = self.cursor.place, self.cursor.bound
        if place is None:
            return self._window() if bound is None else [f"{VERSION_FIELD} >= {literal(bound)}"]
        stamp = literal(parse_datetime(place.stamp))
        behind = f"({VERSION_FIELD} > {stamp} OR ({VERSION_FIELD} = {stamp} AND Id > {literal(place.id)}))"
        return [*(self._window() if place.first else []), behind]

    def _window(self) -> list[str]:
        horizon = self.poll.horizon
        if self.watch.object == "Task":
            return [any_of(["IsClosed = false", f"ActivityDate >= {literal(horizon.date())}"])]
        column = self.watch.ends or self.watch.starts
        if not column:
            return []
        is_date = self.poll.shape.objects[self.watch.object].get(column, {}).get("type") == "date"
        return [f"{column} >= {literal(horizon.date() if is_date else horizon)}"]

    def _columns(self, extra: Sequence[str]) -> list[str]:
        crm_object = self.watch.object
        if crm_object in COLUMNS and not self.watch.columns:
            return columns_of(self.poll.shape, crm_object, extra)
        fields = self.poll.shape.objects[crm_object]
        named = [*self.watch.columns, *(c for c in (self.watch.starts, self.watch.ends) if c)]
        named += [self.scope.owner] if self.scope.owner_id else []
        if missing := [c for c in named if c not in fields]:
            raise ConnectorError(
                Fault.INVALID, "a field is unknown or hidden", "INVALID_FIELD", Scope.CONTAINER, fields=tuple(missing)
            )
        return list(dict.fromkeys([*(c for c in _ALWAYS if c in fields), *named]))

    # --- what came

    def answer(self, results: Sequence[list[Row]]) -> CrmChanges:
        """The changes that the rows of `queries` (in their order) tell. May ask further."""
        rows = results[0]
        outside = [row for row in rows if self.is_outside(row)]
        inside = [row for row in rows if not self.is_outside(row)] if outside else rows
        changes = [self.change(row) for row in inside if self.is_fresh(row)]
        # a list view may be about somebody's own records, and then the owner alone does not tell that one left
        changes += [_left(self.change(row)) for rows_left in (outside, *results[1:]) for row in rows_left]
        return CrmChanges(tuple(changes), *self._goes_on(rows, inside))

    def _goes_on(self, rows: list[Row], inside: list[Row]) -> tuple[str, bool]:
        more = len(rows) >= self.most_rows
        cursor = self.cursor.amid(rows, self.poll.now) if more else self.cursor.after(inside, self.poll.now)
        return replace(cursor, turn=self.next_turn).text(), more

    def is_outside(self, row: Row) -> bool:
        return bool(self.scope.owner_id) and id18(str(row.get(self.scope.owner))) != id18(self.scope.owner_id)

    def is_fresh(self, row: Row) -> bool:
        return self.cursor.seen.get(id18(row["Id"])) != version_of(row)

    def change(self, row: Row) -> Change:
        crm_object, kind = self.watch.object, self.watch.kind
        if row.get("IsDeleted"):
            return Change(ItemRef(Side.CRM, kind, id18(row["Id"]), crm_object), deleted=True)
        item = item_of(row, crm_object, kind, self.poll.shape.objects[crm_object])
        return Change(item.ref, item=item)


def _left(change: Change) -> Change:
    return change if change.item is None else replace(change, item=change.item.with_fields({LEFT: True}))
