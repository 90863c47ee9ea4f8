"""Who works on a run, and who may take it from whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import RunRef
from sync_tasks.state.store import LostLeaseError, Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
LEASE = timedelta(minutes=15)


@pytest.fixture
def store(migrated_url: str) -> Store:
    return Store(open_engine(migrated_url, pooled=False))


def opened(store: Store) -> RunRef:
    with store.writing() as unit:
        org = unit.accounts.add_org("acme", NOW)
        user_id = unit.accounts.add_user(org, "ann@acme.example", NOW, crm_user_id="", shards=4, next_sync_at=NOW)
        ref = unit.runs.claim_user(user_id, "manual", NOW, LEASE, b"sealed")
    assert ref is not None
    return ref


def recovered(store: Store) -> list[RunRef]:
    with store.writing() as unit:
        return [ref for ref, _ in unit.runs.claim_stalled(LATER, silent_for=timedelta(minutes=5), lease=LEASE)]


def test_a_message_that_comes_again_takes_nothing_from_a_worker_that_is_only_slow(store: Store) -> None:
    slow = opened(store)
    with store.writing() as unit:
        assert unit.runs.start_work(slow, NOW)
    with store.writing() as unit:
        assert unit.runs.start_work(slow, LATER) is None, "both would bear the same token"
    [other] = recovered(store)
    with store.writing() as unit:
        assert unit.runs.start_work(other, LATER)
    with pytest.raises(LostLeaseError), store.fenced(slow, LATER):
        pass


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_a_run_that_is_being_written_to_is_neither_silent_nor_waited_for(store: Store) -> None:
    ref = opened(store)
    with store.fenced(ref, LATER):
        assert recovered(store) == []
    assert recovered(store) == []
