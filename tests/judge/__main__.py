"""`python -m tests.judge DIR`: every calendar file below DIR through the sandbox and the engine, against an independent
reader of calendars. Prints what agrees, what does not and why; exits with 1 when runs after the first write anything.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

from connectors.sandbox.server import Sandbox, SandboxServer
from tests.judge.comparing import Verdict, judge
from tests.support.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.judge", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", help="only files whose name contains this")
    given = parser.parse_args()
    files = [path for path in sorted(given.directory.rglob("*.ics")) if given.only in path.name]
    warnings.simplefilter("ignore")  # of readers, about what is wrong with a file
    sandbox = Sandbox()
    verdicts: list[Verdict] = []
    with SandboxServer(sandbox) as server, tempfile.TemporaryDirectory() as home:
        world = World(server, f"sqlite:///{home}/store.db", Path(home))
        world.set(guard__deletes_most=10_000, guard__changes_most=10_000)
        for number, path in enumerate(files):
            verdicts.append(judge(world, path, number))
            print("\n".join(_lines(verdicts[-1])), flush=True)
        world.close()
    exact = [v for v in verdicts if v.exact and not v.unreadable]
    print(
        f"{len(verdicts)} calendars: {len(exact)} exact, {sum(not v.exact for v in verdicts)} with differences, "
        f"{sum(bool(v.unreadable) for v in verdicts)} that the judge cannot read; "
        f"{sum(v.matches for v in verdicts)} occurrences agree, {sum(sum(v.missing.values()) for v in verdicts)} are "
        f"missing, {sum(sum(v.extra.values()) for v in verdicts)} are extra; "
        f"{sum(bool(v.writes) for v in verdicts)} calendars were written to again"
    )
    return 1 if any(v.writes for v in verdicts) else 0


def _lines(verdict: Verdict) -> list[str]:
    if verdict.unreadable:
        return [f"{verdict.file}: the judge cannot read it: {verdict.unreadable}"]
    word = "exact" if verdict.exact else "DIFFERS"
    lines = [f"{verdict.file}: {word}, {verdict.matches} agree"]
    lines += [f"    missing {n} x {what}" for what, n in sorted(verdict.missing.items())[:5]]
    lines += [f"    extra {n} x {what}" for what, n in sorted(verdict.extra.items())[:5]]
    lines += [f"    written again: {verdict.writes}"] if verdict.writes else []
    return lines + ([f"    {text}" for text in verdict.told] if not verdict.exact else [])


if __name__ == "__main__":
    sys.exit(main())
