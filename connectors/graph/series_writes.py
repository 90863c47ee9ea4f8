"""Writes to single occurrences, to the pattern of a series, and the exceptions that a series is written with.

Occurrences are written without a condition, because the first write to one of a series outdates the version of all the
others: their versions are compared just before, with the masters that have to be read anyway. Graph takes a pattern
only, so exceptions follow it one by one; what is so already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.errors import ConnectorError, Fault
from connectors.graph import series
from connectors.graph.batch import Batch
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.occurrences import Master, Place, masters, places_in, places_of
from connectors.graph.times import known_zone, span_values
from connectors.protocols import Outcome
from mapping.model import fields as f
from mapping.model.item import Original, Series, Span

_LAST = "ErrorRecurrenceHasNoOccurrence"


# --- occurrences


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
    places = _current(batch, which)
    for at in which:
        if at not in places and at in batch.open:
            batch.settle(at, Outcome(writes[at].id))

    def gone(at: int, _: Answer) -> Outcome:
        line.lineage.wrote(places[at].master.id, places[at].master.version, "")
        return Outcome(writes[at].id)

    batch.send({at: Request("DELETE", line.path("events", place.id)) for at, place in places.items()}, gone)
    last = [at for at in places if _is_last(batch.outcome(at))]
    batch.send({at: Request("DELETE", line.path("events", places[at].master.id)) for at in last}, gone)


def _is_last(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.error is not None and outcome.error.vendor_code == _LAST


def _current(batch: Batch, which: Sequence[int]) -> dict[int, Place]:
    """The places of these writes. Those whose series moved on since their version are settled as STALE."""
    found: dict[int, Place] = {}
    if not which:
        return found
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
    wanted = {at: found for at, found in asked.items() if isinstance(found, Series)}
    prepared, spent = Prepared(), list[int]()
    found = masters(batch.line, (batch.writes[at].id for at in wanted))
    for at, told in wanted.items():
        write = batch.writes[at]
        master = found.get(write.id)
        if not isinstance(master, Master):
            continue
        if not batch.line.lineage.holds(master.id, write.version, master.version):
            batch.fail(at, Fault.STALE, "the item was changed since it was read")
            continue
        prepared.versions[at] = master.version
        if _alike(batch.line, master.series, told):
            if set(master.series.cancelled) <= set(told.cancelled):
                prepared.standing.add(at)
            else:
                spent.append(at)
    _remove_patterns(batch, prepared, spent)
    return prepared


def _alike(line: Line, one: Series, other: Series) -> bool:
    """Are the two written in the same way, their exceptions aside?"""
    try:
        return series.values(one, line.zone) == series.values(other, line.zone)
    except (ValueError, LookupError):
        return False


def _remove_patterns(batch: Batch, prepared: Prepared, which: Sequence[int]) -> None:
    requests = {at: Request("PATCH", batch.path(at), {"recurrence": None}, match=prepared.versions[at]) for at in which}
    for at, answer in batch.answers(requests):
        if isinstance(answer, Answer):
            prepared.versions[at] = version(answer.body)
        else:
            batch.settle(at, Outcome(error=answer))


# --- exceptions of a series


def complete(batch: Batch) -> None:
    """Cancel and move what the series say that were just written."""
    wanted = dict(_wanted(batch))
    there = _masters(batch, wanted)
    if not there:
        return
    line = batch.line
    asked = {at: {*wanted[at].cancelled, *_displaced(master, wanted[at])} for at, master in there.items()}
    try:
        places = places_in(line, [(there[at], asked[at]) for at in there])
    except ConnectorError as error:
        places = {each.id: dict.fromkeys(asked[at], error) for at, each in there.items()}
    todo: list[tuple[int, Request]] = []
    for at, master in there.items():
        moved = _displaced(master, wanted[at])
        for original, place in places[master.id].items():
            if isinstance(place, ConnectorError):
                _note(batch, at, place)
            elif original in moved:
                todo.append(
                    (at, Request("PATCH", line.path("events", place.id), _times(line, master, moved[original])))
                )
            else:
                todo.append((at, Request("DELETE", line.path("events", place.id))))
    for (at, _), answer in zip(todo, _sent(line, [request for _, request in todo]), strict=True):
        _note(batch, at, answer)


def _sent(line: Line, requests: Sequence[Request]) -> Sequence[Answer | ConnectorError]:
    try:
        return line.batch(requests, writing=True)
    except ConnectorError as error:
        return [error] * len(requests)


def _times(line: Line, master: Master, span: Span) -> dict[str, Any]:
    zone = known_zone(master.series.zone) if master.series.zone else None
    return span_values(span, zone or line.zone)


def _wanted(batch: Batch) -> Iterator[tuple[int, Series]]:
    for at, write in enumerate(batch.writes):
        told, outcome = write.values.get(f.SERIES), batch.outcome(at)
        written = outcome is not None and outcome.error is None
        if written and isinstance(told, Series) and (told.cancelled or told.moved):
            yield at, told


def _masters(batch: Batch, which: dict[int, Series]) -> dict[int, Master]:
    """The series as they are now; without one the write has failed."""
    ids = {at: outcome.id for at in which if (outcome := batch.outcome(at)) is not None}
    try:
        found = masters(batch.line, ids.values())
    except ConnectorError as error:
        found = dict.fromkeys(ids.values(), error)
    there: dict[int, Master] = {}
    for at, identifier in ids.items():
        master = found.get(identifier)
        if isinstance(master, Master):
            there[at] = master
        else:
            gone = ConnectorError(Fault.NOT_FOUND, "the series is gone")
            batch.settle(at, Outcome(identifier, error=master or gone))
    return there


def _displaced(master: Master, wanted: Series) -> dict[Original, Span]:
    """The occurrences that do not stand yet where they shall."""
    now = {each.original: each.span for each in master.series.moved}
    return {each.original: each.span for each in wanted.moved if now.get(each.original) != each.span}


def _note(batch: Batch, at: int, answer: Answer | ConnectorError) -> None:
    """What became of one exception of a series; the first that fails stands for all."""
    outcome = batch.outcome(at)
    if outcome is None or outcome.error is not None:
        return
    if isinstance(answer, Answer):
        # a deletion tells no version, and the next look will
        batch.settle(at, replace(outcome, version=version(answer.body)))
    elif answer.fault is not Fault.NOT_FOUND:  # cancelled meanwhile
        batch.settle(at, replace(outcome, error=replace(answer, fields=(f.SERIES,))))
