"""Whether everybody is really synchronized, told from what was done and not from processes that say they are well.

Each entry has a state, what was found, since when, how long it took to find out, and what to do. The whole is as well
as its worst entry; and where nobody is synchronized it is never well.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mapping.model.findings import FINDINGS, Finding
from mapping.rules.errors import CATALOGUE
from sync_tasks.bootstrap import App
from sync_tasks.metering.pulse import Signs
from sync_tasks.queues import UPKEEP, shard_queue
from sync_tasks.services import budgets
from sync_tasks.services.examining import GRACE
from sync_tasks.state import migrate
from sync_tasks.state.overview import Reach

EVERYBODY = Reach(everybody=True)
LATE, FAR_TOO_LATE = timedelta(minutes=10), timedelta(hours=1)  # who is due and not begun
SILENT = timedelta(minutes=1)  # after which somebody should have looked who is due, or six times the setting


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it goes on, but somebody should know
    BAD = "bad"  # somebody, or everybody, is not synchronized


@dataclass(frozen=True, slots=True)
class Entry:
    """`seconds`: how long it took to find out. `since`: when it began, or was last well."""

    name: str
    state: State
    detail: str
    advice: str = ""
    since: datetime | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    at: datetime
    entries: tuple[Entry, ...]

    @property
    def state(self) -> State:
        states = {entry.state for entry in self.entries}
        return next((state for state in (State.BAD, State.WARNING) if state in states), State.OK)

    def described(self) -> dict[str, Any]:
        """As JSON values."""
        rows = [{name: getattr(entry, name) for name in entry.__slots__} for entry in self.entries]
        return {"state": self.state, "at": self.at, "entries": rows}


def examine(app: App) -> Health:
    """Look at everything. What cannot be looked at without the database is left out when that does not answer."""
    signs = app.governor.pulse.signs()
    entries = [*_timed(_database(app)), *_timed(_redis(app, signs))]
    if entries[0].state is State.OK:
        looks = (_beat(app, signs), _workers(app, signs), _lag(app), _synced(app), _vendors(app), _budgets(app))
        entries += [entry for look in looks for entry in _timed(look)]
    return Health(app.clock(), tuple(entries))


def _timed(look: Iterator[Entry]) -> list[Entry]:
    """What a look finds, each with the time since it began."""
    began = time.monotonic()
    return [replace(found, seconds=round(time.monotonic() - began, 3)) for found in look]


def _of(finding: Finding) -> str:
    return FINDINGS[finding].cure


# --- what it stands on


def _database(app: App) -> Iterator[Entry]:
    at, head = migrate.reached(app.store.engine), migrate.head()
    if at is None:
        yield Entry("database", State.BAD, "it does not answer", _of(Finding.DATABASE_SILENT))
    elif at != head:
        detail = f"it is at {at or 'nothing'}, this program needs {head}"
        yield Entry("database", State.BAD, detail, _of(Finding.DATABASE_BEHIND))
    else:
        yield Entry("database", State.OK, f"it answers and is at {head}")


def _redis(app: App, signs: Signs | None) -> Iterator[Entry]:
    if signs is None:
        yield Entry("redis", State.BAD, "it does not answer", _of(Finding.REDIS_SILENT))
    elif not app.governor.pulse.writable():
        yield Entry("redis", State.BAD, "it takes nothing", "Look for its memory limit, and whether it is a replica.")
    else:
        yield Entry("redis", State.OK, "it answers and takes what is written")


_UNKNOWN = "nobody can tell while Redis does not answer"


def _beat(app: App, signs: Signs | None) -> Iterator[Entry]:
    """Beat asks every few seconds, and a worker looks: that was done lately, and nobody waits to be started."""
    now = app.clock()
    if signs is None:
        yield Entry("beat", State.BAD, _UNKNOWN)
        return
    with app.store.reading() as unit:
        late = unit.runs.overdue(now - GRACE)
    last = signs.dispatched_at
    most = max(SILENT, 6 * timedelta(seconds=app.settings.dispatch_every_seconds))
    advice = _of(Finding.BEAT_SILENT)
    if not signs.takes_from(UPKEEP):
        advice = "Start `inbox-sync worker`: beat only asks, and a worker looks who is due."
    if last is None:
        yield Entry("beat", State.BAD, "nobody has ever looked who is due", advice)
    elif now - last > most:
        yield Entry("beat", State.BAD, "nobody looks any more who is due", advice, last)
    elif late:
        yield Entry("beat", State.BAD, f"{late} users are due and not started", advice, last)
    else:
        yield Entry("beat", State.OK, "who is due is looked for and started", since=last)


def _workers(app: App, signs: Signs | None) -> Iterator[Entry]:
    """Each queue has a worker that is alive, and what waits in it is begun."""
    with app.store.reading() as unit:
        waiting = unit.runs.unattended(app.clock() - GRACE)
        used = unit.accounts.users_by_shard()
    for shard in range(app.settings.shards):
        name, count = f"shard {shard}", waiting.get(shard, 0)
        advice = _of(Finding.SHARD_UNATTENDED)
        if count:
            yield Entry(name, State.BAD, f"{count} runs wait, and none is at work", advice)
        elif signs is None:
            yield Entry(name, State.BAD, _UNKNOWN)
        elif signs.takes_from(shard_queue(shard)):
            yield Entry(name, State.OK, f"a worker takes from it; users: {used.get(shard, 0)}")
        else:
            state = State.BAD if used.get(shard) else State.WARNING
            yield Entry(name, state, f"no worker takes from it; users: {used.get(shard, 0)}", advice)
    lost = sorted(set(used) - set(range(app.settings.shards)))
    if lost:
        detail = f"users stand in shards that there are not: {', '.join(map(str, lost))}"
        yield Entry("shards", State.BAD, detail, "Set INBOX_SYNC_SHARDS to what it was.")


# --- what comes of it


def _lag(app: App) -> Iterator[Entry]:
    now = app.clock()
    with app.store.reading() as unit:
        due, oldest = unit.overview.due(EVERYBODY, now)
    behind = now - oldest if oldest is not None else timedelta(0)
    state = State.BAD if behind > FAR_TOO_LATE else State.WARNING if behind > LATE else State.OK
    advice = "" if state is State.OK else "More workers, or look at `inbox-sync runs` for what takes so long."
    detail = f"{due} users are due; who waits longest has done so for {int(behind.total_seconds())} s"
    yield Entry("lag", state, detail, advice, oldest if state is not State.OK else None)


def _synced(app: App) -> Iterator[Entry]:
    """Whose two sides have been read to the end within two intervals, of those who should be."""
    now = app.clock()
    since = now - 2 * timedelta(seconds=app.settings.interval_seconds * (1 + app.settings.jitter)) - LATE
    with app.store.reading() as unit:
        found = unit.overview.readings(since)
    if not found.users:
        yield Entry("users", State.WARNING, "there is nobody to be synchronized", "`inbox-sync user add ADDRESS`.")
    elif not found.may_run:
        detail = f"all of {found.users} users are paused, disabled or suspended: nobody is synchronized"
        yield Entry("users", State.BAD, detail, "`inbox-sync user list` says why; `user resume` or `enable` lifts it.")
    elif not found.partly:
        advice = "`inbox-sync runs` and `inbox-sync doctor` say what keeps them."
        detail = f"of {found.may_run} users nobody was read to the end within two intervals"
        yield Entry("users", State.BAD, detail, advice, found.newest)
    else:
        stale = found.may_run - found.fresh
        detail = f"{found.fresh} of {found.may_run} users were read to the end within two intervals"
        advice = "" if not stale else "`inbox-sync user status USER` says for each what keeps it."
        yield Entry("users", State.WARNING if stale else State.OK, detail, advice, found.oldest if stale else None)
    if found.suspended and found.may_run:
        detail = f"{found.suspended} users are suspended"
        yield Entry("suspended", State.WARNING, detail, "`inbox-sync user list` says why and what mends it.")


def _vendors(app: App) -> Iterator[Entry]:
    with app.store.reading() as unit:
        down = unit.breakers.open()
        names = {org.id: org.name for org in unit.accounts.orgs()}
        connected = unit.accounts.vendors_connected()
    for org_id, vendor, breaker in down:
        advice = CATALOGUE[breaker.code].cure if breaker.code in CATALOGUE else ""
        detail = f"it is down for everybody ({breaker.code}); one at a time looks whether it is back"
        yield Entry(f"{vendor} of {names[org_id]}", State.BAD, detail, advice, breaker.opened_at)
    well = set(connected) - {(org_id, vendor) for org_id, vendor, _ in down}
    told = ", ".join(f"{vendor} {count}" for vendor, count in sorted(Counter(v for _, v in well).items()))
    yield Entry("vendors", State.OK, f"connected, and not known to be down: {told or 'none'}")


def _budgets(app: App) -> Iterator[Entry]:
    for told in budgets.facts(app, EVERYBODY):
        if told.short and told.org_id is not None:
            detail = f"{told.left} of {told.total} are left; routine runs are put off"
            yield Entry(told.what, State.WARNING, detail, CATALOGUE[budgets.CAUSE].cure)
