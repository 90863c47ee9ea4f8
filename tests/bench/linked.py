"""The same changes among few and among many linked events: what a run costs follows what changed, not what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from sync_tasks.state.records import UserView
from tests.bench.jobs import FULL, Cost, cost
from tests.support.world import ORG, World

# Times the work among few that a run among many may be; if it followed what there is, it would be ten times. An idle
# run does little else than ask whether a part of the records is still the user's, and of few that part is smaller.
MOST_IDLE, MOST_WORK = 3.0, 1.5


@dataclass(frozen=True, slots=True)
class Compared:
    """What one and the same job cost the user with few linked events and the one with many."""

    name: str
    few: Cost
    many: Cost
    broken: tuple[str, ...] = ()


@dataclass(slots=True)
class Linked:
    """A user whose events are all linked and at rest."""

    world: World
    user: UserView
    size: int
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n in range(self.size):
            start = self.world.now + timedelta(hours=1 + n % 500)
            self.ids.append(self.world.appointment(self.user, f"Call {n}", start=start, marked=True, Body="Agenda"))
        self.world.sync(self.user)
        self.rest()

    def rest(self) -> None:
        """Let the user's own writes come back, and be so old that no poll looks back at them."""
        for _ in range(2):
            self.world.later(hours=3)
            self.world.sync(self.user)
        self.world.later(minutes=30)

    def move_in_mailbox(self, changed: int) -> None:
        for item in self.ids[:changed]:
            self.world.edit(self.user, item, Subject="Moved call", Location="Room 7")

    def move_in_crm(self, changed: int) -> None:
        rows = self.world.query(f"SELECT Id FROM Event WHERE OwnerId = '{self.user.crm_user_id}' LIMIT {changed}")
        for row in rows:
            self.world.change("Event", row["Id"], Subject="Moved visit", Location="Room 9")


def compare(world: World, few: int, many: int, changed: int) -> Iterator[Compared]:
    """Measure a run that finds nothing, and runs that find `changed` events changed on either side."""
    users = [Linked(world, world.user(f"{name}@acme.example"), size) for name, size in (("few", few), ("many", many))]
    jobs: tuple[tuple[str, Callable[[Linked], None], str, float], ...] = (
        ("idle", lambda _: None, "", MOST_IDLE),
        (f"{changed} changed, mailbox", lambda linked: linked.move_in_mailbox(changed), "crm.update", MOST_WORK),
        (f"{changed} changed, Salesforce", lambda linked: linked.move_in_crm(changed), "mailbox.update", MOST_WORK),
    )
    for name, prepare, written, most in jobs:
        costs, broken = [], []
        for linked in users:
            prepare(linked)
            world.later(minutes=30)
            # whoever comes first on a day reads the describe; that is nobody's cost
            world.app.keep_shape(world.org, world.app.crm_of(world.org, None, ORG))
            costs.append(cost(world, lambda linked=linked: world.sync(linked.user)))  # type: ignore[misc]
            assert world.last is not None
            if written and world.last.counts.get(written, 0) != changed:
                broken.append(f"{written}: {world.last.counts.get(written, 0)} done, {changed} wanted")
            linked.rest()
        among_few, among_many = costs
        broken += _more_calls(among_few, among_many)
        if few >= FULL:
            broken += _more_work(among_few, among_many, most)
        yield Compared(name, among_few, among_many, tuple(broken))


def _more_calls(few: Cost, many: Cost) -> Iterator[str]:
    if dict(few.calls) != dict(many.calls):
        yield f"{dict(many.calls)} among many events, {dict(few.calls)} among few"


def _more_work(few: Cost, many: Cost, most: float) -> Iterator[str]:
    if many.cpu > most * few.cpu:
        yield f"{many.cpu:.2f} s of work among many events, {few.cpu:.2f} s among few; at most {most} times"
