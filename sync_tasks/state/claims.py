"""Who makes which person or company: one run of an organization at a time, across users, workers and kills.

Moments here are of one clock for everybody, because the question is which of two workers came first: the database's,
or this machine's where the database is a file on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Claim, SyncRun
from sync_tasks.state.records import ClaimAnswer, ClaimState, RunState
from sync_tasks.state.types import database_now, insert_into

_REMEMBERED = timedelta(days=1)  # longer than any run goes on after it has looked who there is


@dataclass(frozen=True, slots=True)
class Answer:
    """`made`: object and id of the record that another run has made since we looked."""

    kind: ClaimAnswer
    made: tuple[str, str] = ("", "")


class Claims:
    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> datetime:
        return database_now(self._session)

    def take(self, org_id: int, run_id: int, names: Iterable[str], looked_at: datetime) -> dict[str, Answer]:
        """Claim the creation of what bears these names, for a run that looked for them at that moment and found
        nothing.

        | claim             | of              | answer                                                            |
        | none              |                 | YOURS                                                             |
        | open              | this run        | YOURS: a delivery that was killed took it                         |
        | open              | a run under way | TAKEN                                                             |
        | open              | a run that ended | TAKEN, and from now on in doubt: nobody noted what came of it    |
        | in doubt, or made | before the look | YOURS: it was not there, or is no longer                          |
        | in doubt          | after the look  | TAKEN                                                             |
        | made              | after the look  | MADE, with the record                                             |
        """
        wanted, now = sorted(set(names)), self.now()
        if not wanted:
            return {}
        self._forget(org_id, now - _REMEMBERED)
        fresh = {"org_id": org_id, "run_id": run_id, "state": ClaimState.OPEN, "at": now}
        rows = [{**fresh, "name": name, "crm_object": "", "crm_id": ""} for name in wanted]  # in order: no deadlock
        self._session.execute(insert_into(self._session, Claim).values(rows).on_conflict_do_nothing())
        query = (
            select(Claim, SyncRun.state)
            .join(SyncRun, SyncRun.id == Claim.run_id)
            .where(Claim.org_id == org_id, Claim.name.in_(wanted))
            .order_by(Claim.name)
            .with_for_update(of=Claim)
        )
        return {row.name: _judge(row, state, run_id, looked_at, now) for row, state in self._session.execute(query)}

    def made(self, org_id: int, run_id: int, records: Mapping[str, tuple[str, str]]) -> None:
        """Note the object and id of what was made, by name."""
        now = self.now()
        for name, (crm_object, crm_id) in records.items():
            self._session.execute(
                update(Claim)
                .where(Claim.org_id == org_id, Claim.name == name, Claim.run_id == run_id)
                .values(state=ClaimState.MADE, at=now, crm_object=crm_object, crm_id=crm_id)
            )

    def release(self, org_id: int, run_id: int, names: Iterable[str]) -> None:
        """Salesforce refused: nothing was made, and whoever comes next may try."""
        self._session.execute(
            delete(Claim).where(Claim.org_id == org_id, Claim.run_id == run_id, Claim.name.in_(list(names)))
        )

    def forget_run(self, org_id: int, run_id: int) -> None:
        """What the run made is gone again."""
        self._session.execute(
            delete(Claim).where(Claim.org_id == org_id, Claim.run_id == run_id, Claim.state == ClaimState.MADE)
        )

    def _forget(self, org_id: int, before: datetime) -> None:
        self._session.execute(
            delete(Claim).where(Claim.org_id == org_id, Claim.state != ClaimState.OPEN, Claim.at < before)
        )


def _judge(row: Claim, holder: str, run_id: int, looked_at: datetime, now: datetime) -> Answer:
    if row.state == ClaimState.OPEN:
        if row.run_id == run_id:
            return Answer(ClaimAnswer.YOURS)
        if holder != RunState.OPEN:
            row.state, row.at = ClaimState.DOUBT, now
        return Answer(ClaimAnswer.TAKEN)
    if row.at <= looked_at:
        row.run_id, row.state, row.at, row.crm_object, row.crm_id = run_id, ClaimState.OPEN, now, "", ""
        return Answer(ClaimAnswer.YOURS)
    if row.state == ClaimState.DOUBT:
        return Answer(ClaimAnswer.TAKEN)
    return Answer(ClaimAnswer.MADE, (row.crm_object, row.crm_id))
