"""The task that reads the feed of an organization. A message may be lost or come twice: the store knows what is due,
and whoever comes late finds it taken."""

from __future__ import annotations

from celery import shared_task

from sync_tasks import runtime
from sync_tasks.queues import shard_queue
from sync_tasks.services import feeding

STALE_SECONDS = 60  # what waited longer is asked for anew, if it is still due


@shared_task(name="sync.feed")
def feed(org_id: int) -> None:
    feeding.read(runtime.app(), org_id)


def enqueue(org_id: int) -> None:
    # with the runs: it asks a vendor, and upkeep must not wait for that
    queue = shard_queue(org_id % runtime.app().settings.shards)
    feed.apply_async(args=(org_id,), queue=queue, expires=STALE_SECONDS)
