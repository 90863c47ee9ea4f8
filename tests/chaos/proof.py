"""The proof by violence: a world whose workers are killed all the time ends like one that nobody disturbs.

Both worlds get the same rounds of edits. In the reference the stages run one after the other in this process; in the
other one Celery does the work while its processes are killed and its Redis is emptied, until the kills are spent.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from connectors.sandbox.server import Sandbox, SandboxServer
from sync_tasks.services.pipeline import STALLED, TOO_LONG, next_stage
from sync_tasks.state.records import RunState
from sync_tasks.state.runs import STAGES
from tests.chaos import comparing
from tests.chaos.story import Stage, Story
from tests.support.cluster import Cluster, Worker, kill
from tests.support.waiting import until
from tests.support.world import World

TARGETS = ("fetch", "resolve", "link", "mirror", "mirror", "mirror", "delete")  # where most is written, most is hit
# of a run whose workers died, or whose machine was too busy, the next one takes up the rest: that tells of the machine,
# and whether anything was lost by it is seen from the records
EXCUSED = frozenset({STALLED, TOO_LONG})
PATIENCE = 240.0  # seconds in which a round must settle once nobody disturbs it

Say = Callable[[str], None]


@dataclass(slots=True)
class Report:
    kills: int = 0
    by_victim: Counter[str] = field(default_factory=Counter)
    by_stage: Counter[str] = field(default_factory=Counter)  # what the runs were doing at the moment of the kill
    redis: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    runs: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    recoveries: int = 0
    redeliveries: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    left: int = 0  # sealed blobs that outlived their runs
    seconds: float = 0

    @property
    def holds(self) -> bool:
        return not (self.differences or self.duplicates or self.left or set(self.failed) - EXCUSED)

    def lines(self) -> Iterator[str]:
        def told(counted: Counter[str]) -> str:
            return ", ".join(f"{name} {number}" for name, number in counted.most_common()) or "none"

        lost = sum(d.startswith("lost") for d in self.differences)
        yield f"kills           {self.kills} ({told(self.by_victim)})"
        yield f"  hit while     {told(self.by_stage)}"
        yield f"redis           {told(self.redis)}"
        yield f"rounds of edits {self.rounds}, runs {self.runs}, failed runs: {told(self.failed)}"
        yield f"recoveries      {self.recoveries}, redelivered messages {self.redeliveries}"
        yield f"compared        {sum(self.compared.values())} records and items in {len(self.compared)} places"
        yield f"duplicates      {len(self.duplicates)}"
        yield f"lost            {lost}"
        yield f"other           {len(self.differences) - lost}"
        yield f"content left    {self.left} sealed blobs"
        yield f"took            {self.seconds:.0f} s"
        yield from self.duplicates[:20]
        yield from self.differences[:20]


class Disturbed:
    """The world that Celery works for, and the one who kills."""

    def __init__(self, stage: Stage, cluster: Cluster, rng: random.Random, report: Report) -> None:
        self.stage = stage
        self.cluster = cluster
        self._random = rng
        self._report = report

    def start(self, workers: int) -> None:
        for _ in range(workers):
            self.cluster.worker()
        self.cluster.beat()
        until(lambda: all(w.ready for w in self.cluster.workers), 60, every=0.1)

    # --- looking

    def working(self) -> list[str]:
        """The stages that runs are in now."""
        with self.stage.world.app.store.engine.connect() as connection:
            rows = connection.execute(text("SELECT stage FROM sync_run WHERE state = 'open' AND working <> ''")).all()
        return [next_stage(row.stage) or "closing" for row in rows]

    def newest_run(self) -> int:
        with self.stage.world.app.store.reading() as unit:
            return max((run.id for run in unit.runs.recent(None, 1)), default=0)

    def settled(self, since: int) -> bool:
        """Every user has had, after this run, two runs one after the other that found nothing to do."""
        now = datetime.now(UTC)
        with self.stage.world.app.store.reading() as unit:
            recent = {user.id: unit.runs.recent(user.id, 3) for user in self.stage.users.values()}
        for user_id, runs in recent.items():
            if runs and runs[0].state == RunState.FAILED:
                with self.stage.world.app.store.writing() as unit:  # nobody wants to wait for the back-off here
                    unit.accounts.force(user_id, now, timedelta(0))
        done = [[r for r in runs if r.state != RunState.OPEN and r.id > since][:2] for runs in recent.values()]
        return all(
            len(runs) == 2 and all(r.state == RunState.DONE and not r.counts.get("staged") for r in runs)
            for runs in done
        )

    # --- killing

    def strike(self) -> bool:
        """Kill something at a random moment of real work; False when there was none to hit.

        Mostly some stage is waited for, so that the short ones are hit as well as the long ones.
        """
        wanted = {self._random.choice(TARGETS)} if self._random.random() < 0.7 else set(STAGES)
        if not self._await(wanted) and not self._await(set(STAGES)):
            return False
        time.sleep(self._random.uniform(0, 0.5))
        hit = self.working()
        ready = [w for w in self.cluster.workers if w.ready]
        if not ready or not self._kill(self._random.choice(ready)):
            return False
        self._report.kills += 1
        self._report.by_stage.update(hit or ["between stages"])
        self._disturb_redis()
        self.cluster.revive()
        return True

    def _await(self, stages: set[str], seconds: float = 4.0) -> bool:
        limit = time.monotonic() + seconds
        while not stages & set(self.working()):
            if time.monotonic() > limit:
                return False
            time.sleep(0.01)
        return True

    def _kill(self, worker: Worker) -> bool:
        chance = self._random.random()
        if chance < 0.5:
            children = worker.children
            self._report.by_victim["pool child"] += bool(children)
            return bool(children) and kill(self._random.choice(children))
        if chance < 0.65:
            main = worker.main
            self._report.by_victim["main process only"] += main is not None
            return main is not None and kill(main)
        self._report.by_victim["whole worker"] += 1
        worker.kill()
        return True

    def _disturb_redis(self) -> None:
        chance = self._random.random()
        if chance < 0.12:
            self.cluster.redis.flush()
            self._report.redis["emptied"] += 1
        elif chance < 0.17:
            self.cluster.redis.restart()
            self._report.redis["restarted"] += 1


@contextmanager
def _world(home: Path, database_url: str, base: datetime, story: Story) -> Iterator[Stage]:
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        world = World(server, database_url, home, now=datetime.now(UTC))
        sandbox.clock.real()
        stage = Stage(world, base)
        story.open(stage)
        yield stage
        world.close()
    sandbox.close()


def prove(
    home: Path, story: Story, *, kills: int, seed: int, database_url: str = "", say: Say = lambda _: None
) -> Report:
    """Spend the kills, compare after every round, and stop at the first round that ends differently, or with the
    story."""
    report, started = Report(), time.monotonic()
    base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rng = random.Random(seed + 1)
    (home / "calm").mkdir(parents=True)
    (home / "chaos").mkdir()
    url = database_url or f"sqlite:///{home / 'chaos' / 'store.db'}"
    with (
        _world(home / "calm", f"sqlite:///{home / 'calm' / 'store.db'}", base, story) as calm,
        _world(home / "chaos", url, base, story) as wild,
        Cluster(wild.world, home / "chaos", interval_seconds=1) as cluster,
    ):
        disturbed = Disturbed(wild, cluster, rng, report)
        disturbed.start(story.workers)
        quota = max(5, kills // 6)  # so that kills hit edits and deletions too, not only the first round's creates
        while report.holds and not story.over and (report.kills < kills or not report.rounds):
            report.rounds += 1
            actions = story.next()
            for act in actions:
                act(calm)
            _sync_calmly(calm)
            for act in actions:
                act(wild)
            spent = report.kills
            since, limit = disturbed.newest_run(), time.monotonic() + PATIENCE
            while not disturbed.settled(since):
                if report.kills < min(kills, spent + quota) and disturbed.strike():
                    limit = time.monotonic() + PATIENCE
                    continue
                cluster.revive()
                if time.monotonic() > limit:
                    report.differences.append(f"round {report.rounds} did not settle: {_open(wild)}")
                    break
                time.sleep(0.1)
            _judge(report, calm, wild, story)
            say(f"round {report.rounds}: {report.kills} kills, {'equal' if report.holds else 'DIFFERENT'}")
        for worker in cluster.workers:
            worker.stop()
        _count(report, wild, cluster)
    report.seconds = time.monotonic() - started
    return report


def _sync_calmly(stage: Stage) -> None:
    for _ in range(10):
        runs = [stage.world.sync(user) for user in stage.users.values()]
        if not any(run.counts.get("staged") for run in runs):
            return
    raise AssertionError("the reference never comes to rest")


def _judge(report: Report, calm: Stage, wild: Stage, story: Story) -> None:
    wanted, found = (s.world.control_get("dump", normalise="1") for s in (calm, wild))
    report.compared = comparing.size(found)
    report.differences += comparing.differences(wanted, found, story.seen)
    report.differences += story.judge(wild)
    report.duplicates += comparing.duplicates(found)
    assert not comparing.duplicates(wanted), comparing.duplicates(wanted)


def _count(report: Report, wild: Stage, cluster: Cluster) -> None:
    with wild.world.app.store.reading() as unit:
        runs = unit.runs.recent(None, 100_000)
        report.left = unit.workspace.left([run.id for run in runs if run.state != RunState.OPEN])
    report.runs = len(runs)
    report.recoveries = sum(run.recovered for run in runs)
    report.failed.update(run.error_code for run in runs if run.state == RunState.FAILED)
    received = Counter(re.findall(r"Task sync\.\w+\[([0-9a-f-]+)\] received", cluster.logs()))
    report.redeliveries = sum(times - 1 for times in received.values())


def _open(stage: Stage) -> str:
    with stage.world.app.store.reading() as unit:
        last = [unit.runs.recent(user.id, 1) for user in stage.users.values()]
    told = [f"run {r.id} {r.state} after {r.stage or 'nothing'}, {dict(r.counts)}" for runs in last for r in runs]
    return "; ".join(told)
