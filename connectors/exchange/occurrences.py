"""Single occurrences of series: how `master#original-start` is named to the server, and which version it has.

An exception has an id of its own, which its master tells. Every other occurrence is the n-th of its master, cancelled
ones counted. So the masters are read first, in one call, whatever is then done with their occurrences.

The version of an occurrence is that of its master, in which the server keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from exchangelib import EWSTimeZone
from exchangelib.items import CalendarItem
from exchangelib.properties import BaseItemId, ItemId, OccurrenceItemId

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire
from connectors.exchange.line import Line
from connectors.exchange.series import NEEDS
from mapping.model.item import Original, Series
from mapping.model.series import SEPARATOR, split_id
from mapping.recurrence.expand import originals

CHUNK = 100


@dataclass(frozen=True, slots=True)
class Master:
    id: str
    version: str
    series: Series


@dataclass(frozen=True, slots=True)
class Place:
    """Where an occurrence is found. `zone`: in which its times are written."""

    id: BaseItemId
    master: Master
    original: Original
    zone: EWSTimeZone


def is_occurrence(identifier: str) -> bool:
    return SEPARATOR in identifier


def masters(line: Line, ids: Iterable[str]) -> dict[str, Master | ConnectorError]:
    """The series of these ids, as they are now. Those that are gone are left out."""
    wanted = list(dict.fromkeys(ids))
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


def places_of(line: Line, ids: Iterable[str]) -> dict[str, Place | ConnectorError]:
    """Where the occurrences are, by their ids, at the price of reading their masters. Those that were cancelled, and
    those that their rule does not yield, are left out."""
    wanted: dict[str, list[tuple[str, Original]]] = {}
    for identifier in ids:
        parts = _parts(identifier)
        if parts is not None:
            wanted.setdefault(parts[0], []).append((identifier, parts[1]))
    found: dict[str, Place | ConnectorError] = {}
    for master_id, master in masters(line, wanted).items():
        asked = wanted[master_id]
        if isinstance(master, ConnectorError):
            found |= {identifier: master for identifier, _ in asked}
            continue
        places = places_in(line, master, [original for _, original in asked])
        found |= {identifier: places[original] for identifier, original in asked if original in places}
    return found


def places_in(line: Line, master: Master, wanted: Collection[Original]) -> dict[Original, Place]:
    """The places of the occurrences that there are."""
    series = master.series
    zone = EWSTimeZone(series.zone) if series.zone else line.zone
    own = {moved.original: ItemId(id=moved.id) for moved in series.moved if moved.id}
    ids: dict[Original, BaseItemId] = {original: own[original] for original in wanted if original in own}
    ids |= {
        original: OccurrenceItemId(id=master.id, instance_index=index)
        for original, index in _indices(series, set(wanted) - own.keys() - set(series.cancelled)).items()
    }
    return {original: Place(identifier, master, original, zone) for original, identifier in ids.items()}


def _indices(series: Series, wanted: set[Original]) -> dict[Original, int]:
    """The numbers of the occurrences in their series, found in one walk along it."""
    of_kind = {each for each in wanted if isinstance(each, datetime) is not series.all_day}
    if not of_kind:
        return {}
    end = max(map(_moment, of_kind)) + timedelta(seconds=1)
    return {each: number for number, each in enumerate(originals(series, before=end), 1) if each in of_kind}


def _moment(original: Original) -> datetime:
    return original if isinstance(original, datetime) else datetime.combine(original, time(), UTC)


def _parts(identifier: str) -> tuple[str, Original] | None:
    try:
        master, original = split_id(identifier)
    except ValueError:
        return None
    return None if original is None else (master, original)
