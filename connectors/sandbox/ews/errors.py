"""The two ways in which EWS says no: a SOAP fault for the whole call, or an error message for one item of it.

`ErrorInvalidRequest` and the codes about server versions are never used: clients answer them by repeating the call
with every version they know.
"""

from __future__ import annotations

from collections.abc import Mapping


class EwsError(Exception):
    """One item (or one folder) of the call failed; the others go on. `code` is a ResponseCode of the schema."""

    def __init__(self, code: str, text: str = "", values: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = text or TEXTS.get(code, code)
        self.values = dict(values or {})


class EwsFault(EwsError):  # noqa: N818 - the word of SOAP
    """The whole call failed; answered as a SOAP fault with HTTP 500."""


TEXTS = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorCalendarCannotMoveOrCopyOccurrence": "Occurrences of a series cannot be moved or copied.",
    "ErrorCalendarCannotUseIdForOccurrenceId": "The RecurringMasterId is not the id of a recurring master.",
    "ErrorCalendarCannotUseIdForRecurringMasterId": "The OccurrenceId is not the id of an occurrence.",
    "ErrorCalendarInvalidRecurrence": "The recurrence is invalid.",
    "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange": "Occurrence index is out of recurrence range.",
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": "Occurrence with this index was previously deleted from the "
    "recurrence.",
    "ErrorCannotDeleteObject": "The object cannot be deleted.",
    "ErrorCalendarViewRangeTooBig": "The specified view range exceeds the maximum range of two years.",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "EndDate is earlier than StartDate",
    "ErrorChangeKeyRequiredForWriteOperations": "The change key is required for this operation.",
    "ErrorFolderExists": "A folder with the specified name already exists.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the requested user.",
    "ErrorInvalidAttachmentId": "The attachment id is invalid.",
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidOperation": "The requested operation is not supported.",
    "ErrorInvalidPropertyRequest": "The property can not be used with this type of request.",
    "ErrorInvalidPropertySet": "Set action is invalid for property.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or otherwise invalid.",
    "ErrorIrresolvableConflict": "The send or update operation could not be performed because the change key passed "
    "in the request does not match the current change key for the item.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorInvalidWatermark": "The watermark is invalid.",
    "ErrorItemSave": "An internal server error occurred while saving the item.",
    "ErrorNameResolutionNoResults": "No results were found.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorOccurrenceCrossingBoundary": "Modified occurrence is crossing or overlapping adjacent occurrence.",
    "ErrorOccurrenceTimeSpanTooBig": "The time between occurrences is shorter than their duration.",
    "ErrorRecurrenceHasNoOccurrence": "The recurrence does not have any occurrence.",
    "ErrorSchemaValidation": "The request failed schema validation.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
    "ErrorSubscriptionNotFound": "Subscription is invalid.",
    "ErrorSyncFolderNotFound": "The folder to be synchronized could not be found.",
    "ErrorUnsupportedPathForQuery": "The property path cannot be used in a restriction.",
}


def malformed(violation: str, line: int = 0, position: int = 0) -> EwsFault:
    """The request is not what the schema wants."""
    return EwsFault(
        "ErrorSchemaValidation",
        f"The request failed schema validation: {violation}",
        {"LineNumber": str(line), "LinePosition": str(position), "Violation": violation},
    )
