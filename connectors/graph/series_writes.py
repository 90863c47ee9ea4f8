"""Writes to single occurrences, to the pattern of a series, and the exceptions that a series is written with.

What is written is decided in `connectors.outlook.series_writes`; here it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.errors import ConnectorError
from connectors.graph.batch import Batch
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.occurrences import Occurrences
from connectors.graph.times import known_zone, span_values
from connectors.outlook import series_writes
from connectors.outlook.occurrences import Master
from connectors.outlook.series_writes import Prepared, exceptions, note, refused_as_last, to_cancel, to_update
from connectors.protocols import Outcome
from mapping.model.item import Span


def update_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which changes one occurrence and none of the others."""
    line, writes = batch.line, batch.writes
    places = to_update(batch, Occurrences(line), which)
    made = batch.encoded({at: writes[at].values for at in places})
    for at in [at for at in made if not made[at]]:
        batch.settle(at, Outcome(writes[at].id, writes[at].version))
        del made[at]
    requests = {at: Request("PATCH", line.path("events", places[at].id), made[at]) for at in made}

    def done(at: int, answer: Answer) -> Outcome:
        line.lineage.wrote(places[at].master.id, places[at].master.version, version(answer.body))
        return Outcome(writes[at].id, version(answer.body))

    batch.send(requests, done)


def delete_occurrences(batch: Batch, which: Sequence[int]) -> None:
    """Settle these writes, each of which cancels one occurrence. The last one of a series goes with the series."""
    line, writes = batch.line, batch.writes
    places = to_cancel(batch, Occurrences(line), which)

    def gone(at: int, _: Answer) -> Outcome:
        line.lineage.wrote(places[at].master.id, places[at].master.version, "")
        return Outcome(writes[at].id)

    batch.send({at: Request("DELETE", line.path("events", place.id)) for at, place in places.items()}, gone)
    last = refused_as_last(batch, places)
    batch.send({at: Request("DELETE", line.path("events", places[at].master.id)) for at in last}, gone)


def prepare(batch: Batch) -> Prepared:
    """Look at the masters whose series are written."""

    def remove_patterns(versions: Mapping[int, str]) -> Iterator[tuple[int, str | ConnectorError]]:
        requests = {
            at: Request("PATCH", batch.path(at), {"recurrence": None}, match=known) for at, known in versions.items()
        }
        for at, answer in batch.answers(requests):
            yield at, answer if isinstance(answer, ConnectorError) else version(answer.body)

    return series_writes.prepare(batch, Occurrences(batch.line), remove_patterns)


def complete(batch: Batch) -> None:
    """Cancel and move what the series say that were just written."""
    line = batch.line
    todo = exceptions(batch, Occurrences(line))
    asked = [(at, Request("DELETE", line.path("events", place.id))) for at, place in todo.cancelled]
    for at, place, span in todo.moved:
        asked.append((at, Request("PATCH", line.path("events", place.id), _times(line, place.master, span))))
    for (at, _), answer in zip(asked, _sent(line, [request for _, request in asked]), strict=True):
        note(batch, at, answer if isinstance(answer, ConnectorError) else version(answer.body))


def _sent(line: Line, requests: Sequence[Request]) -> Sequence[Answer | ConnectorError]:
    try:
        return line.batch(requests, writing=True)
    except ConnectorError as error:
        return [error] * len(requests)


def _times(line: Line, master: Master, span: Span) -> Mapping[str, object]:
    zone = known_zone(master.series.zone) if master.series.zone else None
    return span_values(span, zone or line.zone)
