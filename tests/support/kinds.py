"""How a story uses the mailboxes of each vendor: the one place in which the vendors of a story differ.

Items are told in the words of Outlook's schema, whatever the vendor calls them: `Subject`, `Start`,
`RequiredAttendees`, `Categories`. Folders are named by their role (`inbox`, `calendar`) or their name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connectors.exchange.mailbox import ExchangeMailbox
from connectors.graph.mailbox import GraphMailbox
from connectors.protocols import Can, Mailbox
from tests.support.google_kind import Google

Values = Mapping[str, Any]
SERVICE, PASSWORD = "svc", "svc-secret"
TENANT = "acme"
SALUTATION = {"PropertyTag": "0x3a45", "PropertyType": "String"}
MARKS = frozenset({"Salesforce", "Salesforce Thread", "Salesforce Unsync", "Sync Error"})


@dataclass(frozen=True, slots=True)
class Handle:
    """The sandbox, and its control entries by path."""

    url: str
    post: Callable[..., dict[str, Any]]
    get: Callable[..., dict[str, Any]]


class MailboxKind(Protocol):
    """`can`: what the connector is able to do; a story that needs more is not told over this kind.

    `asks`: the operations by which a mail is looked at (`read`), marked (`mark`), its attachments are fetched
    (`content`) and its thread is (`thread`). `contents_fail`: the fault rule under which one attachment fails.
    `events`: by which names the calls that read, create, update and delete an event go wrong, alone or in a batch.
    `troubles`: the faults of a server that is `down`, is asked too often (`busy`) or lets nobody in (`closed`).
    `refused`: the fault under which each new event is turned down. `nowhere`: facts of a connection to a server that is
    not there. `marks`: those of ours that the owner of a mailbox can choose from. `wire`: the sandbox's name for it."""

    vendor: str
    wire: str
    connector: type[Mailbox]
    can: frozenset[Can]
    marks: frozenset[str]
    asks: Mapping[str, str]
    contents_fail: str
    events: Mapping[str, str]
    troubles: Mapping[str, Values]
    refused: Values
    nowhere: Mapping[str, str]

    def connection(self) -> tuple[dict[str, str], dict[str, str]]:
        """Facts and secrets of the organization's connection. What stands behind them is made in the sandbox."""
        ...

    def open(self, address: str, name: str, aliases: Sequence[str], zone: str) -> None:
        """Make a mailbox. `zone`: IANA name."""
        ...

    def create(self, address: str, kind: str, folder: str, values: Values) -> str:
        """Its owner enters an item; its id. `kind`: CalendarItem, Message, Task, Contact; folder '' is where such items
        go by themselves."""
        ...

    def update(self, address: str, item: str, values: Values, original: datetime | None = None) -> None:
        """Its owner edits an item; None empties. `original`: only the occurrence that starts there by its rule."""
        ...

    def delete(self, address: str, item: str, original: datetime | None = None, *, hard: bool = False) -> None: ...

    def known_as(self, address: str, item: str) -> str:
        """The id under which the connector knows an item."""
        ...

    def move(self, address: str, item: str, folder: str) -> str:
        """Its owner drags an item to another folder; its id there."""
        ...

    def items(self, address: str, folder: str) -> list[dict[str, Any]]:
        """What stands in a folder: [{id, change_key, kind, values}]."""
        ...

    def agenda(self, address: str, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """What the calendar shows between two moments, occurrence by occurrence: starts and subjects."""
        ...

    def categories(self, address: str) -> set[str]:
        """The marks that its owner can choose from."""
        ...

    def add_folder(self, address: str, name: str, parent: str, holds: str) -> None:
        """`holds`: IPF.Note, IPF.Appointment, IPF.Task, IPF.Contact."""
        ...

    def drop_folder(self, address: str, folder: str) -> None: ...

    def listeners(self) -> int:
        """How many agreements there are to tell somebody of a calendar. Exchange gives each a sign of life for it."""
        ...

    def forget_cursors(self, address: str) -> None:
        """The server takes none of the cursors any more that it gave out for the mailbox so far."""
        ...


class Outlook:
    """Mailboxes as Outlook shows them. Their content is the same, however the connector comes to it."""

    marks = MARKS

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def open(self, address: str, name: str, aliases: Sequence[str], zone: str) -> None:
        self._handle.post("ews/mailboxes", address=address, name=name, aliases=list(aliases), timezone=zone)

    def create(self, address: str, kind: str, folder: str, values: Values) -> str:
        given = {name: value for name, value in values.items() if name != "Salutation"}
        if "Salutation" in values:  # Outlook's schema has no word for it
            given["ExtendedProperty"] = [{"uri": SALUTATION, "value": values["Salutation"]}]
        told = self._handle.post("ews/items", mailbox=address, kind=kind, folder=folder, values=given)
        return str(told["id"])

    def update(self, address: str, item: str, values: Values, original: datetime | None = None) -> None:
        self._handle.post("ews/items/update", mailbox=address, id=item, values=dict(values), **_only(original))

    def delete(self, address: str, item: str, original: datetime | None = None, *, hard: bool = False) -> None:
        self._handle.post("ews/items/delete", mailbox=address, id=item, hard=hard, **_only(original))

    def move(self, address: str, item: str, folder: str) -> str:
        return str(self._handle.post("ews/items/move", mailbox=address, id=item, folder=folder)["id"])

    def items(self, address: str, folder: str) -> list[dict[str, Any]]:
        told = self._handle.get("ews/mailboxes", address=address, items="1")
        return list(told["folders"][folder]["items"])

    def agenda(self, address: str, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
        told = self._handle.get("ews/calendar", address=address, start=start.isoformat(), end=end.isoformat())
        return [(datetime.fromisoformat(each["Start"]), each["Subject"]) for each in told["items"]]

    def categories(self, address: str) -> set[str]:
        return set(self._handle.get("ews/categories", address=address)["names"])

    def add_folder(self, address: str, name: str, parent: str, holds: str) -> None:
        self._handle.post("ews/folders", mailbox=address, name=name, parent=parent, **{"class": holds})

    def drop_folder(self, address: str, folder: str) -> None:
        self._handle.post("ews/folders/delete", mailbox=address, folder=folder)

    def forget_cursors(self, address: str) -> None:
        self._handle.post("ews/cursors/forget", mailbox=address)


class Exchange(Outlook):
    """On premises, over EWS."""

    vendor = "exchange"
    wire = "ews"
    connector: type[Mailbox] = ExchangeMailbox
    can = ExchangeMailbox.can
    asks: Mapping[str, str] = {
        "read": "ews.GetItem", "mark": "ews.UpdateItem", "content": "ews.GetAttachment",
        "thread": "ews.GetConversationItems",
    }  # fmt: skip
    contents_fail = "ews-item.GetAttachment"
    events: Mapping[str, str] = {
        "read": "ews.GetItem", "create": "ews.CreateItem", "update": "ews.UpdateItem", "delete": "ews.DeleteItem",
    }  # fmt: skip
    troubles: Mapping[str, Values] = {
        "down": {"match": "ews.*", "action": {"status": 503}},
        "busy": {"match": "ews.*", "action": {"code": "ErrorServerBusy"}},
        "closed": {"match": "ews.*", "action": {"status": 401}},
    }
    refused: Mapping[str, Any] = {"match": "ews-item.CreateItem", "action": {"code": "ErrorItemSave"}}
    nowhere: Mapping[str, str] = {"endpoint": "http://127.0.0.1:9/ews"}

    def connection(self) -> tuple[dict[str, str], dict[str, str]]:
        self._handle.post("ews/users", name=SERVICE, password=PASSWORD, impersonates=["*"])
        facts = {"endpoint": f"{self._handle.url}/ews/Exchange.asmx", "username": SERVICE}
        return facts, {"password": PASSWORD}

    def known_as(self, address: str, item: str) -> str:
        return item

    def listeners(self) -> int:
        return int(self._handle.post("ews/push", status=True)["told"])


class Graph(Outlook):
    """In Microsoft 365, over Graph."""

    vendor = "graph"
    wire = "graph"
    connector: type[Mailbox] = GraphMailbox
    can = GraphMailbox.can
    asks: Mapping[str, str] = {
        "read": "graph.getMessage", "mark": "graph.updateMessage", "content": "graph.getAttachment",
        "thread": "graph.findMessages",
    }  # fmt: skip
    contents_fail = "graph-item.getAttachment"
    events: Mapping[str, str] = {verb: f"graph*.{verb}Event" for verb in ("create", "update", "delete")} | {
        "read": "graph*.getEvent"
    }
    troubles: Mapping[str, Values] = {
        "down": {"match": "graph.*", "action": {"status": 503}},
        "busy": {"match": "* /graph/v1.0/", "action": {"code": "ApplicationThrottled"}},
        "closed": {"match": "graph.*", "action": {"status": 401}},
    }
    refused: Mapping[str, Any] = {"match": "graph*.createEvent", "action": {"code": "ErrorItemSave", "status": 400}}
    nowhere: Mapping[str, str] = dict.fromkeys(("login_url", "graph_url"), "http://127.0.0.1:9")

    def connection(self) -> tuple[dict[str, str], dict[str, str]]:
        self._handle.post("graph/tenants", tenant=TENANT, domains=["*"])
        self._handle.post("graph/apps", tenant=TENANT, client_id=SERVICE, secret=PASSWORD)
        urls = {"login_url": f"{self._handle.url}/graph", "graph_url": f"{self._handle.url}/graph"}
        return {"tenant": TENANT, "client_id": SERVICE, **urls}, {"client_secret": PASSWORD}

    def known_as(self, address: str, item: str) -> str:
        return str(self._handle.get("graph/items", address=address, id=item)["id"])

    def listeners(self) -> int:
        return len(self._handle.get("graph/subscriptions")["subscriptions"])


def _only(original: datetime | None) -> dict[str, str]:
    return {"original": original.isoformat()} if original is not None else {}


KINDS: Mapping[str, type[MailboxKind]] = {kind.vendor: kind for kind in (Exchange, Graph, Google)}
