"""Writes to single occurrences, and to the pattern of a series.

Occurrences are written without a condition, because the first write to one of a series outdates the version of all the
others: their versions are compared just before, with the masters that have to be read anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from exchangelib.items import CalendarItem

from connectors.errors import ConnectorError, Fault
from connectors.exchange import wire
from connectors.exchange.batch import Batch
from connectors.exchange.line import Line
from connectors.exchange.occurrences import Master, Place, masters, places_of
from connectors.exchange.series import series_values
from connectors.protocols import Outcome
from mapping.model import fields as f
from mapping.model.item import Series

_LAST = "ErrorRecurrenceHasNoOccurrence"


def update_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which changes one occurrence and none of the others."""
    line, writes = batch.line, batch.writes
    for at in which:
        if f.SERIES in writes[at].values:
            batch.fail(at, Fault.INVALID, "an occurrence has no series of its own", f.SERIES)
    places = _current(batch, [at for at in which if at in batch.open])
    for at in which:
        if at not in places and at in batch.open:
            batch.fail(at, Fault.NOT_FOUND, "the series has no such occurrence")
    made = batch.encoded({at: writes[at].values for at in places}, {at: place.zone for at, place in places.items()})
    for at in [at for at in made if not made[at]]:
        batch.settle(at, Outcome(writes[at].id, writes[at].version))
        del made[at]
    changes = [(CalendarItem(account=line.account, _id=places[at].id, **made[at]), tuple(made[at])) for at in made]
    service = wire.UpdateItem(account=line.account)

    def done(at: int, answer: Any) -> Outcome:
        version = "" if answer is True else str(answer[1])
        line.lineage.wrote(places[at].master.id, places[at].master.version, version)
        return Outcome(writes[at].id, version)

    batch.send(list(made), lambda: service.items(changes, "AlwaysOverwrite"), done)


def delete_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which cancels one occurrence. The last one of a series goes with the series."""
    line, writes = batch.line, batch.writes
    places = _current(batch, which)
    for at in which:
        if at not in places and at in batch.open:
            batch.settle(at, Outcome(writes[at].id))
    service = wire.DeleteItem(account=line.account)

    def gone(at: int, _: Any) -> Outcome:
        line.lineage.wrote(places[at].master.id, places[at].master.version, "")
        return Outcome(writes[at].id)

    batch.send(list(places), lambda: service.items([place.id for place in places.values()]), gone)
    last = [at for at in places if _is_last(batch.outcome(at))]
    batch.send(last, lambda: service.items([places[at].master.id for at in last]), gone)


def _is_last(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.error is not None and outcome.error.vendor_code == _LAST


def _current(batch: Batch, which: Sequence[int]) -> dict[int, Place]:
    """The places of these writes. Those whose series moved on since their version are settled as STALE."""
    found: dict[int, Place] = {}
    try:
        places = places_of(batch.line, (batch.writes[at].id for at in which))
    except ConnectorError as error:
        batch.lost(which, error)
        return found
    for at in which:
        write = batch.writes[at]
        match places.get(write.id):
            case ConnectorError() as unreadable:
                batch.settle(at, Outcome(error=unreadable))
            case Place() as place:
                if batch.line.lineage.holds(place.master.id, write.version, place.master.version):
                    found[at] = place
                else:
                    batch.fail(at, Fault.STALE, "the series was changed since it was read")
    return found


# --- masters


@dataclass(slots=True)
class Prepared:
    """What is known of masters before their series are written. `standing`: the updates whose series has its pattern
    already. `versions`: the present ones, by update."""

    standing: set[int] = field(default_factory=set)
    versions: dict[int, str] = field(default_factory=dict)


def prepare(batch: Batch) -> Prepared:
    """Look at the masters whose series are written. A pattern that stands is not written again, because that would take
    away what single occurrences have of their own. Only if one of them is to come back that was cancelled, the pattern
    is removed now, to be written anew: there is no other way. Those that moved on are settled as STALE."""
    asked = {at: write.values[f.SERIES] for at, write in enumerate(batch.writes) if f.SERIES in write.values}
    wanted = {at: series for at, series in asked.items() if isinstance(series, Series)}
    prepared, spent = Prepared(), list[int]()
    found = masters(batch.line, (batch.writes[at].id for at in wanted))
    for at, series in wanted.items():
        write = batch.writes[at]
        master = found.get(write.id)
        if not isinstance(master, Master):
            continue
        if not batch.line.lineage.holds(master.id, write.version, master.version):
            batch.fail(at, Fault.STALE, "the item was changed since it was read")
            continue
        prepared.versions[at] = master.version
        if _alike(batch.line, master.series, series):
            if set(master.series.cancelled) <= set(series.cancelled):
                prepared.standing.add(at)
            else:
                spent.append(at)
    _remove_patterns(batch, prepared, spent)
    return prepared


def _alike(line: Line, one: Series, other: Series) -> bool:
    """Are the two written in the same way, their exceptions aside?"""
    try:
        return series_values(one, line.zone) == series_values(other, line.zone)
    except (ValueError, LookupError):
        return False


def _remove_patterns(batch: Batch, prepared: Prepared, which: Sequence[int]) -> None:
    line, service = batch.line, wire.UpdateItem(account=batch.line.account)
    items = [
        CalendarItem(account=line.account, id=batch.writes[at].id, changekey=prepared.versions[at]) for at in which
    ]
    changes = [(item, ("recurrence",)) for item in items]
    for at, answer in batch.answers(which, lambda: service.items(changes, "NeverOverwrite")):
        if isinstance(answer, Exception):
            batch.settle(at, line.failed(answer))
        elif answer is not True:
            prepared.versions[at] = answer[1]
