"""Deletions: 200 records a call. A record that is gone already counts as deleted.

A conditional delete does not exist at the vendor: the stamp is read just before.

The rest of a series (`ONWARDS`) goes the way of its kind: a Lightning series has a request for it, of a Classic series
the occurrences from there on are looked up and deleted, and what is no series ends with the record itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import ONWARDS, Outcome
from connectors.salesforce.codec import VERSION_FIELD, id18, parse_datetime, version_of
from connectors.salesforce.composite import Answer, batched
from connectors.salesforce.config import ROWS_PER_COLLECTION
from connectors.salesforce.faults import GONE
from connectors.salesforce.results import Result, all_of, in_turn, of_rows
from connectors.salesforce.rows import Entry, for_item
from connectors.salesforce.soql import literal, one_of, select
from connectors.salesforce.wire import Query, Wire

SERIES = "RecurrenceActivityId"

Row = Mapping[str, Any]


class Deletes:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def write(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        tails = [e for e in entries if e.write.values.get(ONWARDS)]
        results = self._tails(target, tails) if tails else {}
        results |= self._moved(target, [e for e in entries if e.write.version and e not in tails])
        chunks = batched([e for e in entries if e.place not in results], ROWS_PER_COLLECTION)
        return results | in_turn(chunks, lambda chunk: self._call(target, chunk))

    def _call(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        try:
            body = self._remove(target, [e.write.id for e in entries])
        except ConnectorError as error:
            return all_of(entries, error)
        return of_rows(entries, Answer(200, body))

    def _remove(self, target: str, ids: list[str]) -> Any:
        listed = quote(",".join(ids), safe=",")
        return self._wire.send("DELETE", f"composite/sobjects?ids={listed}&allOrNone=false", f"write.delete.{target}")

    def _moved(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        """The conditional deletes that are decided by a look: moved on, or gone."""
        if not entries:
            return {}
        where = [one_of("Id", [e.write.id for e in entries])]
        rows = self._wire.queries([Query(select(("Id", VERSION_FIELD), target, where))], f"write.look.{target}")[0]
        stamps = {id18(row["Id"]): version_of(row) for row in rows}
        results: dict[int, Result] = {}
        for entry in entries:
            stamp = stamps.get(id18(entry.write.id))
            if stamp is not None and stamp != entry.write.version:
                error = ConnectorError(Fault.STALE, "somebody else wrote in between", "STAMP_MOVED", Scope.ITEM)
                results[entry.place] = Outcome(error=error)
        return results

    # --- series

    def _tails(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        """Ends each series at its occurrence. Entries that are left out are of no series."""
        columns = ("Id", "StartDateTime", "IsRecurrence2", SERIES)
        statement = select(columns, target, [one_of("Id", [e.write.id for e in entries])])
        rows = self._wire.queries([Query(statement)], f"write.look.{target}")[0]
        known = {id18(row["Id"]): row for row in rows}
        results: dict[int, Result] = {}
        for entry in entries:
            row = known.get(id18(entry.write.id))
            if row is None:
                results[entry.place] = Outcome(entry.write.id)  # gone already
            elif row.get("IsRecurrence2"):
                results[entry.place] = self._lightning_tail(target, entry)
            elif row.get(SERIES):
                results[entry.place] = self._classic_tail(target, entry, row)
        return results

    def _lightning_tail(self, target: str, entry: Entry) -> Result:
        path = f"sobjects/{target}/{quote(entry.write.id, safe='')}/fromThisEventOnwards"
        try:
            self._wire.send("DELETE", path, f"write.delete.{target}")
        except ConnectorError as error:
            return Outcome(entry.write.id) if error.vendor_code in GONE else _of_entry(error)
        return Outcome(entry.write.id)

    def _classic_tail(self, target: str, entry: Entry, row: Row) -> Result:
        where = [
            f"{SERIES} = {literal(str(row[SERIES]))}",
            "IsRecurrence = false",
            f"StartDateTime >= {literal(parse_datetime(str(row['StartDateTime'])))}",
        ]
        try:
            rows = self._wire.queries([Query(select(("Id",), target, where))], f"write.look.{target}")[0]
            failed: list[Outcome] = []
            for chunk in batched([id18(r["Id"]) for r in rows], ROWS_PER_COLLECTION):
                entries = [replace(entry, place=place) for place in range(len(chunk))]
                told = of_rows(entries, Answer(200, self._remove(target, chunk)))
                failed += [o for o in told.values() if isinstance(o, Outcome) and o.error]
        except ConnectorError as error:
            return _of_entry(error)
        return failed[0] if failed else Outcome(entry.write.id)


def _of_entry(error: ConnectorError) -> Result:
    """A refusal of the connection stays one; everything else is the entry's own."""
    if error.scope is Scope.CONNECTION and error.fault is not Fault.UNKNOWN:
        return error
    return Outcome(error=for_item(error))
