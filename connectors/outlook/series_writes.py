"""Decisions about writes to series: which occurrences are written, which patterns, and which exceptions follow them.

Occurrences are written without a condition, because the first write to one of a series outdates the version of all the
others: their versions are compared just before, with the masters that have to be read anyway. Exchange takes a pattern
only, so exceptions follow it one by one; what is so already is left alone, and a write that is tried again goes on
where the first one stopped. The vendors send what is decided here, each in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic

from connectors.errors import ConnectorError, Fault, Scope
from connectors.outcomes import Outcomes
from connectors.outlook.lineage import Lineage
from connectors.outlook.occurrences import Id, Master, Occurrences, Place
from connectors.protocols import Outcome, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Original, Series, Span

_LAST = "ErrorRecurrenceHasNoOccurrence"
# for updates by their places in the batch, at these versions: their new versions, or what went wrong
RemovePatterns = Callable[[Mapping[int, str]], Iterable[tuple[int, str | ConnectorError]]]


# --- occurrences


def to_update(batch: Outcomes, occurrences: Occurrences[Id], which: Sequence[int]) -> dict[int, Place[Id]]:
    """The places of these updates, each of which changes one occurrence and none of the others."""
    for at in which:
        if f.SERIES in batch.writes[at].values:
            batch.fail(at, Fault.INVALID, "an occurrence has no series of its own", f.SERIES)
    open_ = set(batch.open)
    places = _current(batch, occurrences, [at for at in which if at in open_])
    for at in _unplaced(batch, which, places):
        batch.fail(at, Fault.NOT_FOUND, "the series has no such occurrence")
    return places


def to_cancel(batch: Outcomes, occurrences: Occurrences[Id], which: Sequence[int]) -> dict[int, Place[Id]]:
    """The places of these deletions, each of which cancels one occurrence; those that are gone are done."""
    places = _current(batch, occurrences, which)
    for at in _unplaced(batch, which, places):
        batch.settle(at, Outcome(batch.writes[at].id))
    return places


def refused_as_last(batch: Outcomes, which: Iterable[int]) -> list[int]:
    """The deletions of the last occurrence of a series, which go with the series."""
    failed = {at: outcome.error for at in which if (outcome := batch.outcome(at)) is not None and outcome.error}
    return [at for at, error in failed.items() if error.vendor_code == _LAST]


def _unplaced(batch: Outcomes, which: Iterable[int], places: Mapping[int, object]) -> list[int]:
    open_ = set(batch.open)
    return [at for at in which if at not in places and at in open_]


def _current(batch: Outcomes, occurrences: Occurrences[Id], which: Sequence[int]) -> dict[int, Place[Id]]:
    """The places of these writes. Those whose series moved on since their version are settled as STALE."""
    found: dict[int, Place[Id]] = {}
    try:
        places = occurrences.places_of(batch.writes[at].id for at in which)
    except ConnectorError as error:
        batch.lost(which, error)
        return found
    for at in which:
        write = batch.writes[at]
        match places.get(write.id):
            case ConnectorError() as unreadable:
                batch.settle(at, Outcome(error=unreadable))
            case Place() as place:
                if occurrences.lineage.holds(place.master.id, write.version, place.master.version):
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

    def known(self, writes: Sequence[Write], lineage: Lineage) -> dict[int, str]:
        """The versions that the items of all updates have by now, as far as that is known."""
        latest = {at: lineage.latest(write.id, write.version) for at, write in enumerate(writes) if write.version}
        return latest | self.versions


def prepare(batch: Outcomes, occurrences: Occurrences[Id], remove_patterns: RemovePatterns) -> Prepared:
    """Look at the masters whose series are written. A pattern that stands is not written again, because that would take
    away what single occurrences have of their own. Only if one of them is to come back that was cancelled, the pattern
    is removed now, to be written anew: there is no other way. Those that moved on are settled as STALE."""
    asked = {at: write.values[f.SERIES] for at, write in enumerate(batch.writes) if f.SERIES in write.values}
    wanted = {at: series for at, series in asked.items() if isinstance(series, Series)}
    prepared, spent = Prepared(), list[int]()
    found = occurrences.masters(batch.writes[at].id for at in wanted)
    for at, series in wanted.items():
        write = batch.writes[at]
        master = found.get(write.id)
        if not isinstance(master, Master):
            continue
        if not occurrences.lineage.holds(master.id, write.version, master.version):
            batch.fail(at, Fault.STALE, "the item was changed since it was read")
            continue
        prepared.versions[at] = master.version
        if _alike(occurrences, master.series, series):
            if set(master.series.cancelled) <= set(series.cancelled):
                prepared.standing.add(at)
            else:
                spent.append(at)
    for at, answer in remove_patterns({at: prepared.versions[at] for at in spent}):
        if isinstance(answer, ConnectorError):
            batch.settle(at, Outcome(error=answer))
        else:
            prepared.versions[at] = answer or prepared.versions[at]
    return prepared


def _alike(occurrences: Occurrences[Any], one: Series, other: Series) -> bool:
    """Are the two written in the same way, their exceptions aside?"""
    try:
        return occurrences.written(one) == occurrences.written(other)
    except (ValueError, LookupError):
        return False


def without_series(values: Fields) -> Fields:
    """The values of a series whose pattern stands."""
    return {name: value for name, value in values.items() if name not in (f.SERIES, f.SPAN)}


# --- exceptions of a series


@dataclass(slots=True)
class Exceptions(Generic[Id]):
    """What is still to be done for the series that were just written, by the place of their write in the batch."""

    cancelled: list[tuple[int, Place[Id]]] = field(default_factory=list)
    moved: list[tuple[int, Place[Id], Span]] = field(default_factory=list)


def exceptions(batch: Outcomes, occurrences: Occurrences[Id]) -> Exceptions[Id]:
    """The occurrences to cancel and to move. What cannot be found out is noted at the writes."""
    wanted = dict(_wanted(batch))
    todo = Exceptions[Id]()
    there = _masters(batch, occurrences, wanted)
    displaced = {at: _displaced(master, wanted[at]) for at, master in there.items()}
    asked = {at: list(dict.fromkeys((*wanted[at].cancelled, *displaced[at]))) for at in there}
    try:
        places = occurrences.places_in([(there[at], asked[at]) for at in there])
    except ConnectorError as error:
        places = {master.id: dict.fromkeys(asked[at], error) for at, master in there.items()}
    for at, master in there.items():
        for original in asked[at]:
            place = places[master.id].get(original)
            if isinstance(place, ConnectorError):
                note(batch, at, place)
            elif place is not None and original in displaced[at]:
                todo.moved.append((at, place, displaced[at][original]))
            elif place is not None:
                todo.cancelled.append((at, place))
    return todo


def _wanted(batch: Outcomes) -> Iterator[tuple[int, Series]]:
    for at, write in enumerate(batch.writes):
        series, outcome = write.values.get(f.SERIES), batch.outcome(at)
        written = outcome is not None and outcome.error is None
        if written and isinstance(series, Series) and (series.cancelled or series.moved):
            yield at, series


def _masters(batch: Outcomes, occurrences: Occurrences[Id], which: Iterable[int]) -> dict[int, Master]:
    """The series as they are now; without one the write has failed."""
    ids = {at: outcome.id for at in which if (outcome := batch.outcome(at)) is not None}
    try:
        found = occurrences.masters(ids.values())
    except ConnectorError as error:
        found = dict.fromkeys(ids.values(), error)
    there: dict[int, Master] = {}
    for at, identifier in ids.items():
        master = found.get(identifier)
        if isinstance(master, Master):
            there[at] = master
        else:
            gone = ConnectorError(Fault.NOT_FOUND, "the series is gone", scope=Scope.ITEM)
            batch.settle(at, Outcome(identifier, error=master or gone))
    return there


def _displaced(master: Master, wanted: Series) -> dict[Original, Span]:
    """The occurrences that do not stand yet where they shall."""
    now = {each.original: each.span for each in master.series.moved}
    return {each.original: each.span for each in wanted.moved if now.get(each.original) != each.span}


def note(batch: Outcomes, at: int, answer: str | ConnectorError) -> None:
    """What became of one exception of a series: the new version, '' where the answer told none (the next look will);
    or an error, of which the first stands for all."""
    outcome = batch.outcome(at)
    if outcome is None or outcome.error is not None:
        return
    if isinstance(answer, str):
        batch.settle(at, replace(outcome, version=answer))
    elif answer.fault is not Fault.NOT_FOUND:  # cancelled meanwhile
        batch.settle(at, replace(outcome, error=replace(answer, fields=(f.SERIES,))))
