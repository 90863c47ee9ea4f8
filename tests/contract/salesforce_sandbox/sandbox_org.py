"""A caller of the emulated org, and access to recorded traffic."""

from __future__ import annotations

import json
import zipfile
from typing import Any
from urllib.parse import urlencode

import yaml
from werkzeug.test import Client, TestResponse

from connectors.sandbox.server import Sandbox


class Org:
    """A logged-in caller; answers are (status, JSON)."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = Client(sandbox.wsgi_app)
        self.token = self.login()

    def login(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": "inbox-sync", "client_secret": "sandbox-secret"}
        return str(self.client.post("/salesforce/services/oauth2/token", data=form).get_json()["access_token"])

    def raw(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        path = path if path.startswith("/") else f"/salesforce/services/data/v66.0/{path}"
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            return self.client.open(path, method=method, json=body, headers=given)
        return self.client.open(path, method=method, headers=given)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        response = self.raw(method, path, body, headers)
        return response.status_code, json.loads(response.get_data()) if response.get_data() else None

    def create(self, name: str, **fields: Any) -> str:
        status, body = self.call("POST", f"sobjects/{name}", fields)
        assert status == 201, body
        return str(body["id"])

    def refused(self, name: str, **fields: Any) -> str:
        status, body = self.call("POST", f"sobjects/{name}", fields)
        assert status >= 400, body
        return str(body[0]["errorCode"])

    def get(self, name: str, record_id: str) -> dict[str, Any]:
        status, body = self.call("GET", f"sobjects/{name}/{record_id}")
        assert status == 200, body
        return dict(body)

    def query(self, soql: str, resource: str = "query") -> list[dict[str, Any]]:
        status, body = self.call("GET", f"{resource}?{urlencode({'q': soql})}")
        assert status == 200, body
        return list(body["records"])

    def query_error(self, soql: str) -> str:
        status, body = self.call("GET", f"query?{urlencode({'q': soql})}")
        assert status == 400, body
        return str(body[0]["errorCode"])

    def control(self, path: str, body: Any) -> Any:
        response = self.client.post(f"/control/{path}", json=body)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def settings(self, **switches: Any) -> None:
        self.control("salesforce/settings", switches)

    def event(self, **fields: Any) -> str:
        return self.create("Event", **{"StartDateTime": "2026-11-24T10:00:00Z", "DurationInMinutes": 30, **fields})


def cassette(wheel: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    """The interactions of a recording."""
    found = yaml.load(wheel.read(f"cumulusci/{name}.yaml"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return list(found.get("interactions") or [found])


def answer(interaction: dict[str, Any]) -> Any:
    return json.loads(interaction["response"]["body"]["string"])
