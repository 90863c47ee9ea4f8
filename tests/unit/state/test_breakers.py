"""What workers and schedulers share of vendors that are down, and of people who are to be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mapping.rules import outage
from mapping.rules.outage import Breaker
from sync_tasks.state.breakers import SPREAD
from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import RunState
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CODE = "MAILBOX.TRANSIENT.UNAVAILABLE"


class Office:
    """Six users on Exchange, of whom the last has moved to Google; all are due. The mailboxes are down."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as unit:
            self.org = unit.accounts.add_org("acme", NOW)
            unit.accounts.put_connection(self.org, None, "crm", "salesforce", {})
            unit.accounts.put_connection(self.org, None, "mailbox", "exchange", {})
            self.users = [
                unit.accounts.add_user(
                    self.org, f"u{n}@acme.example", NOW, crm_user_id="", shards=1, next_sync_at=NOW - n * MINUTE
                )
                for n in range(6)
            ]
            unit.accounts.put_connection(self.org, self.users[5], "mailbox", "google", {})
            unit.accounts.remember_folders(self.org, self.users[0], {"inbox": "1"})  # a row of his own, same vendor
        for user_id in self.users[:3]:
            with store.writing() as unit:
                unit.breakers.change(
                    self.org, "exchange", lambda was, who=user_id: outage.fault(was, who, CODE, NOW, users=6)
                )

    def breaker(self) -> Breaker:
        with self.store.reading() as unit:
            ((org, vendor, found),) = unit.breakers.open()
        assert (org, vendor) == (self.org, "exchange")
        return found

    def due(self, at: datetime) -> set[int]:
        with self.store.reading() as unit:
            return {user.id for user in unit.accounts.users() if user.next_sync_at <= at}


@pytest.fixture
def office(migrated_url: str) -> Office:
    return Office(Store(open_engine(migrated_url, pooled=False)))


@pytest.mark.rule("TOP-11")
def test_a_breaker_is_kept_as_it_is(office: Office) -> None:
    assert office.breaker() == Breaker(
        tuple((user_id, NOW) for user_id in office.users[:3]), NOW, NOW + MINUTE, None, 0, CODE
    )


@pytest.mark.rule("TOP-11")
def test_of_two_schedulers_one_sends_somebody_to_look(office: Office) -> None:
    seen, now = office.breaker(), NOW + MINUTE
    sent = []
    for who in office.users[3:5]:
        with office.store.writing() as unit:
            sent.append(unit.breakers.send_to_look(office.org, "exchange", seen, outage.look(seen, who, now)))

    assert sent == [True, False]
    assert office.breaker().looking == office.users[3]


@pytest.mark.rule("TOP-11")
def test_only_those_who_use_the_vendor_are_put_off_and_only_if_nobody_works_for_them(office: Office) -> None:
    looking, busy, elsewhere = office.users[4], office.users[3], office.users[5]
    until = NOW + HOUR
    with office.store.writing() as unit:
        assert unit.breakers.first_due(office.org, "exchange", NOW) == looking  # he has been waiting longest
        assert unit.runs.claim_user(busy, "manual", NOW, HOUR, b"key") is not None
    with office.store.writing() as unit:
        assert unit.breakers.put_off(office.org, "exchange", NOW, until, {looking}) == 3

    assert office.due(NOW) == {looking, busy, elsewhere}
    assert office.due(until + MINUTE) == set(office.users)
    with office.store.writing() as unit:
        assert unit.breakers.put_off(office.org, "salesforce", NOW, until, ()) == 2  # which all but the busy one use


@pytest.mark.rule("TOP-11")
def test_whoever_comes_back_first_does_not_look_each_time(office: Office) -> None:
    until = NOW + HOUR
    with office.store.writing() as unit:
        unit.breakers.put_off(office.org, "exchange", NOW, until, ())
        first = unit.breakers.first_due(office.org, "exchange", until + SPREAD)
        assert first is not None
        ref = unit.runs.claim_user(first, "manual", NOW, HOUR, b"key")
        assert ref is not None
    with office.store.writing() as unit:
        unit.runs.close(ref, RunState.FAILED, NOW, until, commit_cursors=False)

    with office.store.reading() as unit:
        assert unit.breakers.first_due(office.org, "exchange", until) == first  # nobody else is due at this very moment
        assert unit.breakers.first_due(office.org, "exchange", until + SPREAD) not in (first, None)


@pytest.mark.rule("TOP-11")
def test_a_run_that_began_before_the_outage_does_not_end_it(office: Office) -> None:
    with office.store.writing() as unit:
        assert unit.breakers.close(office.org, ["exchange", "salesforce"], NOW - MINUTE) == []
    assert office.breaker().is_open

    with office.store.writing() as unit:
        assert unit.breakers.close(office.org, ["google", "salesforce"], NOW + MINUTE) == []
        assert unit.breakers.close(office.org, ["exchange", "salesforce"], NOW + MINUTE) == ["exchange"]
        assert unit.breakers.open() == []


@pytest.mark.rule("TOP-11")
def test_a_cause_is_told_once_until_it_is_mended_and_then_anew(office: Office) -> None:
    ann = office.users[0]
    for _ in range(2):
        with office.store.writing() as unit:
            unit.notifications.open(office.org, ann, CODE, NOW, NOW)
            unit.notifications.open(office.org, None, CODE, NOW, NOW + HOUR)
    with office.store.writing() as unit:
        assert len(unit.notifications.listed()) == 2
        unit.notifications.close(office.org, ann, NOW)
        unit.notifications.open(office.org, ann, CODE, NOW + HOUR, NOW + HOUR)

    with office.store.reading() as unit:
        told = [(n.address, n.since, n.closed_at) for n in unit.notifications.listed(closed=True)]
    assert told == [
        ("u0@acme.example", NOW + HOUR, None), ("", NOW, None), ("u0@acme.example", NOW, NOW),
    ]  # fmt: skip


@pytest.mark.rule("TOP-11")
def test_what_somebody_sends_nobody_else_takes(office: Office) -> None:
    with office.store.writing() as unit:
        unit.notifications.open(office.org, None, CODE, NOW, NOW)
        unit.notifications.open(office.org, None, "RUN.BUG.UNEXPECTED", NOW, NOW + HOUR)

    with office.store.writing() as one:
        first = [notice.cause for notice in one.notifications.take_due(NOW, HOUR)]
    with office.store.writing() as other:
        assert other.notifications.take_due(NOW + MINUTE, HOUR) == []

    assert first == [CODE, "RUN.BUG.UNEXPECTED"]  # administrators hear of everything in one mail
