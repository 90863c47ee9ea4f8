"""An Exchange server of its own for every test, spoken to by exchangelib or with bare SOAP, without a socket.

Every envelope in both directions is held against the vendor's schema, on machines that have it."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from exchangelib import IMPERSONATION, Account, BaseProtocol, Configuration, Credentials, EWSTimeZone
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.folders import Calendar, Contacts, DeletedItems, Drafts, Inbox, SentItems, Tasks
from exchangelib.folders.roots import Root
from exchangelib.items import CalendarItem, Message
from exchangelib.properties import DistinguishedFolderId, Mailbox
from exchangelib.protocol import close_connections
from exchangelib.transport import BASIC
from exchangelib.version import Build, Version
from lxml import etree
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from werkzeug.test import Client

from connectors.sandbox.ews.state import SERVICE_PASSWORD, SERVICE_USER
from connectors.sandbox.server import Sandbox
from tests.support.exchange import ews_schema, faults_against

ANN, BOB = "ann@acme.example", "bob@acme.example"
UTC = EWSTimeZone("UTC")
FOLDERS = {
    folder.DISTINGUISHED_FOLDER_ID: folder for folder in (Calendar, Contacts, DeletedItems, Drafts, Inbox, Tasks)
}
FOLDERS[SentItems.DISTINGUISHED_FOLDER_ID] = SentItems
_numbers = itertools.count(1)


class PairKey(ExtendedProperty):
    property_set_id = "5bd5e5a1-2f2c-4a54-9f5c-0d6f6f0f7f11"
    property_name = "TestKey"
    property_type = "String"


class Office:
    """A sandbox, its address, and what went over the wire."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.http = Client(self.sandbox.wsgi_app)
        # exchangelib keeps one protocol for each address, so every office has another
        self.url = f"http://127.0.0.1:{20000 + next(_numbers)}"
        self.envelopes: list[bytes] = []

    def control(self, what: str, **given: Any) -> Any:
        answer = self.http.post(f"/control/ews/{what}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json

    def content(self, address: str = ANN, folder: str = "calendar") -> list[dict[str, Any]]:
        answer = self.http.get(f"/control/ews/mailboxes?address={address}&items=1")
        return list(answer.json["folders"][folder]["items"])

    def account(self, address: str = ANN) -> Account:
        config = Configuration(
            service_endpoint=f"{self.url}/ews/Exchange.asmx",
            credentials=Credentials(f"ACME\\{SERVICE_USER}", SERVICE_PASSWORD),
            auth_type=BASIC,
            version=Version(build=Build(15, 2, 2562, 17)),
            retry_policy=None,
            max_connections=1,
        )
        return Account(
            address,
            config=config,
            autodiscover=False,
            access_type=IMPERSONATION,
            default_timezone=UTC,
            locale="en_US",
        )

    def folder(self, role: str, address: str = ANN) -> Any:
        """A well-known folder, made by hand, so that nothing is asked for it."""
        account = self.account(address)
        named = DistinguishedFolderId(id=role, mailbox=Mailbox(email_address=address))
        return FOLDERS[role](root=Root(account=account), _distinguished_id=named)

    def post(self, body: str, *, user: str = SERVICE_USER, password: str = SERVICE_PASSWORD, as_: str = ANN) -> Any:
        """Bare SOAP: the answer as (HTTP status, first element of the body)."""
        acting = f"""<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{as_}</t:PrimarySmtpAddress>
            </t:ConnectingSID></t:ExchangeImpersonation>"""
        envelope = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
            xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
            xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header>
            <t:RequestServerVersion Version="Exchange2016"/>{acting if as_ else ""}</s:Header>
            <s:Body>{body}</s:Body></s:Envelope>"""
        answer = self.send(envelope.encode(), user, password)
        if not answer.data.startswith(b"<?xml"):
            return answer.status_code, None
        self.envelopes.append(answer.data)
        return answer.status_code, etree.fromstring(answer.data).find("{*}Body")[0]

    def send(self, data: bytes, user: str = SERVICE_USER, password: str = SERVICE_PASSWORD) -> Any:
        headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()} if user else {}
        return self.http.post("/ews/Exchange.asmx", data=data, headers=headers, content_type="text/xml; charset=utf-8")

    def mails(self) -> list[dict[str, Any]]:
        return self.sandbox.ledger.mails()


class _InProcess(BaseAdapter):
    """Hands requests to the sandbox whose address they go to."""

    offices: dict[str, Office] = {}  # noqa: RUF012 - one table for the process

    def __init__(self, **_: Any) -> None:
        super().__init__()

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        office = self.offices[request.url.rpartition("/ews/")[0]]
        body = request.body or b""
        data = body if isinstance(body, bytes) else body.encode()
        answer = office.http.open(
            "/ews/Exchange.asmx", method=request.method, data=data, headers=list(request.headers.items())
        )
        office.envelopes += [each for each in (data, answer.data) if each.startswith(b"<?xml")]
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status_code, request.url, request
        response.headers.update(dict(answer.headers))
        response.raw = HTTPResponse(io.BytesIO(answer.data), preload_content=False, status=answer.status_code)
        return response

    def close(self) -> None: ...


@pytest.fixture(autouse=True, scope="package")
def _pair_key() -> Iterator[None]:
    for model in (CalendarItem, Message):
        model.register("test_key", PairKey)
    yield
    for model in (CalendarItem, Message):
        model.deregister("test_key")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office()
    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", _InProcess)
    monkeypatch.setitem(_InProcess.offices, made.url, made)
    made.control("mailboxes", address=ANN, name="Ann", aliases=["ann.other@acme.example"], timezone="Europe/Berlin")
    made.control("mailboxes", address=BOB, name="Bob")
    yield made
    close_connections()
    made.sandbox.close()
    schema = ews_schema()
    if schema is not None:
        # SOAP faults are not described by the vendor's schema
        assert faults_against(schema, [each for each in made.envelopes if b":Fault>" not in each]) == []


@pytest.fixture
def schema() -> etree.XMLSchema:
    found = ews_schema()
    if found is None:
        pytest.skip("INBOX_SYNC_VENDOR_SCHEMAS does not name a directory with ews/*.xsd")
    return found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    home = tmp_path / "files"
    home.mkdir()
    return home
