"""A client of Graph that is none of ours: it sends what it is told to, and keeps what it is answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.sandbox.graph.state import APP, SECRET, TENANT
from connectors.sandbox.server import SandboxServer
from tests.support.csdl import Exchange

ANN, BEN = "ann@acme.example", "ben@acme.example"
MONDAY = {"dateTime": "2026-11-23T10:00:00", "timeZone": "UTC"}
LATER = {"dateTime": "2026-11-23T11:00:00", "timeZone": "UTC"}


class Client:
    def __init__(self, server: SandboxServer) -> None:
        self.url = server.url
        self.sandbox = server.sandbox
        self.told: list[Exchange] = []
        for address in (ANN, BEN):
            self.control("ews/mailboxes", address=address, name=address.split("@")[0].title())
        form = {"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET}
        answer = requests.post(
            f"{self.url}/graph/{TENANT}/oauth2/v2.0/token", timeout=30,
            data={**form, "scope": "https://graph.microsoft.com/.default"},
        )  # fmt: skip
        self.token = answer.json()["access_token"]

    def control(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.url}/control/{what}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def send(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, user: str = ANN, **headers: str
    ) -> Any:
        """`path`: below the mailbox, or an address that an answer gave."""
        url = path if path.startswith("http") else f"{self.url}/graph/v1.0/users/{user}{path}"
        if path == "/$batch":
            url = f"{self.url}/graph/v1.0/$batch"
        sent = {"Authorization": f"Bearer {self.token}", **{n.replace("_", "-"): v for n, v in headers.items()}}
        answer = requests.request(method, url, json=body, headers=sent, timeout=30)
        told = answer.json() if answer.content else None
        self.told.append(Exchange(method, url, sent, body, answer.status_code, told))
        assert answer.status_code == expect, f"{answer.status_code} {answer.text[:500]}"
        return told

    def refused(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> str:
        """The code with which a call is refused."""
        return str(self.send(method, path, body, expect=status, **headers)["error"]["code"])

    def event(self, subject: str = "Call", **more: Any) -> Any:
        return self.send(
            "POST", "/calendar/events", {"subject": subject, "start": MONDAY, "end": LATER, **more}, expect=201
        )

    def all(self, path: str, **headers: str) -> tuple[list[Any], str]:
        """Everything up to the delta link, and that."""
        found: list[Any] = []
        while True:
            told = self.send("GET", path, **headers)
            found += told["value"]
            if "@odata.deltaLink" in told:
                return found, told["@odata.deltaLink"]
            path = told["@odata.nextLink"]

    def mails(self) -> list[str]:
        """The reasons for which mails would have been sent."""
        return [mail["reason"] for mail in self.sandbox.ledger.mails()]


def below(link: str) -> str:
    """A link without the address of the service, as parts of a batch have it."""
    parts = urlsplit(link)
    return f"{parts.path.removeprefix('/graph/v1.0')}?{parts.query}"
