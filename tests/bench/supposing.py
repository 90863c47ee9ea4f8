"""What if a setting were another one, over many items that are saved and unchanged: how long that takes, and that it
writes nothing. Wanted: less than five minutes for ten thousand items (TOP-15)."""

from __future__ import annotations

import time
from datetime import timedelta

from sync_tasks.services import imagining
from sync_tasks.services.imagining import Wish
from tests.bench.jobs import FULL
from tests.support.world import World

WANTED = 300 / 10_000  # seconds an item
CLIENT = "person@customer.example"


class Supposed:
    """`items`: how many were looked at, half of them mails; `found`: how many would be treated otherwise."""

    def __init__(self, world: World, items: int) -> None:
        world.set(None, guard__changes_percent=100, link__require_account=False)
        user = world.user("supposing@acme.example", autosave__emails=True)
        world.record("Contact", LastName="Person", Email=CLIENT)
        for n in range(items // 2):
            world.message(user, f"Mail {n}", sender=CLIENT, message_id=f"<{n}@customer.example>")
            world.appointment(user, f"Call {n}", start=world.now + timedelta(hours=1 + n % 500), marked=True)
        world.sync(user)
        world.later(minutes=30)
        world.writes()
        began, worked = time.perf_counter(), time.process_time()
        wish = Wish(imagining.nearest(user, ["autosave.emails"]), {"autosave.emails": False})
        told = imagining.for_user(world.app, user, wish, by="bench")
        self.seconds, self.cpu = time.perf_counter() - began, time.process_time() - worked
        self.items, self.found = told.looked_at, len(told.comparison.less)
        self.written = sum(world.writes().values())

    @property
    def told(self) -> str:
        took = f"{self.seconds:.1f} s, {self.cpu:.1f} s of work"
        return f"what if, over {self.items:,} items: {took}, {self.found:,} treated otherwise"

    @property
    def broken(self) -> list[str]:
        slow = self.items >= FULL and self.cpu > WANTED * self.items
        return [
            *([f"what if took {self.cpu:.0f} s of work for {self.items} items"] if slow else []),
            *([f"what if wrote {self.written} times"] if self.written else []),
        ]
