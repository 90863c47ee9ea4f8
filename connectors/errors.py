"""One closed list of what can go wrong at a vendor. Each connector maps its vendor's codes to it in one table.

A `ConnectorError` carries ids and codes only, never content: it may be logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    UNAVAILABLE = "unavailable"  # down, timed out, moved: try later
    THROTTLED = "throttled"  # asked to slow down: wait `retry_after`, not a failure
    AUTH_EXPIRED = "auth_expired"  # token expired and refreshing did not help
    AUTH_REVOKED = "auth_revoked"  # credentials refused: a person must reconnect
    FORBIDDEN = "forbidden"  # the account may not do this
    NOT_FOUND = "not_found"  # the thing is gone
    STALE = "stale"  # somebody else wrote in between: read again, merge again
    CURSOR_LOST = "cursor_lost"  # cannot go on from this cursor: read everything again
    INVALID = "invalid"  # this value is refused (validation rule, required field, too long ...)
    DUPLICATE = "duplicate"  # it exists already; `existing` holds its id when the vendor tells
    UNKNOWN = "unknown"  # outcome not known: it may or may not have happened


class Scope(StrEnum):
    ITEM = "item"
    CONTAINER = "container"
    CONNECTION = "connection"


TRANSIENT = frozenset({Fault.UNAVAILABLE, Fault.THROTTLED, Fault.UNKNOWN})


@dataclass(eq=False)
class ConnectorError(Exception):
    """A vendor call failed. `vendor_code` is the vendor's own word (`ErrorServerBusy`, `UNABLE_TO_LOCK_ROW`)."""

    fault: Fault
    detail: str
    vendor_code: str = ""
    scope: Scope = Scope.CONNECTION
    retry_after: timedelta | None = None
    fields: tuple[str, ...] = ()
    existing: str = ""
    vendor: str = ""  # whose connection it was, once it has left the connector; see `connectors.blame`

    def __str__(self) -> str:
        code = f" [{self.vendor_code}]" if self.vendor_code else ""
        return f"{self.fault.value}{code}: {self.detail}"
