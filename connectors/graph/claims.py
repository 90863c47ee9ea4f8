"""Which installation has set a mailbox up: two at work on one mailbox would make duplicates of everything.

Its name stands on the inbox, in the same property that keys of items stand in.
"""

from __future__ import annotations

import logging

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.line import Line, Request
from connectors.graph.rows import EXTENDED, KEY_PROPERTY, extended

log = logging.getLogger(__name__)


def claimed_by(line: Line) -> str:
    """The name that the installation left; '' when none has, or when the server does not tell."""
    wanted = f"{EXTENDED}($filter=id eq '{KEY_PROPERTY}')"
    try:
        told = line.send(Request("GET", line.path("mailFolders", "inbox", select="id", expand=wanted)), Scope.ITEM)
    except ConnectorError as error:
        return _not_told(error)
    return extended(told.body, KEY_PROPERTY)


def claim(line: Line, instance: str) -> None:
    """Leave the name of the installation; '' takes it back. A server that keeps nothing for us is no reason to fail."""
    body = {EXTENDED: [{"id": KEY_PROPERTY, "value": instance}]}
    try:
        line.send(Request("PATCH", line.path("mailFolders", "inbox"), body), Scope.ITEM, writing=True)
    except ConnectorError as error:
        _not_told(error)


def _not_told(error: ConnectorError) -> str:
    if error.fault not in (Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND):
        raise error
    log.warning("claim_refused fault=%s code=%s", error.fault.value, error.vendor_code)
    return ""
