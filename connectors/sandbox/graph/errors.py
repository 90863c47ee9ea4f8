"""How Graph says no: a status, and a code with a text in the body."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.sandbox.ews.errors import EwsError


class GraphError(Exception):
    """One call failed, or one part of a batch."""

    def __init__(self, status: int, code: str, text: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text or TEXTS.get(code, code)
        self.headers = dict(headers or {})


TEXTS = {
    "ApplicationThrottled": "Application is over its MailboxConcurrency limit.",
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorDuplicateTransactionId": "The transaction id has already been used to create a different event.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidUser": "The requested user is invalid.",
    "InvalidAuthenticationToken": "Access token is empty or not valid.",
    "syncStateNotFound": "The sync state generation is not found; continue synchronization with a full resync.",
}
_STATUSES = {
    "ErrorItemNotFound": 404,
    "ErrorFolderNotFound": 404,
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": 404,
    "ErrorNonExistentMailbox": 404,
    "ErrorAccessDenied": 403,
    "ErrorFolderExists": 409,
    "ErrorIrresolvableConflict": 412,
    "ErrorInternalServerError": 500,
    "ErrorServerBusy": 503,
    "ErrorInvalidSyncStateData": 410,
}


def of(error: EwsError) -> GraphError:
    """What the store says no with, as Graph says it."""
    return GraphError(_STATUSES.get(error.code, 400), error.code, error.text)


def bad(text: str, code: str = "BadRequest") -> GraphError:
    """The call is not what the service takes."""
    return GraphError(400, code, text)


def body(error: GraphError, now: datetime) -> dict[str, Any]:
    number = str(uuid.uuid4())
    inner = {"date": now.strftime("%Y-%m-%dT%H:%M:%S"), "request-id": number, "client-request-id": number}
    return {"error": {"code": error.code, "message": error.text, "innerError": inner}}
