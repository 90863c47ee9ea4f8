"""Listening to a calendar without a receiver: what its feed tells between two moments, as notices."""

from __future__ import annotations

from mapping.model.notice import Notice
from mapping.model.reasons import Reason
from sync_tasks.services import hearing, instant
from sync_tasks.services.instant import Heard
from sync_tasks.state.records import UserView
from tests.support.world import World


class Ear:
    """On the calendar of a user, from now on."""

    def __init__(self, world: World, user: UserView) -> None:
        self.world, self.user = world, user
        self._mailbox = world.app.mailbox(user)
        with world.app.store.reading() as unit:
            self._cursor = unit.runs.cursors(user.id)["mailbox:calendar"]
        self.notices()

    def notices(self) -> list[Notice]:
        """What happened since it was last asked."""
        told = self._mailbox.changes("calendar", self._cursor)
        self._cursor = told.cursor
        return hearing.notices_of(self.world.app, self.user, told.changes)

    def hears(self) -> Heard:
        return instant.notified(self.world.app, self.user.id, self.notices())

    def reasons(self) -> list[Reason]:
        """Why what happened since asks for no run."""
        heard = self.hears()
        assert heard.due is None
        return sorted(wish.reason for wish in heard.wishes.values())
