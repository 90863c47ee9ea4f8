"""What every answer of Google means in the project's closed list of faults.

Bodies come in two shapes: `{"error": {"code", "message", "errors": [{"domain", "reason"}]}}` (the older services) and
`{"error": {"code", "status", "details": [{"@type": "...ErrorInfo", "reason"}]}}` (the newer ones). The token endpoint
answers `{"error", "error_description"}`. A reason decides, else the status. Nothing of an answer but its reason
travels on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.errors import ConnectorError, Fault, Meaning, Scope, unanswered
from connectors.google.config import Service
from connectors.google.multipart import Answer

_SOON = timedelta(seconds=60)
_LATER = timedelta(minutes=30)

# what a call may end in without being an error of this program
FAILURES: tuple[type[Exception], ...] = (GoogleAuthError, requests.RequestException, OSError, ValueError)


_BUSY = Meaning(Fault.THROTTLED, "the quota of this minute is used up", Scope.CONNECTION, wait=_SOON)
_SPENT = Meaning(Fault.THROTTLED, "the quota of the day is used up", Scope.CONNECTION, wait=_LATER)
_NO_SCOPE = Meaning(Fault.FORBIDDEN, "the token lacks a scope: grant the four scopes", Scope.CONNECTION)
_OFF = Meaning(Fault.FORBIDDEN, "the API is not enabled in the Google Cloud project", Scope.CONNECTION)
_NO_SERVICE = Meaning(Fault.FORBIDDEN, "the user has no such service: check the licence", Scope.CONNECTION)
_LOST = Meaning(Fault.CURSOR_LOST, "the sync token is of no use any more", Scope.CONTAINER)
_MOVED_ON = Meaning(Fault.STALE, "the item was changed since it was read")
_EXISTS = Meaning(Fault.DUPLICATE, "it exists already")
_GONE = Meaning(Fault.NOT_FOUND, "the item is gone")
_DENIED = Meaning(Fault.FORBIDDEN, "access denied")
_REFUSED = Meaning(Fault.INVALID, "the server refuses the values")
_LOGIN = Meaning(Fault.AUTH_EXPIRED, "the token is refused", Scope.CONNECTION)
_BROKE = Meaning(Fault.UNAVAILABLE, "the server failed while it worked on the call", ambiguous=True)
_AWAY = Meaning(Fault.UNAVAILABLE, "the server is out of service", Scope.CONNECTION, ambiguous=True)

REASONS: Mapping[str, Meaning] = {
    "rateLimitExceeded": _BUSY,
    "userRateLimitExceeded": _BUSY,
    "RATE_LIMIT_EXCEEDED": _BUSY,
    "RESOURCE_EXHAUSTED": _BUSY,
    "quotaExceeded": _SPENT,
    "dailyLimitExceeded": _SPENT,
    "insufficientPermissions": _NO_SCOPE,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _NO_SCOPE,
    "accessNotConfigured": _OFF,
    "SERVICE_DISABLED": _OFF,
    "notACalendarUser": _NO_SERVICE,
    "fullSyncRequired": _LOST,
    "updatedMinTooLongAgo": _LOST,
    "EXPIRED_SYNC_TOKEN": _LOST,
    "conditionNotMet": _MOVED_ON,
    "duplicate": _EXISTS,
    "notFound": _GONE,
    "deleted": _GONE,
    "authError": _LOGIN,
    "backendError": _BROKE,
    "internalError": _BROKE,
    "forbiddenForNonOrganizer": Meaning(Fault.FORBIDDEN, "only the organizer may change this"),
}
# the same words mean something else at one service
REASONS_AT: Mapping[tuple[Service, str], Meaning] = {
    (Service.GMAIL, "failedPrecondition"): _NO_SERVICE,
    (Service.PEOPLE, "FAILED_PRECONDITION"): _MOVED_ON,
}
STATUSES: Mapping[int, Meaning] = {
    400: _REFUSED,
    401: _LOGIN,
    403: _DENIED,
    404: _GONE,
    409: _EXISTS,
    410: _GONE,
    412: _MOVED_ON,
    429: _BUSY,
    500: _BROKE,
    502: _BROKE,
    503: _AWAY,
    504: _BROKE,
}
_ODD = Meaning(Fault.UNAVAILABLE, "the server answers with an unexpected HTTP status", ambiguous=True)
TOKENS: Mapping[str, Meaning] = {
    "invalid_grant": Meaning(
        Fault.AUTH_REVOKED, "the user is unknown to Google, or took the consent back: check the address, connect again"
    ),
    "unauthorized_client": Meaning(
        Fault.FORBIDDEN, "the service account may not act for this domain: grant it the scopes in the Admin console"
    ),
    "invalid_client": Meaning(Fault.AUTH_REVOKED, "the client, or its secret, is refused"),
    "invalid_scope": Meaning(Fault.FORBIDDEN, "the scopes are refused"),
    "access_denied": Meaning(Fault.FORBIDDEN, "access is denied by the domain's administrator"),
    "disabled_client": Meaning(Fault.FORBIDDEN, "the service account is disabled"),
}
# what stands beside `invalid_grant`, and in a word what it tells: one code stands for all of them
GRANT_WORDS: Mapping[str, str] = {
    "invalid jwt signature": "key",
    "account not found": "key",
    "reasonable timeframe": "clock",
    "short-lived token": "clock",
    "invalid email or user id": "unknown",
    "suspended": "suspended",
    "disabled": "suspended",
    "deleted": "suspended",
}
_TOKEN_REFUSED = Meaning(Fault.AUTH_REVOKED, "no token is given out")


def reason_of(body: Mapping[str, Any]) -> str:
    """The vendor's own word for what went wrong."""
    error = body.get("error")
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    listed = [each.get("reason") for key in ("errors", "details") for each in error.get(key) or ()]
    return str(next((reason for reason in listed if reason), error.get("status") or ""))


def fault_of_answer(service: Service, answer: Answer, at: Scope, *, writing: bool = False) -> ConnectorError:
    """The fault that an error answer means. `at`: how much the request was about. `writing`: what may have happened
    without our being told becomes UNKNOWN."""
    reason = reason_of(answer.body)
    meaning = REASONS_AT.get((service, reason)) or REASONS.get(reason) or STATUSES.get(answer.status, _ODD)
    fault = Fault.UNKNOWN if writing and meaning.ambiguous else meaning.fault
    pause = meaning.wait
    if answer.retry_after.isdigit() and fault in (Fault.THROTTLED, Fault.UNAVAILABLE):
        pause = timedelta(seconds=int(answer.retry_after))
    return ConnectorError(fault, meaning.detail, reason or f"HTTP {answer.status}", meaning.scope or at, pause)


def fault_of_error(error: Exception, *, writing: bool = False) -> ConnectorError:
    """No answer at all, or no token."""
    if isinstance(error, RefreshError):
        return _of_refresh(error)
    unsent = (NewConnectionError, ConnectTimeoutError, NameResolutionError, TransportError)
    return unanswered(error, unsent, writing=writing)


def _of_refresh(error: RefreshError) -> ConnectorError:
    told = next((arg for arg in error.args if isinstance(arg, dict)), {})
    reason = reason_of(told)
    if error.retryable or not reason:
        return ConnectorError(Fault.UNAVAILABLE, "no token was given out for the moment", reason, retry_after=_SOON)
    meaning = TOKENS.get(reason, _TOKEN_REFUSED)
    described = str(told.get("error_description", "")).lower() if reason == "invalid_grant" else ""
    word = next((word for phrase, word in GRANT_WORDS.items() if phrase in described), "")
    return ConnectorError(meaning.fault, meaning.detail, f"{reason}: {word}" if word else reason)
