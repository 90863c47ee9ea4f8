"""Traces by run: a span for the run, below it one a stage, below that one a vendor call (`connectors.calls`).

The stages of a run are done in different processes, and a message carries nothing but the run. So the ids of a run's
trace and of its span follow from the run itself: everybody who knows the run finds its trace, and whoever closes it
writes its span, from the beginning that the store knows. Spans hold ids, codes and counts, never content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry import trace

from sync_tasks.settings import Settings
from sync_tasks.state.records import RunRef, RunView

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

OFF, OTLP = "off", "otlp"

_tracer = trace.get_tracer("inbox_sync")
_providers: list[TracerProvider] = []


class TracesMissingError(Exception):
    """Traces are asked for, and what writes them is not installed."""


class Ids(NamedTuple):
    trace: int
    span: int


_given: ContextVar[Ids | None] = ContextVar("ids of the span that is to be made", default=None)


def ids_of(run: RunView) -> Ids:
    """The ids of a run's trace and of its own span. The beginning keeps two installations from sharing a trace."""
    digest = hashlib.sha256(f"run:{run.id}:{run.started_at.timestamp():.6f}".encode()).digest()
    return Ids(int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:24]) or 1)


def check(settings: Settings) -> None:
    """Raises TracesMissingError when the settings ask for traces and what writes them is not installed."""
    if settings.traces != OFF and find_spec("opentelemetry.exporter") is None:
        raise TracesMissingError("traces need the extra `otel`: pip install 'inbox-sync[otel]'")


def setup(settings: Settings, exporter: SpanExporter | None = None) -> None:
    """Begin to write the traces of this very process; after a fork, not before. Where they go is told by the variables
    of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT` ...). Raises TracesMissingError."""
    if settings.traces == OFF or _providers:
        return
    check(settings)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RunIds(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            given = _given.get()
            return super().generate_trace_id() if given is None else given.trace

        def generate_span_id(self) -> int:
            given = _given.get()
            return super().generate_span_id() if given is None else given.span

    provider = TracerProvider(id_generator=RunIds(), resource=Resource.create({"service.name": "inbox-sync"}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _providers.append(provider)


def flush() -> None:
    """Send what waits; for processes that end without ceremony."""
    for provider in _providers:
        provider.force_flush(2000)


@contextmanager
def stage(ref: RunRef, name: str, look: Callable[[], RunView | None]) -> Iterator[None]:
    """One stage of a run, and, when it was the one that closed the run, the run. `look`: the run as the store has it,
    asked for only where traces are written."""
    run = look() if _providers else None
    if run is None or run.finished_at is not None:
        yield
        return
    ids = ids_of(run)
    above = trace.SpanContext(ids.trace, ids.span, is_remote=True, trace_flags=_flags(ids))
    with _tracer.start_as_current_span(
        f"stage {name}",
        context=trace.set_span_in_context(trace.NonRecordingSpan(above)),
        attributes={"inbox_sync.run": ref.id, "inbox_sync.user": ref.user_id, "inbox_sync.stage": name},
        record_exception=False,
        set_status_on_exception=False,
    ):
        yield
    ended = look()
    if ended is not None and ended.finished_at is not None:
        _close(ended, ids, ended.finished_at)


def _flags(ids: Ids) -> trace.TraceFlags:
    """Whether the trace is kept, as the sampler will say of the run itself when it ends."""
    said = _providers[0].sampler.should_sample(None, ids.trace, "run").decision
    kept = bool(said.is_sampled())  # type: ignore[no-untyped-call]
    return trace.TraceFlags(trace.TraceFlags.SAMPLED if kept else trace.TraceFlags.DEFAULT)


def _close(run: RunView, ids: Ids, finished: datetime) -> None:
    token = _given.set(ids)
    try:
        span = _tracer.start_span(
            "run", context=trace.set_span_in_context(trace.INVALID_SPAN), start_time=_nanoseconds(run.started_at),
            attributes=_facts(run),
        )  # fmt: skip
    finally:
        _given.reset(token)
    if run.error_code:
        span.set_status(trace.StatusCode.ERROR)
    span.end(_nanoseconds(finished))


def _facts(run: RunView) -> Mapping[str, str | int]:
    counts = {f"inbox_sync.count.{name}": count for name, count in run.counts.items() if isinstance(count, int)}
    return {
        "inbox_sync.run": run.id, "inbox_sync.user": run.user_id, "inbox_sync.trigger": run.trigger,
        "inbox_sync.state": run.state, "inbox_sync.code": run.error_code, **counts,
    }  # fmt: skip


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
