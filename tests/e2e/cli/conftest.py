"""The console as people and programs use it: words in, text or JSON and an exit code out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import text

from sync_tasks.cli.main import main
from sync_tasks.state.engine import open_engine

if TYPE_CHECKING:
    from connectors.sandbox.server import SandboxServer

ANN = "ann@acme.example"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


class Console:
    """Runs commands in this process, each as if it were one of its own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Answer:
        self._capsys.readouterr()
        code = main(words)
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)

    def done(self, *words: str) -> str:
        answer = self(*words)
        assert answer.code == 0, answer
        return answer.out

    def json(self, *words: str) -> Any:
        return json.loads(self.done(*words, "--json"))


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Console]:
    """A console in a home of its own."""
    monkeypatch.setenv("INBOX_SYNC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield Console(capsys)


class Company:
    """An organization that the console connected, with Ann in it, and the sandbox behind it."""

    def __init__(self, console: Console, server: SandboxServer) -> None:
        self.console, self.url = console, server.url
        self.control("ews/mailboxes", address=ANN, name="Ann")
        made = self.control("salesforce/users", username=ANN, Email=ANN)
        self.ann_in_salesforce = str(made["users"][0]["id"])
        console.done("org", "add", "acme")
        self.connect()
        console.done("user", "add", ANN)
        console.done("config", "set", "domains.internal", "acme.example")

    def connect(self) -> None:
        self.console.done(
            "org", "connect", "acme", "--crm", "salesforce", "--set", f"login_url={self.url}/salesforce",
            "--set", "client_id=inbox-sync", "--secret", "client_secret=sandbox-secret",
        )  # fmt: skip
        self.console.done(
            "org", "connect", "acme", "--mailbox", "exchange", "--set", f"endpoint={self.url}/ews/Exchange.asmx",
            "--set", "username=svc-inbox-sync", "--secret", "password=sandbox",
        )  # fmt: skip

    def control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/control/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def appointment(self, subject: str, **values: Any) -> str:
        """A marked appointment of tomorrow; returns its id."""
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
        given = {
            "Subject": subject, "Start": start.isoformat(), "End": (start + timedelta(hours=1)).isoformat(),
            "Categories": ["Salesforce"], **values,
        }  # fmt: skip
        return str(self.control("ews/items", mailbox=ANN, kind="CalendarItem", values=given)["id"])

    def edit(self, item: str, **values: Any) -> None:
        self.control("ews/items/update", mailbox=ANN, id=item, values=values)

    def change(self, crm_object: str, record: str, **values: Any) -> None:
        """Edit a record as somebody in Salesforce does."""
        self._salesforce("PATCH", f"{crm_object}/{record}", values)

    def enter(self, crm_object: str, **values: Any) -> str:
        """Make a record as somebody in Salesforce does; its id."""
        return str(self._salesforce("POST", crm_object, values)["id"])

    def _salesforce(self, method: str, path: str, values: dict[str, Any]) -> Any:
        token = requests.post(
            f"{self.url}/salesforce/services/oauth2/token", data={"grant_type": "client_credentials"},
            auth=("inbox-sync", "sandbox-secret"), timeout=10,
        ).json()["access_token"]  # fmt: skip
        answer = requests.request(
            method, f"{self.url}/salesforce/services/data/v66.0/sobjects/{path}", json=values, timeout=10,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def discard(self, item: str) -> None:
        self.control("ews/items/delete", mailbox=ANN, id=item)

    def audit(self) -> list[tuple[str, str]]:
        """(action, subject) of what administrators did, in order."""
        url = f"sqlite:///{os.environ['INBOX_SYNC_HOME']}/inbox-sync.db"
        engine = open_engine(url, pooled=False)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT action, subject FROM admin_audit ORDER BY id")).all()
        engine.dispose()
        return [(action, subject) for action, subject in rows]

    def mail(self, message_id: str, sender: str, **values: Any) -> str:
        now = datetime.now(UTC).isoformat()
        given = {
            "Subject": "Hello", "From": {"address": sender, "name": "Somebody"}, "InternetMessageId": message_id,
            "ToRecipients": [{"address": ANN, "name": "Ann"}], "Body": "Hello", "DateTimeReceived": now,
            "DateTimeSent": now, **values,
        }  # fmt: skip
        return str(self.control("ews/items", mailbox=ANN, kind="Message", folder="inbox", values=given)["id"])


@pytest.fixture
def company(console: Console, sandbox: SandboxServer) -> Company:
    return Company(console, sandbox)
