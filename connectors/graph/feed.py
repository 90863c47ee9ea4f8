"""What changed in a folder: delta queries, and what they do not tell.

The feed of a calendar is that of a *view*, with a window that is fixed in its token. What changes outside of it is told
as removed, like what is deleted: so whatever is told as removed is read. The view tells single occurrences, of which
only their masters matter here. Whoever begins without a cursor wants everything, so the events are then listed beside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.codec import FEED, LISTED, asked, decode
from connectors.graph.folders import items_of
from connectors.graph.line import Answer, Line, Request
from connectors.graph.rows import Json
from connectors.outlook.facts import kind_of
from connectors.protocols import Change, Changes
from mapping.model.item import Item, ItemKind, ItemRef, Side

# The narrower the window, the fewer occurrences are told of every series that changes.
BEHIND, AHEAD, RENEWED = timedelta(days=31), timedelta(days=366), timedelta(days=30)
_PAGE, _LISTED = 200, 500
_PAGED = f"odata.maxpagesize={_PAGE}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`link`: the path with the token. `since`: when the window of a calendar was laid, '' for other folders."""

    link: str
    since: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises CURSOR_LOST."""
        try:
            found = cls(*map(str, json.loads(text)))
            if not found.link.startswith("/"):
                raise ValueError(found.link)
            return found
        except (ValueError, TypeError):
            raise _lost() from None

    def text(self) -> str:
        return json.dumps([self.link, self.since])

    def is_old(self, now: datetime) -> bool:
        return bool(self.since) and now - datetime.fromisoformat(self.since) > RENEWED


def _lost() -> ConnectorError:
    return ConnectorError(Fault.CURSOR_LOST, "this is no cursor", scope=Scope.CONTAINER)


def question(cursor: str) -> Request:
    """The call that a cursor asks next. Raises CURSOR_LOST."""
    return Request("GET", Cursor.read(cursor).link, prefer=_PAGED)


def changes(line: Line, role: str, cursor: str | None, first: Answer | None = None) -> Changes:
    """`first`: what the cursor's call was answered, if it was sent already."""
    kind = kind_of(role)
    if kind is None:
        raise ConnectorError(Fault.NOT_FOUND, "there is no such folder role", scope=Scope.CONTAINER)
    if cursor is None:
        told, link = _walk(line, _start(line, role, kind))
        listed = _listed(line) if kind is ItemKind.EVENT else ()
        return Changes(tuple(_changes(line, role, kind, told, listed)), _cursor(line, kind, link).text(), complete=True)
    before = Cursor.read(cursor)
    renewed = ""
    if before.is_old(line.now()):
        # before the old window is asked (again), so that nothing falls between the two
        _, renewed = _walk(line, _start(line, role, kind))
        first = None
    told, link = _walk(line, question(cursor), first)
    after = _cursor(line, kind, renewed) if renewed else Cursor(link, before.since)
    return Changes(tuple(_changes(line, role, kind, told)), after.text())


def _cursor(line: Line, kind: ItemKind, link: str) -> Cursor:
    return Cursor(link, line.now().isoformat() if kind is ItemKind.EVENT else "")


def _start(line: Line, role: str, kind: ItemKind) -> Request:
    if kind is ItemKind.EVENT:
        window = {"startDateTime": _moment(line.now() - BEHIND), "endDateTime": _moment(line.now() + AHEAD)}
        return Request("GET", line.path("calendar", "calendarView", "delta", **window), prefer=_PAGED)
    options = asked(kind, FEED[kind])
    return Request("GET", line.path(*items_of(line, role), "delta", **options), prefer=_PAGED)


def _moment(found: datetime) -> str:
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


def _walk(line: Line, request: Request, first: Answer | None = None) -> tuple[list[Json], str]:
    """Everything up to the end, and the link with which to go on from there."""
    found: list[Json] = []
    answer = first
    while True:
        answer = answer or line.send(request, Scope.CONTAINER)
        found += answer.body.get("value", ())
        end, more = answer.body.get("@odata.deltaLink"), answer.body.get("@odata.nextLink")
        try:
            link = line.relative(end or more or "")
        except ValueError:
            raise _lost() from None
        if end:
            return found, link
        request, answer = Request("GET", link, prefer=_PAGED), None


def _listed(line: Line) -> list[Any]:
    """All events of the calendar, series as their masters."""
    options = asked(ItemKind.EVENT, LISTED)
    return line.pages(Request("GET", line.path("calendar", "events", top=str(_LISTED), **options)))


def _changes(
    line: Line, role: str, kind: ItemKind, told: Sequence[Json], listed: Sequence[Json] = ()
) -> Iterable[Change]:
    """The last word on each item, in the order of the last words. `listed`: what was told of events as `LISTED`."""
    found: dict[str, Change] = {}
    removed: dict[str, None] = {}
    for each in told:
        identifier = str(each["id"])
        if "@removed" in each:
            removed[identifier] = None
            found.pop(identifier, None)
            continue
        removed.pop(identifier, None)
        change = _event(role, each) if kind is ItemKind.EVENT else _change(role, kind, each, FEED[kind])
        known = found.pop(change.ref.id, None)
        # of a series that changed the master is told, or only some of its occurrences
        found[change.ref.id] = change if change.item is not None or known is None else known
    for each in listed:
        change = _change(role, kind, each, LISTED)
        removed.pop(change.ref.id, None)
        found.pop(change.ref.id, None)
        found[change.ref.id] = change
    for change in _gone(line, role, kind, list(removed)):
        found[change.ref.id] = change
    return found.values()


def _event(role: str, told: Json) -> Change:
    master = told.get("seriesMasterId")
    if master and told.get("type") in ("occurrence", "exception"):
        return Change(ItemRef(Side.MAILBOX, ItemKind.EVENT, str(master), role))
    return _change(role, ItemKind.EVENT, told, FEED[ItemKind.EVENT])


def _change(role: str, kind: ItemKind, told: Json, names: Sequence[str]) -> Change:
    ref = ItemRef(Side.MAILBOX, kind, str(told["id"]), role)
    try:
        return Change(ref, item=Item(ref, version(told), decode(told, kind, names)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Change(ref)  # whoever reads it is told what is wrong with it


def version(told: Mapping[str, Any] | None) -> str:
    """The version of an item, '' when the answer tells none."""
    return str((told or {}).get("@odata.etag") or "")


def _gone(line: Line, role: str, kind: ItemKind, ids: Sequence[str]) -> Iterator[Change]:
    """What is told as removed: of a calendar it may only stand outside of the window, or be one of a series."""
    if kind is not ItemKind.EVENT:
        yield from (Change(ItemRef(Side.MAILBOX, kind, each, role), deleted=True) for each in ids)
        return
    options = asked(kind, FEED[kind])
    options["select"] += ",seriesMasterId"
    wanted = [Request("GET", line.path("calendar", "events", each, **options)) for each in ids]
    for identifier, answer in zip(ids, line.batch(wanted), strict=True):
        if isinstance(answer, Answer):
            yield _event(role, answer.body)
        elif answer.fault is Fault.NOT_FOUND:
            yield Change(ItemRef(Side.MAILBOX, kind, identifier, role), deleted=True)
        else:
            raise answer
