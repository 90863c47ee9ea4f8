"""How far a first synchronization is, and how long the rest takes, from what its run has done so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# percent of the whole that the reading of both sides comes to, by the stage that is done last
READ = {"": 0, "fetch": 10, "categorize": 15, "resolve": 20, "link": 25, "mirror": 25}
LEAST_DONE, LEAST_TIME = 20, timedelta(seconds=5)  # what a rate is told from


class Phase(StrEnum):
    WAITING = "waiting for a worker"
    READING = "reading both sides"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` writes; `percent` of the whole, reading and all, which never goes down. `left`: how long the
    rest takes at the rate so far; None as long as nobody can tell."""

    phase: Phase
    done: int
    total: int
    percent: int
    left: timedelta | None


def progress(
    *, begun: bool, stage: str, done: int, total: int, writing_since: datetime | None, now: datetime
) -> Progress:  # fmt: skip
    """`stage`: the last one that is done. `done`, `total`: of the plan's writes; 0 as long as there is no plan.
    `writing_since`: when everything was read."""
    read = READ.get(stage, 0)
    if writing_since is None:
        return Progress(Phase.READING if begun else Phase.WAITING, 0, 0, read, None)
    percent = min(99, read + (100 - read) * done // total) if total else read
    return Progress(Phase.WRITING, done, total, percent, _left(done, total, now - writing_since))


def about(time: timedelta) -> str:
    """As people say it: `less than a minute`, `about 3 minutes`, `about 2 hours`."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    count, unit = (minutes, "minute") if minutes < 90 else (round(minutes / 60), "hour")
    return f"about {count} {unit}{'' if count == 1 else 's'}"


def _left(done: int, total: int, took: timedelta) -> timedelta | None:
    if done < LEAST_DONE or took < LEAST_TIME:
        return None
    return took * ((total - done) / done)
