"""Delta queries: pages of what changed in a folder since a token, and the views of calendars that they are asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

from connectors.sandbox.ews import series, zones
from connectors.sandbox.ews.ids import SyncState
from connectors.sandbox.ews.items import Step, Stored
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.graph import events, ids
from connectors.sandbox.graph.call import GraphCall, Json
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.ids import Token

PAGE = 50  # changes in one answer, unless the client prefers another number
_TOKENS = ("$deltatoken", "$skiptoken")
_WINDOW = ("startDateTime", "endDateTime")

Tell = Callable[[Step, Stored | None], Iterator[Json]]


def page(call: GraphCall, folder: Folder, tell: Callable[[GraphCall, Token], Tell], *allowed: str) -> Json:
    """One page of a folder's changes. `tell` makes the function that tells a change, out of the query as it was asked
    at first. Raises syncStateNotFound for a token that is of no use."""
    asked = _asked(call, folder, allowed)
    steps, after = call.store.items.steps(asked.state, call.prefer.page or PAGE)
    found = call.store.items.many((step.item for step in steps), heavy=True)
    telling = tell(call, asked)
    value = [entity for step in steps for entity in telling(step, found.get(step.item))]
    kind, name = ("$skiptoken", "@odata.nextLink") if after.midway else ("$deltatoken", "@odata.deltaLink")
    link = Token(after, asked.path, asked.options, asked.first and after.midway).text()
    return {
        "@odata.context": call.context("Collection(entity)"), "value": value,
        name: f"{call.root}{call.path}?{kind}={quote(link)}",
    }  # fmt: skip


def _asked(call: GraphCall, folder: Folder, allowed: tuple[str, ...]) -> Token:
    given = call.options.given
    text = next((given[name] for name in _TOKENS if name in given), None)
    if text is None:
        call.options.allow(*allowed)
        return Token(SyncState(folder.id), call.path, dict(given))
    call.options.allow(*_TOKENS)
    found = ids.token(text, call.path, folder.id)
    if not call.store.items.remembers(found.state):
        raise GraphError(410, "syncStateNotFound", "", {"Location": f"{call.root}{call.path}"})
    return found


def removed(call: GraphCall, number: int) -> Json:
    return {"id": call.gone_id(number), "@removed": {"reason": "deleted"}}


# --- calendars


def view(call: GraphCall, asked: Token) -> Tell:
    """How the changes of a calendar are told within the window of the query."""
    try:
        start, end = (zones.moment(asked.options[name]) for name in _WINDOW)
    except (KeyError, ValueError):
        raise bad("startDateTime and endDateTime are needed.", "ErrorInvalidParameter") from None
    after, before = zones.stamp(start), zones.stamp(end)

    def tell(step: Step, item: Stored | None) -> Iterator[Json]:
        if step.verb == "delete":
            yield removed(call, step.item)
        elif item is None or item.kind != events.KIND:
            return
        elif series.is_master(item):
            yield from _series(call, item, start, end, first_time=asked.first)
        elif item.values["Start"] < before and item.values["End"] > after:
            yield events.told(call, item)
        elif not asked.first:
            yield removed(call, step.item)

    return tell


def _series(call: GraphCall, master: Stored, start: datetime, end: datetime, *, first_time: bool) -> Iterator[Json]:
    """The master in full, and its occurrences: exceptions in full, all others by their times."""
    shown = list(series.view(master, start, end))
    if not shown:
        if not first_time:
            yield removed(call, master.id)
        return
    yield events.told(call, master)
    for each in shown:
        exceptional = each.values["CalendarItemType"] == series.EXCEPTION
        yield events.told(call, each) if exceptional else events.stub(call, each)
