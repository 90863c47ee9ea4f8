"""What stories of series of Salesforce have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sync_tasks.state.records import UserView
from tests.support.world import World

FIRST = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def entered(world: World, user: UserView, **more: Any) -> str:
    """A series of four weeks that somebody enters in Salesforce Classic."""
    world.later(minutes=1)
    return world.record(
        "Event", Subject="Round", StartDateTime=FIRST.isoformat(), DurationInMinutes=60, OwnerId=user.crm_user_id,
        IsRecurrence=True, RecurrenceType="RecursWeekly", RecurrenceInterval=1, RecurrenceDayOfWeekMask=4,
        RecurrenceStartDateTime=FIRST.isoformat(), RecurrenceEndDateOnly="2026-03-24",
        RecurrenceTimeZoneSidKey="Europe/Berlin", **more,
    )  # fmt: skip


def rows(world: World, *columns: str) -> list[dict[str, Any]]:
    named = ", ".join(("Id", "StartDateTime", "Subject", *columns))
    return world.query(f"SELECT {named} FROM Event WHERE IsRecurrence = false ORDER BY StartDateTime")


def calendar(world: World, user: UserView) -> list[tuple[datetime, str]]:
    """What the calendar shows, occurrence by occurrence."""
    return world.mailboxes.agenda(user.address, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def synced(world: World, user: UserView, runs: int = 1) -> None:
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
