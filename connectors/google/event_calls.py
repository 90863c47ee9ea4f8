"""The requests for events that reading and writing share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from connectors.errors import ConnectorError, Scope
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.google.series import instance_id

CALENDARS = "/calendar/v3/calendars"
EVENTS = f"{CALENDARS}/primary/events"
# birthdays, focus time and places of work are not what anybody means by an event
LISTED = {"singleEvents": False, "eventTypes": "default", "maxResults": 2500}


def at_event(identifier: str) -> str:
    """The path of an event, or of an occurrence `master#original`; of one in another calendar than the user's primary
    one, which is named in front of it: `calendar/event`."""
    calendar, _, event = identifier.rpartition("/")
    return f"{events_in(calendar or 'primary')}/{quote(instance_id(event), safe='')}"


def events_in(calendar: str) -> str:
    return f"{CALENDARS}/{quote(calendar, safe='')}/events"


def get_event(identifier: str) -> Ask:
    return Ask("calendar.events.get", "GET", at_event(identifier))


def exceptions_of(line: Line, masters: Sequence[Json]) -> dict[str, list[Json]]:
    """What differs from each of the series, by their ids: all share the UID of the master. Raises ConnectorError."""
    asks = [
        Ask("calendar.events.list", "GET", EVENTS, {**LISTED, "showDeleted": True, "iCalUID": master["iCalUID"]})
        for master in masters
    ]
    found: dict[str, list[Json]] = {}
    answers = line.batch(Service.CALENDAR, asks, Scope.CONTAINER) if asks else ()
    for master, answer in zip(masters, answers, strict=True):
        if isinstance(answer, ConnectorError):
            raise answer
        items: list[dict[str, Any]] = answer.get("items") or []
        found[master["id"]] = [each for each in items if each.get("recurringEventId") == master["id"]]
    return found
