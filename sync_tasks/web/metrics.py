"""`/metrics` for Prometheus: what the store and Redis know at the moment of asking.

Counters are those of all processes. Each run that ended is counted once, by whichever web process is asked first; so it
does not matter how many of them there are, nor which one Prometheus asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from sync_tasks.bootstrap import App
from sync_tasks.metering.tallies import Counts, Labels, observed
from sync_tasks.observability.metrics_catalogue import BY_NAME, FIGURES, MOST, PREFIX, SUM, Figure
from sync_tasks.services import budgets, feeding, operating
from sync_tasks.state.org_feeds import FeedState
from sync_tasks.state.overview import Reach
from sync_tasks.web.deps import Sync
from sync_tasks.web.health import for_operators

router = APIRouter(include_in_schema=False)

EVERYBODY = Reach(everybody=True)
SETTLE = timedelta(seconds=5)  # workers' clocks may differ by so much; nothing younger is counted yet
COUNTED = (
    "runs_total", "run_seconds", "items_total", "item_skips_total", "hints_total", "attendee_mails_prevented_total",
    "api_calls_total", "throttle_wait_seconds",
)  # fmt: skip


@router.get("/metrics")
def metrics(request: Request, sync: Sync) -> Response:
    """For who knows the token; without one set, for this machine only."""
    for_operators(request, sync.settings.metrics_token.get_secret_value())
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


def registry(app: App) -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(Stored(app))
    return made


class Stored(Collector):
    """Asks the store and Redis whenever Prometheus asks us."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tallies = app.governor.tallies
        self._began = app.clock() - SETTLE

    def collect(self) -> Iterator[Metric]:
        self._tallies.advance(self._began, self._app.clock() - SETTLE, self._ended)
        for figure in FIGURES:
            if figure.name in COUNTED and figure.kind == "counter":
                yield _family(figure.name, self._tallies.read(figure.name))
            elif figure.name in COUNTED:
                yield _histogram(figure, self._tallies.read(figure.name))
        yield from self._gauges()

    def _ended(self, after: datetime, until: datetime) -> Counts:
        """Everything about the runs that ended then."""
        with self._app.store.reading() as unit:
            ended = unit.overview.ended_between(after, until)
            ids = [run.id for run in ended]
            items = {tuple(labels): float(count) for labels, count in unit.overview.operations_of(ids).items()}
            skips = unit.overview.skips_of(ids)
        return {
            "runs_total": _by(Counter(run.state for run in ended)),
            "run_seconds": observed("run_seconds", [run.seconds for run in ended]),
            "items_total": items,
            "item_skips_total": _by(skips),
            "attendee_mails_prevented_total": {(): sum(run.unsent for run in ended)},
        }

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
        yield _family(
            "api_budget_remaining", {(str(org_id),): left for org_id, left in budgets.left(self._app).items()}
        )
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


def _histogram(figure: Figure, held: Mapping[Labels, float]) -> Metric:
    made = HistogramMetricFamily(PREFIX + figure.name, figure.help)
    total, buckets = 0.0, []
    for bound in (*(str(float(each)) for each in figure.bounds), MOST):
        total += held.get((bound,), 0.0)
        buckets.append((bound, total))
    made.add_metric([], buckets, held.get((SUM,), 0.0))
    return made


def _by(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    """Values of a figure with one label."""
    return {(label,): number for label, number in values.items()}
