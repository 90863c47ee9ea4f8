"""Traces of runs over the real chain: one trace a run, its stages below it, their calls below them, and no content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connectors import calls
from sync_tasks.observability import traces
from sync_tasks.services.scheduling import run_here
from sync_tasks.settings import Settings
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


class Listener(InMemorySpanExporter):
    """Hears only while a test here is on: OpenTelemetry takes one provider for the life of a process."""

    on = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export(spans) if self.on else SpanExportResult.SUCCESS


_listener = Listener()
_provider: list[TracerProvider] = []


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    monkeypatch.setattr(traces, "_providers", _provider)
    traces.setup(Settings(traces="otlp"), _listener)
    _listener.on = True
    yield _listener
    traces.flush()
    _listener.on = False
    _listener.clear()


def _spans(written: InMemorySpanExporter) -> tuple[ReadableSpan, ...]:
    traces.flush()
    return written.get_finished_spans()


def test_a_run_is_one_trace_of_its_stages_and_their_calls(world: World, written: InMemorySpanExporter) -> None:
    user = world.user(autosave__appointments=True, autosave__unlinked_events=True)
    world.appointment(user, "Zqsubject")
    run = run_here(world.app, user.id)
    spans = _spans(written)

    (root,) = (span for span in spans if span.name == "run")
    stages = [span for span in spans if span.name.startswith("stage ")]
    called = [span for span in spans if span not in (root, *stages)]
    ids = traces.ids_of(run)
    assert (root.context.trace_id, root.context.span_id) == ids
    assert root.parent is None
    assert [span.name for span in stages] == [
        f"stage {name}" for name in ("fetch", "categorize", "resolve", "link", "mirror", "delete")
    ]
    assert {span.parent.span_id for span in stages if span.parent} == {ids.span}
    assert {span.context.trace_id for span in spans} == {ids.trace}
    below = {span.context.span_id for span in stages}
    assert {span.parent.span_id for span in called if span.parent} <= below
    assert {str(span.attributes["inbox_sync.vendor"]) for span in called if span.attributes} == {
        world.mailboxes.vendor, "salesforce",
    }  # fmt: skip
    assert root.start_time is not None and root.start_time // 10**9 == int(run.started_at.timestamp())


def test_no_span_holds_content(world: World, written: InMemorySpanExporter) -> None:
    user = world.user(autosave__appointments=True, autosave__unlinked_events=True)
    world.appointment(user, "Zqsubject", Body="zqbody", Location="zqplace")
    run_here(world.app, user.id)
    told = " ".join(span.to_json() for span in _spans(written)).lower()
    assert "stage mirror" in told
    assert [mark for mark in ("zqsubject", "zqbody", "zqplace", user.address) if mark in told] == []


def test_a_failed_call_is_named_by_its_class_only(written: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="zqsubject"), calls.span("graph", "GET /users/events"):
        raise ValueError("zqsubject")
    (span,) = _spans(written)
    assert dict(span.attributes or {})["error.type"] == "ValueError"
    assert not span.status.is_ok
    assert "zqsubject" not in span.to_json()


@pytest.mark.any_mailbox(why="a trace is named before anybody is called")
def test_two_installations_share_no_trace(world: World) -> None:
    run = run_here(world.app, world.user().id)
    assert traces.ids_of(run) == traces.ids_of(run)
    assert traces.ids_of(run) != traces.ids_of(replace(run, started_at=run.started_at + timedelta(milliseconds=1)))


def test_traces_that_nobody_keeps_cost_next_to_nothing() -> None:
    """Measured in a process of its own, where no provider is set."""
    code = (
        "import time\nfrom connectors import calls\n"
        "began = time.perf_counter()\n"
        "for _ in range(2000):\n    with calls.span('graph', 'x'): pass\n"
        "print((time.perf_counter() - began) / 2000)"
    )
    seconds = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert seconds < 0.0002
