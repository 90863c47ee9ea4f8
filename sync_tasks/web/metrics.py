"""`/metrics` for Prometheus: what the store and the broker know at the moment of asking.

What ended is counted from when this process began, and each run once, so the counters are this process's own as
Prometheus expects: with several web processes, let it ask one of them.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from sync_tasks.bootstrap import App
from sync_tasks.services import operating
from sync_tasks.state.overview import Reach
from sync_tasks.web.deps import Sync

router = APIRouter(include_in_schema=False)

PREFIX = "inbox_sync_"
EVERYBODY = Reach(everybody=True)
SETTLE = timedelta(seconds=5)  # workers' clocks may differ by so much; nothing younger is counted yet
BUCKETS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)


@router.get("/metrics")
def metrics(request: Request, sync: Sync) -> Response:
    """For who knows the token; without one set, for this machine only."""
    wanted = sync.settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (hmac.compare_digest(wanted.encode(), given.encode()) if wanted else _from_here(request)):
        raise HTTPException(403, "give the metrics token (INBOX_SYNC_METRICS_TOKEN), or ask from this machine")
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


def registry(app: App) -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(Stored(app))
    return made


class Stored(Collector):
    """Asks the store whenever Prometheus asks us."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._counted_to: datetime = app.clock() - SETTLE
        self._runs: Counter[str] = Counter()
        self._items: Counter[tuple[str, str, str]] = Counter()
        self._skips: Counter[str] = Counter()
        self._seconds: Counter[float] = Counter()
        self._spent = 0.0

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            self._count()
            yield from self._counters()
        yield from self._gauges()

    def _count(self) -> None:
        """Add what ended since the last time."""
        until = self._app.clock() - SETTLE
        with self._app.store.reading() as unit:
            ended = unit.overview.ended_between(self._counted_to, until)
            ids = [run.id for run in ended]
            self._items.update(unit.overview.operations_of(ids))
            self._skips.update(unit.overview.skips_of(ids))
        self._counted_to = max(self._counted_to, until)
        for run in ended:
            self._runs[run.state] += 1
            self._spent += run.seconds
            self._seconds[next((bound for bound in BUCKETS if run.seconds <= bound), float("inf"))] += 1

    def _counters(self) -> Iterator[Metric]:
        runs = CounterMetricFamily(f"{PREFIX}runs", "Runs that ended, by how.", labels=["result"])
        for result, count in self._runs.items():
            runs.add_metric([result], count)
        yield runs
        items = CounterMetricFamily(f"{PREFIX}items", "Operations of runs that ended.", labels=["type", "op", "result"])
        for labels, count in self._items.items():
            items.add_metric(labels, count)
        yield items
        skips = CounterMetricFamily(f"{PREFIX}item_skips", "Items that a run left alone, by why.", labels=["reason"])
        for reason, count in self._skips.items():
            skips.add_metric([reason], count)
        yield skips
        seconds = HistogramMetricFamily(f"{PREFIX}run_seconds", "How long runs took.")
        total, buckets = 0, []
        for bound in (*BUCKETS, float("inf")):
            total += self._seconds[bound]
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        seconds.add_metric([], buckets, self._spent)
        yield seconds

    def _gauges(self) -> Iterator[Metric]:
        now = self._app.clock()
        with self._app.store.reading() as unit:
            look = unit.overview
            by_status, waits = look.by_status(EVERYBODY), look.waiting(EVERYBODY)
            due, _ = look.due(EVERYBODY, now)
            lags, suspended = look.lags(now), look.suspended()
            quarantined, guards, expiries = look.quarantined(), look.holds_by_guard(), look.expiries()
            open_runs = unit.accounts.open_runs()
        yield _gauge("users", "Users by effective status.", "status", by_status)
        yield _gauge("suspended_users", "Suspended users by code.", "code", suspended)
        yield _gauge(
            "lag_seconds", "Since when the user that has waited longest is due, by kind of mailbox.", "mailbox_type",
            {vendor: max((now - since).total_seconds(), 0.0) for vendor, since in lags.items()},
        )  # fmt: skip
        yield _gauge("queue_depth", "Messages in a queue.", "queue", operating.queue_depths(self._app))
        yield _gauge(
            "credential_expiry_seconds", "Until the next credential of a vendor expires.", "vendor",
            {vendor: (at - now).total_seconds() for vendor, at in expiries.items()},
        )  # fmt: skip
        yield GaugeMetricFamily(f"{PREFIX}due_users", "Users that are due and not begun.", due)
        yield GaugeMetricFamily(f"{PREFIX}open_runs", "Runs that are under way.", open_runs)
        yield GaugeMetricFamily(f"{PREFIX}quarantine_items", "Items that are not tried any more.", quarantined)
        yield GaugeMetricFamily(f"{PREFIX}conflicts_open", "Conflicts that wait for somebody.", waits["conflicts"])
        yield GaugeMetricFamily(f"{PREFIX}issues_open", "Items that need somebody.", waits["issues"])
        yield GaugeMetricFamily(f"{PREFIX}holds_open", "Plans that wait for somebody.", waits["holds"])
        held = CounterMetricFamily(f"{PREFIX}guard_holds", "Plans that a guard held, by guard.", labels=["guard"])
        for guard, count in guards.items():
            held.add_metric([guard], count)
        yield held


def _gauge(name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    made = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for value, number in values.items():
        made.add_metric([value], number)
    return made


def _from_here(request: Request) -> bool:
    """Both the caller and the name he calls us by: a page on a rebound name asks from here, too."""
    host = request.url.hostname or ""
    return _is_loopback(request.client.host if request.client else "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
