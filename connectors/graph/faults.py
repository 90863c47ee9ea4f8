"""What every answer of Graph means in the project's closed list of faults.

An answer carries an HTTP status and, in its body, a code. The code says more, so it is looked up first. Nothing of an
answer but its code travels on: the text beside it may quote the mailbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from connectors.errors import ConnectorError, Fault, Meaning, Scope, unanswered

DEFAULT_BACK_OFF = timedelta(seconds=60)


_BUSY = Meaning(Fault.THROTTLED, "Microsoft 365 asks to slow down", Scope.CONNECTION)
_AWAY = Meaning(Fault.UNAVAILABLE, "the mailbox cannot be reached at the moment", Scope.CONNECTION)
_BROKE = Meaning(Fault.UNAVAILABLE, "the server failed while it worked on the call", ambiguous=True)
_TOKEN = Meaning(Fault.AUTH_EXPIRED, "the access token is not accepted", Scope.CONNECTION)
_DENIED = Meaning(Fault.FORBIDDEN, "access denied")
_NOT_GRANTED = Meaning(
    Fault.FORBIDDEN, "the application may not do this: grant its permissions, and admit the mailbox", Scope.CONNECTION
)
_NO_MAILBOX = Meaning(
    Fault.FORBIDDEN, "no such mailbox in this tenant: check the address, and that it is licensed and not on premises",
    Scope.CONNECTION,
)  # fmt: skip
_GONE = Meaning(Fault.NOT_FOUND, "the item is gone")
_NO_FOLDER = Meaning(Fault.NOT_FOUND, "the folder is gone", Scope.CONTAINER)
_MOVED_ON = Meaning(Fault.STALE, "the item was changed since it was read")
_LOST = Meaning(Fault.CURSOR_LOST, "the delta token is of no use any more", Scope.CONTAINER)
_REFUSED = Meaning(Fault.INVALID, "the server refuses the values")
_TOO_BIG = Meaning(Fault.INVALID, "a size limit or quota is exceeded")
_RECURRENCE = Meaning(Fault.INVALID, "a rule of recurring events forbids it")
_EXISTS = Meaning(Fault.DUPLICATE, "it exists already")
_SKIPPED = Meaning(Fault.UNAVAILABLE, "what it depends on failed")

CODES: dict[str, Meaning] = {
    "TooManyRequests": _BUSY,
    "ApplicationThrottled": _BUSY,
    "activityLimitReached": _BUSY,
    "ErrorServerBusy": _BUSY,
    "ErrorExceededConnectionCount": _BUSY,
    "MailboxConcurrency": _BUSY,
    "ErrorMailboxMoveInProgress": _AWAY,
    "ErrorMailboxStoreUnavailable": _AWAY,
    "ErrorMailboxFailover": _AWAY,
    "ServiceUnavailable": _AWAY,
    "serviceNotAvailable": _AWAY,
    "ErrorInternalServerError": _BROKE,
    "ErrorInternalServerTransientError": _BROKE,
    "ErrorTimeoutExpired": _BROKE,
    "generalException": _BROKE,
    "InternalServerError": _BROKE,
    "UnknownError": _BROKE,
    "InvalidAuthenticationToken": _TOKEN,
    "unauthenticated": _TOKEN,
    "ErrorAccessDenied": _DENIED,
    "accessDenied": _DENIED,
    "ErrorCannotDeleteObject": _DENIED,
    "Authorization_RequestDenied": _NOT_GRANTED,
    "MailboxNotEnabledForRESTAPI": _NO_MAILBOX,
    "MailboxNotSupportedForRESTAPI": _NO_MAILBOX,
    "ErrorNonExistentMailbox": _NO_MAILBOX,
    "ErrorInvalidUser": _NO_MAILBOX,
    "Request_ResourceNotFound": _NO_MAILBOX,
    "ErrorItemNotFound": _GONE,
    "itemNotFound": _GONE,
    "ErrorInvalidIdMalformed": _GONE,
    "ErrorInvalidMailboxItemId": _GONE,
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": _GONE,
    "ErrorFolderNotFound": _NO_FOLDER,
    "ErrorParentFolderNotFound": _NO_FOLDER,
    "ErrorToFolderNotFound": _NO_FOLDER,
    "ErrorSyncFolderNotFound": _NO_FOLDER,
    "ErrorIrresolvableConflict": _MOVED_ON,
    "ErrorStaleObject": _MOVED_ON,
    "ErrorInvalidChangeKey": _MOVED_ON,
    "preconditionFailed": _MOVED_ON,
    "syncStateNotFound": _LOST,
    "SyncStateNotFound": _LOST,
    "syncStateInvalid": _LOST,
    "resyncRequired": _LOST,
    "ErrorSyncStateNotFound": _LOST,
    "ErrorInvalidSyncStateData": _LOST,
    "ErrorFolderExists": _EXISTS,
    "ErrorDuplicateTransactionId": _EXISTS,
    "nameAlreadyExists": _EXISTS,
    "ErrorItemSave": _REFUSED,
    "ErrorPropertyUpdate": _REFUSED,
    "ErrorPropertyValidationFailure": _REFUSED,
    "ErrorInvalidRequest": _REFUSED,
    "ErrorInvalidRecipients": _REFUSED,
    "ErrorInvalidProperty": _REFUSED,
    "ErrorInvalidTimeZone": _REFUSED,
    "ErrorCalendarEndDateIsEarlierThanStartDate": _REFUSED,
    "RequestBodyRead": _REFUSED,
    "invalidRequest": _REFUSED,
    "BadRequest": _REFUSED,
    "ErrorQuotaExceeded": _TOO_BIG,
    "ErrorMessageSizeExceeded": _TOO_BIG,
    "ErrorOccurrenceCrossingBoundary": _RECURRENCE,
    "ErrorOccurrenceTimeSpanTooBig": _RECURRENCE,
    "ErrorRecurrenceHasNoOccurrence": _RECURRENCE,
    "ErrorCalendarInvalidRecurrence": _RECURRENCE,
    "ErrorRecurrenceEndDateTooBig": _RECURRENCE,
    "FailedDependency": _SKIPPED,
}
STATUSES: dict[int, Meaning] = {
    400: _REFUSED,
    401: _TOKEN,
    403: _DENIED,
    404: _GONE,
    409: _EXISTS,
    410: _LOST,
    412: _MOVED_ON,
    413: _TOO_BIG,
    424: _SKIPPED,
    429: _BUSY,
    500: _BROKE,
    502: _BROKE,
    503: _AWAY,
    504: _BROKE,
    509: _BUSY,
}
# the item goes on the retry ladder and ends in quarantine, and a write is looked for first
_ODD = Meaning(Fault.UNAVAILABLE, "the server answers with an unexpected status", ambiguous=True)
# codes that say the same of everything, so that the status says more
_VAGUE = frozenset({"UnknownError", "BadRequest", "generalException"})

# What the token endpoint says no with. All else is a mistake in the set-up that a person has to mend.
_SIGN_IN_LATER = frozenset({"temporarily_unavailable", "server_error"})


def refused(status: int, body: Any, headers: Mapping[str, str], at: Scope, *, writing: bool = False) -> ConnectorError:
    """The fault that an answer of 400 or more means. `at`: how much was asked for. `writing`: what may have happened
    without our being told becomes UNKNOWN."""
    code = _code(body)
    meaning = STATUSES.get(status, _ODD) if code in _VAGUE or code not in CODES else CODES[code]
    fault = meaning.fault
    pause = retry_after(headers)
    if meaning is _AWAY and pause is not None:
        fault = Fault.THROTTLED
    if writing and meaning.ambiguous:
        fault = Fault.UNKNOWN
    wait = pause or DEFAULT_BACK_OFF if fault is Fault.THROTTLED else None
    return ConnectorError(fault, meaning.detail, code or f"HTTP {status}", meaning.scope or at, wait)


def sign_in_refused(status: int, body: Any) -> ConnectorError:
    """What a refusal of the token endpoint means. Its own word is the OAuth error with Microsoft's number."""
    error = str(body.get("error", "")) if isinstance(body, dict) else ""
    numbers = body.get("error_codes") or () if isinstance(body, dict) else ()
    word = " ".join([error or f"HTTP {status}", *(f"AADSTS{number}" for number in numbers)])
    if status == 429:
        return ConnectorError(
            Fault.THROTTLED, "the log-in service asks to slow down", word, retry_after=DEFAULT_BACK_OFF
        )
    if status >= 500 or error in _SIGN_IN_LATER:
        return ConnectorError(Fault.UNAVAILABLE, "the log-in service is out of service", word)
    if error == "invalid_grant":
        return ConnectorError(Fault.AUTH_REVOKED, "the consent was taken back or has expired: connect again", word)
    return ConnectorError(
        Fault.AUTH_REVOKED, "the tenant refuses the application: check tenant, client id and its secret", word
    )


def of_transport(error: Exception, *, writing: bool = False) -> ConnectorError:
    """No usable answer at all."""
    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
    return unanswered(error, unsent, writing=writing)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Graph tells seconds, sometimes with a fraction. In a batch the names are as the service spelt them."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return timedelta(seconds=max(float(text), 0.0))
    except ValueError:
        return None


def _code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""
