"""`python -m tests.chaos --faults 60`: take away what the system stands on, and see that nothing is lost;
`--kills 100`: kill workers at random, all the time. Either way the end is compared with a world that nobody disturbed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.chaos import proof, siege
from tests.chaos.mails import Mails
from tests.chaos.script import FEW, Script
from tests.support.postgres import PostgresServer

SOME = {"events": 6, "mails": 5, "edits": 0, "deletes": 0}  # so much each user has before the first fault


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--faults", type=int, metavar="N", help="so many faults of all kinds")
    what.add_argument("--kills", type=int, default=100, metavar="N", help="so many kills of workers")
    parser.add_argument("--together", type=int, default=1, metavar="N", help="so many faults at the same time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose kind contains this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--store", choices=("sqlite", "postgresql"), default="sqlite", help="of the kills; faults need PostgreSQL"
    )
    parser.add_argument(
        "--mails", type=Path, metavar="DIR", help="with kills: share the *.eml of DIR among five mailboxes"
    )
    parser.add_argument("--keep", action="store_true", help="keep the logs and stores, and say where they are")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="inbox-sync-chaos-"))
        if given.keep:
            print(f"kept in {home}")
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inbox-sync-chaos-")))
        report = _besieged(home, given) if given.faults else _killed(home, given, stack)
    print("\n".join(report.lines()))
    print("HOLDS" if report.holds else "BROKEN")
    return 0 if report.holds else 1


def _besieged(home: Path, given: argparse.Namespace) -> siege.Report:
    faults = siege.chosen(given.faults, random.Random(given.seed), only=given.only)
    return siege.besiege(
        home, faults, seed=given.seed, together=given.together, first=SOME, later=FEW, say=_say
    )  # fmt: skip


def _killed(home: Path, given: argparse.Namespace, stack: ExitStack) -> proof.Report:
    url = ""
    if given.store == "postgresql":
        server = PostgresServer(lasting=True)
        stack.callback(server.stop)
        url = server.create()
    story = Mails(given.mails, given.seed, home / "mails") if given.mails else Script(given.seed)
    return proof.prove(home, story, kills=given.kills, seed=given.seed, database_url=url, say=_say)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
