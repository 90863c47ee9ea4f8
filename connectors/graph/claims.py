"""Which installation has set a mailbox up: two at work on one mailbox would make duplicates of everything.

Its name stands on the inbox, in the same property that keys of items stand in.
"""

from __future__ import annotations

from connectors.errors import ConnectorError, Scope
from connectors.graph.line import Line, Request
from connectors.graph.rows import EXTENDED, KEY_PROPERTY, extended
from connectors.outlook.claims import not_told


def claimed_by(line: Line) -> str:
    """The name that the installation left; '' when none has, or when the server does not tell."""
    wanted = f"{EXTENDED}($filter=id eq '{KEY_PROPERTY}')"
    try:
        told = line.send(Request("GET", line.path("mailFolders", "inbox", select="id", expand=wanted)), Scope.ITEM)
    except ConnectorError as error:
        return not_told(error)
    return extended(told.body, KEY_PROPERTY)


def claim(line: Line, instance: str) -> None:
    """Leave the name of the installation; '' takes it back. A server that keeps nothing for us is no reason to fail."""
    body = {EXTENDED: [{"id": KEY_PROPERTY, "value": instance}]}
    try:
        line.send(Request("PATCH", line.path("mailFolders", "inbox"), body), Scope.ITEM, writing=True)
    except ConnectorError as error:
        not_told(error)
