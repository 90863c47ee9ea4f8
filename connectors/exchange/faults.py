"""What every answer of an Exchange server means in the project's closed list of faults.

The answers that carry an EWS response code go through `CODES`, bare HTTP answers through `STATUSES`, and what broke
before any answer is told apart by whether the request can have left. Nothing of an answer but its code travels on.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import requests
from exchangelib.errors import EWSError
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.errors import ConnectorError, Fault, Meaning, Scope, unanswered

DEFAULT_BACK_OFF = timedelta(seconds=60)

# What a call may end in without being an error of this program. exchangelib lets ValueError, TypeError, KeyError and
# AttributeError escape when a server's XML lacks an element that it takes for granted.
FAILURES: tuple[type[Exception], ...] = (
    EWSError, requests.RequestException, OSError, ValueError, TypeError, LookupError, AttributeError,
)  # fmt: skip


class RefusedError(EWSError):  # type: ignore[misc]
    """A response code other than NoError, for one item or for the whole call."""

    def __init__(self, code: str, back_off: timedelta | None = None, fields: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.back_off = back_off
        self.fields = fields


class AnsweredError(EWSError):  # type: ignore[misc]
    """An HTTP answer without a SOAP envelope."""

    def __init__(self, status: int, retry_after: timedelta | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after = retry_after


_BUSY = Meaning(Fault.THROTTLED, "the server asks to slow down", Scope.CONNECTION)
_AWAY = Meaning(Fault.UNAVAILABLE, "the mailbox cannot be reached at the moment", Scope.CONNECTION)
_BROKE = Meaning(Fault.UNAVAILABLE, "the server failed while it worked on the call", ambiguous=True)
_NOT_ALLOWED = Meaning(
    Fault.FORBIDDEN, "the service account may not act for this mailbox: grant ApplicationImpersonation over it",
    Scope.CONNECTION,
)  # fmt: skip
_NO_MAILBOX = Meaning(
    Fault.FORBIDDEN, "no such mailbox on this server: check the address, or use Graph if it moved to Microsoft 365",
    Scope.CONNECTION,
)  # fmt: skip
_DISABLED = Meaning(Fault.FORBIDDEN, "the account is disabled", Scope.CONNECTION)
_DENIED = Meaning(Fault.FORBIDDEN, "access denied")
_LOGIN = Meaning(Fault.AUTH_REVOKED, "the password must be changed before EWS can be used", Scope.CONNECTION)
_GONE = Meaning(Fault.NOT_FOUND, "the item is gone")
_NO_FOLDER = Meaning(Fault.NOT_FOUND, "the folder is gone", Scope.CONTAINER)
_MOVED_ON = Meaning(Fault.STALE, "the item was changed since it was read")
_LOST = Meaning(Fault.CURSOR_LOST, "the sync state is of no use any more", Scope.CONTAINER)
_OVER = Meaning(Fault.CURSOR_LOST, "the subscription is over", Scope.CONTAINER)
_REFUSED = Meaning(Fault.INVALID, "the server refuses the values")
_TOO_BIG = Meaning(Fault.INVALID, "a size limit or quota is exceeded")
_RECURRENCE = Meaning(Fault.INVALID, "a rule of recurring events forbids it")
_BROKEN_ITEM = Meaning(Fault.INVALID, "the server cannot read the item")
_FORMAT = Meaning(
    Fault.INVALID, "the server refuses the form of the request: check the configured build", Scope.CONNECTION
)
_EXISTS = Meaning(Fault.DUPLICATE, "it exists already")
_SKIPPED = Meaning(Fault.UNAVAILABLE, "the server stopped before this item")
_NOT_TOLD = Meaning(Fault.INVALID, "the server refuses to tell us what happens: check our address, and its limits")

CODES: dict[str, Meaning] = {
    "ErrorServerBusy": _BUSY,
    "ErrorInvalidPushSubscriptionUrl": _NOT_TOLD,
    "ErrorInvalidSubscriptionRequest": _NOT_TOLD,
    "ErrorExceededSubscriptionCount": _NOT_TOLD,
    "ErrorExceededConnectionCount": _BUSY,
    "ErrorTooManyObjectsOpened": _BUSY,
    "ErrorExceededFindCountLimit": _BUSY,
    "ErrorMailboxMoveInProgress": _AWAY,
    "ErrorMailboxStoreUnavailable": _AWAY,
    "ErrorMailboxFailover": _AWAY,
    "ErrorConnectionFailed": _AWAY,
    "ErrorADUnavailable": _AWAY,
    "ErrorADOperation": _AWAY,
    "ErrorNoRespondingCASInDestinationSite": _AWAY,
    "ErrorInternalServerError": _BROKE,
    "ErrorInternalServerTransientError": _BROKE,
    "ErrorTimeoutExpired": _BROKE,
    "ErrorBatchProcessingStopped": _SKIPPED,
    "ErrorImpersonateUserDenied": _NOT_ALLOWED,
    "ErrorImpersonationDenied": _NOT_ALLOWED,
    "ErrorImpersonationFailed": _NOT_ALLOWED,
    "ErrorNonExistentMailbox": _NO_MAILBOX,
    "ErrorMissingEmailAddress": _NO_MAILBOX,
    "ErrorNonPrimarySmtpAddress": _NO_MAILBOX,
    "ErrorAccountDisabled": _DISABLED,
    "ErrorAccessDenied": _DENIED,
    "ErrorCannotDeleteObject": _DENIED,
    "ErrorMoveCopyFailed": _DENIED,
    "ErrorCannotCreateCalendarItemInNonCalendarFolder": _DENIED,
    "ErrorPasswordExpired": _LOGIN,
    "ErrorPasswordChangeRequired": _LOGIN,
    "ErrorNameResolutionNoResults": Meaning(Fault.NOT_FOUND, "the directory does not know the address"),
    "ErrorNameResolutionNoMailbox": Meaning(Fault.NOT_FOUND, "the directory knows no mailbox of this address"),
    "ErrorItemNotFound": _GONE,
    "ErrorInvalidIdMalformed": _GONE,
    "ErrorInvalidIdEmpty": _GONE,
    "ErrorInvalidId": _GONE,
    "ErrorInvalidAttachmentId": _GONE,
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": _GONE,
    "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange": _GONE,
    "ErrorCalendarCannotUseIdForOccurrenceId": _GONE,
    "ErrorFolderNotFound": _NO_FOLDER,
    "ErrorSyncFolderNotFound": _NO_FOLDER,
    "ErrorParentFolderNotFound": _NO_FOLDER,
    "ErrorToFolderNotFound": _NO_FOLDER,
    "ErrorSavedItemFolderNotFound": _NO_FOLDER,
    "ErrorIrresolvableConflict": _MOVED_ON,
    "ErrorStaleObject": _MOVED_ON,
    "ErrorInvalidChangeKey": _MOVED_ON,
    "ErrorChangeKeyRequired": _MOVED_ON,
    "ErrorChangeKeyRequiredForWriteOperations": _MOVED_ON,
    "ErrorInvalidSyncStateData": _LOST,
    "ErrorSubscriptionNotFound": _OVER,
    "ErrorExpiredSubscription": _OVER,
    "ErrorInvalidSubscription": _OVER,
    "ErrorInvalidWatermark": _OVER,
    "ErrorReadEventsFailed": _OVER,
    "ErrorMissedNotificationEvents": _OVER,
    "ErrorProxiedSubscriptionCallFailure": _OVER,
    "ErrorFolderExists": _EXISTS,
    "ErrorItemSave": _REFUSED,
    "ErrorItemSavePropertyError": _REFUSED,
    "ErrorPropertyUpdate": _REFUSED,
    "ErrorPropertyValidationFailure": _REFUSED,
    "ErrorInvalidValueForProperty": _REFUSED,
    "ErrorInvalidPropertySet": _REFUSED,
    "ErrorInvalidPropertyDelete": _REFUSED,
    "ErrorInvalidPropertyRequest": _REFUSED,
    "ErrorInvalidPropertyUpdateSentMessage": _REFUSED,
    "ErrorInvalidRecipients": _REFUSED,
    "ErrorMissingInformationEmailAddress": _REFUSED,
    "ErrorIncorrectUpdatePropertyCount": _REFUSED,
    "ErrorObjectTypeChanged": _REFUSED,
    "ErrorCalendarEndDateIsEarlierThanStartDate": _REFUSED,
    "ErrorCalendarDurationIsTooLong": _REFUSED,
    "ErrorQuotaExceeded": _TOO_BIG,
    "ErrorMessageSizeExceeded": _TOO_BIG,
    "ErrorDataSizeLimitExceeded": _TOO_BIG,
    "ErrorOccurrenceCrossingBoundary": _RECURRENCE,
    "ErrorOccurrenceTimeSpanTooBig": _RECURRENCE,
    "ErrorRecurrenceHasNoOccurrence": _RECURRENCE,
    "ErrorRecurrenceEndDateTooBig": _RECURRENCE,
    "ErrorCalendarInvalidRecurrence": _RECURRENCE,
    "ErrorUnsupportedRecurrence": _RECURRENCE,
    "ErrorCorruptData": _BROKEN_ITEM,
    "ErrorItemCorrupt": _BROKEN_ITEM,
    "ErrorContentConversionFailed": _BROKEN_ITEM,
    "ErrorMimeContentConversionFailed": _BROKEN_ITEM,
    "ErrorSchemaValidation": _FORMAT,
    "ErrorInvalidRequest": _FORMAT,
    "ErrorInvalidServerVersion": _FORMAT,
    "ErrorIncorrectSchemaVersion": _FORMAT,
    "ErrorInvalidSchemaVersionForMailboxVersion": _FORMAT,
}
# A code that nobody listed: the item goes on the retry ladder and ends in quarantine, and a write is looked for first.
_UNLISTED = Meaning(Fault.UNAVAILABLE, "the server answers with a code that is not known here", ambiguous=True)

STATUSES: dict[int, Meaning] = {
    301: Meaning(Fault.UNAVAILABLE, "the endpoint redirects: check its address"),
    302: Meaning(Fault.UNAVAILABLE, "the endpoint redirects: check its address"),
    401: Meaning(Fault.AUTH_REVOKED, "the server refuses the user name or password"),
    403: Meaning(Fault.FORBIDDEN, "EWS is switched off for this account or client"),
    404: Meaning(Fault.UNAVAILABLE, "nothing answers at this address: check the endpoint"),
    429: _BUSY,
    503: Meaning(Fault.UNAVAILABLE, "the server is out of service"),
}
_ODD_STATUS = Meaning(Fault.UNAVAILABLE, "the server answers with an unexpected HTTP status", ambiguous=True)
# the request cannot have left
_UNSENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError)
_USE_GRAPH = "EWS is closed in Exchange Online: use Graph for this mailbox"


def fault_of(error: Exception, at: Scope, *, endpoint: str = "", writing: bool = False) -> ConnectorError:
    """The fault that an error means. `at`: how much the call, or the part of its answer, was about. `writing`: what
    may have happened without our being told becomes UNKNOWN."""
    match error:
        case RefusedError():
            meaning = CODES.get(error.code, _UNLISTED)
            fault = Fault.UNKNOWN if writing and meaning.ambiguous else meaning.fault
            pause = error.back_off or DEFAULT_BACK_OFF if fault is Fault.THROTTLED else None
            return ConnectorError(fault, meaning.detail, error.code, meaning.scope or at, pause, error.fields)
        case AnsweredError():
            return _of_status(error, endpoint, writing)
        case _:
            return unanswered(error, _UNSENT, writing=writing)


def _of_status(error: AnsweredError, endpoint: str, writing: bool) -> ConnectorError:
    meaning = STATUSES.get(error.status, _ODD_STATUS)
    fault, detail, code = meaning.fault, meaning.detail, f"HTTP {error.status}"
    host = urlsplit(endpoint).hostname or ""
    if error.status == 403 and (host == "office365.com" or host.endswith(".office365.com")):
        detail = _USE_GRAPH
    if error.status == 503 and error.retry_after is not None:
        fault = Fault.THROTTLED
    if writing and meaning.ambiguous:
        fault = Fault.UNKNOWN
    pause = error.retry_after or DEFAULT_BACK_OFF if fault is Fault.THROTTLED else None
    return ConnectorError(fault, detail, code, Scope.CONNECTION, pause)
