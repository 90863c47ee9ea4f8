"""Who may make the record of a person, by the answers of the store to several runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sync_tasks.state.claims import Answer
from sync_tasks.state.engine import open_engine
from sync_tasks.state.records import ClaimAnswer, RunRef, RunState
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG = timedelta(hours=1)
YOURS, TAKEN = Answer(ClaimAnswer.YOURS), Answer(ClaimAnswer.TAKEN)


class Office:
    """Users of one organization, each with a run under way."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as unit:
            self.org = unit.accounts.add_org("acme", NOW)
            self.ann, self.ben = (
                unit.accounts.add_user(self.org, f"{name}@acme.example", NOW, crm_user_id="", shards=1,
                                       next_sync_at=NOW)
                for name in ("ann", "ben")
            )  # fmt: skip
        self.anns, self.bens = self.run(self.ann), self.run(self.ben)

    def run(self, user_id: int) -> RunRef:
        with self.store.writing() as unit:
            ref = unit.runs.claim_user(user_id, "manual", NOW, LONG, b"key")
        assert ref is not None
        return ref

    def look(self) -> datetime:
        with self.store.reading() as unit:
            return unit.claims.now()

    def take(self, run: RunRef, looked_at: datetime, name: str = "homer") -> Answer:
        with self.store.writing() as unit:
            return unit.claims.take(self.org, run.id, [name], looked_at)[name]

    def made(self, run: RunRef, record: str = "00Q1") -> None:
        with self.store.writing() as unit:
            unit.claims.made(self.org, run.id, {"homer": ("Lead", record)})

    def ends(self, run: RunRef) -> None:
        with self.store.writing() as unit:
            unit.runs.close(run, RunState.FAILED, NOW, NOW, commit_cursors=False)


@pytest.fixture
def office(migrated_url: str) -> Office:
    return Office(Store(open_engine(migrated_url, pooled=False)))


def test_the_first_claims_and_claims_again_after_a_kill(office: Office) -> None:
    looked = office.look()

    assert office.take(office.anns, looked) == YOURS
    assert office.take(office.bens, looked) == TAKEN
    assert office.take(office.anns, looked) == YOURS


def test_of_many_that_claim_at_once_one_wins(office: Office) -> None:
    looked = office.look()
    runs = [office.anns, office.bens] * 4

    with ThreadPoolExecutor(len(runs)) as pool:
        answers = list(pool.map(lambda run: (run.id, office.take(run, looked).kind), runs))

    winners = {run_id for run_id, answer in answers if answer is ClaimAnswer.YOURS}
    assert len(winners) == 1
    assert all((answer is ClaimAnswer.YOURS) == (run_id in winners) for run_id, answer in answers)


def test_what_was_made_since_the_look_is_handed_over(office: Office) -> None:
    looked = office.look()
    office.take(office.anns, looked)
    office.made(office.anns)

    assert office.take(office.bens, looked) == Answer(ClaimAnswer.MADE, ("Lead", "00Q1"))


def test_what_was_made_before_the_look_and_not_found_may_be_made_anew(office: Office) -> None:
    office.take(office.anns, office.look())
    office.made(office.anns)

    assert office.take(office.bens, office.look()) == YOURS


def test_a_refused_creation_is_free_again(office: Office) -> None:
    looked = office.look()
    office.take(office.anns, looked)
    with office.store.writing() as unit:
        unit.claims.release(office.org, office.anns.id, ["homer"])

    assert office.take(office.bens, looked) == YOURS


def test_what_a_run_left_open_is_made_only_by_who_has_looked_after_its_end(office: Office) -> None:
    early = office.look()
    office.take(office.anns, early)
    while_open = office.look()
    office.ends(office.anns)

    assert office.take(office.bens, while_open) == TAKEN
    assert office.take(office.bens, while_open) == TAKEN
    assert office.take(office.bens, office.look()) == YOURS


def test_organizations_claim_each_for_itself(office: Office) -> None:
    looked = office.look()
    office.take(office.anns, looked)
    with office.store.writing() as unit:
        other = unit.accounts.add_org("globex", NOW)
        assert unit.claims.take(other, office.bens.id, ["homer"], looked) == {"homer": YOURS}
