"""Signs of life in Redis: when a dispatch was carried out last, and which queues each worker takes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync_tasks.metering.shared import Shared

DISPATCHED = "inbox-sync:pulse:dispatched"
WORKER = "inbox-sync:pulse:worker:"
PROBE = "inbox-sync:pulse:probe"
ALIVE_SECONDS = 45  # a worker says so every few seconds; after so long a silence it is gone
KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Signs:
    """`dispatched_at`: None for never. `workers`: the queues of each worker that is alive."""

    dispatched_at: datetime | None
    workers: Mapping[str, frozenset[str]]

    def takes_from(self, queue: str) -> bool:
        return any(queue in queues for queues in self.workers.values())


class Pulse:
    def __init__(self, shared: Shared, clock: Callable[[], datetime]) -> None:
        self._shared = shared
        self._clock = clock

    def dispatched(self) -> None:
        """Somebody has just looked who is due."""
        now = self._clock().isoformat()
        self._shared.do(lambda client: client.set(DISPATCHED, now, ex=KEPT_SECONDS))

    def works(self, name: str, queues: Collection[str]) -> None:
        """This worker is alive."""
        told = json.dumps(sorted(queues))
        self._shared.do(lambda client: client.set(WORKER + name, told, ex=ALIVE_SECONDS))

    def signs(self) -> Signs | None:
        """None when Redis does not answer."""
        return self._shared.do(_signs)

    def writable(self) -> bool:
        """Does Redis take what is written, and give it back?"""
        now = self._clock().isoformat()
        return bool(self._shared.do(lambda client: _probe(client, now)))


def _signs(client: Any) -> Signs:
    moment = client.get(DISPATCHED)
    names = list(client.scan_iter(match=f"{WORKER}*", count=500))
    queues = client.mget(names) if names else []
    workers = {
        name.removeprefix(WORKER): frozenset(json.loads(told))
        for name, told in zip(names, queues, strict=True) if told
    }  # fmt: skip
    return Signs(datetime.fromisoformat(moment) if moment else None, workers)


def _probe(client: Any, value: str) -> bool:
    client.set(PROBE, value, ex=60)
    return bool(client.get(PROBE) == value)
