"""A call to a vendor: who is asked before it is sent, who hears of the answer, and its span of OpenTelemetry. No
address, no path, no text.

Without the SDK of OpenTelemetry nothing is kept, and a span costs a few microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from opentelemetry import trace

STATUS = "http.response.status_code"
NO_ANSWER = 0
TOKEN = "token"  # noqa: S105  # the operation of asking for one, which no vendor counts among the calls
_SECONDS = re.compile(r"\d{1,6}(\.\d+)?", re.ASCII)

_tracer = trace.get_tracer("inbox_sync")


@dataclass(slots=True)
class Told:
    """How a call was answered: its HTTP status, NO_ANSWER when there was none; for how long the vendor asks not to be
    called; and how many calls of how many are used of its day, where it tells."""

    status: int = NO_ANSWER
    pause: timedelta | None = None
    usage: tuple[int, int] | None = None


class OnCall(Protocol):
    def __call__(self, operation: str, parts: int = 1, /) -> Callable[[Told], None] | None:
        """Asked just before a call is sent. It may wait, and it may raise ConnectorError, so that nothing is sent.
        `parts`: how many requests the call carries. What is returned hears of the answer."""


def nobody(_operation: str, _parts: int = 1, /) -> None:
    """Nobody asks and nobody listens."""


def asked_pause(headers: Mapping[str, str]) -> timedelta | None:
    """What `Retry-After` asks for in seconds, or else `RateLimit-Reset` once nothing remains; None when neither does.
    A moment in place of seconds is not understood."""
    told = {name.lower(): value for name, value in headers.items()}
    seconds = told.get("retry-after", "")
    if not seconds and told.get("ratelimit-remaining", "").strip() == "0":
        seconds = told.get("ratelimit-reset", "")
    return timedelta(seconds=float(seconds)) if _SECONDS.fullmatch(seconds.strip()) else None


@contextmanager
def call(vendor: str, operation: str, on_call: OnCall, parts: int = 1) -> Iterator[Told]:
    """Around the sending of one call; the block notes its answer. Raises what `on_call` raises, before anything is
    sent."""
    heard = on_call(operation, parts)
    told = Told()
    try:
        with span(vendor, operation) as seen:
            yield told
            seen.set_attribute(STATUS, told.status)
    finally:
        if heard is not None:
            heard(told)


@contextmanager
def span(vendor: str, operation: str) -> Iterator[trace.Span]:
    """The time between sending and answer. An exception is named by its class alone: its text may quote the call."""
    with _tracer.start_as_current_span(
        f"{vendor} {operation}",
        kind=trace.SpanKind.CLIENT,
        attributes={"inbox_sync.vendor": vendor, "inbox_sync.operation": operation},
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except Exception as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(trace.StatusCode.ERROR)
            raise
