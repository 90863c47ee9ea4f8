"""The jobs that are measured, in the order in which they build on one another, and the limits that must hold."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.bench.least import HEADS, WRITES, Loop
from tests.bench.place import MEETINGS, ROWS, Place
from tests.support.world import World

FULL = 500  # from this size on, what every run costs once no longer hides what each item costs

Calls = Mapping[str, int]
Check = Callable[[int, "Measured", Calls], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way of doing a job took: calls by operation, seconds on the clock, seconds of this process's work."""

    calls: Calls
    seconds: float
    cpu: float

    @property
    def total(self) -> int:
        return sum(self.calls.values())


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    ours: Cost
    least: Cost
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """`prepare` puts the work there, `least` is the loop's method, `ratio` the most calls that the engine may need for
    each one of the loop, `check` yields the sentences about limits that do not hold."""

    name: str
    prepare: Callable[[Place], None]
    least: Callable[[Loop, str], None]
    ratio: float
    check: Check
    written: Mapping[str, float] = field(default_factory=dict)  # what our run must have written, per item of `size`


def run_all(place: Place) -> Iterator[Measured]:
    """Measure every job. The first run and the run after each job, which only sees its own writes, are not counted."""
    loop = Loop(place.world.server.url, place.least)
    loop.idle(_moment(place))
    place.world.sync(place.ours)
    for job in JOBS:
        place.world.later(minutes=30)
        since = _moment(place)
        place.world.later(seconds=2)
        job.prepare(place)
        ours, named = _ours(place)
        least = cost(place.world, lambda since=since, job=job: job.least(loop, since))  # type: ignore[misc]
        done = Measured(job.name, ours, least)
        broken = [*job.check(place.size, done, named), *_unwritten(job, place)]
        if place.size >= FULL and ours.total > job.ratio * least.total:
            broken.append(
                f"{ours.total} calls where a hand-written loop needs {least.total}; at most {job.ratio} times"
            )
        yield Measured(job.name, ours, least, tuple(broken))
        place.world.later(minutes=30)
        place.world.sync(place.ours)
        loop.idle(since)


def _moment(place: Place) -> str:
    return place.world.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ours(place: Place) -> tuple[Cost, Calls]:
    """The cost of a run, and its calls under the names that the connectors give them."""
    place.world.app.calls.counts.clear()
    ours = cost(place.world, lambda: place.world.sync(place.ours))
    return ours, Counter(place.world.app.calls.counts)


def cost(world: World, action: Callable[[], object]) -> Cost:
    """What doing it takes."""
    world.control("counters/reset")
    clock, work = time.perf_counter(), time.process_time()
    action()
    seconds, cpu = time.perf_counter() - clock, time.process_time() - work
    told = world.control_get("counters")["calls"]
    return Cost({name: count for calls in told.values() for name, count in calls.items()}, seconds, cpu)


def _unwritten(job: Job, place: Place) -> Iterator[str]:
    assert place.world.last is not None
    for name, share in job.written.items():
        wanted, got = math.floor(share * place.size), place.world.last.counts.get(name, 0)
        if got != wanted:
            yield f"{name}: {got} done, {wanted} wanted"


# --- the limits


def _idle(_size: int, done: Measured, _named: Calls) -> Iterator[str]:
    if dict(done.ours.calls) != {"ews.SyncFolderItems": 4, "sf.composite": 1}:
        yield f"an idle run is four looks at folders and one at Salesforce, not {dict(done.ours.calls)}"


def _new_from_mailbox(size: int, _done: Measured, named: Calls) -> Iterator[str]:
    yield from _at_most(named, "write.create.Event", size / ROWS)
    yield from _at_most(named, "write.create.EventRelation", size / MEETINGS / ROWS)
    yield from _at_most(named, "UpdateItem", size / WRITES)


def _new_from_crm(size: int, _done: Measured, named: Calls) -> Iterator[str]:
    yield from _at_most(named, "CreateItem", size / WRITES)
    yield from _at_most(named, "write.update.Event", size / ROWS)  # stamps the keys


def _changed_in_mailbox(size: int, _done: Measured, named: Calls) -> Iterator[str]:
    yield from _at_most(named, "write.update.Event", size / ROWS)
    yield from _at_most(named, "GetItem", size / HEADS)


def _changed_in_crm(size: int, _done: Measured, named: Calls) -> Iterator[str]:
    yield from _at_most(named, "UpdateItem", size / WRITES)
    yield from _at_most(named, "GetItem", size / HEADS)


def _emails(size: int, _done: Measured, named: Calls) -> Iterator[str]:
    yield from _at_most(named, "write.create.EmailMessage", size / 2 / ROWS)
    yield from _at_most(named, "write.create.EmailMessageRelation", size / 2 / ROWS)
    yield from _at_most(named, "UpdateItem", size / 2 / WRITES)


def _at_most(named: Calls, operation: str, batches: float) -> Iterator[str]:
    most, made = math.ceil(batches), named.get(operation, 0)
    if not 0 < made <= most:
        yield f"{operation}: {made} calls, at most {most} (and at least one) wanted"


JOBS = (
    Job("idle", lambda _place: None, Loop.idle, 1.0, _idle),
    Job("new events, mailbox", Place.enter_appointments, Loop.new_from_mailbox, 1.6, _new_from_mailbox,
        {"crm.create": 1.0, "mailbox.mark": 1.0}),
    Job("changed, mailbox", Place.move_appointments, Loop.changed_in_mailbox, 1.8, _changed_in_mailbox,
        {"crm.update": 1.0}),
    Job("new events, Salesforce", Place.enter_events, Loop.new_from_crm, 1.6, _new_from_crm,
        {"mailbox.create": 1.0, "crm.update": 1.0}),
    Job("changed, Salesforce", Place.move_events, Loop.changed_in_crm, 1.6, _changed_in_crm, {"mailbox.update": 1.0}),
    Job("e-mails, auto-saved", Place.receive_mails, Loop.emails, 1.8, _emails,
        {"crm.create": 0.5, "mailbox.mark": 0.5}),
)  # fmt: skip
