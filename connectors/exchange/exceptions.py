"""The exceptions that a series is written with: cancelled first, then moved, many in a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from exchangelib.items import CalendarItem
from exchangelib.properties import BaseItemId

from connectors.errors import ConnectorError, Fault
from connectors.exchange import wire
from connectors.exchange.batch import Batch
from connectors.exchange.line import Line
from connectors.exchange.occurrences import Occurrences
from connectors.exchange.series_writes import version_told
from connectors.exchange.zones import span_values
from connectors.outlook.occurrences import Place
from connectors.outlook.series_writes import exceptions, note
from mapping.model.item import Span

T = TypeVar("T")
_CHUNK = 50


def complete(batch: Batch) -> None:
    """Cancel and move what the series say that were just written."""
    line = batch.line
    occurrences = Occurrences(line)
    todo = exceptions(batch, occurrences)
    delete = wire.DeleteItem(account=line.account)
    _send(batch, todo.cancelled, lambda places: delete.items([place.id for place in places]))
    update = wire.UpdateItem(account=line.account)

    def change(place: Place[BaseItemId], span: Span) -> tuple[CalendarItem, Sequence[str]]:
        values = span_values(span, occurrences.zone_of(place.master))
        return CalendarItem(account=line.account, _id=place.id, **values), tuple(values)

    moved = [(at, (place, span)) for at, place, span in todo.moved]
    _send(batch, moved, lambda wanted: update.items([change(*each) for each in wanted], "AlwaysOverwrite"))


def _send(batch: Batch, todo: Sequence[tuple[int, T]], action: Callable[[Sequence[T]], Sequence[Any]]) -> None:
    for start in range(0, len(todo), _CHUNK):
        chunk = todo[start : start + _CHUNK]
        for (at, _), answer in zip(chunk, _answers(batch.line, [each for _, each in chunk], action), strict=True):
            note(batch, at, answer)


def _answers(
    line: Line, todo: Sequence[T], action: Callable[[Sequence[T]], Sequence[Any]]
) -> Sequence[str | ConnectorError]:
    try:
        answers = line.matched(line.call(lambda: action(todo), writing=True), len(todo), otherwise=Fault.UNKNOWN)
    except ConnectorError as error:
        return [error] * len(todo)
    return [line.fault(each, writing=True) if isinstance(each, Exception) else version_told(each) for each in answers]
