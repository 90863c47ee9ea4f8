"""Proving a connection step by step, and what to do where it stops."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.line import Line, Request
from connectors.protocols import Check

_STEPS = (
    ("calendar", ("calendar", "events")),
    ("inbox", ("mailFolders", "inbox", "messages")),
    ("contacts", ("contacts",)),
    ("tasks", ("todo", "lists")),
    ("category list", ("outlook", "masterCategories")),
)
_PERMISSIONS = {
    "calendar": "Calendars.ReadWrite", "inbox": "Mail.ReadWrite", "contacts": "Contacts.ReadWrite",
    "tasks": "Tasks.ReadWrite.All", "category list": "MailboxSettings.ReadWrite",
}  # fmt: skip
_ADVICE = {
    "endpoint": "Check the cloud, the network and the proxy; the hosts are those of the login and of Graph.",
    "log-in": "Check tenant, client id, and that the secret or certificate is registered and has not run out; a user's "
    "own consent has to be given again.",
    "mailbox": "Check the address and its licence. A mailbox that is still on premises is reached over EWS: connect it "
    "as exchange.",
}


def check(line: Line) -> Iterator[Check]:
    """One small call for each thing that is read; the first proves all the steps before it."""
    for number, (name, where) in enumerate(_STEPS):
        options = {} if name in ("tasks", "category list") else {"select": "id"}
        failure = _try(line, Request("GET", line.path(*where, top="1", **options)))
        if number == 0:
            stuck = _step(failure)
            for step in ("endpoint", "log-in", "mailbox"):
                if step == stuck:
                    yield Check(step, False, str(failure), _ADVICE[step])
                    return
                yield Check(step, True)
        yield Check(name, failure is None, str(failure or ""), _granting(name) if failure else "")


def _granting(name: str) -> str:
    return (
        f"Grant the application {_PERMISSIONS[name]} and consent to it, and admit the mailbox where access is limited "
        "to some (RBAC for Applications)."
    )


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
    if failure.fault in (Fault.AUTH_REVOKED, Fault.AUTH_EXPIRED):
        return "log-in"
    if failure.fault in (Fault.NOT_FOUND, Fault.FORBIDDEN):
        return "mailbox" if failure.scope is Scope.CONNECTION else ""
    return "endpoint"
