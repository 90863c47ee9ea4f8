"""The user's primary calendar: what changed, what an event says, and where those went that bear our keys.

A feed tells whole events, so what it told is not asked for again: `read` takes it, once. A second look at an event is a
call, because it is meant to see what happened in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import beside
from connectors.google.calendar_writes import Latest, apply
from connectors.google.config import Service
from connectors.google.event_calls import EVENTS, LISTED, events_in, exceptions_of, get_event
from connectors.google.events import Colours, Context, decode, first_popup
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.google.series import instance_id, series_of
from connectors.protocols import Change, Changes, Detail, Outcome, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, ELSEWHERE, MISSING, Item, ItemKind, ItemRef, Side, Value
from mapping.model.series import SEPARATOR

ROLE = "calendar"
KEPT = 5000  # events of a feed that are held until they are read
# enough to drop private or foreign items before they are looked at
_FEED = (f.SENSITIVITY, f.CATEGORIES, f.KEY, f.RECURRENCE)


class Calendar:
    """Raises ValueError for colours that there are not."""

    def __init__(self, line: Line) -> None:
        config = line.config
        self._line = line
        self._colours = Colours.named(config.mark_colour, config.error_colour)
        self._reminder: Value = MISSING
        self._told: dict[str, Json] = {}
        self._exceptions: dict[str, list[Json]] = {}
        self._latest = Latest()

    @property
    def _context(self) -> Context:
        return Context(self._line.config.address, self._line.config.time_zone, self._colours, self._reminder)

    def changes(self, cursor: str | None) -> Changes:
        params = {**LISTED, **({"syncToken": cursor} if cursor else {})}
        found: dict[str, Change] = {}
        exceptions: dict[str, list[Json]] = {}
        self._told.clear()
        self._exceptions.clear()
        token = cursor or ""
        for page in self._line.pages(Service.CALENDAR, Ask("calendar.events.list", "GET", EVENTS, params)):
            if "defaultReminders" in page:
                self._reminder = first_popup(page["defaultReminders"])
            for event in page.get("items") or ():
                self._hold(event)
                master = event.get("recurringEventId")
                if master:
                    exceptions.setdefault(master, []).append(event)
                change = _of_series(found.get(master), master) if master else self._change(event)
                if change.ref.id in exceptions and not change.deleted and cursor is not None:
                    # its version says nothing of its exceptions, so nobody may take it for known by that
                    change = Change(change.ref)
                # what comes later on supersedes, and takes its place at the end
                found.pop(change.ref.id, None)
                found[change.ref.id] = change
            token = str(page.get("nextSyncToken") or token)
        if cursor is None:
            # a full listing tells all exceptions; one that goes on from somewhere only those that changed
            masters = (event for event in self._told.values() if event.get("recurrence"))
            self._exceptions = {event["id"]: exceptions.get(event["id"], []) for event in masters}
            found = {ident: change for ident, change in found.items() if change.item is not None}
        return Changes(tuple(found.values()), token, complete=cursor is None)

    def _hold(self, event: Json) -> None:
        if event.get("status") != "cancelled" and len(self._told) < KEPT:
            self._told[event["id"]] = event
        else:
            self._told.pop(event["id"], None)

    def _change(self, event: Json) -> Change:
        ref = _ref(event["id"])
        if event.get("status") == "cancelled":
            return Change(ref, deleted=True)
        fields = decode(event, self._context, deep=False)
        return Change(ref, item=Item(ref, event["etag"], {name: fields[name] for name in _FEED if name in fields}))

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:
        answers = self._events([instance_id(ref.id) for ref in refs])
        series = self._series(event for event in answers.values() if not isinstance(event, ConnectorError))
        found: dict[ItemRef, Item | ConnectorError] = {}
        for ref in refs:
            event = answers.get(instance_id(ref.id))
            if isinstance(event, ConnectorError):
                found[ref] = event
            elif event is not None:
                found[ref] = self._item(ref, event, series, detail)
        return found

    def _item(self, ref: ItemRef, event: Json, series: Mapping[str, Value], detail: Detail) -> Item:
        fields = decode(event, self._context, deep=detail is Detail.BODY)
        if SEPARATOR not in ref.id:
            fields.pop(f.ORIGINAL, None)
        told = series.get(event["id"], MISSING)
        if told is not MISSING:
            fields[f.SERIES] = told
        return Item(ref, event["etag"], fields)

    def _events(self, ids: Iterable[str]) -> dict[str, Json | ConnectorError]:
        """Events by Google's ids; those that are gone are left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Json | ConnectorError] = {
            ident: self._told.pop(ident) for ident in wanted if ident in self._told
        }
        left = [ident for ident in wanted if ident not in found]
        answers = self._line.batch(Service.CALENDAR, [get_event(ident) for ident in left]) if left else []
        for ident, answer in zip(left, answers, strict=True):
            if isinstance(answer, ConnectorError):
                if answer.fault is not Fault.NOT_FOUND:
                    found[ident] = answer
            elif answer.get("status") != "cancelled":
                found[ident] = answer
        return found

    def _series(self, events: Iterable[Json]) -> dict[str, Value]:
        """The series of those events that are masters, by id. Their exceptions cost one call for all of them, unless
        the feed has told them."""
        masters = {event["id"]: event for event in events if event.get("recurrence")}
        asked = [ident for ident in masters if ident not in self._exceptions]
        exceptions = {ident: self._exceptions.pop(ident) for ident in masters if ident not in asked}
        exceptions |= exceptions_of(self._line, [masters[ident] for ident in asked])
        return {
            ident: found
            for ident, master in masters.items()
            if (found := series_of(master, exceptions.get(ident, ()))) is not None
        }

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return apply(self._line, writes, self._context, self._latest)

    def find(self, keys: Sequence[str]) -> dict[str, ItemRef]:
        """By key: the one that is not deleted counts. What went to another calendar of the user's is cancelled here and
        stands there, so those are asked for what is not found alive: two calls more."""
        found = self._bearing("", keys, ROLE)
        left = [key for key in keys if key not in found or found[key].container == DELETED]
        for calendar in self._other_calendars() if left else ():
            there = self._bearing(calendar, left, ELSEWHERE)
            found |= {key: ref for key, ref in there.items() if ref.container != DELETED}
        return found

    def _other_calendars(self) -> list[str]:
        params = {"minAccessRole": "writer", "maxResults": 250}
        ask = Ask("calendar.calendarList.list", "GET", "/calendar/v3/users/me/calendarList", params)
        return [
            each["id"]
            for page in self._line.pages(Service.CALENDAR, ask) for each in page.get("items") or ()
            if not each.get("primary")
        ]  # fmt: skip

    def _bearing(self, calendar: str, keys: Sequence[str], role: str) -> dict[str, ItemRef]:
        """The events of a calendar by the keys that they bear. An exception bears that of its series, and is not
        meant."""
        path, prefix = events_in(calendar or "primary"), f"{calendar}/" if calendar else ""
        asks = [
            Ask("calendar.events.list", "GET", path,
                {**LISTED, "maxResults": 50, "showDeleted": True, "privateExtendedProperty": f"{beside.KEY}={key}"})
            for key in keys
        ]  # fmt: skip
        found: dict[str, ItemRef] = {}
        for key, answer in zip(keys, self._line.batch(Service.CALENDAR, asks, Scope.CONTAINER), strict=True):
            if isinstance(answer, ConnectorError):
                raise answer
            events = [event for event in answer.get("items") or () if not event.get("recurringEventId")]
            events.sort(key=lambda event: event.get("status") != "cancelled")
            if events:
                where = DELETED if events[-1].get("status") == "cancelled" else role
                found[key] = ItemRef(Side.MAILBOX, ItemKind.EVENT, f"{prefix}{events[-1]['id']}", where)
        return found


def _of_series(known: Change | None, master: str) -> Change:
    return known or Change(_ref(master))


def _ref(identifier: str) -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EVENT, identifier, ROLE)
