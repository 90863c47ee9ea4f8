"""Writes to single occurrences, and to the pattern of a series; its exceptions are written in `exceptions`.

What is written is decided in `connectors.outlook.series_writes`; here it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchangelib.items import CalendarItem

from connectors.errors import ConnectorError
from connectors.exchange import wire
from connectors.exchange.batch import Batch
from connectors.exchange.occurrences import Occurrences
from connectors.outlook import series_writes
from connectors.outlook.series_writes import Prepared, refused_as_last, to_cancel, to_update
from connectors.protocols import Outcome


def update_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which changes one occurrence and none of the others."""
    line, writes = batch.line, batch.writes
    occurrences = Occurrences(line)
    places = to_update(batch, occurrences, which)
    zones = {at: occurrences.zone_of(place.master) for at, place in places.items()}
    made = batch.encoded({at: writes[at].values for at in places}, zones)
    for at in [at for at in made if not made[at]]:
        batch.settle(at, Outcome(writes[at].id, writes[at].version))
        del made[at]
    changes = [(CalendarItem(account=line.account, _id=places[at].id, **made[at]), tuple(made[at])) for at in made]
    service = wire.UpdateItem(account=line.account)

    def done(at: int, answer: Any) -> Outcome:
        version = version_told(answer)
        line.lineage.wrote(places[at].master.id, places[at].master.version, version)
        return Outcome(writes[at].id, version)

    batch.send(list(made), lambda: service.items(changes, "AlwaysOverwrite"), done)


def delete_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which cancels one occurrence. The last one of a series goes with the series."""
    line, writes = batch.line, batch.writes
    places = to_cancel(batch, Occurrences(line), which)
    service = wire.DeleteItem(account=line.account)

    def gone(at: int, _: Any) -> Outcome:
        line.lineage.wrote(places[at].master.id, places[at].master.version, "")
        return Outcome(writes[at].id)

    batch.send(list(places), lambda: service.items([place.id for place in places.values()]), gone)
    last = refused_as_last(batch, places)
    batch.send(last, lambda: service.items([places[at].master.id for at in last]), gone)


def prepare(batch: Batch) -> Prepared:
    """Look at the masters whose series are written."""
    line, service = batch.line, wire.UpdateItem(account=batch.line.account)

    def remove_patterns(versions: Mapping[int, str]) -> Iterator[tuple[int, str | ConnectorError]]:
        changes = [
            (CalendarItem(account=line.account, id=batch.writes[at].id, changekey=known), ("recurrence",))
            for at, known in versions.items()
        ]
        for at, answer in batch.answers(list(versions), lambda: service.items(changes, "NeverOverwrite")):
            yield at, line.fault(answer, writing=True) if isinstance(answer, Exception) else version_told(answer)

    return series_writes.prepare(batch, Occurrences(line), remove_patterns)


def version_told(answer: Any) -> str:
    """The version that a write left; '' where the server tells none."""
    return "" if answer is True else str(answer[1])
