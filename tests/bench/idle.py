"""What a user costs in whose mailbox nothing has happened, over each kind of mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.jobs import Cost, cost
from tests.support.kinds import KINDS
from tests.support.world import World

# the most calls to the mailbox, with events, mails, tasks and contacts: one for each folder that is looked at, one for
# all of them, one for each service
LIMITS = {"exchange": 8, "graph": 1, "google": 4}
CRM = 1


@dataclass(frozen=True, slots=True)
class Idle:
    name: str
    cost: Cost
    broken: tuple[str, ...] = ()


def idle_all(server: Any, home: Path) -> Iterator[Idle]:
    """`server`: a sandbox. Each kind gets a world of its own on it."""
    for kind in KINDS:
        world = World(server, f"sqlite:///{home}/{kind}.db", home / kind, kind=kind)
        user = world.user(f"idle-{kind}@acme.example", tasks__enabled=True, contacts__enabled=True)
        world.appointment(user, "Lunch", marked=True)
        for _ in range(3):  # the first fills, the second hears its own writes, the third is idle
            world.later(minutes=10)
            took = cost(world, lambda world=world, user=user: world.sync(user))  # type: ignore[misc]
        world.close()
        yield Idle(kind, took, tuple(_broken(kind, took)))


def _broken(kind: str, took: Cost) -> Iterator[str]:
    crm = sum(count for name, count in took.calls.items() if name.startswith("sf."))
    mailbox = took.total - crm
    if mailbox > LIMITS[kind]:
        yield f"{mailbox} calls to the mailbox, at most {LIMITS[kind]} wanted: {dict(took.calls)}"
    if crm > CRM:
        yield f"{crm} calls to Salesforce, at most {CRM} wanted"
