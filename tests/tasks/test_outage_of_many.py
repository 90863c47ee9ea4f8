"""An outage for 5,000 users, as the scheduler sees it: no vendor is called, runs end as they are told to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync_tasks.bootstrap import App
from sync_tasks.services import failing, pipeline
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.settings import Settings
from sync_tasks.stages.context import StageReport
from sync_tasks.state import migrate
from sync_tasks.state.records import RunRef

USERS, TICK = 5_000, timedelta(minutes=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Company:
    """5,000 users over half an hour, connected to one Salesforce, and a clock."""

    def __init__(self, home: Path) -> None:
        self.now, self.down, self.failed, self.done = START, False, 0, dict[int, datetime]()
        self.app = App(Settings(home=home, jitter=0), clock=lambda: self.now)
        migrate.upgrade(self.app.store.engine)
        with self.app.store.writing() as unit:
            self.org = unit.accounts.add_org("acme", START)
            for side, vendor in (("crm", "salesforce"), ("mailbox", "exchange")):
                unit.accounts.put_connection(self.org, None, side, vendor, {})
            for number in range(USERS):
                due = START + timedelta(seconds=number * 1800 / USERS)
                unit.accounts.add_user(
                    self.org, f"u{number}@acme.example", START, crm_user_id="", shards=4, next_sync_at=due
                )

    def until(self, end: datetime) -> None:
        while self.now < end:
            dispatch_due(self.app, self.run)
            self.now += TICK

    def run(self, ref: RunRef, stage: str) -> None:
        if self.down:
            self.failed += 1
            code = "SALESFORCE.TRANSIENT.UNAVAILABLE"
            failing.fail(self.app, ref, code, "the server is not available", vendor="salesforce")
            return
        with self.app.store.reading() as unit:
            run = unit.runs.get(ref.id)
        assert run is not None
        pipeline.finish(self.app, ref, run, stage, StageReport(more=False), 0.0)
        self.done[ref.user_id] = self.now


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path / "home")
    yield made
    made.app.close()


@pytest.mark.fleet
@pytest.mark.rule("TOP-11")
@pytest.mark.point("1.13.2")
def test_three_hours_of_outage_suspend_none_of_5000_users_and_give_one_notice(company: Company) -> None:
    company.down = True
    company.until(START + timedelta(hours=3))

    with company.app.store.reading() as unit:
        users, notices = unit.accounts.users(), unit.notifications.listed(closed=True)
    assert {user.status for user in users} == {"enabled"}
    assert [(notice.cause, notice.address) for notice in notices] == [("SALESFORCE.TRANSIENT.OUTAGE", "")]
    assert company.failed < 300  # what was claimed together before it was known, and a look every few minutes

    company.down = False
    back = company.now
    company.until(back + timedelta(minutes=30))

    assert len(company.done) == USERS
    with company.app.store.reading() as unit:
        assert unit.breakers.open() == []
        (notice,) = unit.notifications.listed(closed=True)
    assert notice.closed_at is not None
    assert notice.closed_at - back <= timedelta(minutes=6)
