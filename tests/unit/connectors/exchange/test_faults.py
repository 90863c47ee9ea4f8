"""Every way in which a call can fail has its fault, and no text of the server gets through."""

from __future__ import annotations

import os
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from exchangelib.errors import ErrorTimeoutExpired, MalformedResponseError, TransportError
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange.faults import CODES, FAILURES, AnsweredError, RefusedError, fault_of

URL = "https://mail.example/EWS/Exchange.asmx"


def _refused(code: str, *, writing: bool = False, at: Scope = Scope.ITEM) -> ConnectorError:
    return fault_of(RefusedError(code), at, endpoint=URL, writing=writing)


def _answered(status: int, *, url: str = URL, writing: bool = False, after: int | None = None) -> ConnectorError:
    pause = None if after is None else timedelta(seconds=after)
    return fault_of(AnsweredError(status, pause), Scope.CONNECTION, endpoint=url, writing=writing)


def _reraised(inner: requests.RequestException) -> Exception:
    """As exchangelib passes connection errors on: a new error, raised while the first is handled."""
    try:
        try:
            raise inner
        except requests.RequestException:
            raise ErrorTimeoutExpired("Reraised from ...")  # noqa: B904
    except ErrorTimeoutExpired as error:
        return error


@pytest.mark.parametrize(
    ("code", "fault", "scope"),
    [
        ("ErrorServerBusy", Fault.THROTTLED, Scope.CONNECTION),
        ("ErrorNonExistentMailbox", Fault.FORBIDDEN, Scope.CONNECTION),
        ("ErrorImpersonateUserDenied", Fault.FORBIDDEN, Scope.CONNECTION),
        ("ErrorMailboxMoveInProgress", Fault.UNAVAILABLE, Scope.CONNECTION),
        ("ErrorItemNotFound", Fault.NOT_FOUND, Scope.ITEM),
        ("ErrorInvalidIdMalformed", Fault.NOT_FOUND, Scope.ITEM),
        ("ErrorSyncFolderNotFound", Fault.NOT_FOUND, Scope.CONTAINER),
        ("ErrorInvalidSyncStateData", Fault.CURSOR_LOST, Scope.CONTAINER),
        ("ErrorIrresolvableConflict", Fault.STALE, Scope.ITEM),
        ("ErrorAccessDenied", Fault.FORBIDDEN, Scope.ITEM),
        ("ErrorMessageSizeExceeded", Fault.INVALID, Scope.ITEM),
        ("ErrorNobodyEverHeardOf", Fault.UNAVAILABLE, Scope.ITEM),
    ],
)
def test_a_response_code_has_its_fault_and_scope(code: str, fault: Fault, scope: Scope) -> None:
    error = _refused(code)

    assert (error.fault, error.scope, error.vendor_code) == (fault, scope, code)


def test_throttling_says_how_long_to_wait() -> None:
    told = fault_of(RefusedError("ErrorServerBusy", timedelta(seconds=1.5)), Scope.CONNECTION)

    assert told.retry_after == timedelta(seconds=1.5)
    assert _refused("ErrorServerBusy").retry_after == timedelta(seconds=60)
    assert _answered(503, after=7).retry_after == timedelta(seconds=7)
    assert _answered(503, after=7).fault is Fault.THROTTLED
    assert _answered(503).fault is Fault.UNAVAILABLE
    assert _answered(429).fault is Fault.THROTTLED


@pytest.mark.parametrize("code", ["ErrorInternalServerError", "ErrorTimeoutExpired", "ErrorNobodyEverHeardOf"])
def test_a_write_that_the_server_failed_in_may_have_happened(code: str) -> None:
    assert _refused(code, writing=True).fault is Fault.UNKNOWN
    assert _refused(code).fault is Fault.UNAVAILABLE


def test_http_answers_without_soap_are_told_apart() -> None:
    assert _answered(401).fault is Fault.AUTH_REVOKED
    assert _answered(403).fault is Fault.FORBIDDEN
    assert "Graph" not in _answered(403).detail
    assert "Graph" in _answered(403, url="https://outlook.office365.com/EWS/Exchange.asmx").detail
    assert "Graph" not in _answered(403, url="https://notoffice365.com/EWS/Exchange.asmx").detail
    assert _answered(502).fault is Fault.UNAVAILABLE
    assert _answered(502, writing=True).fault is Fault.UNKNOWN
    assert _answered(502).vendor_code == "HTTP 502"


def test_a_request_that_never_left_is_unavailable_even_when_it_was_a_write() -> None:
    pool = HTTPConnectionPool("mail.example")
    refused = requests.ConnectionError(MaxRetryError(pool, "/", NewConnectionError(pool, "refused")))  # type: ignore[arg-type]
    untrusted = requests.exceptions.SSLError(MaxRetryError(pool, "/", ssl.SSLCertVerificationError("self-signed")))

    for inner in (refused, untrusted):
        assert fault_of(_reraised(inner), Scope.CONNECTION, writing=True).fault is Fault.UNAVAILABLE


def test_a_write_whose_answer_was_cut_off_is_unknown() -> None:
    cut = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))
    short = requests.exceptions.ChunkedEncodingError(ProtocolError("IncompleteRead"))

    for inner in (cut, short, requests.ReadTimeout()):
        assert fault_of(_reraised(inner), Scope.CONNECTION, writing=True).fault is Fault.UNKNOWN
        assert fault_of(_reraised(inner), Scope.CONNECTION).fault is Fault.UNAVAILABLE


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("'NoneType' object has no attribute 'secret'"),
        MalformedResponseError("<Body>secret</Body>"),
        TransportError("secret"),
        ValueError("secret"),
        KeyError("secret"),
    ],
)
def test_what_the_library_stumbles_over_is_a_fault_without_its_text(error: Exception) -> None:
    assert isinstance(error, FAILURES)

    read, written = fault_of(error, Scope.CONNECTION), fault_of(error, Scope.CONNECTION, writing=True)

    assert (read.fault, written.fault) == (Fault.UNAVAILABLE, Fault.UNKNOWN)
    assert "secret" not in f"{read}{read!r}{written}{written!r}"


def test_every_code_in_the_table_is_a_code_of_ews() -> None:
    home = os.environ.get("INBOX_SYNC_VENDOR_SCHEMAS")
    if not home:
        pytest.skip("INBOX_SYNC_VENDOR_SCHEMAS does not name the vendors' schemas")
    schema = (Path(home) / "ews" / "messages.xsd").read_text()

    assert [code for code in CODES if f'"{code}"' not in schema] == []
