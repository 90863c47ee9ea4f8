"""A sandbox org over real HTTP, a connector on it, and a second, plain client that plays everybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.protocols import Verb, Write
from connectors.salesforce import SalesforceConfig, SalesforceCrm, TokenCache
from connectors.sandbox.server import SandboxServer
from mapping.model.item import ItemKind, Value

KEY_FIELD = "InboxSync_Key__c"
CLIENT, SECRET = "inbox-sync", "sandbox-secret"  # public by design
SOON = datetime.now(UTC).replace(microsecond=0, second=0, minute=0) + timedelta(days=2)


class World:
    """`made`: calls by the connector's own count, by operation."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.sandbox = server.sandbox
        self.url = server.url + "/salesforce"
        self.made: Counter[str] = Counter()
        self._http = requests.Session()
        self._crm: SalesforceCrm | None = None
        form = {"grant_type": "client_credentials"}
        answer = self._http.post(self.url + "/services/oauth2/token", data=form, auth=(CLIENT, SECRET))
        self._http.headers["Authorization"] = "Bearer " + answer.json()["access_token"]

    # --- the connector

    @property
    def crm(self) -> SalesforceCrm:
        """The connector, with token and describe in hand, so that what is counted is the call itself."""
        self.connect_now()
        assert self._crm is not None
        return self._crm

    def connect_now(self) -> None:
        if self._crm is None:
            self._crm = self.connect()
            self._crm.shape()

    @property
    def user_id(self) -> str:
        return self.crm.shape().user_id

    def connect(self, tokens: TokenCache | None = None, **more: Any) -> SalesforceCrm:
        config: dict[str, Any] = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "login_url": self.url,
            "on_call": lambda operation, _parts: self.made.update([operation]),
            **more,
        }
        return SalesforceCrm.connect(SalesforceConfig(**config), tokens, now=self.sandbox.clock.now)

    # --- the org and everybody else in it

    def switch(self, **settings: Any) -> None:
        self.control("settings", settings)

    def user(self, username: str, **more: Any) -> str:
        return str(self.control("users", {"username": username, **more})["users"][0]["id"])

    def view(self, crm_object: str = "Contact", **more: Any) -> str:
        return str(self.control("listviews", {"object": crm_object, **more})["id"])

    def control(self, what: str, body: Any) -> Any:
        answer = self._http.post(f"{self.server.url}/control/salesforce/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"{self.url}/services/data/v66.0/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def make(self, crm_object: str, **values: Any) -> str:
        return str(self.call("POST", f"sobjects/{crm_object}", values)["id"])

    def change(self, crm_object: str, record_id: str, **values: Any) -> None:
        self.call("PATCH", f"sobjects/{crm_object}/{record_id}", values)

    def remove(self, crm_object: str, record_id: str) -> None:
        self.call("DELETE", f"sobjects/{crm_object}/{record_id}")

    def rows(self, soql: str) -> list[dict[str, Any]]:
        answer = self._http.get(f"{self.url}/services/data/v66.0/query", params={"q": soql})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["records"]
        return found

    def event(self, subject: str = "Visit", start: datetime = SOON, **values: Any) -> str:
        times = {"StartDateTime": _text(start), "DurationInMinutes": 60}
        return self.make("Event", Subject=subject, **times, **values)

    def later(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(seconds)

    # --- faults and counts

    def fault(self, match: str, times: int | None = 1, nth: int = 1, **action: Any) -> None:
        self.connect_now()
        self.sandbox.faults.add({"match": match, "times": times, "nth": nth, "action": action})

    @contextmanager
    def calls(self, expected: int) -> Iterator[None]:
        """The block makes exactly so many HTTP calls, by the server's count and by the connector's."""
        self.connect_now()
        before, made = self._served(), self.made.total()
        yield
        assert (self._served() - before, self.made.total() - made) == (expected, expected)

    def _served(self) -> int:
        return sum(self.sandbox.ledger.counters()["calls"].get("salesforce", {}).values())


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def create(key: str = "", target: str = "Event", kind: ItemKind = ItemKind.EVENT, **values: Value) -> Write:
    """A create; events get their times."""
    if target == "Event":
        values = {"StartDateTime": SOON, "DurationInMinutes": 30, **values}
    return Write(Verb.CREATE, kind, target, key=key, values=values)
