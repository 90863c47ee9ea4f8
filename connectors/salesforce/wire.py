"""Calls as the rest of the connector makes them: simple-salesforce on our session, its exceptions translated.

Everything here raises ConnectorError only, always without the exception it came from: the library puts whole answers,
that is content, into its exception texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from connectors.errors import ConnectorError, Fault
from connectors.salesforce.auth import Tokens
from connectors.salesforce.composite import MOST_QUERIES, Answer, Part, answers_of, batched, request_of
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.faults import OUTCOME_LOST, call_error
from connectors.salesforce.session import SalesforceSession
from connectors.salesforce.soql import query_path

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A statement to run; `deleted` reads rows of the recycle bin and archived activities too."""

    statement: str
    deleted: bool = False


class Wire:
    """One connection. Not for use by several threads at once, like the library underneath."""

    def __init__(self, config: SalesforceConfig, tokens: Tokens) -> None:
        self._version = config.version
        self.session = SalesforceSession(config, tokens)
        # The library insists on a session id and a host; the session replaces both.
        self._library = Salesforce(
            session_id="-",
            instance_url="https://salesforce.invalid",
            version=config.version,
            session=self.session,
        )
        self._library.headers = {"Content-Type": "application/json", "Sforce-Call-Options": "client=InboxSync"}

    def get(self, path: str, operation: str) -> Any:
        """GET a path below `/services/data/vNN.0/`."""
        return self._call(lambda: self._library.restful(path, operation=operation))

    def follow(self, next_url: str, operation: str) -> Any:
        """GET the next page of a query."""
        return self._call(lambda: self._library.query_more(next_url, identifier_is_url=True, operation=operation))

    def send(
        self,
        method: str,
        path: str,
        operation: str,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        reading: bool = False,
    ) -> Any:
        """A call with a body; a failure that leaves the outcome open is Fault.UNKNOWN, unless it only reads."""
        return self._call(
            lambda: self._library.restful(
                path, method=method, json=body, headers=dict(headers or {}), operation=operation, reading=reading
            ),
            writing=not reading,
        )

    def soap(self, envelope: Callable[[str], str], operation: str) -> Answer:
        """A call of the partner API; `envelope` makes its body from an access token. An expired session is told in the
        body, so it is renewed here. A failure that leaves the outcome open is Fault.UNKNOWN."""
        for last in (False, True):
            answer = self.session.soap(f"services/Soap/u/{self._version}", envelope, operation)
            if answer.status_code == 500 and b"INVALID_SESSION_ID" in answer.content and not last:
                self.session.renew()
                continue
            if answer.status_code in OUTCOME_LOST and b"Fault>" not in answer.content:
                raise ConnectorError(Fault.UNKNOWN, "the server broke off", f"HTTP_{answer.status_code}")
            if not answer.ok:
                raise call_error(answer.status_code, answer.content, self.session.retry_after)
            return Answer(answer.status_code, answer.content)
        raise AssertionError("the last try returns or raises")

    def upload(self, crm_object: str, row: Mapping[str, object], blob: str, content: bytes, operation: str) -> Any:
        """Create one record with a content in the field `blob`, in a request of two parts: JSON would take 37.5 MB at
        most, and a third more bytes."""
        parts = [
            ("entity_content", (None, json.dumps(row), "application/json")),
            (blob, ("content", content, "application/octet-stream")),  # its name stands in the row
        ]
        return self._call(
            lambda: self._library.restful(
                f"sobjects/{crm_object}", method="POST", files=parts, headers={"Content-Type": None},
                operation=operation,
            ),
            writing=True,
        )  # fmt: skip

    def composite(
        self,
        parts: Sequence[Part],
        operation: str,
        headers: Mapping[str, str] | None = None,
        reading: bool = False,
    ) -> list[Answer]:
        """One composite call; the answers stand in the order of the parts, failed parts among them."""
        body = self.send("POST", "composite", operation, request_of(parts), headers, reading=reading)
        answers = answers_of(body, len(parts))
        if answers is None:
            fault = Fault.UNAVAILABLE if reading else Fault.UNKNOWN
            raise ConnectorError(fault, "an answer that is none to a composite call")
        return answers

    def queries(self, queries: Sequence[Query], operation: str) -> list[list[Row]]:
        """The rows of each statement: five statements a call, and one more call for each further page.
        Raises the error of the first statement that fails."""
        rows: list[list[Row]] = []
        for chunk in batched(queries, MOST_QUERIES):
            parts = [self.query_part(q) for q in chunk]
            answers = self.composite(parts, operation, reading=True)
            rows.extend(self.rows_of(answer, operation) for answer in answers)
        return rows

    def query_part(self, query: Query) -> Part:
        return Part("GET", query_path(self._version, query.statement, query.deleted))

    def rows_of(self, answer: Answer, operation: str) -> list[Row]:
        """All rows of an answered query, further pages fetched."""
        if not answer.ok:
            raise call_error(answer.status, answer.body)
        page: Any = answer.body
        rows: list[Row] = []
        while True:
            if not isinstance(page, Mapping) or not isinstance(page.get("records"), list):
                raise ConnectorError(Fault.UNAVAILABLE, "an answer that is none to a query")
            rows.extend(page["records"])
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return rows
            page = self.follow(str(page["nextRecordsUrl"]), operation)

    def _call(self, call: Callable[[], Any], writing: bool = False) -> Any:
        try:
            return call()
        except SalesforceError as error:
            told = call_error(error.status, error.content, self.session.retry_after)
            if writing and error.status in OUTCOME_LOST:
                told.fault = Fault.UNKNOWN
        except (requests.RequestException, ValueError, TypeError):
            # Only the parsing of a 2xx body is left to fail here: connection failures are the session's business. Of
            # `null` the library takes the length.
            fault = Fault.UNKNOWN if writing else Fault.UNAVAILABLE
            told = ConnectorError(fault, "an answer that is not JSON", vendor_code="NOT_JSON")
        raise told from None
