"""What the store tells of users and their organization, and what happens when several processes write at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mapping.rules.roles import Colleague
from mapping.rules.settings import Layer
from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import RunState
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Office:
    """One organization with three users, connected to a mailbox server."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as unit:
            self.org = unit.accounts.add_org("acme", NOW)
            self.connection = unit.accounts.put_connection(self.org, None, "mailbox", "exchange", {"endpoint": "a"})
            self.ann, self.ben, self.cem = (
                unit.accounts.add_user(
                    self.org, f"{name}@acme.example", NOW, crm_user_id=f"005{name}", shards=1, next_sync_at=NOW
                )
                for name in ("ann", "ben", "cem")
            )


@pytest.fixture
def office(migrated_url: str) -> Office:
    return Office(Store(open_engine(migrated_url, pooled=False)))


def test_two_processes_that_log_in_at_the_same_moment_both_go_on(office: Office) -> None:
    def put(value: bytes) -> None:
        with office.store.writing() as unit:
            unit.accounts.put_credential(office.connection, "token", value)

    with ThreadPoolExecutor(1) as other:
        with office.store.writing() as unit:
            unit.accounts.put_credential(office.connection, "token", b"first")
            late = other.submit(put, b"second")  # begins while the first one has not been committed
            with pytest.raises(TimeoutError):
                late.result(0.3)
        late.result(20)

    with office.store.reading() as unit:
        assert unit.accounts.credentials(office.connection, ["token", "password"]) == {"token": b"second"}


def test_colleagues_are_all_other_users_with_all_their_addresses(office: Office) -> None:
    with office.store.writing() as unit:
        unit.accounts.set_user(office.ben, aliases=["benjamin@acme.example"])
        unit.accounts.set_user(office.cem, suspended_at=NOW, suspended_code="AUTH")

    with office.store.reading() as unit:
        told = unit.accounts.colleagues(office.org, office.ann)
    both = frozenset({"ben@acme.example", "benjamin@acme.example"})
    assert told == (
        Colleague(office.ben, both, True, None, "ben@acme.example", "005ben"),
        Colleague(office.cem, frozenset({"cem@acme.example"}), False, NOW, "cem@acme.example", "005cem"),
    )


def test_a_user_has_the_settings_of_the_organization_and_his_own(office: Office) -> None:
    with office.store.writing() as unit:
        unit.accounts.put_setting(office.org, None, "scope.past_days", 7)
        unit.accounts.put_setting(office.org, office.ann, "scope.past_days", 30)
        unit.accounts.put_setting(office.org, office.ben, "scope.past_days", 90)

    with office.store.reading() as unit:
        assert unit.accounts.settings(office.org, office.ann) == [
            Layer("organization", {"scope.past_days": 7}),
            Layer("user", {"scope.past_days": 30}),
        ]
        assert unit.accounts.settings(office.org, None) == [Layer("organization", {"scope.past_days": 7})]


def test_a_users_own_facts_lie_over_those_of_the_organization(office: Office) -> None:
    with office.store.writing() as unit:
        unit.accounts.remember_folders(office.org, office.ann, {"emails": "AAMk"})

    with office.store.reading() as unit:
        mine = unit.accounts.connection(office.org, office.ann, "mailbox")
        others = unit.accounts.connection(office.org, office.ben, "mailbox")
    assert mine == (office.connection, "exchange", {"endpoint": "a", "folders": {"emails": "AAMk"}})
    assert others == (office.connection, "exchange", {"endpoint": "a"})


def test_cursors_become_true_only_when_the_run_ends_well(office: Office) -> None:
    def run(*staged: dict[str, str], state: RunState = RunState.DONE) -> dict[str, str]:
        with office.store.writing() as unit:
            ref = unit.runs.claim_user(office.ann, "manual", NOW, timedelta(minutes=1), b"key")
            assert ref is not None
            for pending in staged:
                unit.runs.stage_cursors(office.ann, pending)
            unit.runs.close(ref, state, NOW, NOW, commit_cursors=state is RunState.DONE)
        with office.store.reading() as unit:
            return unit.runs.cursors(office.ann)

    assert run({"inbox": "1", "event": "a"}) == {"inbox": "1", "event": "a"}
    assert run({"inbox": "1", "event": "b"}, state=RunState.FAILED) == {"inbox": "1", "event": "a"}
    assert run({"inbox": "2", "event": "a"}) == {"inbox": "2", "event": "a"}
    # a stage that is done again may find less moved than it did before
    assert run({"inbox": "3", "event": "c"}, {"inbox": "2", "event": "c"}) == {"inbox": "2", "event": "c"}
