"""Writing events: one batch for all of them, each conditional by its etag, and never a mail.

Events are patched, so that what we do not know of stays. The id of a new one is made of its key: a second try meets the
first one. Every call says `sendUpdates=none`: whether people are told is decided by the application.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from connectors.errors import ConnectorError, Fault
from connectors.google.batch import Batch, only
from connectors.google.config import Service
from connectors.google.event_calls import EVENTS, at_event, exceptions_of, get_event
from connectors.google.events import Context, answers_kept, coloured, encode
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.google.series import alike, pattern_values, series_of
from connectors.google.times import without_nothing, written
from connectors.protocols import Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, Fields, ItemKind, Original, Series
from mapping.model.series import SEPARATOR, occurrence_id

HOME, EXDATE = "calendar", "EXDATE"
_SILENTLY = {"sendUpdates": "none"}


class Latest:
    """What became of versions by our own writing. Occurrences without anything of their own have the version of their
    master, so writing that would outdate what is known of them."""

    def __init__(self) -> None:
        self._after: dict[str, str] = {}

    def wrote(self, before: str, after: str) -> None:
        if before and before != after:
            self._after[before] = after

    def of(self, version: str) -> str:
        seen = {version}
        while version in self._after and self._after[version] not in seen:
            version = self._after[version]
            seen.add(version)
        return version


def event_id(key: str) -> str:
    """The id of the event that is made for a key, in the letters that Google allows."""
    return base64.b32hexencode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode().lower()


def apply(line: Line, writes: Sequence[Write], context: Context, latest: Latest) -> list[Outcome]:
    """Apply writes of one verb. Raises `ConnectorError` when nothing was written."""
    work = _Work(Batch(line, Service.CALENDAR, writes), context, latest)
    _VERBS[writes[0].verb](work)
    return work.batch.outcomes()


@dataclass(slots=True)
class _Work:
    batch: Batch
    context: Context
    latest: Latest
    present: dict[int, Json] = field(default_factory=dict)  # the events as they are, where that has to be known
    before: dict[int, Series] = field(default_factory=dict)  # the series as they are

    def encoded(self, values: dict[int, Fields]) -> dict[int, Json]:
        return self.batch.encoded(values, lambda _, fields: encode(fields, self.context))


# --- create


def _create(work: _Work) -> None:
    batch, writes = work.batch, work.batch.writes
    for at, write in enumerate(writes):
        if write.kind is not ItemKind.EVENT:
            batch.fail(at, Fault.INVALID, "only events are created in a calendar")
    made = work.encoded({at: {**_plain(writes[at].values), f.KEY: writes[at].key or None} for at in batch.open})
    for at in only(made, batch):
        made[at] = _finished(work, at, made[at])
    asks = {
        at: Ask("calendar.events.insert", "POST", EVENTS, _SILENTLY, without_nothing(made[at]))
        for at in only(made, batch)
    }
    batch.send(asks, lambda _, event: Outcome(event["id"], event["etag"]))
    _meet(work, made)
    _complete(work)


def _plain(values: Fields) -> Fields:
    """Values without the series, which is written in a way of its own, and says itself when it begins."""
    dropped = (f.SERIES, f.SPAN) if isinstance(values.get(f.SERIES), Series) else (f.SERIES,)
    return {name: value for name, value in values.items() if name not in dropped}


def _finished(work: _Work, at: int, body: Json) -> Json:
    """The body with what depends on more than one value."""
    write, present = work.batch.writes[at], work.present.get(at, {})
    series, categories = write.values.get(f.SERIES), write.values.get(f.CATEGORIES)
    if isinstance(series, Series) and not (at in work.before and alike(work.before[at], series)):
        try:
            body = body | pattern_values(series)
        except ValueError:
            work.batch.fail(at, Fault.INVALID, "no rule of Google repeats in that way", f.SERIES)
    elif f.SERIES in write.values and series is None:
        body = body | {"recurrence": None}
    elif isinstance(series, Series) and _lifts(work.before[at], series) and EXDATE in "".join(present["recurrence"]):
        body = body | {"recurrence": pattern_values(series)["recurrence"]}
    if write.verb is Verb.CREATE and write.key:
        body = body | {"id": event_id(write.key)}
    if isinstance(categories, tuple):
        body = coloured(body, tuple(map(str, categories)), present, work.context.colours)
    return answers_kept(body, present)


def _meet(work: _Work, made: dict[int, Json]) -> None:
    """Settle the creates whose id is taken: the event of an earlier try is adopted, one that was deleted since is
    brought back, because its id cannot be used for another."""
    batch = work.batch
    taken = [
        at for at in made
        if (outcome := batch.outcome(at)) is not None and outcome.error and outcome.error.fault is Fault.DUPLICATE
    ]  # fmt: skip
    if not taken:
        return
    found = batch.present({at: get_event(made[at]["id"]) for at in taken})
    dead = {at: event for at, event in found.items() if event.get("status") == "cancelled"}
    for at, event in found.items():
        if at not in dead:
            batch.settle(at, Outcome(event["id"], event["etag"], adopted=True))
    asks = {
        at: Ask(
            "calendar.events.update", "PUT", at_event(event["id"]), _SILENTLY,
            without_nothing(made[at]) | {"status": "confirmed"}, event["etag"],
        )
        for at, event in dead.items()
    }  # fmt: skip
    batch.send(asks, lambda _, event: Outcome(event["id"], event["etag"]))


def _lifts(before: Series, wanted: Series) -> bool:
    """Does a date come back? One that the pattern leaves out has to be written into it again."""
    return bool(set(before.cancelled) - set(wanted.cancelled))


# --- update


def _update(work: _Work) -> None:
    batch, writes = work.batch, work.batch.writes
    for at, write in enumerate(writes):
        if SEPARATOR in write.id and f.SERIES in write.values:
            batch.fail(at, Fault.INVALID, "an occurrence has no series of its own", f.SERIES)
    made = work.encoded({at: _plain(writes[at].values) for at in batch.open})
    _look(work, made)
    for at in only(made, batch):
        made[at] = _finished(work, at, made[at])
    for at in only(made, batch):
        if not made[at]:
            batch.settle(at, Outcome(writes[at].id, work.latest.of(writes[at].version)))
    asks = {
        at: Ask("calendar.events.patch", "PATCH", at_event(writes[at].id), _SILENTLY, made[at], _condition(work, at))
        for at in only(made, batch)
    }
    batch.send(asks, lambda at, event: _written(work, at, event))
    _complete(work)


def _look(work: _Work, made: dict[int, Json]) -> None:
    """Read the events whose answers, colour or series have to be known; settle those that moved on."""
    batch, writes = work.batch, work.batch.writes
    asked = {at: get_event(writes[at].id) for at in made if _must_be_known(work, writes[at])}
    work.present = batch.present(asked)
    for at, event in list(work.present.items()):
        if event.get("status") == "cancelled":
            batch.fail(at, Fault.NOT_FOUND, "the event is gone")
        elif writes[at].version and work.latest.of(writes[at].version) != event["etag"]:
            batch.fail(at, Fault.STALE, "the event was changed since it was read")
    series = [at for at in only(work.present, batch) if isinstance(writes[at].values.get(f.SERIES), Series)]
    masters = [work.present[at] for at in series if work.present[at].get("recurrence")]
    exceptions = exceptions_of(batch.line, masters)
    for at in series:
        event = work.present[at]
        found = series_of(event, exceptions.get(event["id"], ())) if event.get("recurrence") else None
        if found is not None:
            work.before[at] = found


def _must_be_known(work: _Work, write: Write) -> bool:
    coloured_too = bool(work.context.colours.ours) and f.CATEGORIES in write.values
    return f.ATTENDEES in write.values or isinstance(write.values.get(f.SERIES), Series) or coloured_too


def _condition(work: _Work, at: int) -> str:
    known = work.present.get(at)
    version = work.batch.writes[at].version
    return str(known["etag"]) if known is not None else work.latest.of(version)


def _written(work: _Work, at: int, event: Json) -> Outcome:
    write = work.batch.writes[at]
    if SEPARATOR not in write.id:
        work.latest.wrote(write.version, event["etag"])
    return Outcome(write.id, event["etag"])


# --- exceptions of series that were written


def _complete(work: _Work) -> None:
    """Cancel, bring back and move single occurrences, as the series say that were just written. What is so already is
    left alone: a write that is tried again goes on where the first one stopped."""
    batch = work.batch
    todo: list[tuple[int, Ask]] = []
    for at, write in enumerate(batch.writes):
        series, outcome = write.values.get(f.SERIES), batch.outcome(at)
        if isinstance(series, Series) and outcome is not None and outcome.error is None:
            todo += [(at, ask) for ask in _exceptions(outcome.id, series, work.before.get(at))]
    answers = batch.answers(dict(enumerate(ask for _, ask in todo)))
    for number, (at, _) in enumerate(todo):
        answer, outcome = answers[number], batch.outcome(at)
        if not isinstance(answer, ConnectorError) or outcome is None or outcome.error is not None:
            continue
        if answer.fault is not Fault.NOT_FOUND:  # cancelled meanwhile
            batch.settle(at, replace(outcome, error=replace(answer, fields=(f.SERIES,))))


def _exceptions(master: str, wanted: Series, before: Series | None) -> list[Ask]:
    known = before if before is not None and alike(before, wanted) else None
    gone = set(wanted.cancelled) - set(known.cancelled) if known else set[Original]()
    back = set(known.cancelled) - set(wanted.cancelled) if known else set[Original]()
    stands = {each.original: each.span for each in known.moved} if known else {}
    moved = [each for each in wanted.moved if stands.get(each.original) != each.span]
    zone = wanted.zone or "UTC"
    return [
        *(_delete_at(occurrence_id(master, at)) for at in sorted(gone, key=str)),
        *(_patch_at(occurrence_id(master, at), {"status": "confirmed"}) for at in sorted(back, key=str)),
        *(_patch_at(occurrence_id(master, each.original), written(each.span, zone)) for each in moved),
    ]


def _patch_at(identifier: str, body: Json) -> Ask:
    return Ask("calendar.events.patch", "PATCH", at_event(identifier), _SILENTLY, body)


def _delete_at(identifier: str, condition: str = "") -> Ask:
    return Ask("calendar.events.delete", "DELETE", at_event(identifier), _SILENTLY, condition=condition)


# --- delete, move


def _delete(work: _Work) -> None:
    batch, writes = work.batch, work.batch.writes
    asks = {at: _delete_at(write.id, work.latest.of(write.version)) for at, write in enumerate(writes)}
    batch.send(asks, lambda at, _: Outcome(writes[at].id))
    batch.gone_is_fine()


def _move(work: _Work) -> None:
    """Out of the bin, where an event keeps its id and all that it bore but the exceptions of a series: these are laid
    anew. Nowhere else."""
    batch, writes = work.batch, work.batch.writes
    for at, write in enumerate(writes):
        if write.target != DELETED or write.values.get("folder") != HOME:
            batch.fail(at, Fault.INVALID, "events stay in their calendar")
        series = write.values.get(f.SERIES)
        if isinstance(series, Series):
            work.before[at] = replace(series, cancelled=(), moved=())
    batch.send(
        {at: _patch_at(writes[at].id, {"status": "confirmed"}) for at in batch.open},
        lambda _, event: Outcome(event["id"], event["etag"]),
    )
    _complete(work)


_VERBS: dict[Verb, Callable[[_Work], None]] = {
    Verb.CREATE: _create,
    Verb.UPDATE: _update,
    Verb.DELETE: _delete,
    Verb.MOVE: _move,
}
