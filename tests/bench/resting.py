"""What the users of an organization cost in which nothing has happened, with one look a minute for all of them.

Wanted is one call to Salesforce a look, however many users there are, and none by any of their runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.feeding import calls, look, run, settle, with_feed
from tests.support.world import World

LOOKS = 5


@dataclass(frozen=True, slots=True)
class Resting:
    """`looks`: calls of as many looks; `runs`: calls of the runs of all users between them."""

    users: int
    looks: int
    runs: int

    @property
    def name(self) -> str:
        return f"{self.users} idle users with a feed"

    @property
    def told(self) -> str:
        return f"{self.name}: {self.looks} calls to Salesforce for {LOOKS} looks, {self.runs} for their runs (0 wanted)"

    @property
    def broken(self) -> tuple[str, ...]:
        found = []
        if self.looks > LOOKS:
            found.append(f"{self.looks} calls to Salesforce for {LOOKS} looks")
        if self.runs:
            found.append(f"{self.runs} calls to Salesforce by runs that had nothing to do")
        return tuple(found)


def rest(world: World, count: int) -> Resting:
    """`world`: without users."""
    everybody = [
        with_feed(world).user(f"resting-{n}@acme.example", tasks__enabled=True, contacts__enabled=True)
        for n in range(count)
    ]
    settle(world, *everybody)
    before, runs = calls(world), 0
    for _ in range(LOOKS):
        look(world)
        runs += sum(run(world, user) for user in everybody)
    return Resting(count, calls(world) - before - runs, runs)
