"""The calls of the last 24 hours to each Salesforce organization: ours by the hour, and what Salesforce told of all.

What is kept in Redis is enough for all processes to act alike; what it loses Salesforce tells again with the next
answer.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mapping.rules.budget import HOUR, WINDOW, Day, hour_of
from sync_tasks.metering.shared import Shared

PREFIX = "inbox-sync:day:"
KEPT_SECONDS = 3600 * (WINDOW + 2)
USED, ALLOWED, TOLD_AT = "used", "allowed", "told_at"


class Days:
    """One for each process. Without Redis it knows what this process called and was told."""

    def __init__(self, shared: Shared, clock: Callable[[], datetime]) -> None:
        self._shared = shared
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[int, Counter[str]] = {}
        self._told: dict[int, dict[str, str]] = {}

    def called(self, org_id: int, usage: tuple[int, int] | None) -> None:
        """A call was answered. `usage`: what Salesforce told of its day."""
        now = self._clock()
        with self._lock:
            self._pending.setdefault(org_id, Counter())[_field(hour_of(now))] += 1
            if usage is not None:
                self._told[org_id] = {USED: str(usage[0]), ALLOWED: str(usage[1]), TOLD_AT: now.isoformat()}
            pending, told = self._pending.pop(org_id), self._told.get(org_id, {}) if usage is not None else {}
        if self._shared.do(lambda client: _put(client, org_id, pending, told)) is None:
            with self._lock:
                self._pending.setdefault(org_id, Counter()).update(pending)

    def day(self, org_id: int) -> Day:
        """How it stands, without what the settings say."""
        since = hour_of(self._clock()) - WINDOW * HOUR
        held = self._shared.do(lambda client: client.hgetall(PREFIX + str(org_id)))
        with self._lock:
            # what this process was told counts only where it is all there is
            known: dict[str, str] = self._told.get(org_id, {}) if held is None else held
            counts = Counter(self._pending.get(org_id, {}))
        counts.update({name: int(value) for name, value in known.items() if name.startswith("h:")})
        ours = {hour: count for name, count in counts.items() if (hour := _hour(name)) >= since}
        told = Day(ours=ours)
        if USED not in known:
            return told
        moment = datetime.fromisoformat(known[TOLD_AT])
        return replace(told, used=int(known[USED]), allowed=int(known[ALLOWED]), told_at=moment)

    def first_to_look(self, org_id: int, seconds: int) -> bool:
        """Is nobody else finding out how it stands? True once in so many seconds; always without Redis."""
        taken = self._shared.do(
            lambda client: [client.set(f"{PREFIX}{org_id}:look", "1", nx=True, ex=seconds)]
        )  # fmt: skip
        return taken is None or bool(taken[0])


def _put(client: Any, org_id: int, counts: Mapping[str, int], told: Mapping[str, str]) -> bool:
    key = PREFIX + str(org_id)
    pipe = client.pipeline(transaction=True)
    for name, count in counts.items():
        pipe.hincrby(key, name, count)
    if told:
        pipe.hset(key, mapping=dict(told))
    pipe.expire(key, KEPT_SECONDS)
    pipe.execute()
    return True


def _field(hour: datetime) -> str:
    return f"h:{int(hour.timestamp())}"


def _hour(field: str) -> datetime:
    return datetime.fromtimestamp(int(field.removeprefix("h:")), UTC)
