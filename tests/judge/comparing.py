"""One calendar file through the whole program, and an independent reader's opinion of what had to come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from connectors.sandbox.seed import load
from connectors.sandbox.seeding.report import FileReport
from sync_tasks.state.records import UserView
from tests.support.world import World

REACH = timedelta(days=200)  # how far the window reaches to both sides of the first event
RUNS = 5
# what the reader raises on files that break the rules of the format
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
Standing = tuple[str, str, int]  # start (a moment, or a date), "timed" or "all day", minutes


@dataclass
class Verdict:
    """`matches`: occurrences that both see. `missing`: that only the judge sees, `extra`: that only Salesforce has.
    `told`: why parts of the file were not loaded or not mirrored. `writes`: those of the runs after the first."""

    file: str
    matches: int = 0
    missing: Counter[Standing] = field(default_factory=Counter)
    extra: Counter[Standing] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    writes: dict[str, Any] = field(default_factory=dict)
    unreadable: str = ""

    @property
    def exact(self) -> bool:
        return not self.missing and not self.extra


def judge(world: World, path: Path, number: int) -> Verdict:
    """Load the file into a mailbox of its own, synchronize it, and compare what then stands in Salesforce."""
    verdict = Verdict(path.name)
    try:
        calendars = Calendar.from_ical(path.read_bytes(), multiple=True)
        first = _first(calendars)
    except _UNREADABLE as error:
        verdict.unreadable = f"{type(error).__name__}: {error}"
        return verdict
    if first is None:
        return verdict
    now = world.now
    world.sandbox.clock.set(first, frozen=True)
    days = REACH.days
    user = world.user(f"u{number}@acme.example", scope__past_days=days, autosave__past_days=days,
                      autosave__future_days=days, recurrence__future_days=days, resolve__kind="contact")  # fmt: skip
    try:
        report = _loaded(world, user, path)
        _mark_all(world, user)
        world.sync(user)
        after, before = _window(first)
        standing = _standing(world, user, after, before)
        world.writes()
        for _ in range(RUNS - 1):
            world.later(minutes=1)
            world.sync(user)
        verdict.writes = world.writes()
    finally:
        world.sandbox.clock.set(max(now, world.now), frozen=True)
    try:
        wanted = Counter(_opinion(calendars, first))
    except _UNREADABLE as error:
        verdict.unreadable = f"{type(error).__name__}: {error}"
        return verdict
    verdict.matches = sum((wanted & standing).values())
    verdict.missing, verdict.extra = wanted - standing, standing - wanted
    verdict.told = [*report.notes, *(f"{what}: {why}" for what, why in report.skipped), *world.issues(user)]
    return verdict


def _loaded(world: World, user: UserView, path: Path) -> FileReport:
    folder = world.app.settings.home / f"judged-{path.stem[:40]}-{abs(hash(path.name))}"
    folder.mkdir(parents=True)
    (folder / path.name).write_bytes(path.read_bytes())
    return load(world.sandbox, folder, mailbox=user.address).files[0]


def _mark_all(world: World, user: UserView) -> None:
    for item in world.items(user):
        world.edit(user, item["id"], Categories=["Salesforce"])


def _first(calendars: list[Any]) -> datetime | None:
    starts = [
        _moment(event.decoded("DTSTART"))
        for calendar in calendars
        for event in calendar.walk("VEVENT")
        if "DTSTART" in event and _is_date(event["DTSTART"])
    ]
    return min(starts) if starts else None


def _is_date(value: Any) -> bool:
    return isinstance(getattr(value, "dt", None), date)


def _opinion(calendars: list[Any], first: datetime) -> Iterator[Standing]:
    """What takes place within the window, as the judge sees it."""
    after, before = _window(first)
    for calendar in calendars:
        for event in recurring_ical_events.of(calendar).between(after, before):
            if str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            start = event.decoded("DTSTART")
            end = event.decoded("DTEND") if "DTEND" in event else start
            if isinstance(start, datetime):
                minutes = int((_moment(end) - _moment(start)).total_seconds() // 60)
                yield _moment(start).replace(second=0).isoformat(), "timed", minutes
            else:
                days = max((end - start).days, 1)
                yield start.isoformat(), "all day", days * 24 * 60


def _window(first: datetime) -> tuple[datetime, datetime]:
    return first - REACH, datetime.combine((first + REACH + timedelta(days=1)).date(), time(), UTC)


def _standing(world: World, user: UserView, after: datetime, before: datetime) -> Counter[Standing]:
    """What stands in Salesforce within the window; single events that are marked are saved wherever they are."""
    rows = world.query(
        "SELECT StartDateTime, ActivityDate, IsAllDayEvent, DurationInMinutes FROM Event WHERE IsChild = false "
        f"AND OwnerId = '{user.crm_user_id}'"
    )
    return Counter(
        (row["ActivityDate"], "all day", int(row["DurationInMinutes"])) if row["IsAllDayEvent"]
        else (_moment(datetime.fromisoformat(row["StartDateTime"])).isoformat(), "timed", int(row["DurationInMinutes"]))
        for row in rows
        if after <= _moment(datetime.fromisoformat(row["StartDateTime"])) < before
    )  # fmt: skip


def _moment(value: date | datetime) -> datetime:
    """A floating time is one of the mailbox's zone, which is UTC here."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
