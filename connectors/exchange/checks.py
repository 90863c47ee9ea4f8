"""Proving a connection step by step, and what it means where it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire
from connectors.exchange.line import Line
from connectors.exchange.session import Access
from connectors.findings import finding_of
from connectors.protocols import Check
from mapping.model.findings import Finding

WORDS: Mapping[str, Finding] = {
    "HTTP 301": Finding.EWS_ADDRESS,
    "HTTP 302": Finding.EWS_ADDRESS,
    "HTTP 401": Finding.PASSWORD_WRONG,
    "HTTP 403": Finding.EWS_OFF,
    "HTTP 404": Finding.EWS_ADDRESS,
    "HTTP 405": Finding.EWS_ADDRESS,
    "ErrorPasswordExpired": Finding.PASSWORD_EXPIRED,
    "ErrorPasswordChangeRequired": Finding.PASSWORD_EXPIRED,
    "ErrorImpersonateUserDenied": Finding.IMPERSONATION_MISSING,
    "ErrorImpersonationDenied": Finding.IMPERSONATION_MISSING,
    "ErrorImpersonationFailed": Finding.IMPERSONATION_MISSING,
    "ErrorNonExistentMailbox": Finding.MAILBOX_UNKNOWN,
    "ErrorNonPrimarySmtpAddress": Finding.MAILBOX_UNKNOWN,
    "ErrorMissingEmailAddress": Finding.MAILBOX_UNLICENSED,
    "ErrorAccountDisabled": Finding.ACCOUNT_DISABLED,
    "ErrorMailboxMoveInProgress": Finding.MAILBOX_MOVING,
    "ErrorMailboxStoreUnavailable": Finding.MAILBOX_MOVING,
    "ErrorAccessDenied": Finding.FOLDER_RIGHTS,
    "ErrorFolderNotFound": Finding.FOLDER_RIGHTS,
    "ErrorItemNotFound": Finding.FOLDER_RIGHTS,
    "ErrorSchemaValidation": Finding.EWS_BUILD,
    "ErrorInvalidRequest": Finding.EWS_BUILD,
    "ErrorInvalidServerVersion": Finding.EWS_BUILD,
    "ErrorIncorrectSchemaVersion": Finding.EWS_BUILD,
    "ErrorInvalidSchemaVersionForMailboxVersion": Finding.EWS_BUILD,
}


def check(line: Line, access: Access) -> Iterator[Check]:
    """Reads one id from the calendar and one from the inbox: two calls prove all the steps before them."""
    failure = _try(line, "calendar")
    steps = ["endpoint", "log-in", *(["impersonation"] if access is Access.IMPERSONATION else []), "calendar"]
    stuck = _step(failure, steps)
    for name in steps:
        if failure is not None and name == stuck:
            yield Check(name, False, str(failure), finding_of(failure, WORDS))
            break
        yield Check(name, True)
    if failure is not None and stuck != "calendar":
        return
    failure = _try(line, "inbox")
    yield Check("inbox", failure is None, str(failure or ""), None if failure is None else finding_of(failure, WORDS))


def _try(line: Line, role: str) -> ConnectorError | None:
    try:
        line.call(lambda: wire.FindItem(account=line.account).first(line.folder(role)), Scope.CONTAINER)
    except ConnectorError as error:
        return error
    return None


def _step(failure: ConnectorError | None, steps: list[str]) -> str:
    """The step at which a failure of the first call shows."""
    if failure is None:
        return ""
    if failure.fault is Fault.AUTH_REVOKED:
        return "log-in"
    if failure.scope is not Scope.CONNECTION:
        return "calendar"
    if failure.fault is Fault.FORBIDDEN and not failure.vendor_code.startswith("HTTP"):
        return "impersonation" if "impersonation" in steps else "log-in"
    return "endpoint"
