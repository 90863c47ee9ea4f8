"""What stories of tasks have in common."""

from __future__ import annotations

from datetime import date
from typing import Any

from sync_tasks.state.records import UserView
from tests.support.world import World

HOME = "Salesforce Tasks"
TRACKED = ["Salesforce", "Status: Tracked successfully"]
FRIDAY = date(2026, 3, 6)
WEEKLY = [
    ["WeeklyRecurrence", [["Interval", "1"], ["DaysOfWeek", "Friday"]]],
    ["NoEndRecurrence", [["StartDate", "2026-03-06"]]],
]


def mirroring(world: World, **settings: Any) -> UserView:
    """A user who keeps tasks the same, after the first run, which made the folder."""
    user = world.user(**{"tasks__enabled": True, **settings})
    world.sync(user)
    world.later(minutes=30)
    return user


def record(world: World, subject: str) -> dict[str, Any] | None:
    found = world.query(
        "SELECT Id, Subject, Status, Priority, ActivityDate, Description, OwnerId, IsReminderSet, ReminderDateTime "
        f"FROM Task WHERE Subject = '{subject}'"
    )
    assert len(found) < 2, f"{len(found)} tasks are called {subject}"
    return found[0] if found else None


def saved(world: World, user: UserView, subject: str = "Call", **values: Any) -> tuple[str, str]:
    """(item, record) of a task that the user entered in the folder and that was saved."""
    world.task(user, subject, folder=HOME, **values)
    world.sync(user)
    world.later(minutes=30)
    found = record(world, subject)
    assert found is not None
    return item_id(world, user, subject), found["Id"]


def shown(world: World, user: UserView, subject: str = "Visit", **columns: Any) -> tuple[str, str]:
    """(item, record) of a task that somebody entered in Salesforce and that was shown in the mailbox."""
    made = world.record("Task", Subject=subject, OwnerId=user.crm_user_id, **columns)
    world.sync(user)
    world.later(minutes=30)
    return item_id(world, user, subject), made


def item_id(world: World, user: UserView, subject: str, folder: str = HOME) -> str:
    (found,) = [each["id"] for each in world.items(user, folder) if each["values"]["Subject"] == subject]
    return str(found)


def settled(world: World, user: UserView, runs: int = 3) -> None:
    """Some more runs write nothing on either side."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}
