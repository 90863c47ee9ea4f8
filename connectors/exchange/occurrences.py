"""Single occurrences of series: how they are named to the server.

An exception has an id of its own, which its master tells. Every other occurrence is the n-th of its master, cancelled
ones counted. So the masters are read first, in one call, whatever is then done with their occurrences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from exchangelib import EWSTimeZone
from exchangelib.items import CalendarItem
from exchangelib.properties import BaseItemId, ItemId, OccurrenceItemId

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire
from connectors.exchange.line import Line
from connectors.exchange.series import NEEDS, series_values
from connectors.outlook import occurrences
from connectors.outlook.occurrences import Master, Place
from mapping.model.item import Original, Series
from mapping.recurrence.expand import originals

CHUNK = 100


class Occurrences(occurrences.Occurrences[BaseItemId]):
    def __init__(self, line: Line) -> None:
        super().__init__(line.lineage)
        self._line = line

    def masters(self, ids: Iterable[str]) -> dict[str, Master | ConnectorError]:
        wanted, line = list(dict.fromkeys(ids)), self._line
        fields, service = wire.paths(CalendarItem, NEEDS), wire.GetItem(account=line.account)
        found: dict[str, Master | ConnectorError] = {}
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            answers = line.call(lambda chunk=chunk: service.items(chunk, fields))  # type: ignore[misc]
            for identifier, answer in zip(chunk, line.matched(answers, len(chunk)), strict=True):
                master = _master(line, identifier, answer)
                if master is not None:
                    found[identifier] = master
        return found

    def places_in(
        self, wanted: Iterable[tuple[Master, Collection[Original]]]
    ) -> dict[str, dict[Original, Place[BaseItemId] | ConnectorError]]:
        found: dict[str, dict[Original, Place[BaseItemId] | ConnectorError]] = {}
        for master, asked in wanted:
            there = {original: Place(identifier, master, original) for original, identifier in _ids(master, asked)}
            found.setdefault(master.id, {}).update(there)
        return found

    def written(self, series: Series) -> Mapping[str, Any]:
        return series_values(series, self._line.zone)

    def zone_of(self, master: Master) -> EWSTimeZone:
        """In which the times of its occurrences are written."""
        return EWSTimeZone(master.series.zone) if master.series.zone else self._line.zone


def _master(line: Line, identifier: str, answer: Any) -> Master | ConnectorError | None:
    if isinstance(answer, Exception):
        error = line.fault(answer)
        return None if error.fault is Fault.NOT_FOUND else error
    if not isinstance(answer, CalendarItem) or answer.type != "RecurringMaster":
        return None
    if not isinstance(answer.recurrence, Series):
        return ConnectorError(Fault.INVALID, "the recurrence cannot be read", scope=Scope.ITEM)
    line.lineage.seen(identifier, answer.changekey)
    return Master(identifier, answer.changekey, answer.recurrence)


def _ids(master: Master, wanted: Collection[Original]) -> Iterator[tuple[Original, BaseItemId]]:
    """The ids of the occurrences that there are."""
    series = master.series
    own = {moved.original: moved.id for moved in series.moved if moved.id}
    yield from ((original, ItemId(id=own[original])) for original in wanted if original in own)
    others = set(wanted) - own.keys() - set(series.cancelled)
    for original, index in _indices(series, others).items():
        yield original, OccurrenceItemId(id=master.id, instance_index=index)


def _indices(series: Series, wanted: set[Original]) -> dict[Original, int]:
    """The numbers of the occurrences in their series, found in one walk along it."""
    of_kind = {each for each in wanted if isinstance(each, datetime) is not series.all_day}
    if not of_kind:
        return {}
    end = max(map(_moment, of_kind)) + timedelta(seconds=1)
    return {each: number for number, each in enumerate(originals(series, before=end), 1) if each in of_kind}


def _moment(original: Original) -> datetime:
    return original if isinstance(original, datetime) else datetime.combine(original, time(), UTC)
