"""`python -m tests.bench`: what the engine's work costs, beside the least that a hand-written loop would need.

Counts decide: the exit code is 1 when a limit on calls is broken. Times depend on the machine and are only told; the
ratios of one run can be compared with those of another.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.jobs import Measured, run_all
from tests.bench.place import Place, remote_sandbox
from tests.support.world import World

HOME = Path(".bench")


def main(argv: Sequence[str] | None = None) -> int:
    asked = _arguments(argv)
    console = Console(stderr=asked.json)
    done: list[Measured] = []
    with remote_sandbox() as server, tempfile.TemporaryDirectory() as home:
        world = World(server, f"sqlite:///{home}/store.db", Path(home))  # type: ignore[arg-type]  # all it asks for
        for measured in run_all(Place(world, asked.size)):
            done.append(measured)
            console.print(f"{measured.name}: {measured.ours.total} calls, {measured.ours.seconds:.1f} s", style="dim")
        world.close()
    console.print(_table(done, asked.size))
    for measured in done:
        for sentence in measured.broken:
            console.print(f"broken: {measured.name}: {sentence}", style="red", soft_wrap=True)
    if asked.json:
        print(_keep(done, asked.size))
    return 1 if any(measured.broken for measured in done) else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="events a job; half as many mails (default: 1000)")
    parser.add_argument(
        "--json", action="store_true", help="also write the figures to .bench/ and print the file's path"
    )
    return parser.parse_args(argv)


def _table(done: Sequence[Measured], size: int) -> Table:
    table = Table(title=f"{size} events, {size // 2} e-mails")
    for name in ("job", "calls", "least", "ratio", "seconds", "least", "ratio", "own work", "least"):
        table.add_column(name, justify="left" if name == "job" else "right", no_wrap=True)
    for measured in done:
        ours, least = measured.ours, measured.least
        table.add_row(
            measured.name, str(ours.total), str(least.total), f"{ours.total / least.total:.2f}",
            f"{ours.seconds:.1f}", f"{least.seconds:.1f}", f"{ours.seconds / least.seconds:.2f}",
            f"{ours.cpu:.1f}", f"{least.cpu:.1f}",
        )  # fmt: skip
    return table


def _keep(done: Sequence[Measured], size: int) -> Path:
    HOME.mkdir(exist_ok=True)
    path = HOME / f"{time.strftime('%Y%m%d-%H%M%S')}-{size}.json"
    path.write_text(json.dumps({"size": size, "jobs": [asdict(measured) for measured in done]}, indent=1))
    return path


if __name__ == "__main__":
    sys.exit(main())
