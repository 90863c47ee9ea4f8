"""The exceptions that a series is written with. Exchange takes a pattern only, so they follow it one by one.

What is so already is left alone: a write that is tried again goes on where the first one stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from exchangelib.items import CalendarItem

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire
from connectors.exchange.batch import Batch
from connectors.exchange.line import Line
from connectors.exchange.occurrences import Master, Place, masters, places_in
from connectors.exchange.zones import span_values
from connectors.protocols import Outcome
from mapping.model import fields as f
from mapping.model.item import Series, Span

T = TypeVar("T")
_CHUNK = 50


def complete(batch: Batch) -> None:
    """Cancel and move what the series say that were just written."""
    wanted = dict(_wanted(batch))
    if not wanted:
        return
    found = _masters(batch, wanted)
    line = batch.line
    gone = [
        (at, place) for at, master in found.items() for place in places_in(line, master, wanted[at].cancelled).values()
    ]
    delete = wire.DeleteItem(account=line.account)
    _send(batch, gone, lambda places: delete.items([place.id for place in places]))
    moved = [(at, each) for at, master in found.items() for each in _displaced(line, master, wanted[at])]
    update = wire.UpdateItem(account=line.account)
    _send(batch, moved, lambda changes: update.items([_change(line, *each) for each in changes], "AlwaysOverwrite"))


def _wanted(batch: Batch) -> Iterator[tuple[int, Series]]:
    for at, write in enumerate(batch.writes):
        series, outcome = write.values.get(f.SERIES), batch.outcome(at)
        written = outcome is not None and outcome.error is None
        if written and isinstance(series, Series) and (series.cancelled or series.moved):
            yield at, series


def _masters(batch: Batch, which: Iterable[int]) -> dict[int, Master]:
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
            gone = ConnectorError(Fault.NOT_FOUND, "the series is gone", scope=Scope.ITEM)
            batch.settle(at, Outcome(identifier, error=master or gone))
    return there


def _displaced(line: Line, master: Master, wanted: Series) -> Iterator[tuple[Place, Span]]:
    """The occurrences that do not stand yet where they shall."""
    now = {each.original: each.span for each in master.series.moved}
    moved = {each.original: each.span for each in wanted.moved if now.get(each.original) != each.span}
    for original, place in places_in(line, master, moved).items():
        yield place, moved[original]


def _change(line: Line, place: Place, span: Span) -> tuple[CalendarItem, Sequence[str]]:
    values = span_values(span, place.zone)
    return CalendarItem(account=line.account, _id=place.id, **values), tuple(values)


def _send(batch: Batch, todo: Sequence[tuple[int, T]], action: Callable[[Sequence[T]], Sequence[Any]]) -> None:
    for start in range(0, len(todo), _CHUNK):
        chunk = todo[start : start + _CHUNK]
        for (at, _), answer in zip(chunk, _answers(batch.line, [each for _, each in chunk], action), strict=True):
            _note(batch, at, answer)


def _answers(line: Line, todo: Sequence[T], action: Callable[[Sequence[T]], Sequence[Any]]) -> Sequence[Any]:
    try:
        return line.matched(line.call(lambda: action(todo), writing=True), len(todo), otherwise=Fault.UNKNOWN)
    except ConnectorError as error:
        return [error] * len(todo)


def _note(batch: Batch, at: int, answer: Any) -> None:
    """What became of one exception of a series; the first that fails stands for all."""
    outcome = batch.outcome(at)
    if outcome is None or outcome.error is not None:
        return
    if not isinstance(answer, Exception):
        batch.settle(at, replace(outcome, version="" if answer is True else str(answer[1])))
        return
    error = answer if isinstance(answer, ConnectorError) else batch.line.fault(answer, writing=True)
    if error.fault is not Fault.NOT_FOUND:  # cancelled meanwhile
        batch.settle(at, replace(outcome, error=replace(error, fields=(f.SERIES,))))
