"""Push subscriptions: the server posts to us what happens in the calendar, and a sign of life when nothing does.

A subscription has no end of its own. It lives for as long as what the server posts is taken, and whoever hears nothing
for two of its intervals has lost it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from exchangelib.properties import CopiedEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange.line import Line
from connectors.exchange.received import SILENCE, STATUS_MINUTES
from connectors.exchange.wire_subscriptions import PushSubscribe, Unsubscribe
from connectors.pushing import Agreed, Ear, Kind

ROLE = "calendar"
EVENTS = (CopiedEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent)
PATH = "/hooks/ews"
NEVER = timedelta(days=3650)


class PushSubscriptions:
    kind: Kind = Kind.EWS
    roles: tuple[str, ...] = (ROLE,)

    def __init__(self, line: Line) -> None:
        self._line = line

    def subscribe(self, ear: Ear, now: datetime) -> Agreed:
        line, where = self._line, self._line.folder(ROLE)
        names = [event.ELEMENT_NAME for event in EVENTS]
        url = f"{ear.base}{PATH}/{ear.secret}"
        service = PushSubscribe(account=line.account)
        identifier, watermark = line.call(lambda: service.to(where, names, STATUS_MINUTES, url), Scope.CONTAINER)
        return Agreed(identifier, now + NEVER, SILENCE, mark=watermark)

    def renew(self, agreed: Agreed, ear: Ear, now: datetime) -> Agreed:
        """There is nothing to renew: a subscription that fell silent is replaced."""
        made = self.subscribe(ear, now)
        self.drop(agreed)
        return made

    def drop(self, agreed: Agreed) -> None:
        service = Unsubscribe(account=self._line.account)
        try:
            self._line.call(lambda: service.end(agreed.id), Scope.CONTAINER)
        except ConnectorError as error:
            if error.fault not in (Fault.CURSOR_LOST, Fault.NOT_FOUND):
                raise
