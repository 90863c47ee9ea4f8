"""What pairs tell beyond one user and one item: series, meetings that colleagues share, what was last looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from mapping.model.item import ItemKind
from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import RunState
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEW = {"born": "mailbox", "kind": "event", "state": "live"}


class Office:
    """One organization with two users."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as unit:
            self.org = unit.accounts.add_org("acme", NOW)
            self.ann, self.ben = (
                unit.accounts.add_user(
                    self.org, f"{name}@acme.example", NOW, crm_user_id="", shards=1, next_sync_at=NOW
                )
                for name in ("ann", "ben")
            )

    def put(self, user: int, key: str, at: datetime = NOW, **values: str) -> None:
        with self.store.writing() as unit:
            unit.pairs.put(self.org, user, at, [(key, NEW | values)])

    def end_a_run(self, *, well: bool) -> None:
        with self.store.writing() as unit:
            ref = unit.runs.claim_user(self.ann, "manual", NOW, timedelta(minutes=1), b"key")
            assert ref is not None
        with self.store.fenced(ref, NOW) as unit:
            state = RunState.DONE if well else RunState.FAILED
            unit.runs.close(ref, state, NOW, NOW, commit_cursors=well)

    def explained(self, statement: str, parameters: Any) -> str:
        """How the database would do it."""
        with self.store.engine.connect() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        return "; ".join(row.detail for row in rows)

    def seen(self) -> tuple[str, str]:
        with self.store.reading() as unit:
            (pair,) = unit.pairs.of_user(self.ann)
        return pair.mailbox_seen, pair.crm_seen


@pytest.fixture
def office(migrated_url: str) -> Iterator[Office]:
    engine = open_engine(migrated_url, pooled=False)
    yield Office(Store(engine))
    engine.dispose()


def test_the_occurrences_of_a_series_are_found_by_their_master(office: Office) -> None:
    office.put(office.ann, "ev:master", mailbox_id="M")
    office.put(office.ann, "ev:1", series="M")
    office.put(office.ann, "ev:2", series="M", state="gone")
    office.put(office.ben, "ev:1", series="M")

    with office.store.reading() as unit:
        assert {pair.key for pair in unit.pairs.of_series(office.ann, ["M"])["M"]} == {"ev:1", "ev:2"}


def test_the_holders_of_a_meeting_are_told_in_the_order_of_saving(office: Office) -> None:
    office.put(office.ben, "ev:1", NOW, role="leader")
    office.put(office.ann, "ev:1", NOW + timedelta(minutes=1), role="guest")
    office.put(office.ann, "ev:2")

    with office.store.reading() as unit:
        found = unit.pairs.holders(office.org, ["ev:1", "ev:unknown"])

    assert {key: [(user, pair.role) for user, pair in pairs] for key, pairs in found.items()} == {
        "ev:1": [(office.ben, "leader"), (office.ann, "guest")]
    }


def test_what_a_run_looked_at_counts_when_it_ended_well_and_only_then(office: Office) -> None:
    office.put(office.ann, "ev:1", mailbox_seen="old", crm_seen="old", mailbox_seen_next="new")
    office.end_a_run(well=False)
    assert office.seen() == ("old", "old")

    office.put(office.ann, "ev:1", mailbox_seen_next="new")
    office.end_a_run(well=True)
    assert office.seen() == ("new", "old")


def test_the_records_a_user_holds_are_those_that_he_leads_of_the_kinds_asked_for(office: Office) -> None:
    office.put(office.ann, "ev:1", crm_object="Event", crm_id="00U2", letter="A")
    office.put(office.ann, "ev:2", crm_object="Event", crm_id="00U1", letter="C")
    office.put(office.ann, "ev:3", crm_object="Event", crm_id="00U3", letter="E")
    office.put(office.ann, "ev:4", crm_object="Event", crm_id="00U4", state="released")
    office.put(office.ann, "ev:5", crm_object="Event")
    office.put(office.ann, "ev:6", crm_object="Event", crm_id="00U6", role="outside")
    office.put(office.ann, "tk:1", kind="task", crm_object="Task", crm_id="00T1")
    office.put(office.ann, "tk:2", kind="task", crm_object="Task", crm_id="00T2", role="outside")
    office.put(office.ann, "em:1", kind="email", crm_object="EmailMessage", crm_id="02s1")
    office.put(office.ben, "ev:1", crm_object="Event", crm_id="00U5")
    with office.store.reading() as unit:
        held = unit.pairs.records(office.ann, ["event", "task"], without="outside")
    assert held == {
        (ItemKind.EVENT, "Event"): ("00U1", "00U2"),
        (ItemKind.TASK, "Task"): ("00T1",),
    }


def test_what_is_shown_in_the_mailbox_was_born_in_salesforce_and_stands_there(office: Office) -> None:
    office.put(office.ann, "ev:1", born="crm", crm_object="Event", mailbox_id="M1")
    office.put(office.ann, "ev:2", born="crm", crm_object="Event")
    office.put(office.ann, "ev:3", born="crm", crm_object="Event", mailbox_id="M3", state="gone")
    office.put(office.ann, "ev:4", born="crm", crm_object="Campaign", mailbox_id="M4")
    office.put(office.ann, "ev:5", crm_object="Event", mailbox_id="M5")
    with office.store.reading() as unit:
        shown = unit.pairs.shown(office.ann, ItemKind.EVENT, "Event")
    assert [pair.key for pair in shown] == ["ev:1"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_the_few_pairs_that_wait_are_found_without_reading_the_many_that_rest(office: Office) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(office.store.engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            asked.append((statement, parameters))

    with office.store.reading() as unit:
        unit.pairs.unseen(office.ann)
    office.end_a_run(well=True)

    plans = [
        office.explained(statement, parameters)
        for statement, parameters in asked
        if re.match(r"SELECT .*\sFROM pair|UPDATE pair", statement, re.DOTALL)
    ]
    assert [re.findall(r"pair USING INDEX (\w+)", plan) for plan in plans] == [
        ["ix_pair_unseen"],  # what the mailbox has not told yet
        ["ix_pair_seen_next"],  # what the run looked at
        ["ix_pair_unseen"],
    ]


def test_a_mark_is_another_one_once_a_pair_was_written_even_by_a_clock_that_is_behind(office: Office) -> None:
    def mark() -> str:
        with office.store.reading() as unit:
            return unit.pairs.mark(office.ann, ["event", "task"])

    seen = [mark()]
    for key, minutes in (("ev:1", 0), ("ev:2", 10), ("ev:1", 5)):
        office.put(office.ann, key, NOW + timedelta(minutes=minutes))
        seen.append(mark())
    assert len(set(seen)) == 4

    office.put(office.ann, "em:1", NOW + timedelta(minutes=20), kind="email")
    office.put(office.ben, "ev:1", NOW + timedelta(minutes=20))
    assert mark() == seen[-1]
