"""Watching a user's calendar (a channel that posts to us) and mail (which tells a topic of Pub/Sub).

Neither can be prolonged: before a channel ends another one takes its place, and mail is watched anew each day.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import calendar, gmail
from connectors.google.config import Service
from connectors.google.event_calls import EVENTS
from connectors.google.labels import USER
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.pushing import Agreed, Ear, Kind

PATH = "/hooks/google"
LIVES = timedelta(days=7)  # what is asked for; how long it is, the answer tells
CHANNEL_RENEWED, WATCH_RENEWED = timedelta(days=4), timedelta(days=1)


class CalendarChannel:
    kind: Kind = Kind.GOOGLE
    roles: tuple[str, ...] = (calendar.ROLE,)

    def __init__(self, line: Line) -> None:
        self._line = line

    def subscribe(self, ear: Ear, now: datetime) -> Agreed:
        name = str(uuid.uuid4())
        body = {
            "id": name, "type": "web_hook", "address": f"{ear.base}{PATH}", "token": ear.secret,
            "expiration": _milliseconds(now + LIVES),
        }  # fmt: skip
        ask = Ask("calendar.events.watch", "POST", f"{EVENTS}/watch", {"eventTypes": "default"}, body)
        told = self._line.call(Service.CALENDAR, ask, Scope.CONTAINER)
        return Agreed(name, _until(told, now), CHANNEL_RENEWED, resource=str(told.get("resourceId") or ""))

    def renew(self, agreed: Agreed, ear: Ear, now: datetime) -> Agreed:
        made = self.subscribe(ear, now)
        self.drop(agreed)
        return made

    def drop(self, agreed: Agreed) -> None:
        body = {"id": agreed.id, "resourceId": agreed.resource}
        ask = Ask("calendar.channels.stop", "POST", "/calendar/v3/channels/stop", body=body)
        _gone_is_well(self._line, Service.CALENDAR, ask)


class MailWatch:
    """`topic`: that of Pub/Sub, `projects/P/topics/T`, which Gmail may publish to. Its messages name a mailbox and no
    agreement, so the address is the name."""

    kind: Kind = Kind.GMAIL
    roles: tuple[str, ...] = gmail.ROLES

    def __init__(self, line: Line, topic: str) -> None:
        self._line = line
        self._topic = topic

    def subscribe(self, ear: Ear, now: datetime) -> Agreed:  # noqa: ARG002
        ask = Ask("gmail.users.watch", "POST", f"{USER}/watch", body={"topicName": self._topic})
        told = self._line.call(Service.GMAIL, ask, Scope.CONTAINER)
        return Agreed(self._line.config.address.lower(), _until(told, now), WATCH_RENEWED)

    def renew(self, agreed: Agreed, ear: Ear, now: datetime) -> Agreed:  # noqa: ARG002
        return self.subscribe(ear, now)

    def drop(self, agreed: Agreed) -> None:  # noqa: ARG002
        _gone_is_well(self._line, Service.GMAIL, Ask("gmail.users.stop", "POST", f"{USER}/stop"))


def _gone_is_well(line: Line, service: Service, ask: Ask) -> None:
    try:
        line.call(service, ask, Scope.CONTAINER)
    except ConnectorError as error:
        if error.fault is not Fault.NOT_FOUND:
            raise


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _until(told: Json, now: datetime) -> datetime:
    """When it ends, as the answer has it: milliseconds, as text."""
    text = str(told.get("expiration") or "")
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else now + LIVES
