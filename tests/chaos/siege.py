"""Chaos over the whole system: whatever it stands on is taken away for a while, again and again, and comes back.

Two worlds get the same rounds of edits, at mailboxes of all three vendors and in Salesforce. In the calm one the stages
run one after the other in this process. In the other one Celery works on a real PostgreSQL and a real Redis, and in
each round some of `FAULTS` strike while people edit. Once they are healed and nothing is left to do, the invariants
must hold; the first that does not ends it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from connectors.sandbox.server import Sandbox, SandboxServer
from sync_tasks.services.embedded import free_port
from sync_tasks.services.failing import BACK_OFF
from sync_tasks.state.records import RunState, RunView
from tests.chaos import comparing
from tests.chaos.faults import FAULTS, Fault, Site
from tests.chaos.script import Script
from tests.chaos.story import Action, Stage
from tests.support.cluster import Cluster
from tests.support.mixed import MixedWorld
from tests.support.postgres import PostgresServer
from tests.support.skew import Clocks
from tests.support.waiting import until

VENDORS = {"ann@acme.example": "exchange", "bob@acme.example": "graph", "cat@acme.example": "google"}
ALONE = ("bob",)  # Graph mails guests of whatever is written
ROLE = "engine"
MOST_RUNS = 40  # of one user, until nothing is left to do
STILL = 150.0  # seconds in which some run must end
LONGEST = max(BACK_OFF) + timedelta(minutes=1)
HELD_FOR = 30.0  # seconds in which a fault that is to be met should be
ALWAYS = ("RUN.TRANSIENT.",)  # it took too long, or its workers died: the next run goes on

Say = Callable[[str], None]


@dataclass(slots=True)
class Report:
    injected: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    recoveries: int = 0
    seconds: float = 0

    @property
    def holds(self) -> bool:
        return not any(self.broken.values())

    def lines(self) -> Iterator[str]:
        yield f"{'fault':<46} brought about  met by somebody"
        for kind in (fault.kind for fault in FAULTS):
            yield f"{kind:<46} {self.injected[kind]:>13}  {self.struck[kind]:>15}"
        yield f"{'all':<46} {self.injected.total():>13}  {self.struck.total():>15}"
        yield ""
        yield f"{'invariant':<46}       checked           broken"
        for name in INVARIANTS:
            yield f"{name:<46} {self.checked:>13}  {len(self.broken.get(name, ())):>15}"
        yield ""
        told = ", ".join(f"{code} {times}" for code, times in self.failed.most_common()) or "none"
        yield f"runs {self.runs}, taken over from dead workers {self.recoveries}, failed: {told}"
        yield f"compared {sum(self.compared.values())} records and items in {len(self.compared)} places"
        yield f"took {self.seconds:.0f} s"
        for name, found in self.broken.items():
            yield from (f"{name}: {each}" for each in found[:20])


@dataclass(frozen=True, slots=True)
class End:
    """How a round ended. `runs`: those that ended in it; `fits`: whether a code may end one of them. `states`: of both
    worlds. `rested`: what is wrong with how it came to rest. `put_off`: who waited for too long once all was healed."""

    calm: Stage
    wild: Stage
    runs: Sequence[RunView]
    fits: Callable[[str], bool]
    states: tuple[comparing.State, comparing.State]
    rested: str
    put_off: Sequence[str]


def _unlike(kind: tuple[str, ...]) -> Callable[[End], list[str]]:
    def check(end: End) -> list[str]:
        found = comparing.differences(*end.states, _seen)
        return [each for each in found if each.startswith(kind)]

    return check


def _seen(place: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of what was born in Salesforce the calendar's own reminder goes up with the next word of the calendar. After an
    answer that was lost this is how the item is found, so it may come sooner."""
    soon = place == "Event" and str(row["Subject"]).startswith("Crm")
    return {name: value for name, value in row.items() if not (soon and "Reminder" in name)}


def _mails(end: End) -> list[str]:
    sent = end.wild.world.control_get("counters")["mails"]
    return [f"{mail['reason']} to {mail['to']}" for mail in sent["newest"]] if sent["total"] else []


def _suspended(end: End) -> list[str]:
    with end.wild.world.app.store.reading() as unit:
        users = [unit.accounts.user(user.id) for user in end.wild.users.values()]
    return [f"{user.address} is {user.status} ({user.standing.code})" for user in users if user.status != "enabled"]


def _ended(end: End) -> list[str]:
    return [
        f"run {run.id} {run.state}: {run.error_code} {run.error_text}"
        for run in end.runs
        if run.state == RunState.HELD or (run.state == RunState.FAILED and not end.fits(run.error_code))
    ]


def _left(end: End) -> list[str]:
    with end.wild.world.app.store.reading() as unit:
        left = unit.workspace.left([run.id for run in end.runs])
    return [f"{left} sealed blobs outlived their runs"] if left else []


def _open_issues(end: End) -> list[str]:
    return [f"{user.address}: {code}" for user in end.wild.users.values() for code in end.wild.world.issues(user)]


# what must hold once all is healed, and what speaks against it
INVARIANTS: Mapping[str, Callable[[End], list[str]]] = {
    "it comes to rest": lambda end: [end.rested] if end.rested else [],
    "nobody is put off for hours": lambda end: list(end.put_off),
    "nothing is lost": _unlike(("lost",)),
    "nothing is there twice": lambda end: comparing.duplicates(end.states[1]),
    "nothing else differs": _unlike(("differs", "too much")),
    "nobody is mailed": _mails,
    "nobody is suspended": _suspended,
    "no run ends as it should not": _ended,
    "no content outlives its run": _left,
    "no issue stays open": _open_issues,
}


class Siege:
    """`together`: how many faults strike at the same time. The world needs a PostgreSQL of its own."""

    def __init__(self, site: Site, calm: Stage, wild: Stage, report: Report, say: Say) -> None:
        self._site = site
        self._calm = calm
        self._wild = wild
        self._report = report
        self._say = say

    def round(self, actions: Sequence[Action], faults: Sequence[Fault]) -> None:
        since = self._newest_run()
        for act in actions:
            act(self._calm)
        rest(self._calm)
        some = len(actions) // 2
        self._edit(actions[:some])
        met = self._strike(faults, lambda: self._edit(actions[some:]))
        self._report.injected.update(fault.kind for fault in faults)
        self._report.struck.update(met)
        healed, put_off = time.monotonic(), self._put_off()
        self._judge(since, faults, self._settle(self._newest_run()), put_off)
        told = ", ".join(f.kind if f.kind in met else f"{f.kind} (met by nobody)" for f in faults) or "no fault"
        ended = "holds" if self._report.holds else "BROKEN"
        self._say(f"{told}: {ended}, {time.monotonic() - healed:.0f} s after it was healed")

    def _strike(self, faults: Sequence[Fault], meanwhile: Callable[[], None]) -> list[str]:
        """Bring them about, and heal each when it has done its work; the kinds of those that somebody met."""
        met: list[str] = []
        with ExitStack() as stack:
            struck = []
            for fault in faults:
                mine = stack.enter_context(ExitStack())
                struck.append((fault, mine, mine.enter_context(fault.strike(self._site))))
            meanwhile()
            limit = time.monotonic() + HELD_FOR
            while struck:
                for each in list(struck):
                    fault, healing, effect = each
                    if effect.over() or time.monotonic() > limit:
                        met += [fault.kind] if effect.met() else []
                        healing.close()
                        struck.remove(each)
                time.sleep(0.05)
        return met

    def _edit(self, actions: Sequence[Action]) -> None:
        with self._wild.world.sandbox.faults.lifted():
            for act in actions:
                act(self._wild)

    # --- coming to rest

    def _put_off(self) -> list[str]:
        """Who would wait for longer than after any failure."""
        latest = datetime.now(UTC) + LONGEST
        with self._wild.world.app.store.reading() as unit:
            users = [unit.accounts.user(user.id) for user in self._wild.users.values()]
        return [f"{user.address} until {user.next_sync_at}" for user in users if user.next_sync_at > latest]

    def _settle(self, since: int) -> str:
        """Wait until every user has had two runs one after the other that found nothing to do; what is wrong with it,
        or ''. Nobody waits for pauses that are meant for people and vendors."""
        limit, newest = time.monotonic() + STILL, since
        while True:
            self._site.cluster.revive()
            ended = {name: self._ended(user.id, since) for name, user in self._wild.users.items()}
            if all(len(runs) > 1 and all(_idle(run) for run in runs[:2]) for runs in ended.values()):
                return ""
            latest = max((run.id for runs in ended.values() for run in runs), default=since)
            if latest > newest:
                limit, newest = time.monotonic() + STILL, latest
            if time.monotonic() > limit:
                return f"nothing moves: {self._told()}"
            if any(len(runs) > MOST_RUNS for runs in ended.values()):
                return f"it goes on and on: {self._told()}"
            hasten(self._wild)
            time.sleep(0.1)

    def _ended(self, user_id: int, since: int) -> list[RunView]:
        with self._wild.world.app.store.reading() as unit:
            runs = unit.runs.recent(user_id, MOST_RUNS + 10)
        return [run for run in runs if run.state != RunState.OPEN and run.id > since]

    def _newest_run(self) -> int:
        with self._wild.world.app.store.reading() as unit:
            return max((run.id for run in unit.runs.recent(None, 1)), default=0)

    def _told(self) -> str:
        with self._wild.world.app.store.reading() as unit:
            last = [run for user in self._wild.users.values() for run in unit.runs.recent(user.id, 2)]
        return "; ".join(
            f"run {r.id} {r.state} after {r.stage or 'nothing'} {r.error_code} {dict(r.counts)}" for r in last
        )

    # --- judging

    def _judge(self, since: int, faults: Sequence[Fault], rested: str, put_off: Sequence[str]) -> None:
        with self._wild.world.app.store.reading() as unit:
            runs = [run for run in unit.runs.recent(None, 2000) if run.id > since and run.state != RunState.OPEN]
        excuses = (*ALWAYS, *(each for fault in faults for each in fault.excuses))
        states = tuple(stage.world.control_get("dump", normalise="1") for stage in (self._calm, self._wild))
        end = End(self._calm, self._wild, runs, lambda code: code.startswith(excuses), states, rested, put_off)
        self._report.checked += 1
        self._report.compared = comparing.size(states[1])
        self._report.runs += len(runs)
        self._report.recoveries += sum(run.recovered for run in runs)
        self._report.failed.update(run.error_code for run in runs if run.state == RunState.FAILED)
        for name, check in INVARIANTS.items():
            self._report.broken[name] = self._report.broken.get(name, []) + check(end)


def _idle(run: RunView) -> bool:
    return run.state == RunState.DONE and not run.counts.get("staged")


def hasten(stage: Stage) -> None:
    """Let pass what passes by itself: back-offs of users, looks at vendors that were down, pauses of items."""
    world = stage.world
    now = datetime.now(UTC)
    with world.app.store.writing() as unit:
        for user in stage.users.values():
            if unit.accounts.user(user.id).next_sync_at > now + timedelta(seconds=2):
                unit.accounts.force(user.id, now, timedelta(0))
    for vendor in ("exchange", "graph", "google", "salesforce"):
        with world.app.store.writing() as unit:
            if vendor in unit.breakers.of(world.org):
                unit.breakers.change(world.org, vendor, lambda was: replace(was, look_at=now) if was.is_open else was)
    with world.app.store.engine.begin() as connection:
        connection.execute(text("UPDATE item_retry SET not_before = :now WHERE not_before > :now"), {"now": now})


def rest(stage: Stage) -> None:
    """Run every user here until nothing is left to do."""
    for _ in range(10):
        runs = [stage.world.sync(user) for user in stage.users.values()]
        if not any(run.counts.get("staged") for run in runs):
            return
    raise AssertionError("the calm world never comes to rest")


@contextmanager
def _world(home: Path, database_url: str, base: datetime, script: Script, **settings: str) -> Iterator[Stage]:
    home.mkdir(parents=True)
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        world = MixedWorld(server, database_url, home, VENDORS, now=datetime.now(UTC))
        world.app.settings = world.app.settings.model_copy(update=settings)
        sandbox.clock.real()
        stage = Stage(world, base)
        script.open(stage)
        yield stage
        world.close()
    sandbox.close()


def chosen(count: int, rng: random.Random, *, only: str = "") -> list[Fault]:
    """So many faults: every kind before any comes again, in an order by chance. `only`: those whose kind contains it.
    Raises ValueError when there is none."""
    kinds = [fault for fault in FAULTS if only in fault.kind]
    if not kinds:
        raise ValueError(f"no fault contains {only!r}")
    drawn: list[Fault] = []
    while len(drawn) < count:
        drawn += rng.sample(kinds, len(kinds))
    return drawn[:count]


def waves(faults: Sequence[Fault], together: int) -> Iterator[list[Fault]]:
    """The faults in their order, so many at the same time, as far as they do not hurt the same thing."""
    left = list(faults)
    while left:
        wave: list[Fault] = []
        for fault in left:
            if len(wave) < together and (not fault.on or all(fault.on != other.on for other in wave)):
                wave.append(fault)
        for fault in wave:
            left.remove(fault)
        yield wave


def besiege(
    home: Path, faults: Sequence[Fault], *, seed: int, together: int = 1, first: Mapping[str, int],
    later: Mapping[str, int], say: Say = lambda _: None,
) -> Report:  # fmt: skip
    """Let the faults strike, so many at a time, and judge after each time. `first`, `later`: how much people do; see
    `Script`."""
    report, started = Report(), time.monotonic()
    base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    script = Script(seed, first=first, later=later, alone=ALONE)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        postgres = PostgresServer(lasting=True)
        stack.callback(postgres.stop)
        url = postgres.create(owner=ROLE)
        calm = stack.enter_context(_world(home / "calm", f"sqlite:///{home / 'calm' / 'store.db'}", base, script))
        wild = stack.enter_context(_world(home / "wild", url, base, script, public_url=address))
        clocks = Clocks(home)
        cluster = stack.enter_context(
            Cluster(
                wild.world,
                home / "wild",
                clocks=clocks,
                debug=True,  # what a run broke on stands in the log of its worker
                interval_seconds=1,
                dispatch_every_seconds=1,
                public_url=address,
            )
        )
        site = Site(
            wild.world, cluster, postgres, PostgresServer.name(url), ROLE, clocks, random.Random(seed + 1),
            lambda: _working(wild),
        )  # fmt: skip
        cluster.web(port)
        for _ in range(script.workers):
            cluster.worker()
        cluster.beat()
        until(lambda: all(worker.ready for worker in cluster.workers), 90, every=0.1)
        siege = Siege(site, calm, wild, report, say)
        siege.round(script.next(), [])
        for wave in waves(faults, together):
            if not report.holds:
                break
            siege.round(script.next(), wave)
        for worker in cluster.workers:
            worker.stop()
    report.seconds = time.monotonic() - started
    return report


def _working(stage: Stage) -> bool:
    with suppress(SQLAlchemyError), stage.world.app.store.engine.connect() as connection:
        query = text("SELECT 1 FROM sync_run WHERE state = 'open' AND working <> '' LIMIT 1")
        return connection.execute(query).first() is not None
    return True
