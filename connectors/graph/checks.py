"""Proving a connection step by step, and what it means where it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jwt

from connectors.errors import ConnectorError, Fault, Scope
from connectors.findings import finding_of
from connectors.graph.line import Line, Request
from connectors.protocols import Check
from mapping.model.findings import Finding
from mapping.model.people import normalise

_STEPS = (
    ("calendar", ("calendar", "events")),
    ("inbox", ("mailFolders", "inbox", "messages")),
    ("contacts", ("contacts",)),
    ("tasks", ("todo", "lists")),
    ("category list", ("outlook", "masterCategories")),
)
# of each step the permission without which it is denied, of an application or of a user
_PERMISSIONS: Mapping[str, tuple[Finding, frozenset[str]]] = {
    "calendar": (Finding.GRAPH_CALENDARS, frozenset({"Calendars.ReadWrite"})),
    "inbox": (Finding.GRAPH_MAIL, frozenset({"Mail.ReadWrite"})),
    "contacts": (Finding.GRAPH_CONTACTS, frozenset({"Contacts.ReadWrite"})),
    "tasks": (Finding.GRAPH_TASKS, frozenset({"Tasks.ReadWrite.All", "Tasks.ReadWrite"})),
    "category list": (Finding.GRAPH_SETTINGS, frozenset({"MailboxSettings.ReadWrite"})),
}
WORDS: Mapping[str, Finding] = {
    # of the log-in
    "AADSTS90002": Finding.TENANT_UNKNOWN,
    "AADSTS900023": Finding.TENANT_UNKNOWN,
    "AADSTS700016": Finding.CLIENT_UNKNOWN,
    "AADSTS7000215": Finding.SECRET_WRONG,
    "AADSTS7000222": Finding.SECRET_EXPIRED,
    "AADSTS700027": Finding.CERTIFICATE_WRONG,
    "AADSTS700024": Finding.CLOCK_WRONG,
    "AADSTS70008": Finding.CONSENT_OVER,
    "AADSTS700082": Finding.CONSENT_OVER,
    "AADSTS700084": Finding.CONSENT_OVER,
    "AADSTS50173": Finding.CONSENT_OVER,
    "AADSTS65001": Finding.ADMIN_CONSENT,
    "AADSTS90094": Finding.ADMIN_CONSENT,
    "AADSTS50076": Finding.MFA_NEEDED,
    "AADSTS50079": Finding.MFA_NEEDED,
    "AADSTS53003": Finding.MFA_NEEDED,
    "AADSTS50057": Finding.ACCOUNT_DISABLED,
    "AADSTS50055": Finding.PASSWORD_EXPIRED,
    "invalid_grant": Finding.CONSENT_OVER,
    # of the mailbox
    "ErrorInvalidUser": Finding.MAILBOX_UNKNOWN,
    "ErrorNonExistentMailbox": Finding.MAILBOX_UNKNOWN,
    "Request_ResourceNotFound": Finding.MAILBOX_UNKNOWN,
    "MailboxNotEnabledForRESTAPI": Finding.MAILBOX_UNLICENSED,
    "MailboxNotSupportedForRESTAPI": Finding.MAILBOX_UNLICENSED,
    "ErrorMailboxMoveInProgress": Finding.MAILBOX_MOVING,
    "ErrorMailboxStoreUnavailable": Finding.MAILBOX_MOVING,
}
_OF_THE_LOGIN = (Fault.AUTH_REVOKED, Fault.AUTH_EXPIRED)


def check(line: Line) -> Iterator[Check]:
    """A new token, then one small call for each thing that is read; the first proves all the steps before it. With a
    user's own consent one more, because that opens the mailbox of whoever gave it."""
    failures: dict[str, ConnectorError | None] = {}
    token = _log_in(line)
    for number, (name, where) in enumerate(_STEPS):
        options = {} if name in ("tasks", "category list") else {"select": "id"}
        request = Request("GET", line.path(*where, top="1", **options))
        failures[name] = failure = token if isinstance(token, ConnectorError) else _try(line, request)
        if number == 0:
            stuck = _step(failure)
            for step in ("endpoint", "log-in", "mailbox"):
                if failure is not None and step == stuck:
                    yield Check(step, False, str(failure), finding_of(failure, WORDS))
                    return
                yield Check(step, True)
    assert isinstance(token, str)  # without one it stopped above
    held = permissions(token)
    denied = [failure is not None and failure.fault is Fault.FORBIDDEN for failure in failures.values()]
    for name, failure in failures.items():
        finding = None if failure is None else _denied(name, failure, held, everything=all(denied))
        yield Check(name, failure is None, str(failure or ""), finding)
    if line.config.refresh_token:
        yield _owner(line)


def permissions(token: str) -> frozenset[str] | None:
    """Those that the token bears; None when it does not tell. It is never relied upon, only shown to people."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return frozenset([*claims.get("roles", ()), *str(claims.get("scp", "")).split()])


def _denied(name: str, failure: ConnectorError, held: frozenset[str] | None, *, everything: bool) -> Finding:
    """A permission that is there and yet denied is denied for this mailbox. Where the token does not tell, everything
    is denied for the mailbox, and single things for want of their permission."""
    if failure.fault is not Fault.FORBIDDEN:
        return finding_of(failure, WORDS)
    finding, any_of = _PERMISSIONS[name]
    admitted = not everything if held is None else not held & any_of
    return finding if admitted else Finding.MAILBOX_NOT_ADMITTED


def _owner(line: Line) -> Check:
    """Whose mailbox has the consent opened?"""
    try:
        told = line.send(
            Request("GET", line.path(select="mail,userPrincipalName,proxyAddresses")), Scope.CONTAINER
        ).body
    except ConnectorError as error:
        return Check("owner", True, f"could not be looked at: {error}")
    named = {
        normalise(str(each).rpartition(":")[2])
        for each in (told.get("mail"), told.get("userPrincipalName"), *(told.get("proxyAddresses") or ()))
    }
    mine = normalise(line.config.address) in named
    return Check("owner", mine, str(told.get("mail") or ""), None if mine else Finding.MAILBOX_OF_SOMEBODY_ELSE)


def _log_in(line: Line) -> str | ConnectorError:
    try:
        return line.log_in()
    except ConnectorError as error:
        return error


def _try(line: Line, request: Request) -> ConnectorError | None:
    try:
        line.send(request, Scope.CONTAINER)
    except ConnectorError as error:
        return error
    return None


def _step(failure: ConnectorError | None) -> str:
    """The step at which a failure of the first call shows; '' when it is the calendar that is refused."""
    if failure is None:
        return ""
    if failure.fault in _OF_THE_LOGIN:
        return "log-in"
    if failure.fault in (Fault.NOT_FOUND, Fault.FORBIDDEN):
        return "mailbox" if failure.scope is Scope.CONNECTION else ""
    return "endpoint"
