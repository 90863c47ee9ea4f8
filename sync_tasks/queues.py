"""The names of the queues, one a shard for runs and one for upkeep, and the priorities inside them. Nowhere else is a
queue named."""

from __future__ import annotations

UPKEEP = "upkeep"
AT_ONCE, PATIENT = 0, 5  # Redis keeps a list for each; the lower number is served first


def shard_queue(shard: int) -> str:
    return f"shard-{shard:02d}"


def all_queues(shards: int) -> tuple[str, ...]:
    return (*(shard_queue(n) for n in range(shards)), UPKEEP)
