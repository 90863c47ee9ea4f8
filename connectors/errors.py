"""One closed list of what can go wrong at a vendor. Each connector maps its vendor's codes to it in one table.

A `ConnectorError` carries ids and codes only, never content: it may be logged.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row of a connector's table: what a code of its vendor means. `scope` None: as wide as the place where the code
    was met. `ambiguous`: a write may have happened. `wait`: how long, where the vendor does not say."""

    fault: Fault
    detail: str
    scope: Scope | None = None
    ambiguous: bool = False
    wait: timedelta | None = None


class UnwritableError(ValueError):
    """A value that a vendor cannot take, or a field that is not ours to write. Carries its name, never the value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def unanswered(error: Exception, unsent: tuple[type[BaseException], ...], *, writing: bool = False) -> ConnectorError:
    """What it means that there was no usable answer at all. `unsent`: the causes after which nothing can have left. The
    vendor word is the class of the innermost cause; its text may hold content."""
    chain = tuple(_chain(error))
    name = type(chain[-1]).__name__
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain):
        return ConnectorError(Fault.UNAVAILABLE, "the server's certificate is not trusted", name)
    if any(isinstance(link, unsent) for link in chain):
        return ConnectorError(Fault.UNAVAILABLE, "no connection to the server", name)
    if writing:
        return ConnectorError(Fault.UNKNOWN, "the connection ended before the outcome was told", name)
    return ConnectorError(Fault.UNAVAILABLE, "the server gave no usable answer", name)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; urllib3 hides its reason in `args`."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        inner = getattr(link, "reason", None) or (link.args[0] if link.args else None)
        link = inner if isinstance(inner, BaseException) else link.__cause__ or link.__context__
