"""Token buckets in Redis, in one step for all that a call draws on. What they mean is in `mapping.rules.budget`; the
script says the same again, because only inside Redis nobody comes in between.

The clock is that of Redis, so it does not matter whether those of the machines agree. Without Redis a process keeps
buckets of its own, by its own clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mapping.rules import budget
from mapping.rules.budget import Bucket, Level
from sync_tasks.metering.shared import Shared

PREFIX = "inbox-sync:bucket:"

# ARGV: the moment ('' for that of Redis), the longest wait, then capacity, gain and parts for each key.
# Returns whether it was taken, and for how long to wait.
TAKE = """
local now = tonumber(ARGV[1])
if not now then local t = redis.call('TIME'); now = t[1] + t[2] / 1000000 end
local longest, after = 0, {}
for i, key in ipairs(KEYS) do
  local capacity, gain, parts = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local held = redis.call('HMGET', key, 'tokens', 'at', 'until')
  local tokens, at, stop = tonumber(held[1]) or capacity, tonumber(held[2]) or now, tonumber(held[3]) or 0
  tokens = math.min(capacity, tokens + math.max(now - at, 0) * gain) - math.min(parts, capacity)
  local wait = math.max(0, -tokens / gain, stop - now)
  after[i] = {tokens, math.max(now, at), math.max((capacity - tokens) / gain, stop - now)}
  longest = math.max(longest, wait)
end
local taken = longest <= tonumber(ARGV[2])
if taken then
  for i, key in ipairs(KEYS) do
    redis.call('HSET', key, 'tokens', string.format('%.17g', after[i][1]), 'at', string.format('%.17g', after[i][2]))
    redis.call('EXPIRE', key, math.ceil(after[i][3]) + 60)
  end
end
return {taken and 1 or 0, string.format('%.17g', longest)}
"""

# ARGV: the moment ('' for that of Redis), and the seconds of the pause.
PAUSE = """
local now = tonumber(ARGV[1])
if not now then local t = redis.call('TIME'); now = t[1] + t[2] / 1000000 end
local stop = math.max(tonumber(redis.call('HGET', KEYS[1], 'until')) or 0, now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'until', string.format('%.17g', stop))
redis.call('EXPIRE', KEYS[1], math.max(math.ceil(stop - now) + 60, redis.call('TTL', KEYS[1])))
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A bucket by its name, which names no person."""

    name: str
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Taken:
    """`wait`: seconds, before sending when it was `taken`, and before asking again when not."""

    taken: bool
    wait: float


@dataclass(frozen=True, slots=True)
class Stand:
    """How many calls a bucket holds now, of how many, and when it is full and the vendor lets us call again."""

    left: int
    capacity: int
    resets_at: datetime


class Pacer:
    """`clock`: for the buckets of this process, which stand in while Redis is away."""

    def __init__(self, shared: Shared, clock: Callable[[], datetime]) -> None:
        self._shared = shared
        self._clock = clock
        self._own: dict[str, Level] = {}
        self._lock = threading.Lock()

    def take(self, sources: Sequence[Source], parts: int, most: float) -> Taken:
        """Draw on all of the sources, or on none when that would mean to wait for more than `most` seconds."""
        given = [f"{value:.17g}" for each in sources for value in (each.bucket.capacity, each.bucket.per_second, parts)]
        told = self._shared.do(lambda client: _run(client, TAKE, [each.name for each in sources], ["", most, *given]))
        if told is not None:
            return Taken(bool(told[0]), float(told[1]))
        return self._take_here(sources, parts, most)

    def pause(self, source: Source, how_long: timedelta) -> None:
        """The vendor asks not to be called for so long."""
        seconds = how_long.total_seconds()
        if self._shared.do(lambda client: [_run(client, PAUSE, [source.name], ["", seconds])]) is None:
            with self._lock:
                now = self._now()
                level = self._own.get(source.name) or budget.full(source.bucket, now)
                self._own[source.name] = budget.paused(level, now + seconds)

    def stand(self, source: Source) -> Stand:
        """How it is now; of a bucket that nobody has used, full."""
        held = self._shared.do(lambda client: (client.hgetall(PREFIX + source.name), client.time()))
        if held is None:
            now, level = self._now(), self._own.get(source.name)
        else:
            now, level = held[1][0] + held[1][1] / 1_000_000, _level(held[0])
        bucket = source.bucket
        if level is None:
            level = budget.full(bucket, now)
        level = budget.refilled(bucket, level, now)
        seconds = max((bucket.capacity - level.tokens) / bucket.per_second, level.until - now, 0.0)
        left = 0 if level.until > now else max(int(level.tokens), 0)
        return Stand(left, int(bucket.capacity), self._clock() + timedelta(seconds=seconds))

    def _take_here(self, sources: Sequence[Source], parts: int, most: float) -> Taken:
        with self._lock:
            now = self._now()
            held = [(each, self._own.get(each.name) or budget.full(each.bucket, now)) for each in sources]
            wait = max((budget.wait(each.bucket, level, now, parts) for each, level in held), default=0.0)
            if wait <= most:
                self._own |= {each.name: budget.taken(each.bucket, level, now, parts) for each, level in held}
            return Taken(wait <= most, wait)

    def _now(self) -> float:
        return self._clock().timestamp()


def _run(client: Any, script: str, names: Sequence[str], given: Sequence[object]) -> Any:
    return client.register_script(script)(keys=[PREFIX + name for name in names], args=list(given))


def _level(held: dict[str, str]) -> Level | None:
    if not held:
        return None
    # a pause may be all that is known of it
    return Level(float(held.get("tokens", "inf")), float(held.get("at", 0)), float(held.get("until", 0)))
