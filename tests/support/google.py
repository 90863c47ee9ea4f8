"""A mailbox of Google in the sandbox, the connector on it, and everything that went over the wire between the two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.google import auth
from connectors.google.config import GoogleConfig, roots_under
from connectors.google.mailbox import GoogleMailbox
from connectors.google.multipart import decode
from connectors.sandbox.server import SandboxServer
from mapping.model.item import ItemKind, ItemRef, Side
from tests.support.discovery import Exchange

ADDRESS = "anna@corp.example"
ACCOUNT = "svc-inbox-sync@project.iam.gserviceaccount.com"


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """Keep a copy of everything that the connector sends and gets while the block runs, batches part by part."""
    found: list[Exchange] = []

    class Recorder(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            response = super().send(request, *args, **kwargs)
            found.extend(_exchanges(request, response))
            return response

    def opened(config: GoogleConfig) -> Any:
        session = open_session(config)
        session.mount("http://", Recorder())
        return session

    auth.sessions.drop()
    open_session, auth.open_session = auth.open_session, opened
    try:
        yield found
    finally:
        auth.open_session = open_session
        auth.sessions.drop()


def _exchanges(request: requests.PreparedRequest, response: requests.Response) -> Iterator[Exchange]:
    body = request.body or b""
    content = body if isinstance(body, bytes) else str(body).encode()
    url = str(request.url)
    if not urlsplit(url).path.endswith(("/batch", "/batch/calendar/v3", "/batch/gmail/v1")):
        yield Exchange(str(request.method), url, content, response.status_code, response.content)
        return
    if response.status_code != 200:
        return
    asked = re.findall(rb"\r\n([A-Z]+) (\S+) HTTP/1.1\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n(?=--)", content, re.DOTALL)
    answers = decode(response.headers["Content-Type"], response.content, len(asked))
    for (method, target, sent), answer in zip(asked, answers, strict=True):
        told = _raw(answer.body)
        yield Exchange(method.decode(), target.decode(), sent.strip(), answer.status, told)


def _raw(body: dict[str, Any]) -> bytes:
    import json

    return json.dumps(body).encode() if body else b""


class World:
    """One mailbox in the sandbox, driven as its owner would, and the connector on it."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.calls: Counter[str] = Counter()
        key_file = self.control("accounts", email=ACCOUNT, domains=["corp.example"])
        self.control("users", address=ADDRESS, name="Anna", timezone="Europe/Berlin", aliases=["a.b@corp.example"])
        self.config = GoogleConfig(
            ADDRESS, key_file, roots=roots_under(f"{server.url}/google"), time_zone="Europe/Berlin"
        )
        self.mailbox = self.opened()

    def opened(self, **changes: Any) -> GoogleMailbox:
        return GoogleMailbox(replace(self.config, **changes), self._heard)

    def _heard(self, operation: str, _parts: int, /) -> None:
        self.calls[operation] += 1

    def control(self, what: str, **given: Any) -> Any:
        answer = requests.post(f"{self.server.url}/control/google/{what}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def acts(self, what: str, **given: Any) -> Any:
        """Something that the owner does."""
        return self.control(what, mailbox=ADDRESS, **given)

    def has_event(self, summary: str = "Call", start: str = "2026-12-01T09:00:00Z", end: str = "2026-12-01T10:00:00Z",
                  zone: str = "Europe/Berlin", **values: Any) -> str:  # fmt: skip
        given = {"summary": summary, "start": {"dateTime": start, "timeZone": zone},
                 "end": {"dateTime": end, "timeZone": zone}, **values}  # fmt: skip
        return str(self.acts("events", values=given)["id"])

    def has_mail(self, subject: str = "Offer", labels: tuple[str, ...] = ("INBOX",), **message: Any) -> str:
        given = {"subject": subject, "from": {"address": "ann@globex.example", "name": "Ann"},
                 "to": [{"address": ADDRESS}], "text": "Hello", **message}  # fmt: skip
        return str(self.acts("messages", message=given, labels=list(labels))["id"])

    def content(self) -> dict[str, Any]:
        """What is really there."""
        answer = requests.get(f"{self.server.url}/control/google/users", params={"address": ADDRESS}, timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def event(self, identifier: str) -> dict[str, Any]:
        return next(each for each in self.content()["events"] if each["id"] == identifier)

    def goes_wrong(self, operation: str, nth: int = 1, times: int = 1, **action: Any) -> None:
        self.server.sandbox.faults.add({"match": f"google.{operation}", "nth": nth, "times": times, "action": action})

    def counted(self, act: Callable[[], Any]) -> dict[str, int]:
        """The calls that reached the services while it acted, by operation; a token is good for an hour of them."""
        self.server.sandbox.ledger.reset()
        act()
        calls = self.server.sandbox.ledger.counters()["calls"].get("google", {})
        return {name.removeprefix("google."): count for name, count in calls.items() if name != "google.token"}


def event(identifier: str) -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EVENT, identifier, "calendar")


def email(identifier: str, folder: str = "inbox") -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EMAIL, identifier, folder)


def task(identifier: str, folder: str = "synced_tasks") -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.TASK, identifier, folder)


def contact(identifier: str, folder: str = "synced_contacts") -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.CONTACT, identifier, folder)
