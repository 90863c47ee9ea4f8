"""Which installation has set a mailbox up: two at work on one mailbox would make duplicates of everything."""

from __future__ import annotations

from exchangelib.util import ParseError, to_xml

from connectors.errors import ConnectorError
from connectors.exchange import stored
from connectors.exchange.line import Line
from connectors.outlook.claims import not_told

NAME = "InboxSync"


def claimed_by(line: Line) -> str:
    """The name that the installation left; '' when none has, or when the server does not tell."""
    try:
        document = stored.read(line, NAME)
    except ConnectorError as error:
        return not_told(error)
    try:
        return str(to_xml(document).getroot().get("instance", "")) if document else ""
    except ParseError:
        return ""


def claim(line: Line, instance: str) -> None:
    """Leave the name of the installation; '' takes it back. A server that keeps nothing for us is no reason to fail."""
    safe = instance.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    document = f'<?xml version="1.0" encoding="utf-8"?><claim instance="{safe}"/>'.encode()
    try:
        stored.write(line, NAME, document, new=stored.read(line, NAME) is None)
    except ConnectorError as error:
        not_told(error)
