"""`python -m tests.bench`: what the engine's work costs, beside the least that a hand-written loop would need.

Counts decide: the exit code is 1 when a limit on calls is broken. Times depend on the machine and are only told; the
ratios of one run can be compared with those of another. Only the work that the same run does among many linked events
has a limit: so many times what it does among few.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from sync_tasks.cli.shell import console
from tests.bench.hooks import RATE, WANTED_MILLISECONDS, receive
from tests.bench.idle import idle_all
from tests.bench.jobs import Cost, Measured, run_all
from tests.bench.linked import Compared, compare
from tests.bench.place import Place, remote_sandbox
from tests.bench.reading import LEAST, mails_per_second
from tests.bench.resting import rest
from tests.bench.sharing import Shared, share_all
from tests.bench.supposing import Supposed
from tests.support.world import World

HOME = Path(".bench")
FEW, CHANGED = 1000, 100
AT_REST = 20  # users of one organization


def main(argv: Sequence[str] | None = None) -> int:
    asked = _arguments(argv)
    out = console(stderr=asked.json)
    done: list[Measured] = []
    compared: list[Compared] = []
    with remote_sandbox() as server, tempfile.TemporaryDirectory() as home:
        world = World(server, f"sqlite:///{home}/store.db", Path(home))  # type: ignore[arg-type]  # all it asks for
        for measured in run_all(Place(world, asked.size)):
            done.append(measured)
            out.print(f"{measured.name}: {measured.ours.total} calls, {measured.ours.seconds:.1f} s", style="dim")
        few = min(FEW, asked.linked)
        for each in compare(world, few, asked.linked, min(CHANGED, few)) if asked.linked else ():
            compared.append(each)
            out.print(f"{each.name} of {asked.linked}: {each.many.total} calls, {each.many.seconds:.1f} s", style="dim")
        shared = list(share_all(world)) if asked.shared else []
        world.close()
        idle = list(idle_all(server, Path(home)))
        world = World(server, f"sqlite:///{home}/resting.db", Path(home) / "resting")  # type: ignore[arg-type]
        resting = rest(world, AT_REST)
        world.close()
        world = World(server, f"sqlite:///{home}/supposing.db", Path(home) / "supposing")  # type: ignore[arg-type]
        supposed = Supposed(world, asked.size)
        world.close()
    for each in (*idle, resting, supposed):
        out.print(each.told)
    out.print(_table(f"{asked.size} events, {asked.size // 2} e-mails", "ours", "least", map(_ours, done)))
    if compared:
        title = f"among {few} and among {asked.linked} linked events"
        out.print(_table(title, f"of {asked.linked}", f"of {few}", map(_grown, compared)))
    if shared:
        out.print(_shared(shared))
    if asked.hooks:
        out.print(_received())
    speed = mails_per_second()
    out.print(f"signatures: {speed:.0f} mails a second of one core's work (wanted: {LEAST})")
    broken = [
        f"{each.name}: {sentence}" for each in [*idle, resting, *done, *compared, *shared] for sentence in each.broken
    ]
    broken += supposed.broken
    for line in broken:
        out.print(f"broken: {line}", style="red", soft_wrap=True)
    if asked.json:
        print(_keep(asked, done, compared, speed))
    return 1 if broken else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="events a job; half as many mails (default: 1000)")
    parser.add_argument(
        "--linked", type=int, default=10_000, metavar="N",
        help=f"compare {CHANGED} changes among N linked events with those among {FEW}; 0: do not (default: 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--no-shared", dest="shared", action="store_false", help="do not measure what sharing 1 to 2,000 e-mails costs"
    )
    parser.add_argument(
        "--no-hooks", dest="hooks", action="store_false", help="do not measure how fast vendors' posts are answered"
    )
    parser.add_argument(
        "--json", action="store_true", help="also write the figures to .bench/ and print the file's path"
    )
    return parser.parse_args(argv)


Line = tuple[str, Cost, Cost]  # what was done, what it cost, what that is compared with


def _ours(measured: Measured) -> Line:
    return measured.name, measured.ours, measured.least


def _grown(compared: Compared) -> Line:
    return compared.name, compared.many, compared.few


def _table(title: str, ours: str, other: str, lines: Iterable[Line]) -> Table:
    table = Table(title=title)
    table.add_column("job", no_wrap=True)
    for name in ("calls", "seconds", "own work"):
        for heading in (f"{name}, {ours}", other, "ratio"):
            table.add_column(heading, justify="right")
    for name, cost, than in lines:
        table.add_row(
            name, str(cost.total), str(than.total), f"{cost.total / than.total:.2f}",
            f"{cost.seconds:.2f}", f"{than.seconds:.2f}", f"{cost.seconds / than.seconds:.2f}",
            f"{cost.cpu:.2f}", f"{than.cpu:.2f}", f"{cost.cpu / than.cpu:.2f}",
        )  # fmt: skip
    return table


def _received() -> str:
    with tempfile.TemporaryDirectory() as home:
        told = receive(Path(home))
    return (
        f"receivers: {told.posts} posts at {RATE} a second, half answered within {told.p50:.1f} ms, 99 of 100 within "
        f"{told.p99:.1f} ms (wanted: {WANTED_MILLISECONDS:.0f}), {told.refused} refused"
    )


def _shared(done: Iterable[Shared]) -> Table:
    table = Table(title="sharing e-mail, one in five from somebody unknown")
    table.add_column("job", no_wrap=True)
    for heading in ("calls to Salesforce", "at most", "all calls", "seconds"):
        table.add_column(heading, justify="right")
    for each in done:
        table.add_row(
            each.name, str(each.calls), str(each.limit), str(each.cost.total), f"{each.cost.seconds:.2f}"
        )  # fmt: skip
    return table


def _keep(asked: argparse.Namespace, done: Sequence[Measured], compared: Sequence[Compared], speed: float) -> Path:
    HOME.mkdir(exist_ok=True)
    path = HOME / f"{time.strftime('%Y%m%d-%H%M%S')}-{asked.size}.json"
    told = {
        "size": asked.size, "jobs": [asdict(each) for each in done],
        "linked": asked.linked, "compared": [asdict(each) for each in compared], "signatures_per_second": speed,
    }  # fmt: skip
    path.write_text(json.dumps(told, indent=1))
    return path


if __name__ == "__main__":
    sys.exit(main())
