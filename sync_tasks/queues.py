"""The names of the queues: one a shard for runs, one for upkeep. Nowhere else is a queue named."""

from __future__ import annotations

UPKEEP = "upkeep"


def shard_queue(shard: int) -> str:
    return f"shard-{shard:02d}"


def all_queues(shards: int) -> tuple[str, ...]:
    return (*(shard_queue(n) for n in range(shards)), UPKEEP)
