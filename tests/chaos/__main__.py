"""`python -m tests.chaos --kills 100`: kill workers at random, compare the end with a world that nobody disturbed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.mails import Mails
from tests.chaos.proof import prove
from tests.chaos.script import Script
from tests.support.postgres import PostgresServer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--mails", type=Path, metavar="DIR", help="share the *.eml below DIR among five mailboxes")
    parser.add_argument("--keep", action="store_true", help="keep the logs and stores, and say where they are")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="inbox-sync-chaos-"))
        if given.keep:
            print(f"kept in {home}")
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inbox-sync-chaos-")))
        url = ""
        if given.store == "postgresql":
            server = PostgresServer()
            stack.callback(server.stop)
            url = server.create()
        story = Mails(given.mails, given.seed, home / "mails") if given.mails else Script(given.seed)
        report = prove(
            home, story, kills=given.kills, seed=given.seed, database_url=url, say=lambda line: print(line, flush=True)
        )
    print("\n".join(report.lines()))
    print("HOLDS" if report.holds else "BROKEN")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
