"""Subscriptions to change notifications of a calendar: made, renewed before they end, given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.line import Line, Request
from connectors.pushing import Agreed, Ear, Kind

ROLE = "calendar"
PATH = "/hooks/graph"
LIVES = timedelta(minutes=10_000)  # a little below the most that the mailbox gives
RENEWED = timedelta(days=3)  # two renewals may fail before it ends


class ChangeNotifications:
    kind: Kind = Kind.GRAPH
    roles: tuple[str, ...] = (ROLE,)

    def __init__(self, line: Line) -> None:
        self._line = line

    def subscribe(self, ear: Ear, now: datetime) -> Agreed:
        """Graph posts to the address and wants to see an answer before it answers itself."""
        until, url = now + LIVES, f"{ear.base}{PATH}"
        body = {
            "changeType": "created,updated,deleted", "resource": self._line.path("events").removeprefix("/"),
            "notificationUrl": url, "lifecycleNotificationUrl": url, "clientState": ear.secret,
            "expirationDateTime": _moment(until),
        }  # fmt: skip
        told = self._line.send(Request("POST", "/subscriptions", body), Scope.CONTAINER).body
        return Agreed(str(told["id"]), until, RENEWED)

    def renew(self, agreed: Agreed, ear: Ear, now: datetime) -> Agreed:  # noqa: ARG002
        """Renewing shows once more that the application may see the mailbox."""
        until = now + LIVES
        body = {"expirationDateTime": _moment(until)}
        self._line.send(Request("PATCH", f"/subscriptions/{agreed.id}", body), Scope.CONTAINER)
        return Agreed(agreed.id, until, RENEWED)

    def drop(self, agreed: Agreed) -> None:
        try:
            self._line.send(Request("DELETE", f"/subscriptions/{agreed.id}"), Scope.CONTAINER)
        except ConnectorError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise


def _moment(found: datetime) -> str:
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
