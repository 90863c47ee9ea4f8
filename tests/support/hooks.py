"""Users who are listened for: the web process that vendors of the sandbox post to, and workers that do what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from connectors.sandbox import rounds
from sync_tasks.bootstrap import App
from sync_tasks.services import hearing, listening
from sync_tasks.services.hearing import Hint, NotQueuedError
from sync_tasks.state.records import PushView, UserView
from tests.support.waiting import until
from tests.support.web import serving
from tests.support.world import World

TOPIC = "projects/acme/topics/mail"
POSTER = "push@acme.iam.gserviceaccount.com"


class Hooks:
    """`hints`: what the receiver has handed over and no worker has taken yet."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.app: App = world.app
        self.address = address
        self.http = httpx.Client(base_url=address, timeout=10)
        self.hints: list[Hint] = []
        self.queue_is_down = False

    def deliver(self, _push: PushView, hint: Hint) -> None:
        if self.queue_is_down:
            raise NotQueuedError
        self.hints.append(hint)

    def listen(self, user: UserView) -> PushView:
        """Agree with the user's vendor; the row of his calendar. A channel of Google's first tells that it begins."""
        listening.renew(self.app, user.id)
        self._all_told()
        self.work()
        return self.push(user)

    def _rows(self, user: UserView) -> list[PushView]:
        with self.app.store.reading() as unit:
            return unit.pushes.of(user.id)

    def push(self, user: UserView, feed: str = "calendar") -> PushView:
        return next(each for each in self._rows(user) if each.feed == feed)

    def secret(self, user: UserView) -> str:
        return hearing.secret_of(self.app, self.push(user))

    def heard(self) -> list[Hint]:
        """Wait until vendors have told all, and have workers look as long as somebody has to; the hints that were
        handed to them."""
        self._all_told()
        found = self.work()
        self.world.later(seconds=hearing.APART.total_seconds())
        return found + self.work()

    def _all_told(self) -> None:
        until(lambda: not rounds.waits(self.world.sandbox), 20)

    def work(self) -> list[Hint]:
        """A worker takes what was handed over; looks that are due are taken, too."""
        taken, self.hints[:] = list(self.hints), []
        for hint in taken:
            hearing.heard(self.app, hint)
        for push in hearing.due_looks(self.app):
            hearing.look(self.app, push.id)
        return taken

    def tend(self) -> None:
        """Workers look after all agreements whose moment has come."""
        for push in listening.due(self.app):
            listening.tend(self.app, push.id)

    def user(self, user: UserView) -> UserView:
        with self.app.store.reading() as unit:
            return unit.accounts.user(user.id)

    @property
    def counts(self) -> Counter[str]:
        return self.app.hints.counts


@contextmanager
def hooked(world: World, **settings: str) -> Iterator[Hooks]:
    """The web process of a world, at the address that its vendors are told. `settings`: of the installation."""
    hints: list[Hooks] = []

    def deliver(push: PushView, hint: Hint) -> None:
        hints[0].deliver(push, hint)

    with serving(world.app, deliver) as address:
        told = {"public_url": address, **settings}
        world.app.settings = world.app.settings.model_copy(update=told)
        hooks = Hooks(world, address)
        hints.append(hooks)
        with hooks.http:
            yield hooks


def sets_topic(hooks: Hooks) -> None:
    """Gmail of the organization publishes to a topic, whose messages come to us."""
    world, endpoint = hooks.world, f"{hooks.address}/hooks/gmail"
    world.control("google/topics", name=TOPIC, endpoint=endpoint, audience=endpoint, account=POSTER)
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, None, "mailbox")
        assert found is not None
        unit.accounts.put_connection(world.org, None, "mailbox", found[1], {**found[2], "topic": TOPIC})
