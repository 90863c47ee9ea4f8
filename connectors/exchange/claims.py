"""Which installation has set a mailbox up: two at work on one mailbox would make duplicates of everything."""

from __future__ import annotations

import logging

from exchangelib.util import ParseError, to_xml

from connectors.errors import ConnectorError, Fault
from connectors.exchange import stored
from connectors.exchange.line import Line

log = logging.getLogger(__name__)

NAME = "InboxSync"


def claimed_by(line: Line) -> str:
    """The name that the installation left; '' when none has, or when the server does not tell."""
    try:
        document = stored.read(line, NAME)
    except ConnectorError as error:
        return _not_told(error)
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
        _not_told(error)


def _not_told(error: ConnectorError) -> str:
    if error.fault not in (Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND):
        raise error
    log.warning("claim_refused fault=%s code=%s", error.fault.value, error.vendor_code)
    return ""
