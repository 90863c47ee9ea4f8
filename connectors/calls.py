"""A call to a vendor as a span of OpenTelemetry: which operation, how it was answered. No address, no path, no text.

Without the SDK of OpenTelemetry nothing is kept, and a span costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

STATUS = "http.response.status_code"

_tracer = trace.get_tracer("inbox_sync")


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
