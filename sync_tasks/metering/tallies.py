"""Counters that add up over all processes, by the names and labels of the catalogue of figures.

A process holds what it counted until Redis takes it, so nothing is lost while Redis is away. Should Redis forget, they
begin at nothing again, which whoever reads them takes for a restart.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import redis

from sync_tasks.metering.shared import Shared
from sync_tasks.observability.metrics_catalogue import BY_NAME, MOST, SUM

PREFIX = "inbox-sync:tally:"
MARK = "inbox-sync:tallied-to"

Labels = tuple[str, ...]
Counts = Mapping[str, Mapping[Labels, float]]


class Tallies:
    """One for each process."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._pending: dict[str, dict[Labels, float]] = {}
        self._own: dict[str, dict[Labels, float]] = {}  # what `advance` found while Redis was away
        self._own_to: datetime | None = None

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """One more of a counter. It is handed over by the next `flush`."""
        assert len(labels) == len(BY_NAME[name].labels), name
        self._add({name: {labels: by}})

    def observe(self, name: str, value: float) -> None:
        """One more value of a histogram without labels."""
        self._add({name: observed(name, [value])})

    def flush(self) -> None:
        """Hand over what was counted here."""
        with self._lock:
            mine, self._pending = self._pending, {}
        if mine and self._shared.do(lambda client: [_put(client.pipeline(transaction=True), mine).execute()]) is None:
            self._add(mine)

    def read(self, name: str) -> dict[Labels, float]:
        """The counter over all processes; of this one alone while Redis is away."""
        self.flush()
        held = self._shared.do(lambda client: client.hgetall(PREFIX + name))
        with self._lock:
            known: dict[str, dict[Labels, float]] = {}
            _add(known, {name: self._pending.get(name, {})})
            if held is None:
                _add(known, {name: self._own.get(name, {})})
        found = known[name]
        for text, value in (held or {}).items():
            labels = tuple(text.split("\x1f")) if text else ()
            found[labels] = found.get(labels, 0.0) + float(value)
        return found

    def advance(self, began: datetime, until: datetime, ended: Callable[[datetime, datetime], Counts]) -> None:
        """Count what ended between the last time that any process did this, or else `began`, and `until`; each thing
        once. While Redis is away this process counts for itself alone, and forgets that once Redis is back."""

        def step(client: Any) -> bool:
            with client.pipeline(transaction=True) as pipe:
                pipe.watch(MARK)
                kept = pipe.get(MARK)
                since = datetime.fromisoformat(kept) if kept else began
                counts = ended(since, until) if since < until else {}
                pipe.multi()
                _put(pipe, counts)
                pipe.set(MARK, max(since, until).isoformat())
                with suppress(redis.WatchError):  # another process has just counted
                    pipe.execute()
            return True

        if self._shared.do(step) is None:
            self._advance_here(began, until, ended)

    def _advance_here(self, began: datetime, until: datetime, ended: Callable[[datetime, datetime], Counts]) -> None:
        with self._lock:
            since = self._own_to or began
            if since < until:
                _add(self._own, ended(since, until))
            self._own_to = max(since, until)

    def _add(self, counts: Counts) -> None:
        with self._lock:
            _add(self._pending, counts)


def observed(name: str, values: Sequence[float]) -> dict[Labels, float]:
    """Values of a histogram, as counts of its buckets (each value in the lowest that holds it) and their sum."""
    bounds = BY_NAME[name].bounds
    found: defaultdict[Labels, float] = defaultdict(float)
    for value in values:
        place = bisect_left(bounds, value)
        found[(str(float(bounds[place])) if place < len(bounds) else MOST,)] += 1
        found[(SUM,)] += value
    return dict(found)


def _add(held: dict[str, dict[Labels, float]], counts: Counts) -> None:
    for name, some in counts.items():
        mine = held.setdefault(name, {})
        for labels, value in some.items():
            mine[labels] = mine.get(labels, 0.0) + value


def _put(pipe: Any, counts: Counts) -> Any:
    for name, some in counts.items():
        for labels, value in some.items():
            pipe.hincrbyfloat(PREFIX + name, "\x1f".join(labels), value)
    return pipe
