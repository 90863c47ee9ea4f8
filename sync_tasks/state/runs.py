"""Claims, leases, runs and cursors: who may run now, and how far a run got."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import (
    MAY_RUN,
    SEEN_NEXT,
    UNHINDERED,
    Cursor,
    OperationRow,
    Organization,
    Pair,
    RunStage,
    StagedItem,
    SyncRun,
    User,
)
from sync_tasks.state.records import Claimed, Line, OpState, RunRef, RunState, RunView

# stages are the same words everywhere: in the chain, in sync_run.stage, in the console
STAGES = ("fetch", "categorize", "resolve", "link", "mirror", "delete")


class Runs:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- claiming

    def claim_due(
        self, clock: Callable[[], datetime], *, limit: int, lease: timedelta, keys: Callable[[], bytes]
    ) -> list[Claimed]:
        """Claim users whose time has come, at most `limit`, and open a run for each.

        When more are due than may be claimed, organizations take turns: the first of each, then the second of each, so
        that none waits behind the many users of another. Several claimers at once never get the same user: PostgreSQL
        skips locked rows, SQLite writers queue up, and an index admits one open run a user. `keys` makes the sealed key
        of a run.
        """
        now = clock()
        free = (User.next_sync_at <= now, or_(User.lease_until.is_(None), User.lease_until < now))
        turn = func.row_number().over(partition_by=User.org_id, order_by=(User.next_sync_at, User.id)).label("turn")
        due = (
            select(User.id, turn)
            .join(Organization, Organization.id == User.org_id)
            .where(
                *free,
                *UNHINDERED,
                or_(User.suspended_at.is_(None), User.probe_at <= now),
                ~select(SyncRun.id).where(SyncRun.user_id == User.id, SyncRun.state == RunState.OPEN).exists(),
            )
            .subquery()
        )
        # PostgreSQL looks again at what another claimer has changed in the meantime, but only at what stands out here
        first = (
            select(User)
            .join(due, due.c.id == User.id)
            .where(*free)
            .order_by(due.c.turn, User.next_sync_at)
            .limit(limit)
            .with_for_update(of=User, skip_locked=True)
        )
        users = self._session.scalars(first).all()
        began = clock()  # not before the end of the run that came before, which may have ended while we were looking
        claimed = [(user, self._begin(user, _trigger(user), began, lease, keys(), asked=user.asked)) for user in users]
        self._session.flush()
        return [
            Claimed(RunRef(run.id, user.id, run.token, user.shard), user.org_id, user.next_sync_at)
            for user, run in claimed
        ]

    def let_others_first(self, run_ids: Collection[int]) -> None:
        """Note that these go behind the runs of other organizations, should they be enqueued again."""
        if run_ids:
            self._session.execute(update(SyncRun).where(SyncRun.id.in_(run_ids)).values(patient=True))

    def waiting(self) -> dict[int, Line]:
        """The runs that are open and that nobody has begun, by organization."""
        query = (
            select(User.org_id, func.count(), func.count().filter(SyncRun.patient))
            .join(SyncRun, SyncRun.user_id == User.id)
            .where(SyncRun.state == RunState.OPEN, SyncRun.stage == "", SyncRun.working == "")
            .group_by(User.org_id)
        )
        return {org_id: Line(waiting, patient) for org_id, waiting, patient in self._session.execute(query)}

    def claim_user(
        self, user_id: int, trigger: str, now: datetime, lease: timedelta, wrapped_key: bytes, *, undoes: int = 0
    ) -> RunRef | None:
        """Open a run for one user now, unless one is open. Paused and disabled users may be run by hand. `undoes`: the
        run that it takes back."""
        user = self._session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
        if self.open_run(user_id) is not None:
            return None
        run = self._begin(user, trigger, now, lease, wrapped_key, asked=True)
        run.undoes = undoes
        self._session.flush()
        return RunRef(run.id, user.id, run.token, user.shard)

    def _begin(
        self, user: User, trigger: str, now: datetime, lease: timedelta, key: bytes, *, asked: bool
    ) -> SyncRun:  # fmt: skip
        user.lease_token += 1
        user.lease_until = now + lease
        user.last_started_at = now
        user.force_pending = user.asked = False
        run = SyncRun(
            user_id=user.id, trigger=trigger, state=RunState.OPEN, token=user.lease_token, started_at=now,
            touched_at=now, run_key=key, counts={}, asked=asked,
        )  # fmt: skip
        self._session.add(run)
        return run

    def claim_stalled(
        self, now: datetime, *, silent_for: timedelta, lease: timedelta, limit: int = 500
    ) -> list[tuple[RunRef, RunView]]:
        """Open runs that gave no sign of life, as they are after this. Whatever the broker lost, this finds.

        One that was being worked on gets a new token: its old holder, dead or only slow, is fenced off. One that
        nobody works on keeps its token: perhaps its message only waits in a long queue, and must hold when it comes.
        One that is being written to at this moment is passed over: whoever writes locks the user before the run, and
        would be waited for in the wrong order.
        """
        rows = self._session.execute(
            select(SyncRun, User)
            .join(User, User.id == SyncRun.user_id)
            .where(SyncRun.state == RunState.OPEN, SyncRun.touched_at < now - silent_for)
            .order_by(SyncRun.touched_at)
            .limit(limit)
            .with_for_update(of=(SyncRun, User), skip_locked=True)
        ).all()
        found: list[tuple[RunRef, RunView]] = []
        for run, user in rows:
            begun = bool(run.stage or run.working)
            user.lease_until = now + lease
            if run.working:
                user.lease_token += 1
                run.token, run.working = user.lease_token, ""
                run.recovered += 1
            run.touched_at = now
            ref = RunRef(run.id, user.id, run.token, user.shard, patient=run.patient and not begun)
            found.append((ref, _view(run)))
        return found

    # --- looking after those who claim and work

    def overdue(self, before: datetime) -> int:
        """How many users were due before that moment, with nothing that keeps them; 0 while runs are being opened, as
        then the others only wait for their turn."""
        if self._session.scalar(select(SyncRun.id).where(SyncRun.started_at >= before).limit(1)) is not None:
            return 0
        query = (
            select(func.count())
            .select_from(User)
            .join(Organization, Organization.id == User.org_id)
            .where(
                User.next_sync_at < before,
                or_(User.lease_until.is_(None), User.lease_until < before),
                *MAY_RUN,
                ~select(SyncRun.id).where(SyncRun.user_id == User.id, SyncRun.state == RunState.OPEN).exists(),
            )
        )
        return self._session.scalar(query) or 0

    def unattended(self, before: datetime) -> dict[int, int]:
        """By shard, how many runs were opened before that moment and have not been begun, where none is at work."""
        begun = case((SyncRun.working != "", 1), else_=0)
        waits = case((and_(SyncRun.working == "", SyncRun.stage == "", SyncRun.started_at < before), 1), else_=0)
        query = (
            select(User.shard, func.sum(waits))
            .join(User, User.id == SyncRun.user_id)
            .where(SyncRun.state == RunState.OPEN)
            .group_by(User.shard)
            .having(func.sum(begun) == 0, func.sum(waits) > 0)
        )
        return {shard: int(count) for shard, count in self._session.execute(query)}

    def take_over(self, run_id: int, now: datetime, lease: timedelta) -> RunRef:
        """Go on with an open run in place of whoever worked on it, who can write nothing from now on."""
        run = self._session.get_one(SyncRun, run_id)
        user = self._session.scalars(select(User).where(User.id == run.user_id).with_for_update()).one()
        user.lease_token += 1
        user.lease_until = now + lease
        run.token, run.working, run.touched_at = user.lease_token, "", now
        run.recovered += 1
        return RunRef(run.id, user.id, run.token, user.shard)

    # --- working

    def start_work(self, run: RunRef, now: datetime) -> str | None:
        """Take the run for this delivery of a message. None: another delivery of the same message is at work, or was
        and fell silent. It bears the same token, so it could not be fenced off; `claim_stalled` gives a new one."""
        mine = secrets.token_hex(16)
        taken = self._session.execute(
            update(SyncRun)
            .where(
                SyncRun.id == run.id, SyncRun.token == run.token, SyncRun.state == RunState.OPEN, SyncRun.working == "",
            )
            .values(working=mine, touched_at=now)
            .returning(SyncRun.id)
        ).all()  # fmt: skip
        return mine if taken else None

    def stop_work(self, run: RunRef, mine: str) -> None:
        self._session.execute(update(SyncRun).where(SyncRun.id == run.id, SyncRun.working == mine).values(working=""))

    def touch(self, run_id: int, now: datetime) -> None:
        self._session.execute(update(SyncRun).where(SyncRun.id == run_id).values(touched_at=now))

    def get(self, run_id: int) -> RunView | None:
        row = self._session.get(SyncRun, run_id)
        return None if row is None else _view(row)

    def run_key(self, run_id: int) -> bytes | None:
        return self._session.scalars(select(SyncRun.run_key).where(SyncRun.id == run_id)).one_or_none()

    def open_run(self, user_id: int) -> RunView | None:
        row = self._session.scalars(
            select(SyncRun).where(SyncRun.user_id == user_id, SyncRun.state == RunState.OPEN)
        ).one_or_none()
        return None if row is None else _view(row)

    def recent(self, user_id: int | None, limit: int) -> list[RunView]:
        query = select(SyncRun).order_by(SyncRun.id.desc()).limit(limit)
        if user_id is not None:
            query = query.where(SyncRun.user_id == user_id)
        return [_view(row) for row in self._session.scalars(query)]

    def finish_stage(self, run: RunRef, stage: str, now: datetime, seconds: float, counts: Mapping[str, int]) -> None:
        """Note a stage as done; nobody is at work on the run any more."""
        row = self._session.get_one(SyncRun, run.id)
        row.stage, row.touched_at, row.working = stage, now, ""
        row.counts = _added(row.counts, counts)
        self._session.add(RunStage(run_id=run.id, stage=stage, finished_at=now, seconds=seconds, counts=dict(counts)))

    def stages(self, run_id: int) -> list[RunStage]:
        rows = self._session.scalars(select(RunStage).where(RunStage.run_id == run_id)).all()
        return sorted(rows, key=lambda row: STAGES.index(row.stage))

    # --- ending

    def close(
        self, run: RunRef, state: RunState, now: datetime, next_sync_at: datetime, *,
        commit_cursors: bool, error_code: str = "", error_text: str = "",
    ) -> None:  # fmt: skip
        """End a run: commit or drop the cursors it read, throw away what it staged and the key that sealed it."""
        if commit_cursors:
            self._session.execute(
                update(Cursor)
                .where(Cursor.user_id == run.user_id, Cursor.pending.is_not(None))
                .values(value=Cursor.pending, pending=None)
            )
        else:
            self._session.execute(update(Cursor).where(Cursor.user_id == run.user_id).values(pending=None))
        self._session.execute(delete(StagedItem).where(StagedItem.run_id == run.id))
        self._session.execute(update(OperationRow).where(OperationRow.run_id == run.id).values(sealed=None))
        self._session.execute(
            update(Pair)
            .where(Pair.user_id == run.user_id, text(f"({SEEN_NEXT})"))
            .values({**(_as_next() if commit_cursors else {}), "crm_seen_next": "", "mailbox_seen_next": ""})
        )
        if commit_cursors:
            # what an earlier run created has been told by now, or was looked for
            began = select(SyncRun.started_at).where(SyncRun.id == run.id).scalar_subquery()
            self._session.execute(
                update(Pair)
                .where(Pair.user_id == run.user_id, Pair.unseen.is_(True), Pair.updated_at < began)
                .values(unseen=False)
                .execution_options(synchronize_session=False)
            )
        self._session.execute(
            update(SyncRun)
            .where(SyncRun.id == run.id)
            .values(
                state=state, finished_at=now, touched_at=now, run_key=None, working="", error_code=error_code,
                error_text=error_text[:400],
            )
        )  # fmt: skip
        told: dict[str, Any] = {"lease_until": None, "next_sync_at": next_sync_at}
        if state is RunState.HELD:
            told["held_at"] = func.coalesce(User.held_at, now)
        self._session.execute(update(User).where(User.id == run.user_id).values(told))

    # --- cursors

    def cursors(self, user_id: int) -> dict[str, str]:
        rows = self._session.execute(
            select(Cursor.name, Cursor.value).where(Cursor.user_id == user_id, Cursor.value.is_not(None))
        )
        return {name: value or "" for name, value in rows}

    def cursors_ahead(self, user_id: int) -> dict[str, str]:
        """As `cursors`, but what an open run has read counts as read."""
        ahead = func.coalesce(Cursor.pending, Cursor.value)
        rows = self._session.execute(select(Cursor.name, ahead).where(Cursor.user_id == user_id, ahead.is_not(None)))
        return {name: value or "" for name, value in rows}

    def forget_cursors(self, user_id: int, prefix: str) -> None:
        """Read these sources from the start with the next run."""
        self._session.execute(delete(Cursor).where(Cursor.user_id == user_id, Cursor.name.startswith(prefix)))

    def stage_cursors(self, user_id: int, pending: Mapping[str, str]) -> None:
        """Remember where reading would go on; it becomes true only when the run ends well. Those that did not move,
        as with an idle user, write nothing."""
        rows = {row.name: row for row in self._session.scalars(select(Cursor).where(Cursor.user_id == user_id))}
        for name, cursor in pending.items():
            if name not in rows:
                self._session.add(Cursor(user_id=user_id, name=name, pending=cursor))
            else:
                rows[name].pending = cursor if cursor != rows[name].value else None
        self._session.flush()

    # --- counting, for `runs` and for tests

    def open_operations(self, run_id: int) -> int:
        rows = self._session.scalars(
            select(OperationRow.op_id).where(
                and_(OperationRow.run_id == run_id, OperationRow.state.in_([OpState.PLANNED, OpState.SENDING]))
            )
        ).all()
        return len(rows)


def _as_next() -> dict[str, Any]:
    """What a run looked at takes the place of what the one before did."""
    pairs = ((Pair.crm_seen, Pair.crm_seen_next), (Pair.mailbox_seen, Pair.mailbox_seen_next))
    return {seen.key: case((pending != "", pending), else_=seen) for seen, pending in pairs}


def _added(old: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: old.get(name, 0) + more.get(name, 0) for name in {*old, *more}}


def _trigger(user: User) -> str:
    return "force" if user.force_pending else "schedule"


def _view(row: SyncRun) -> RunView:
    return RunView(
        row.id, row.user_id, row.token, row.trigger, row.state, row.stage, row.started_at, row.finished_at,
        dict(row.counts), row.recovered, row.error_code, row.error_text, row.undoes, row.asked,
        bool(row.stage or row.working),
    )  # fmt: skip
