"""Single occurrences of series: the ids under which Graph has them, and which version they have.

An exception has an id that its master tells. Every other occurrence is asked for by the moment at which it starts. So
the masters are read first, in one call, whatever is then done with their occurrences.

The version of an occurrence is that of its master, in which the server keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph import series
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.rows import Json
from connectors.graph.times import span
from mapping.model.item import Original, Series
from mapping.model.series import SEPARATOR, split_id

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Master:
    """`uid`: of the whole series, where Graph gives each occurrence one of its own."""

    id: str
    version: str
    series: Series
    uid: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an occurrence is found."""

    id: str
    master: Master
    original: Original


def is_occurrence(identifier: str) -> bool:
    return SEPARATOR in identifier


def masters(line: Line, ids: Iterable[str]) -> dict[str, Master | ConnectorError]:
    """The series of these ids, as they are now. Those that are gone are left out."""
    wanted = list(dict.fromkeys(ids))
    options = {"select": ",".join(("id", "iCalUId", *series.NEEDS)), "expand": series.EXPAND}
    answers = line.batch([Request("GET", line.path("events", each, **options)) for each in wanted])
    found: dict[str, Master | ConnectorError] = {}
    for identifier, answer in zip(wanted, answers, strict=True):
        master = _master(line, identifier, answer)
        if master is not None:
            found[identifier] = master
    return found


def _master(line: Line, identifier: str, answer: Answer | ConnectorError) -> Master | ConnectorError | None:
    if isinstance(answer, ConnectorError):
        return None if answer.fault is Fault.NOT_FOUND else answer
    if answer.body.get("type") != "seriesMaster":
        return None
    read = series.read(answer.body)
    if read is None:
        return ConnectorError(Fault.INVALID, "the recurrence cannot be read", scope=Scope.ITEM)
    line.lineage.seen(identifier, version(answer.body))
    return Master(identifier, version(answer.body), read, answer.body.get("iCalUId") or "")


def places_of(line: Line, ids: Iterable[str]) -> dict[str, Place | ConnectorError]:
    """Where the occurrences are, by their ids. Those that were cancelled, and those that their rule does not yield, are
    left out."""
    wanted: dict[str, list[tuple[str, Original]]] = {}
    for identifier in ids:
        parts = _parts(identifier)
        if parts is not None:
            wanted.setdefault(parts[0], []).append((identifier, parts[1]))
    found: dict[str, Place | ConnectorError] = {}
    there: dict[str, Master] = {}
    for master_id, master in masters(line, wanted).items():
        if isinstance(master, Master):
            there[master_id] = master
        else:
            found |= {identifier: master for identifier, _ in wanted[master_id]}
    asked = {each: [original for _, original in wanted[each]] for each in there}
    for master_id, places in places_in(line, [(there[each], asked[each]) for each in there]).items():
        for identifier, original in wanted[master_id]:
            if original in places:
                found[identifier] = places[original]
    return found


def places_in(
    line: Line, wanted: Iterable[tuple[Master, Collection[Original]]]
) -> dict[str, dict[Original, Place | ConnectorError]]:
    """The places of the occurrences that there are, by the id of their master: those of exceptions without a call, all
    others in one."""
    found: dict[str, dict[Original, Place | ConnectorError]] = {}
    asked: list[tuple[Master, Original]] = []
    for master, originals in wanted:
        own = {moved.original: moved.id for moved in master.series.moved if moved.id}
        found[master.id] = {each: Place(own[each], master, each) for each in originals if each in own}
        asked += [(master, each) for each in originals if each not in own and each not in master.series.cancelled]
    requests = [Request("GET", _instances(line, master.id, original)) for master, original in asked]
    for (master, original), answer in zip(asked, line.batch(requests), strict=True):
        if isinstance(answer, Answer):
            identifier = next((each["id"] for each in answer.body["value"] if _starts(each, original)), None)
            if identifier is not None:
                found[master.id][original] = Place(identifier, master, original)
        elif answer.fault is not Fault.NOT_FOUND:
            found[master.id][original] = answer
    return found


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


def _parts(identifier: str) -> tuple[str, Original] | None:
    try:
        master, original = split_id(identifier)
    except ValueError:
        return None
    return None if original is None else (master, original)
