"""How an installation keeps up, for those who operate it: queues, lag, runs and errors of the last hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import redis

from sync_tasks.bootstrap import App
from sync_tasks.queues import all_queues
from sync_tasks.services import budgets, feeding
from sync_tasks.services.budgets import Told
from sync_tasks.services.embedded import EmbeddedRedisError, redis_url
from sync_tasks.state.overview import Reach

HOURS, SLICE = 12, timedelta(minutes=30)
MOST_CLASSES = 8


@dataclass(frozen=True, slots=True)
class Facts:
    """`lag`: seconds since when the user that has waited longest is due. `runs`: by half hour, as (when, all, failed).
    `queues`: messages by queue, empty when the broker does not answer. `feeds`: by name of the organization."""

    by_status: dict[str, int]
    waits: dict[str, int]
    due: int
    lag: float
    open_runs: int
    queues: dict[str, int]
    runs: list[tuple[str, float, float]]
    seconds: list[tuple[str, float]]
    errors: list[tuple[str, float]]
    issues: list[tuple[str, float]]
    feeds: list[tuple[str, feeding.Told]]
    budgets: list[Told]


def facts(app: App, reach: Reach) -> Facts:
    now = app.clock()
    began = now - timedelta(hours=HOURS)
    with app.store.reading() as unit:
        by_status, waits = unit.overview.by_status(reach), unit.overview.waiting(reach)
        due, oldest = unit.overview.due(reach, now)
        open_runs = unit.accounts.open_runs()
        ended = unit.overview.ended_since(reach, began)
        codes = unit.overview.issue_codes(reach)
        names_of = {org.id: org.name for org in unit.accounts.orgs() if reach.everybody or org.id in reach.org_ids}
    slices = int(timedelta(hours=HOURS) / SLICE)
    names = [(began + SLICE * place).strftime("%H:%M") for place in range(slices)]
    done, failed, spent = [0.0] * slices, [0.0] * slices, [0.0] * slices
    errors: Counter[str] = Counter()
    for at, state, code, seconds in ended:
        place = min(max(int((at - began) / SLICE), 0), slices - 1)
        done[place] += 1
        spent[place] += seconds
        if state == "failed":
            failed[place] += 1
            errors[code] += 1
    return Facts(
        by_status=by_status, waits=waits, due=due, lag=(now - oldest).total_seconds() if oldest else 0.0,
        open_runs=open_runs, queues=queue_depths(app),
        runs=list(zip(names, done, failed, strict=True)),
        seconds=[(n, s / d if d else 0.0) for n, s, d in zip(names, spent, done, strict=True)],
        errors=[(code, float(count)) for code, count in errors.most_common(MOST_CLASSES)],
        issues=[(code, float(count)) for code, count in Counter(codes).most_common(MOST_CLASSES)],
        feeds=sorted((names_of[org_id], told) for org_id, told in feeding.feeds(app, names_of).items()),
        budgets=budgets.facts(app, reach),
    )  # fmt: skip


def queue_depths(app: App) -> dict[str, int]:
    """How many messages wait in each queue; nothing when the broker does not answer."""
    names = all_queues(app.settings.shards)
    try:
        with redis.Redis.from_url(redis_url(app.settings), socket_timeout=2, socket_connect_timeout=1) as client:
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.llen(name)
            return dict(zip(names, map(int, pipe.execute()), strict=True))
    except (redis.RedisError, EmbeddedRedisError):
        return {}
