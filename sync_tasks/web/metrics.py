"""`/metrics` for Prometheus: what the store and the broker know at the moment of asking.

What ended is counted from when this process began, and each run once, so the counters are this process's own as
Prometheus expects: with several web processes, let it ask one of them.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from sync_tasks.bootstrap import App
from sync_tasks.observability.metrics_catalogue import BY_NAME, PREFIX
from sync_tasks.services import feeding, operating
from sync_tasks.state.org_feeds import FeedState
from sync_tasks.state.overview import Reach
from sync_tasks.web.deps import Sync

router = APIRouter(include_in_schema=False)

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
        yield _family("runs_total", _by(self._runs))
        yield _family("items_total", self._items)
        yield _family("item_skips_total", _by(self._skips))
        yield _family("hints_total", {tuple(name.split(".")): n for name, n in self._app.hints.counts.copy().items()})
        seconds = HistogramMetricFamily(f"{PREFIX}run_seconds", BY_NAME["run_seconds"].help)
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
            open_runs, subscriptions = unit.accounts.open_runs(), unit.pushes.by_state()
        yield _family("users", _by(by_status))
        yield _family("suspended_users", _by(suspended))
        waited = {vendor: max((now - since).total_seconds(), 0.0) for vendor, since in lags.items()}
        yield _family("lag_seconds", _by(waited))
        yield _family("queue_depth", _by(operating.queue_depths(self._app)))
        left = {vendor: (at - now).total_seconds() for vendor, at in expiries.items()}
        yield _family("credential_expiry_seconds", _by(left))
        yield _family("subscriptions", _by(subscriptions))
        yield _family("feed_age_seconds", _by(_feeds(self._app)))
        yield _family("due_users", {(): due})
        yield _family("open_runs", {(): open_runs})
        yield _family("quarantine_items", {(): quarantined})
        yield _family("conflicts_open", {(): waits["conflicts"]})
        yield _family("issues_open", {(): waits["issues"]})
        yield _family("holds_open", {(): waits["holds"]})
        yield _family("guard_holds_total", _by(guards))


def _feeds(app: App) -> dict[str, float]:
    """Of the feeds that are wanted and have been read."""
    wanted = (FeedState.ON, FeedState.FAILING, feeding.LATE)
    return {
        str(org_id): float(told.age_seconds)
        for org_id, told in feeding.feeds(app).items()
        if told.state in wanted and told.age_seconds is not None
    }


def _family(name: str, values: Mapping[Any, float]) -> Metric:
    """A figure of the catalogue with its values by tuples of labels."""
    figure = BY_NAME[name]
    family = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    made = family(PREFIX + name.removesuffix("_total"), figure.help, labels=figure.labels)
    for labels, number in values.items():
        made.add_metric(labels, number)
    return made


def _by(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    """Values of a figure with one label."""
    return {(label,): number for label, number in values.items()}


def _from_here(request: Request) -> bool:
    """Both the caller and the name he calls us by: a page on a rebound name asks from here, too."""
    host = request.url.hostname or ""
    return _is_loopback(request.client.host if request.client else "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
