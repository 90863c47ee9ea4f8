"""What the scheduler does with many users: the real one, on a real store, in simulated time, for vendors that take
their time but do nothing.

Claiming, sharing out, opening and closing of runs are those of an installation; only what happens between the begin
and the end of a run is made up: it takes as long as chance says, and finds nothing.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.services.pipeline import finish
from sync_tasks.settings import Settings
from sync_tasks.stages.context import StageReport
from sync_tasks.state import migrate
from sync_tasks.state.records import Claimed

BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NOISE = 10  # so many times its load puts a noisy organization on the workers

_INTERVAL: int = Settings.model_fields["interval_seconds"].default
# how long a run keeps a worker: most find nothing new, some have work to do; median seconds and how far they spread
_IDLE, _BUSY, _BUSY_SHARE, _SPREAD = 1.5, 15.0, 0.1, 0.4
_MEAN = ((1 - _BUSY_SHARE) * _IDLE + _BUSY_SHARE * _BUSY) * 1.083  # of that distribution, by its formula


@dataclass(frozen=True, slots=True)
class Company:
    """What is simulated: users, evenly in organizations, on as many workers as are busy for `load` of their time."""

    users: int
    organizations: int = 20
    load: float = 0.5
    minutes: float = 30
    noisy: bool = False  # the first organization asks for `NOISE` times as many runs
    seed: int = 1

    @property
    def workers(self) -> int:
        return max(2, round(self.users / _INTERVAL * _MEAN / self.load))


@dataclass(slots=True)
class Outcome:
    """What came of it. Lags are seconds from the moment a user was due until a worker began, by organization."""

    company: Company
    lags: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    claims: int = 0
    claim_seconds: float = 0.0  # of this machine, for claiming and enqueueing

    @property
    def cost(self) -> float:
        """Seconds of this machine that claiming one user took."""
        return self.claim_seconds / self.claims if self.claims else 0.0

    def percentile(self, share: float, *, others: bool = False) -> float:
        """The lag that `share` (0 to 1) of the runs did not exceed; `others`: without the first organization."""
        first = min(self.lags, default=0)
        kept = sorted(lag for org, lags in self.lags.items() if not (others and org == first) for lag in lags)
        return kept[min(len(kept) - 1, int(share * len(kept)))] if kept else 0.0


def simulate(
    company: Company, home: Path, *, database_url: str = "", on_minute: Callable[[int], None] | None = None
) -> Outcome:
    """Run a company from nine o'clock on. `home`: an empty folder for the store, unless `database_url` names one that
    is empty. `on_minute` hears of each simulated minute."""
    clock = _Clock()
    settings = Settings(home=home, database_url=database_url) if database_url else Settings(home=home)
    app = App(settings, clock=clock)
    try:
        migrate.upgrade(app.store.engine)
        return _Simulation(app, clock, company).run(on_minute)
    finally:
        app.close()


class _Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


class _Simulation:
    def __init__(self, app: App, clock: _Clock, company: Company) -> None:
        self._app, self._clock, self._company = app, clock, company
        self._chance = random.Random(company.seed)
        self._outcome = Outcome(company)
        self._free = company.workers
        self._queue: deque[Claimed] = deque()
        self._patient: deque[Claimed] = deque()
        self._numbers = itertools.count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._noisy: int | None = None

    def run(self, on_minute: Callable[[int], None] | None) -> Outcome:
        self._settle()
        end = BEGIN + timedelta(minutes=self._company.minutes)
        self._at(BEGIN, self._dispatch)
        told = 0
        while self._events:
            moment, _, act = heapq.heappop(self._events)
            if moment > end:
                break
            self._clock.now = moment
            act()
            minute = int((moment - BEGIN).total_seconds() // 60)
            if on_minute is not None and minute > told:
                told = minute
                on_minute(minute)
        return self._outcome

    def _settle(self) -> None:
        """The organizations and their users, whose first runs are spread over an interval."""
        app, company = self._app, self._company
        each = -(-company.users // company.organizations)
        left = company.users
        for number in range(company.organizations):
            count = min(each, left)
            left -= count
            due = [
                BEGIN + timedelta(seconds=self._chance.uniform(0, app.settings.interval_seconds)) for _ in range(count)
            ]
            with app.store.writing() as unit:
                org = unit.accounts.add_org(f"company-{number}", BEGIN)
                names = [f"user-{n}@company-{number}.example" for n in range(count)]
                users = unit.accounts.add_users(org, names, BEGIN, shards=app.settings.shards, due=due)
            if number == 0 and company.noisy:
                self._noisy = org
                for user_id in users:
                    self._at(BEGIN + self._soon() * self._chance.random(), partial(self._force, user_id))

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), act))

    def _dispatch(self) -> None:
        """What beat asks for every few seconds."""
        began = time.perf_counter()
        claimed = scheduling.dispatch_due(self._app, lambda _run, _stage: None)
        self._outcome.claim_seconds += time.perf_counter() - began
        self._outcome.claims += len(claimed)
        for each in claimed:
            (self._patient if each.ref.patient else self._queue).append(each)
        self._work()
        self._at(self._clock.now + timedelta(seconds=self._app.settings.dispatch_every_seconds), self._dispatch)

    def _work(self) -> None:
        """Free workers take what waits."""
        starting: list[Claimed] = []
        while self._free and (self._queue or self._patient):
            self._free -= 1
            starting.append((self._queue or self._patient).popleft())
        if not starting:
            return
        now = self._clock.now
        with self._app.store.writing() as unit:
            for each in starting:
                unit.runs.start_work(each.ref, now)
        for each in starting:
            self._outcome.lags[each.org_id].append((now - each.due).total_seconds())
            self._at(now + timedelta(seconds=self._takes()), partial(self._end, each))

    def _takes(self) -> float:
        median = _BUSY if self._chance.random() < _BUSY_SHARE else _IDLE
        return median * self._chance.lognormvariate(0, _SPREAD)

    def _end(self, claimed: Claimed) -> None:
        """A run ends, having found nothing. A noisy organization soon wants the next one."""
        with self._app.store.reading() as unit:
            run = unit.runs.get(claimed.ref.id)
        assert run is not None
        finish(self._app, claimed.ref, run, "fetch", StageReport(more=False), 0.0)
        self._free += 1
        if claimed.org_id == self._noisy:
            self._at(self._clock.now + self._soon(), partial(self._force, claimed.ref.user_id))
        self._work()

    def _soon(self) -> timedelta:
        return timedelta(seconds=self._app.settings.interval_seconds / NOISE)

    def _force(self, user_id: int) -> None:
        scheduling.force(self._app, user_id)
