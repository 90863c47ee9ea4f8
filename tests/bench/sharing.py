"""What sharing e-mail costs at Salesforce: by how many mails, with strangers among the senders, with attachments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.jobs import Cost, cost
from tests.bench.place import ROWS
from tests.support.world import World

SIZES = (1, 10, 200, 2000)
KNOWN = 50  # contacts, who write all mails but those of the unknown
UNKNOWN = 0.2  # share of the mails that come from somebody unknown, for whom a lead is made
ONCE = 12  # calls of a run that saves up to `ROWS` mails, all look-ups and new people counted in
MORE = 4  # for each further so many: mails, senders, perhaps people and a page of a look-up
FILES, TOGETHER = 4, 50  # calls besides the uploads of so many attachments: look, links, what is missing there


@dataclass(frozen=True, slots=True)
class Shared:
    """`limit`: the most calls to Salesforce that are allowed."""

    name: str
    cost: Cost
    limit: int
    broken: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        return sum(count for name, count in self.cost.calls.items() if name.startswith("sf."))


def share_all(world: World, sizes: tuple[int, ...] = SIZES) -> Iterator[Shared]:
    """Measure the run that saves so many new mails at once, without and (up to `ROWS`) with an attachment each."""
    # as many new people as there are, or most mails would wait for a person
    world.set(None, resolve__daily_most="none", resolve__domain_most="none", resolve__require_outbound=False)
    accounts = [world.record("Account", Name=f"House {n}") for n in range(5)]
    rows = [
        {"LastName": f"Writer {n}", "Email": f"writer{n}@house{n % 5}.example", "AccountId": accounts[n % 5]}
        for n in range(KNOWN)
    ]  # fmt: skip
    world.enter("Contact", rows)
    for size in sizes:
        yield _share(world, size, attached=False)
        if size <= ROWS:
            yield _share(world, size, attached=True)


def _share(world: World, size: int, *, attached: bool) -> Shared:
    name = f"{size} e-mails{', an attachment each' if attached else ''}"
    who = f"{'files' if attached else 'mails'}{size}"
    user = world.user(f"{who}@acme.example", resolve__kind="lead")
    world.sync(user)
    world.later(minutes=30)
    unknown = math.floor(size * UNKNOWN)
    for n in range(size):
        sender = f"new{n}@{who}{n % 10}.example" if n < unknown else f"writer{n % KNOWN}@house{n % KNOWN % 5}.example"
        attachments = [{"name": f"{n}.txt", "text": f"{who} {n}"}] if attached else []
        world.message(
            user, f"{who} {n}", sender=sender, message_id=f"<{n}.{who}@mail.example>", Categories=["Salesforce"],
            Attachments=attachments,
        )  # fmt: skip
    took = cost(world, lambda: world.sync(user))
    assert world.last is not None
    limit = ONCE + MORE * (math.ceil(size / ROWS) - 1)
    wanted = {"crm.create": size + unknown, "mailbox.mark": size}
    if attached:
        limit += size + FILES * math.ceil(size / TOGETHER)
        wanted["files.stored"] = size
    got = {what: world.last.counts.get(what, 0) for what in wanted}
    made = Shared(name, took, limit)
    broken = [f"{what}: {got[what]} done, {number} wanted" for what, number in wanted.items() if got[what] != number]
    if made.calls > limit:
        broken.append(f"{made.calls} calls to Salesforce, at most {limit} wanted")
    return Shared(name, took, limit, tuple(broken))
