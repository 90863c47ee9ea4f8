"""`inbox-sync worker`, `beat` and `flower`: the processes around the queue."""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from sync_tasks import runtime
from sync_tasks.cli.shell import CommandError, Json, WrongUsageError, give, open_app, say
from sync_tasks.observability import logs, traces
from sync_tasks.queues import UPKEEP, all_queues, shard_queue
from sync_tasks.settings import Settings

log = logging.getLogger(__name__)

Level = Annotated[str, typer.Option(metavar="LEVEL", help="How much is logged: DEBUG, INFO, WARNING, ERROR.")]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POOLS = ("prefork", "threads", "solo")


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(worker)
    cli.command()(beat)
    cli.command()(flower)


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
    begin(level)
    app = runtime.celery()
    announce("worker", {"queues": queues, "pool": pool, "concurrency": concurrency}, as_json=as_json)
    # Workers have nothing to say to each other, and finding each other is what makes a start slow.
    argv = ["worker", "--without-gossip", "--without-mingle", f"--pool={pool}", f"--loglevel={level}"]
    app.worker_main(
        [*_quiet(), *argv, "-Q", ",".join(queues), *([f"--concurrency={concurrency}"] if concurrency else [])]
    )


def beat(log_level: Level = "INFO", as_json: Json = False) -> None:
    """Start what is due, and what fell silent, every few seconds. One process is enough; more do no harm."""
    level = level_named(log_level)
    begin(level)
    app = runtime.celery()
    announce("beat", {"every_seconds": Settings().dispatch_every_seconds}, as_json=as_json)
    # No pid file: two beats do no harm, and a file left behind by a crash would keep the next one from starting.
    app.start([*_quiet(), "beat", f"--loglevel={level}", "--pidfile="])


def flower(
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Where to listen, else flower_host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="And on which port; else flower_port.")] = None,
    prefix: Annotated[str, typer.Option(metavar="PATH", help="Under which path a proxy shows it.")] = "",
    log_level: Level = "INFO",
    as_json: Json = False,
) -> None:
    """Show what workers and queues do, to who knows flower_user and flower_password."""
    settings = Settings()
    level = level_named(log_level)
    password = settings.flower_password.get_secret_value()
    if not password:
        raise CommandError("Flower shows itself to nobody without a password: set INBOX_SYNC_FLOWER_PASSWORD")
    logs.setup(settings, level)
    # the environment, where other users of the machine cannot read it; the command line they can
    os.environ["FLOWER_BASIC_AUTH"] = f"{settings.flower_user}:{password}"
    app = runtime.celery()
    at, on = host or settings.flower_host, settings.flower_port if port is None else port
    announce("flower", {"address": f"http://{at}:{on}{prefix}"}, as_json=as_json)
    argv = [*_quiet(), "flower", f"--address={at}", f"--port={on}", f"--logging={level.lower()}"]
    app.start([*argv, *([f"--url_prefix={prefix}"] if prefix else [])])


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


def begin(level: str) -> None:
    """Log as the settings say, and find out now, not in the first task, whether the database and what traces need are
    there; the connections are closed again before anything forks."""
    settings = Settings()
    logs.setup(settings, level)
    traces.check(settings)
    with open_app():
        pass


def _quiet() -> list[str]:
    """Celery's banner is no JSON."""
    return ["--quiet"] if Settings().log_format == "json" else []


def announce(what: str, facts: dict[str, object], *, as_json: bool) -> None:
    if Settings().log_format == "json" and not as_json:
        log.info("process_started", extra={"program": what, **facts})
    elif as_json:
        give({"process": what, **facts})
    else:
        say(f"{what}: " + ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None))
