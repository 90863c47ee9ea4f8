"""Whose turn it is when more users are due than can be served."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import Claimed, Line
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBERS = count()


@pytest.fixture
def store(migrated_url: str) -> Store:
    return Store(open_engine(migrated_url, pooled=False))


def company(store: Store, users: int, *, due_since: int) -> int:
    """An organization all of whose users have been due for that many seconds; its id."""
    name = f"company-{next(NUMBERS)}"
    with store.writing() as unit:
        org = unit.accounts.add_org(name, NOW)
        addresses = [f"user-{n}@{name}.example" for n in range(users)]
        unit.accounts.add_users(org, addresses, NOW, shards=4, due=[NOW - timedelta(seconds=due_since)] * users)
    return org


def claim(store: Store, limit: int) -> list[Claimed]:
    with store.writing() as unit:
        return unit.runs.claim_due(lambda: NOW, limit=limit, lease=timedelta(minutes=15), keys=lambda: b"sealed")


@pytest.mark.rule("TOP-13")
def test_organizations_take_turns_however_many_users_of_one_have_waited_longer(store: Store) -> None:
    large, small, tiny = (
        company(store, 50, due_since=900),
        company(store, 4, due_since=60),
        company(store, 1, due_since=1),
    )

    first = [each.org_id for each in claim(store, 9)]
    assert sorted(first) == sorted([large] * 4 + [small] * 4 + [tiny])
    assert [each.org_id for each in claim(store, 5)] == [large] * 5


@pytest.mark.rule("TOP-13")
def test_of_one_organization_who_has_waited_longest_comes_first(store: Store) -> None:
    company(store, 3, due_since=10)
    with store.writing() as unit:
        users = unit.accounts.users()
        unit.accounts.set_user(users[2].id, next_sync_at=NOW - timedelta(seconds=99))
    assert [each.ref.user_id for each in claim(store, 1)] == [users[2].id]


def test_claimers_at_the_same_moment_never_get_the_same_user(store: Store) -> None:
    for _ in range(3):
        company(store, 20, due_since=5)
    with ThreadPoolExecutor(4) as pool:
        claimed = [each.ref.user_id for part in pool.map(lambda _: claim(store, 25), range(4)) for each in part]
    assert len(claimed) == len(set(claimed)) == 60


def test_runs_that_nobody_has_begun_are_counted_by_organization(store: Store) -> None:
    one, other = company(store, 3, due_since=5), company(store, 2, due_since=5)
    claimed = claim(store, 5)
    assert claimed[0].due == NOW - timedelta(seconds=5)
    with store.writing() as unit:
        begun = next(each for each in claimed if each.org_id == one)
        assert unit.runs.start_work(begun.ref, NOW)
    with store.reading() as unit:
        assert unit.runs.waiting() == {one: Line(2), other: Line(2)}
