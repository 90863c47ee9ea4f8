"""Single occurrences of series: the ids under which Graph has them.

An exception has an id that its master tells. Every other occurrence is asked for by the moment at which it starts. So
the masters are read first, in one call, whatever is then done with their occurrences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.rows import Json
from connectors.graph.series import EXPAND, NEEDS, read, values
from connectors.graph.times import span
from connectors.outlook import occurrences
from connectors.outlook.occurrences import Master, Place
from mapping.model.item import Original, Series

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Occurrences(occurrences.Occurrences[str]):
    def __init__(self, line: Line) -> None:
        super().__init__(line.lineage)
        self._line = line

    def masters(self, ids: Iterable[str]) -> dict[str, Master | ConnectorError]:
        wanted, line = list(dict.fromkeys(ids)), self._line
        options = {"select": ",".join(("id", "iCalUId", *NEEDS)), "expand": EXPAND}
        answers = line.batch([Request("GET", line.path("events", each, **options)) for each in wanted])
        found: dict[str, Master | ConnectorError] = {}
        for identifier, answer in zip(wanted, answers, strict=True):
            master = _master(line, identifier, answer)
            if master is not None:
                found[identifier] = master
        return found

    def places_in(
        self, wanted: Iterable[tuple[Master, Collection[Original]]]
    ) -> dict[str, dict[Original, Place[str] | ConnectorError]]:
        """Those of exceptions without a call, all others in one."""
        found: dict[str, dict[Original, Place[str] | ConnectorError]] = {}
        asked: list[tuple[Master, Original]] = []
        for master, originals in wanted:
            own = {moved.original: moved.id for moved in master.series.moved if moved.id}
            there = {each: Place(own[each], master, each) for each in originals if each in own}
            found.setdefault(master.id, {}).update(there)
            asked += [(master, each) for each in originals if each not in own and each not in master.series.cancelled]
        requests = [Request("GET", _instances(self._line, master.id, original)) for master, original in asked]
        for (master, original), answer in zip(asked, self._line.batch(requests), strict=True):
            if isinstance(answer, Answer):
                identifier = next((each["id"] for each in answer.body["value"] if _starts(each, original)), None)
                if identifier is not None:
                    found[master.id][original] = Place(identifier, master, original)
            elif answer.fault is not Fault.NOT_FOUND:
                found[master.id][original] = answer
        return found

    def written(self, series: Series) -> Mapping[str, Any]:
        return values(series, self._line.zone)


def _master(line: Line, identifier: str, answer: Answer | ConnectorError) -> Master | ConnectorError | None:
    if isinstance(answer, ConnectorError):
        return None if answer.fault is Fault.NOT_FOUND else answer
    if answer.body.get("type") != "seriesMaster":
        return None
    series = read(answer.body)
    if series is None:
        return ConnectorError(Fault.INVALID, "the recurrence cannot be read", scope=Scope.ITEM)
    line.lineage.seen(identifier, version(answer.body))
    return Master(identifier, version(answer.body), series, answer.body.get("iCalUId") or "")


def _instances(line: Line, master: str, original: Original) -> str:
    """What takes place of a series about the moment of an original start."""
    if isinstance(original, datetime):
        after, before = original, original + _SECOND
    else:
        midnight = datetime.combine(original, time(), UTC)
        after, before = midnight - _DAY, midnight + _DAY  # the clocks of the series may be elsewhere
    window = {"startDateTime": _text(after), "endDateTime": _text(before)}
    return line.path("events", master, "instances", select="id,type,start,end,isAllDay,originalStartTimeZone", **window)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _starts(told: Json, original: Original) -> bool:
    return told.get("type") == "occurrence" and span(told).start == original
