"""What can go wrong around the engine, as data: of what kind it is, how it is brought about and healed, and how runs
may end that met it.

A fault is a block: it is brought about at its beginning and healed at its end. Inside it says whether it has done its
work, and whoever brings it about waits for that, but not for ever: a fault that nobody met is counted as such.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from psycopg import sql

from tests.support.cluster import Cluster, Worker, kill
from tests.support.postgres import PostgresServer
from tests.support.skew import Clocks
from tests.support.world import World


@dataclass(frozen=True, slots=True)
class Effect:
    """`over`: whether it may be healed now. `met`: whether it has hit anybody."""

    over: Callable[[], bool] = lambda: True
    met: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that can be hurt. `working`: whether some run is being worked on now."""

    world: World
    cluster: Cluster
    postgres: PostgresServer
    database: str
    role: str
    clocks: Clocks
    random: random.Random
    working: Callable[[], bool]

    @property
    def worker(self) -> Worker:
        """One of those that are at work."""
        return self.random.choice([w for w in self.cluster.workers if w.process.running])


@dataclass(frozen=True, slots=True)
class Fault:
    """`on`: what is hurt, which is hurt in one way at a time; '' for what may meet several faults at once.
    `excuses`: how the codes begin with which runs may end that met it."""

    kind: str
    on: str
    strike: Callable[[Site], AbstractContextManager[Effect]]
    excuses: tuple[str, ...] = ()


# --- processes


@contextmanager
def _killed(kill_one: Callable[[Site], object], site: Site) -> Iterator[Effect]:
    limit = time.monotonic() + 2
    while not site.working() and time.monotonic() < limit:  # to kill who does nothing proves nothing
        time.sleep(0.01)
    time.sleep(site.random.uniform(0, 0.3))
    kill_one(site)
    yield Effect()


def _child(site: Site) -> None:
    if children := site.worker.children:
        kill(site.random.choice(children))


def _main(site: Site) -> None:
    main = site.worker.main
    if main is not None:
        kill(main)


@contextmanager
def _frozen(site: Site) -> Iterator[Effect]:
    """For so long that its runs are given to others, whom it meets when it goes on."""
    worker, silent_for = site.worker, float(str(site.cluster.settings["recover_after_seconds"]))
    worker.freeze()
    try:
        yield _after(silent_for + site.random.uniform(1, 3))
    finally:
        worker.thaw()


# --- Redis


@contextmanager
def _emptied(site: Site) -> Iterator[Effect]:
    site.cluster.redis.flush()
    yield Effect()


@contextmanager
def _redis_dead(site: Site) -> Iterator[Effect]:
    with site.cluster.broker() as client:
        kill(int(client.info("server")["process_id"]))
    try:
        yield _after(site.random.uniform(0, 3))
    finally:
        site.cluster.redis.restart()


@contextmanager
def _redis_frozen(site: Site) -> Iterator[Effect]:
    with site.cluster.broker() as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield _after(site.random.uniform(1, 4))
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def _read_only(site: Site) -> Iterator[Effect]:
    """As after a failover of which nobody told us: it is the replica now."""
    with site.cluster.broker() as client:
        client.replicaof("127.0.0.1", "1")
    try:
        yield _after(site.random.uniform(1, 3))
    finally:
        with site.cluster.broker() as client:
            client.replicaof("NO", "ONE")


@contextmanager
def _redis_full(site: Site) -> Iterator[Effect]:
    with site.cluster.broker() as client:
        client.config_set("maxmemory", "1")
    try:
        yield _after(site.random.uniform(1, 3))
    finally:
        with site.cluster.broker() as client:
            client.config_set("maxmemory", "0")


# --- PostgreSQL


@contextmanager
def _restarted(site: Site) -> Iterator[Effect]:
    site.postgres.halt()
    try:
        yield _after(site.random.uniform(0, 3))
    finally:
        site.postgres.resume()


@contextmanager
def _crashed(site: Site) -> Iterator[Effect]:
    site.postgres.crash()
    try:
        yield _after(site.random.uniform(0, 2))
    finally:
        site.postgres.resume()


@contextmanager
def _cut(site: Site) -> Iterator[Effect]:
    _cut_off(site)
    yield Effect()


@contextmanager
def _no_connections(site: Site) -> Iterator[Effect]:
    """All that its role may have are taken: nobody keeps one, and nobody gets one."""
    limit = sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}")
    site.postgres.do(limit.format(sql.Identifier(site.role), sql.Literal(0)))
    _cut_off(site)
    try:
        yield _after(site.random.uniform(1, 4))
    finally:
        site.postgres.do(limit.format(sql.Identifier(site.role), sql.Literal(-1)))


def _cut_off(site: Site) -> None:
    site.postgres.do(
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
            sql.Literal(site.database)
        )
    )


# --- disks


@contextmanager
def _database_full(site: Site) -> Iterator[Effect]:
    """First nothing more can be added, then the server gives up; somebody makes room and starts it."""
    site.postgres.fill_disk()
    try:
        yield _after(site.random.uniform(1, 4))
    finally:
        site.postgres.halt()
        site.postgres.resume()


@contextmanager
def _worker_full(site: Site) -> Iterator[Effect]:
    """What a worker writes to files, its log above all, is refused."""
    worker = site.worker
    _limit_files(worker, lambda _most: 0)
    try:
        yield _after(site.random.uniform(1, 3))
    finally:
        _limit_files(worker, lambda most: most)


def _limit_files(worker: Worker, size: Callable[[int], int]) -> None:
    """The files of its processes may be so large, of the most that they may ever be. Whom they fork inherits it."""
    for pid in (worker.main, *worker.children):
        if pid is None:
            continue
        with suppress(ProcessLookupError):
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size(most), most))


# --- clocks


@contextmanager
def _clock(direction: int, site: Site) -> Iterator[Effect]:
    """One worker's, by a minute to half a day."""
    if not site.clocks.work:
        yield Effect(met=lambda: False)
        return
    worker = site.worker
    ahead = timedelta(seconds=direction * 60 * 12 ** site.random.uniform(0, 2.65))
    site.clocks.set(worker.name, ahead)
    try:
        yield _after(site.random.uniform(2, 5))
    finally:
        site.clocks.set(worker.name, timedelta())


# --- vendors


@dataclass(frozen=True, slots=True)
class Vendor:
    """How the sandbox calls what can go wrong there: any call, calls that write, one part of a batch. `busy`: the
    vendor's own word for a part that has to wait."""

    calls: str
    writes: str
    parts: str
    busy: Mapping[str, Any]


VENDORS: tuple[Vendor, ...] = (
    Vendor("ews.*", "ews.[cud]*item", "ews-item.*", {"code": "ErrorInternalServerTransientError"}),
    Vendor("graph.*", "graph.[bcu]*", "graph-item.*", {"status": 503}),
    Vendor("google.*", "google.*.[bipm]*", "google.part.*", {"status": 503}),
    Vendor("sf.*", "sf.co*", "sf.row.*", {"code": "UNABLE_TO_LOCK_ROW"}),
)
PAGE = "<!DOCTYPE html><html><title>Sign in</title><body><form action='/login'>Your session is over.</form></html>"
NOTHING = '{"value": [], "items": [], "records": [], "totalSize": 0, "done": true}'  # and no cursor to go on from


@contextmanager
def _vendor(where: str, action: Mapping[str, Any], site: Site) -> Iterator[Effect]:
    """Some calls of one vendor, not at once but soon, and not all of them. `where`: a field of `Vendor`."""
    vendor = site.random.choice(VENDORS)
    faults = site.world.sandbox.faults
    rule = faults.add({
        "match": getattr(vendor, where), "nth": site.random.randint(1, 4), "times": site.random.randint(1, 6),
        "action": action or vendor.busy,
    })  # fmt: skip
    try:
        yield Effect(lambda: rule.fired == rule.times, lambda: rule.fired > 0)
    finally:
        faults.drop(rule)


def _says(where: str, **action: Any) -> Callable[[Site], AbstractContextManager[Effect]]:
    return partial(_vendor, where, action)


def _after(seconds: float) -> Effect:
    limit = time.monotonic() + seconds
    return Effect(lambda: time.monotonic() > limit)


CALLS = ("MAILBOX.TRANSIENT.", "SALESFORCE.TRANSIENT.", "CONNECTION.TRANSIENT.")
FAULTS: tuple[Fault, ...] = (
    Fault("pool child killed", "workers", partial(_killed, _child)),
    Fault("main process of a worker killed", "workers", partial(_killed, _main)),
    Fault("whole worker killed", "workers", partial(_killed, lambda site: site.worker.kill())),
    Fault("beat killed", "beat", partial(_killed, lambda site: site.cluster.beats[0].kill())),
    Fault("web killed", "web", partial(_killed, lambda site: site.cluster.webs[0].kill())),
    Fault("worker frozen, and back too late", "workers", _frozen),
    Fault("worker's clock ahead", "workers", partial(_clock, 1)),
    Fault("worker's clock behind", "workers", partial(_clock, -1)),
    Fault("worker's disk full", "workers", _worker_full),
    Fault("Redis emptied", "Redis", _emptied),
    Fault("Redis killed, back and empty", "Redis", _redis_dead),
    Fault("Redis hangs", "Redis", _redis_frozen),
    Fault("Redis read-only", "Redis", _read_only),
    Fault("Redis out of memory", "Redis", _redis_full),
    Fault("PostgreSQL restarted", "PostgreSQL", _restarted),
    Fault("PostgreSQL crashed", "PostgreSQL", _crashed),
    Fault("PostgreSQL cuts all connections", "PostgreSQL", _cut),
    Fault("PostgreSQL out of connections", "PostgreSQL", _no_connections),
    Fault("PostgreSQL's disk full", "PostgreSQL", _database_full),
    Fault("vendor slow", "", _says("calls", delay=1.5)),
    Fault("vendor answers late", "", _says("writes", late=1.5)),
    Fault("vendor busy (503)", "", _says("calls", status=503), CALLS),
    Fault("vendor fails (500)", "", _says("calls", status=500), CALLS),
    Fault("vendor throttles (429)", "", _says("calls", status=429, headers={"Retry-After": "1"}), CALLS),
    Fault("vendor cuts before it acts", "", _says("calls", drop_before=True), CALLS),
    Fault("vendor acts, the answer is lost", "", _says("writes", drop_after=True), CALLS),
    Fault("vendor's answer cut short", "", _says("calls", truncate=60), CALLS),
    Fault("vendor shows a log-in page (200)", "", _says("calls", status=200, body=PAGE), CALLS),
    Fault("vendor says {} whatever it is asked (200)", "", _says("calls", status=200, body="{}"), CALLS),
    Fault("vendor says null whatever it is asked (200)", "", _says("calls", status=200, body="null"), CALLS),
    Fault("vendor lists nothing, without an end (200)", "", _says("calls", status=200, body=NOTHING), CALLS),
    Fault("vendor says nothing (200)", "", _says("calls", status=200, body=" "), CALLS),
    Fault("vendor refuses parts of a batch", "", _says("parts"), CALLS),
)  # fmt: skip
