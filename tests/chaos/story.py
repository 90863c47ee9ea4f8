"""What is played to two worlds, one of which is disturbed: the same words lead to the same end.

Moments count from one base, the same in both worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sync_tasks.state.records import UserView
from tests.support.world import World


@dataclass(slots=True)
class Stage:
    """A world with the people of the story, and the ids of what stands there."""

    world: World
    base: datetime
    users: dict[str, UserView] = field(default_factory=dict)

    def add_user(self, name: str, **settings: Any) -> None:
        user = self.world.user(f"{name}@acme.example", **settings)
        with self.world.app.store.writing() as unit:  # long before whatever follows in the same second
            unit.accounts.set_user(user.id, activated_at=user.activated_at - timedelta(hours=1))
        self.users[name] = user

    def at(self, hours: int) -> datetime:
        return self.base + timedelta(hours=hours)

    def in_mailbox(self, user: str, subject: str) -> str | None:
        """The id of the calendar item of this subject, wherever it was born."""
        items = self.world.items(self.users[user])
        found = [item["id"] for item in items if item["values"].get("Subject") == subject]
        return found[0] if found else None

    def in_crm(self, subject: str) -> str | None:
        rows = self.world.query(f"SELECT Id FROM Event WHERE Subject = '{subject}' AND IsChild = false")
        return str(rows[0]["Id"]) if rows else None


Action = Callable[[Stage], None]


class Story(Protocol):
    """`workers`: how many processes of Celery do the work. `over`: whether all rounds are told."""

    users: tuple[str, ...]
    workers: int
    over: bool

    def open(self, stage: Stage) -> None:
        """Set the scene: users, and what stands in Salesforce."""
        ...

    def next(self) -> list[Action]:
        """What people do in the next round."""
        ...

    def seen(self, place: str, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """As much of a thing as does not depend on whose run came first, so that it must be the same in both worlds.
        `place`: an object of Salesforce, or address and folder."""
        ...

    def judge(self, stage: Stage) -> list[str]:
        """What is wrong with the end of a round, beyond what a comparison of the two worlds shows."""
        ...
