"""Claims on a mailbox that the server does not take or tell."""

from __future__ import annotations

import logging

from connectors.errors import ConnectorError, Fault

log = logging.getLogger(__name__)


def not_told(error: ConnectorError) -> str:
    """A server that keeps nothing for us is no reason to fail. Raises every other error."""
    if error.fault not in (Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND):
        raise error
    log.warning("claim_refused fault=%s code=%s", error.fault.value, error.vendor_code)
    return ""
