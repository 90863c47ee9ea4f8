"""A mailbox of the sandbox, the connectors on it, and everything that went over the wire to Graph."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import requests

from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import ExchangeConfig
from connectors.graph import line
from connectors.graph.config import GraphConfig
from connectors.graph.mailbox import GraphMailbox
from connectors.sandbox.ews.zones import windows_name
from connectors.sandbox.server import SandboxServer
from tests.support.csdl import Exchange

ADDRESS = "anna@corp.example"
TENANT, APP, SECRET = "corp", "inbox-sync", "correct horse"
SERVICE, PASSWORD = "svc-inbox-sync", "correct horse"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """What the connector sends and is answered while the block runs."""
    told: list[Exchange] = []

    def heard(answer: httpx.Response) -> None:
        answer.read()
        sent = answer.request
        body = json.loads(sent.content) if sent.headers.get("content-type") == "application/json" else None
        text = answer.text if "json" in answer.headers.get("content-type", "") else ""
        told.append(
            Exchange(
                sent.method, str(sent.url), sent.headers, body, answer.status_code, json.loads(text) if text else None
            )
        )

    line.client().event_hooks["response"].append(heard)
    try:
        yield told
    finally:
        line.close()


class Kept(dict[str, str]):
    """Where the connector keeps its token."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        self[name] = value


class World:
    """One mailbox, driven as its owner would, with a connector of each kind on it. The clock stands at `NOW`."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.calls: Counter[str] = Counter()
        self.kept = Kept()
        server.sandbox.clock.set(NOW)
        self.control("ews/users", name=SERVICE, password=PASSWORD, impersonates=["*"])
        self.control("ews/mailboxes", address=ADDRESS, name="Anna", timezone="W. Europe Standard Time")
        self.control("graph/tenants", tenant=TENANT, domains=["corp.example"])
        self.control("graph/apps", tenant=TENANT, client_id=APP, secret=SECRET)
        self.config = GraphConfig(
            TENANT, APP, ADDRESS, SECRET, login_url=f"{server.url}/graph", graph_url=f"{server.url}/graph",
            time_zone="Europe/Berlin",
        )  # fmt: skip
        self.mailbox = self.opened()
        self.over_ews = ExchangeMailbox(
            ExchangeConfig(
                f"{server.url}/ews/Exchange.asmx", SERVICE, PASSWORD, ADDRESS, time_zone="Europe/Berlin"
            )
        )  # fmt: skip

    def opened(self, **changes: Any) -> GraphMailbox:
        return GraphMailbox(replace(self.config, **changes), self.kept, self._heard, self.server.sandbox.clock.now)

    def _heard(self, operation: str, _parts: int, /) -> None:
        self.calls[operation] += 1

    def control(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.server.url}/control/{what}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def has(self, kind: str = "CalendarItem", folder: str = "", **values: Any) -> str:
        """Put an item there; its id in Exchange."""
        return str(self.control("ews/items", mailbox=ADDRESS, kind=kind, folder=folder, values=values)["id"])

    def series(self, rule: str, start: datetime, minutes: int = 60, zone: str = "Europe/Berlin", **values: Any) -> str:
        """A series that its owner enters. `start`: of the first occurrence."""
        end = start + timedelta(minutes=minutes)
        times = {"Start": start.isoformat(), "End": end.isoformat(), "StartTimeZone": windows_name(zone)}
        return self.has(**{"Subject": "series", **times, "Recurrence": rule, **values})

    def edits(self, item: str, original: datetime | None = None, **values: Any) -> None:
        only = {"original": original.isoformat()} if original else {}
        self.control("ews/items/update", mailbox=ADDRESS, id=item, values=values, **only)

    def deletes(self, item: str, original: datetime | None = None, *, hard: bool = False) -> None:
        only = {"original": original.isoformat()} if original else {}
        self.control("ews/items/delete", mailbox=ADDRESS, id=item, hard=hard, **only)

    def moves(self, item: str, folder: str) -> str:
        return str(self.control("ews/items/move", mailbox=ADDRESS, id=item, folder=folder)["id"])

    def content(self, folder: str) -> list[dict[str, Any]]:
        """The items that are really there."""
        told = requests.get(
            f"{self.server.url}/control/ews/mailboxes", params={"address": ADDRESS, "items": "1"}, timeout=30
        ).json()
        return list(told["folders"][folder]["items"])

    def goes_wrong(self, operation: str, nth: int = 1, times: int = 1, **action: Any) -> None:
        """`operation`: `graph.batch`, or `graph-item.createEvent` for a part of one."""
        self.server.sandbox.faults.add({"match": operation, "nth": nth, "times": times, "action": action})

    def counted(self, act: Callable[[], Any]) -> dict[str, int]:
        """The calls that reached the server while it acted, by operation."""
        self.server.sandbox.ledger.reset()
        act()
        calls = self.server.sandbox.ledger.counters()["calls"].get("graph", {})
        return {name.removeprefix("graph."): number for name, number in calls.items()}

    def mails(self) -> int:
        return int(self.server.sandbox.ledger.counters()["mails"]["total"])
