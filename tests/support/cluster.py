"""Celery for real: an embedded Redis, workers and beats as processes of their own, on the database of a `World`.

The processes get their settings from the environment and the real time; so does the world, once it is clustered.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from sync_tasks.queues import all_queues
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.services.processes import beat_argv, worker_argv
from sync_tasks.settings import PREFIX
from tests.support.skew import Clocks
from tests.support.world import World

# quick enough for tests, and still each clock outlasts the one before it
QUICK = {
    "interval_seconds": 3,
    "jitter": 0,
    "dispatch_every_seconds": 0.5,
    "recover_after_seconds": 4,
    "lease_seconds": 20,
    "stage_soft_seconds": 20,
    "stage_hard_seconds": 25,
    "visibility_timeout": 30,
    "shards": 4,
}


class Worker:
    """One Celery worker: its main process and the children of its pool."""

    def __init__(self, process: GuardedProcess, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def name(self) -> str:
        return self.log.stem

    @property
    def main(self) -> int | None:
        """The process id of the worker itself, below the shell that guards it."""
        return next((pid for pid, args in _children(self.process.pid) if not args.startswith("/bin/sh")), None)

    @property
    def children(self) -> list[int]:
        main = self.main
        return [] if main is None else [pid for pid, _ in _children(main)]

    @property
    def ready(self) -> bool:
        return " ready." in self.said()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """The whole worker, as when its machine loses power."""
        self.process.kill()

    def freeze(self) -> None:
        """As when its machine is moved, or swaps: it does nothing, and does not know it."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self, patience: float = 40.0) -> None:
        """SIGTERM: what runs is finished, nothing new is begun."""
        self.process.stop(patience)


class Cluster:
    """Redis runs from construction on, workers and beats when they are started; all end with the block."""

    def __init__(
        self, world: World, home: Path, *, loglevel: str = "INFO", clocks: Clocks | None = None, **settings: object
    ) -> None:  # fmt: skip
        world.sandbox.clock.real()
        self.world = world
        self.home = home
        self.settings = {**QUICK, **settings}
        self._loglevel = loglevel
        self._clocks = clocks
        self._stack = ExitStack()
        self.redis = self._stack.enter_context(EmbeddedRedis(home))
        self.workers: list[Worker] = []
        self.beats: list[GuardedProcess] = []
        self.webs: list[Worker] = []
        self._port = 0
        self._started = 0

    @property
    def env(self) -> dict[str, str]:
        ours = {
            "home": str(self.home),
            "database_url": self.world.app.settings.database_url,
            "redis_url": self.redis.url,
            **{name: str(value) for name, value in self.settings.items()},
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return {**kept, **{PREFIX + name.upper(): value for name, value in ours.items()}}

    def _env(self, name: str) -> dict[str, str]:
        """The environment of one process; where clocks can be set it has one of its own."""
        return {**self.env, **(self._clocks.env(name) if self._clocks is not None else {})}

    # --- processes

    def worker(self, *more: str, concurrency: int = 2, queues: tuple[str, ...] = ()) -> Worker:
        """Start one more worker; it is ready some seconds later."""
        self._started += 1
        name = f"w{self._started}"
        log = self.home / f"{name}.log"
        chosen = ("-Q", ",".join(queues)) if queues else ()
        argv = worker_argv("-n", f"{name}@%h", "-c", str(concurrency), "-l", self._loglevel, *chosen, *more)
        made = Worker(GuardedProcess(argv, log=log, env=self._env(name)), log)
        self.workers.append(made)
        return made

    def command(self, *words: str) -> Worker:
        """Start `inbox-sync worker` or `inbox-sync beat` as people do, with options of their own choice."""
        self._started += 1
        log = self.home / f"{words[0][0]}{self._started}.log"
        argv = [sys.executable, "-m", "sync_tasks.cli.main", *words]
        made = Worker(GuardedProcess(argv, log=log, env=self._env(log.stem)), log)
        self.workers.append(made)
        return made

    def beat(self) -> GuardedProcess:
        self._started += 1
        name = f"b{self._started}"
        argv = beat_argv("-l", self._loglevel)
        made = GuardedProcess(argv, log=self.home / f"{name}.log", env=self._env(name))
        self.beats.append(made)
        return made

    def web(self, port: int) -> Worker:
        """The process that people and vendors call, on this port."""
        self._port = port
        made = self.command("web", "--port", str(port))
        self.workers.remove(made)
        self.webs.append(made)
        return made

    def revive(self) -> None:
        """Start anew whatever has ended, as whoever looks after the processes of a machine does."""
        for worker in [w for w in self.workers if not w.process.running]:
            self.workers.remove(worker)
            self.worker()
        for beat in [b for b in self.beats if not b.running]:
            self.beats.remove(beat)
            self.beat()
        for web in [w for w in self.webs if not w.process.running]:
            self.webs.remove(web)
            self.web(self._port)

    def logs(self) -> str:
        """All that workers and beats have said."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.home.glob("[wb]*.log")))

    # --- the broker, looked at from outside

    @contextmanager
    def broker(self) -> Iterator[redis.Redis]:
        client = redis.Redis.from_url(self.redis.url, decode_responses=True)
        try:
            yield client
        finally:
            client.close()

    def waiting(self) -> Mapping[str, int]:
        """How many messages wait in each queue."""
        with self.broker() as client:
            return {name: int(client.llen(name)) for name in all_queues(int(str(self.settings["shards"])))}

    # --- the end

    def close(self) -> None:
        for process in self.beats:
            process.kill()
        for worker in (*self.workers, *self.webs):
            worker.kill()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def kill(pid: int) -> bool:
    """SIGKILL to one process; False when it is gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _children(parent: int) -> list[tuple[int, str]]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 2) for line in table.splitlines())
    return [(int(row[0]), row[2]) for row in rows if len(row) == 3 and int(row[1]) == parent]
