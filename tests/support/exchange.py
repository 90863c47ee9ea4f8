"""A mailbox of the sandbox, the connector on it, and everything that went over the wire between the two."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import requests
from exchangelib import EWSTimeZone
from exchangelib.protocol import BaseProtocol
from lxml import etree

from connectors.exchange import session
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import ExchangeConfig, TLSFloor
from connectors.sandbox.server import SandboxServer
from mapping.model.item import ItemKind, ItemRef, Side

ADDRESS = "anna@corp.example"
SERVICE, PASSWORD = "svc-inbox-sync", "correct horse"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Wire:
    """The envelopes that were exchanged, newest last."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.responses: list[bytes] = []


@contextmanager
def recording() -> Iterator[Wire]:
    """Keep a copy of everything that the connector sends and gets while the block runs."""
    wire = Wire()

    class Recorder(TLSFloor):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            body = request.body or b""
            wire.requests.append(body if isinstance(body, bytes) else body.encode())
            response = super().send(request, *args, **kwargs)
            wire.responses.append(response.content)
            return response

    session.close()
    before, BaseProtocol.HTTP_ADAPTER_CLS = BaseProtocol.HTTP_ADAPTER_CLS, Recorder
    try:
        yield wire
    finally:
        BaseProtocol.HTTP_ADAPTER_CLS = before
        session.close()


@cache
def ews_schema() -> etree.XMLSchema | None:
    """The vendor's schema of EWS; None when this machine has not got it."""
    home = os.environ.get("INBOX_SYNC_VENDOR_SCHEMAS")
    return etree.XMLSchema(etree.parse(Path(home) / "ews" / "messages.xsd")) if home else None


def faults_against(schema: etree.XMLSchema, envelopes: list[bytes]) -> list[str]:
    """What the schema has to say against the headers and bodies of the envelopes."""
    return [
        f"{etree.QName(element).localname}: {schema.error_log.last_error}"
        for envelope in envelopes
        for part in etree.fromstring(envelope)
        for element in part
        if part.tag in (f"{_SOAP}Header", f"{_SOAP}Body") and not schema.validate(etree.ElementTree(element))
    ]


class World:
    """One mailbox in the sandbox, driven as its owner would, and the connector on it."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.calls: Counter[str] = Counter()
        self.control("users", name=SERVICE, password=PASSWORD, impersonates=["*"])
        self.control("mailboxes", address=ADDRESS, name="Anna", timezone="W. Europe Standard Time")
        self.config = ExchangeConfig(
            f"{server.url}/ews/Exchange.asmx", SERVICE, PASSWORD, ADDRESS, time_zone="Europe/Berlin"
        )
        self.mailbox = self.opened()

    def opened(self, **changes: Any) -> ExchangeMailbox:
        return ExchangeMailbox(replace(self.config, **changes), self._heard)

    def _heard(self, operation: str, _parts: int, /) -> None:
        self.calls[operation] += 1

    def control(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.server.url}/control/ews/{what}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def has(self, kind: str = "CalendarItem", folder: str = "", **values: Any) -> str:
        """Put an item there; its id."""
        told = self.control("items", mailbox=ADDRESS, kind=kind, folder=folder, values=values)
        return str(told["id"])

    def series(self, rule: str, start: datetime, minutes: int = 60, zone: str = "Europe/Berlin", **values: Any) -> str:
        """A series that its owner enters; its master's id. `start`: of the first occurrence."""
        end = start + timedelta(minutes=minutes)
        times = {"Start": start.isoformat(), "End": end.isoformat(), "StartTimeZone": EWSTimeZone(zone).ms_id}
        return self.has(**{"Subject": "series", **times, "Recurrence": rule, **values})

    def edits(self, item: str, original: datetime | None = None, **values: Any) -> None:
        """`original`: only the occurrence that starts there by the pattern."""
        only = {"original": original.isoformat()} if original else {}
        self.control("items/update", mailbox=ADDRESS, id=item, values=values, **only)

    def deletes(self, item: str, original: datetime | None = None) -> None:
        only = {"original": original.isoformat()} if original else {}
        self.control("items/delete", mailbox=ADDRESS, id=item, **only)

    def control_get(self, what: str, **params: str) -> Any:
        return requests.get(f"{self.server.url}/control/ews/{what}", params=params, timeout=30).json()

    def content(self, folder: str) -> list[dict[str, Any]]:
        """The items that are really there."""
        return list(self.control_get("mailboxes", address=ADDRESS, items="1")["folders"][folder]["items"])

    def goes_wrong(self, operation: str, nth: int = 1, times: int = 1, **action: Any) -> None:
        self.server.sandbox.faults.add({"match": f"ews.{operation}", "nth": nth, "times": times, "action": action})

    def counted(self, act: Callable[[], Any]) -> dict[str, int]:
        """The EWS calls that reached the server while it acted, by operation."""
        self.server.sandbox.ledger.reset()
        act()
        calls = self.server.sandbox.ledger.counters()["calls"].get("ews", {})
        return {name.removeprefix("ews."): number for name, number in calls.items()}


def event(identifier: str) -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EVENT, identifier, "calendar")


def email(identifier: str, folder: str = "inbox") -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EMAIL, identifier, folder)
