"""`inbox-sync worker` and `beat`: the processes that do the work."""

from __future__ import annotations

from typing import Annotated

import typer

from sync_tasks import runtime
from sync_tasks.cli.shell import Json, WrongUsageError, give, open_app, say
from sync_tasks.queues import UPKEEP, all_queues, shard_queue
from sync_tasks.settings import Settings

Level = Annotated[str, typer.Option(metavar="LEVEL", help="How much is logged: DEBUG, INFO, WARNING, ERROR.")]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POOLS = ("prefork", "threads", "solo")


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(worker)
    cli.command()(beat)


def worker(
    shards: Annotated[
        str | None, typer.Option(metavar="0,1,...", help="Serve the users of these shards only; else all.")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Runs at the same time; else one a CPU.")] = None,
    pool: Annotated[str, typer.Option(metavar="KIND", help=f"How they run: {', '.join(POOLS)}.")] = "prefork",
    log_level: Level = "INFO",
    as_json: Json = False,
) -> None:
    """Do the work of the queue until told to stop."""
    if pool not in POOLS:
        raise WrongUsageError(f"--pool is one of {', '.join(POOLS)}, not {pool!r}")
    queues = _queues(shards, Settings().shards)
    level = level_named(log_level)
    check_database()
    app = runtime.celery()
    announce("worker", {"queues": queues, "pool": pool, "concurrency": concurrency}, as_json=as_json)
    # Workers have nothing to say to each other, and finding each other is what makes a start slow.
    argv = ["worker", "--without-gossip", "--without-mingle", f"--pool={pool}", f"--loglevel={level}"]
    app.worker_main([*argv, "-Q", ",".join(queues), *([f"--concurrency={concurrency}"] if concurrency else [])])


def beat(log_level: Level = "INFO", as_json: Json = False) -> None:
    """Start what is due, and what fell silent, every few seconds. One process is enough; more do no harm."""
    level = level_named(log_level)
    check_database()
    app = runtime.celery()
    announce("beat", {"every_seconds": Settings().dispatch_every_seconds}, as_json=as_json)
    # No pid file: two beats do no harm, and a file left behind by a crash would keep the next one from starting.
    app.start(["beat", f"--loglevel={level}", "--pidfile="])


def _queues(shards: str | None, count: int) -> list[str]:
    if shards is None:
        return list(all_queues(count))
    wanted = []
    for part in filter(None, map(str.strip, shards.split(","))):
        if not part.isdecimal() or int(part) >= count:
            raise WrongUsageError(f"--shards takes numbers from 0 to {count - 1}, as in 0,1; not {part!r}")
        wanted.append(shard_queue(int(part)))
    if not wanted:
        raise WrongUsageError(f"--shards takes numbers from 0 to {count - 1}, as in 0,1")
    return [*dict.fromkeys(wanted), UPKEEP]


def level_named(name: str) -> str:
    if name.upper() not in LEVELS:
        raise WrongUsageError(f"--log-level is one of {', '.join(LEVELS)}, not {name!r}")
    return name.upper()


def check_database() -> None:
    """Find out now, not in the first task; the connections are closed again before anything forks."""
    with open_app():
        pass


def announce(what: str, facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        give({"process": what, **facts})
    else:
        say(f"{what}: " + ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None))
