"""What a user costs in whose mailbox nothing has happened, over each kind of mailbox.

Wanted is one call a folder over EWS, one call (a `$batch` of all folders) over Graph, one call a service in use at
Google; and one call to Salesforce, where no look is taken for all users together (see `resting.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync_tasks.state.records import UserView
from tests.bench.jobs import Cost, cost
from tests.support.kinds import KINDS
from tests.support.world import World

# what is synchronized besides events and e-mails: settings, and how many services of Google that takes
USES: Mapping[str, tuple[Mapping[str, bool], int]] = {
    "events and e-mails": ({}, 2),
    "tasks and contacts, too": ({"tasks__enabled": True, "contacts__enabled": True}, 4),
}
RULES = {"exchange": "one a folder", "graph": "one batch", "google": "one a service in use"}
CRM = 1


@dataclass(frozen=True, slots=True)
class Idle:
    """`most`: calls to the mailbox, at most."""

    kind: str
    use: str
    cost: Cost
    most: int

    @property
    def name(self) -> str:
        return f"an idle user, {self.kind}, {self.use}"

    @property
    def crm(self) -> int:
        return sum(count for name, count in self.cost.calls.items() if name.startswith("sf."))

    @property
    def mailbox(self) -> int:
        return self.cost.total - self.crm

    @property
    def told(self) -> str:
        calls = f"{self.mailbox} of {self.most} calls to the mailbox ({RULES[self.kind]})"
        return f"{self.name}: {calls}, {self.crm} of {CRM} to Salesforce, {self.cost.seconds:.2f} s"

    @property
    def broken(self) -> tuple[str, ...]:
        found = []
        if self.mailbox > self.most:
            found.append(f"{self.mailbox} calls to the mailbox, at most {self.most} wanted: {dict(self.cost.calls)}")
        if self.crm > CRM:
            found.append(f"{self.crm} calls to Salesforce, at most {CRM} wanted")
        return tuple(found)


def idle_all(server: Any, home: Path) -> Iterator[Idle]:
    """`server`: a sandbox. Each kind and use gets a world of its own on it."""
    for kind in KINDS:
        for number, (use, (settings, services)) in enumerate(USES.items()):
            world = World(server, f"sqlite:///{home}/{kind}{number}.db", home / f"{kind}{number}", kind=kind)
            user = world.user(f"idle-{kind}{number}@acme.example", **settings)
            world.appointment(user, "Lunch", marked=True)
            for _ in range(3):  # the first fills, the second hears its own writes, the third is idle
                world.later(minutes=10)
                took = cost(world, lambda world=world, user=user: world.sync(user))  # type: ignore[misc]
            most = {"exchange": _folders(world, user), "graph": 1, "google": services}
            world.close()
            yield Idle(kind, use, took, most[kind])


def _folders(world: World, user: UserView) -> int:
    """How many folders the user's runs look at."""
    with world.app.store.reading() as unit:
        return sum(name.startswith("mailbox:") for name in unit.runs.cursors(user.id))
