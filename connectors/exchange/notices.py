"""What happens in a folder between two readings of it, by a pull subscription (Subscribe, GetEvents).

A subscription is told as text: the role and the id of its folder, its own id and its watermark. The server forgets one
that nobody asked about for `KEPT_MINUTES`. Events may bear a change key, but nobody promises that it is the one that
the item has now; so no version is told, and whoever needs it reads the item. The server makes and drops items of its
own as it works on a calendar, and tells events of those, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from exchangelib.properties import CopiedEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange.line import Line
from connectors.exchange.wire_folders import GetFolder
from connectors.exchange.wire_notices import GetEvents, Subscribe
from connectors.outlook.facts import KINDS
from connectors.protocols import Notices
from mapping.model.item import ItemRef, Side
from mapping.model.notice import Happened, Notice

KEPT_MINUTES = 1440  # the most that there is

EVENTS: dict[type, Happened] = {
    CreatedEvent: Happened.ADDED,
    CopiedEvent: Happened.ADDED,
    MovedEvent: Happened.ADDED,
    ModifiedEvent: Happened.CHANGED,
    DeletedEvent: Happened.REMOVED,
}


@dataclass(frozen=True, slots=True)
class _Subscription:
    role: str
    folder: str
    id: str
    watermark: str

    @classmethod
    def read(cls, text: str) -> _Subscription:
        try:
            return cls(*map(str, json.loads(text)))
        except (ValueError, TypeError):
            raise ConnectorError(Fault.CURSOR_LOST, "this is no subscription", scope=Scope.CONTAINER) from None

    def text(self) -> str:
        return json.dumps([self.role, self.folder, self.id, self.watermark])


def subscribe(line: Line, role: str) -> str:
    """Two calls: events name the folder by its own id, so that has to be known."""
    where, account = line.folder(role), line.account
    names = [event.ELEMENT_NAME for event in EVENTS]  # type: ignore[attr-defined]
    folder = line.call(lambda: GetFolder(account=account).id_of(where), Scope.CONTAINER)
    found = line.call(lambda: Subscribe(account=account).to(where, names, KEPT_MINUTES), Scope.CONTAINER)
    return _Subscription(role, folder, *found).text()


def told(line: Line, subscription: str) -> Notices:
    at = _Subscription.read(subscription)
    service = GetEvents(account=line.account)
    found: list[Notice] = []
    more = True
    while more:
        page = _page(line, service, at)
        found += [notice for event in page.events for notice in _notices(at, event)]
        at = replace(at, watermark=page.events[-1].watermark) if page.events else at
        more = bool(page.more_events and page.events)
    return Notices(tuple(found), at.text())


def _page(line: Line, service: Any, at: _Subscription) -> Any:
    return line.call(lambda: service.since(at.id, at.watermark), Scope.CONTAINER)


def _notices(at: _Subscription, event: Any) -> Iterator[Notice]:
    """Events of the folder itself and signs of life tell nothing. An item that is moved gets a new id, and whoever
    deletes one by hand moves it to Deleted Items; the other end of a move lies in another folder."""
    happened, item = EVENTS.get(type(event)), getattr(event, "item_id", None)
    if happened is None or item is None:
        return
    if isinstance(event, MovedEvent) and event.old_parent_folder_id.id == at.folder:
        yield Notice(_ref(at, event.old_item_id), Happened.REMOVED)
    if event.parent_folder_id.id == at.folder:
        yield Notice(_ref(at, item), happened)


def _ref(at: _Subscription, item: Any) -> ItemRef:
    return ItemRef(Side.MAILBOX, KINDS[at.role], item.id, at.role)
