"""Why what happened happened: decisions, open issues, and items to look at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from mapping.model.item import Side
from sync_tasks.state.models import DecisionRow, Issue, ItemRetry, Linking, SyncRun, User
from sync_tasks.state.records import DecisionView, IssueView, RetryView
from sync_tasks.state.types import chunks

WATCH = "watch:"  # how the ref of an issue begins that is about a whole list of Salesforce


class Trail:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- decisions

    def decide(self, user_id: int, decisions: Sequence[DecisionView]) -> None:
        rows = [
            {
                "user_id": user_id, "run_id": d.run_id, "at": d.at, "stage": d.stage, "side": d.side, "kind": d.kind,
                "ref": d.ref, "key": d.key, "outcome": d.outcome, "reason": d.reason, "rule": d.rule,
                "detail": dict(d.detail),
            }
            for d in decisions
        ]  # fmt: skip
        if rows:
            self._session.execute(insert(DecisionRow), rows)

    def forget_stage(self, run_id: int, stage: str) -> None:
        """Drop what a stage noted, before it is done again."""
        self._session.execute(delete(DecisionRow).where(DecisionRow.run_id == run_id, DecisionRow.stage == stage))

    def forget_before(self, org_id: int, moment: datetime, most: int) -> int:
        """Drop decisions of an organization's users that are older, at most so many, with what they were linked to and
        the issues that were over by then; returns how many decisions went."""
        users = select(User.id).where(User.org_id == org_id)
        old = (
            select(DecisionRow.id)
            .where(DecisionRow.user_id.in_(users), DecisionRow.at < moment)
            .order_by(DecisionRow.id)
            .limit(most)
        )
        ids = list(self._session.scalars(old))
        if ids:
            self._session.execute(delete(DecisionRow).where(DecisionRow.id.in_(old)))
        runs = select(SyncRun.id).where(SyncRun.user_id.in_(users), SyncRun.finished_at < moment)
        self._session.execute(delete(Linking).where(Linking.run_id.in_(runs)))
        self._session.execute(delete(Issue).where(Issue.user_id.in_(users), Issue.closed_at < moment))
        return len(ids)

    def decisions(
        self, user_id: int | None, refs: Iterable[str], keys: Iterable[str], limit: int = 200
    ) -> list[DecisionView]:
        wanted = or_(DecisionRow.ref.in_(list(refs)), DecisionRow.key.in_(list(keys)))
        query = select(DecisionRow).where(wanted)
        if user_id is not None:
            query = query.where(DecisionRow.user_id == user_id)
        rows = self._session.scalars(query.order_by(DecisionRow.id.desc()).limit(limit)).all()
        return [_decision(row) for row in reversed(rows)]

    def seen_before(self, user_id: int, refs: Iterable[str], run_id: int, *, besides: str) -> frozenset[str]:
        """Those of the items on which another run than this one has decided, for another reason than the given one."""
        found: set[str] = set()
        for some in chunks(refs):
            query = select(DecisionRow.ref).where(
                DecisionRow.user_id == user_id, DecisionRow.ref.in_(some), DecisionRow.run_id != run_id,
                DecisionRow.reason != besides,
            )  # fmt: skip
            found.update(self._session.scalars(query.distinct()))
        return frozenset(found)

    def rules(self, user_id: int, refs: Iterable[str], outcome: str) -> dict[str, frozenset[str]]:
        """By item the rules under which that outcome was decided on it, ever; without items of which none was."""
        found: dict[str, frozenset[str]] = {}
        for some in chunks(refs):
            query = select(DecisionRow.ref, DecisionRow.rule).where(
                DecisionRow.user_id == user_id, DecisionRow.ref.in_(some), DecisionRow.outcome == outcome
            )
            for ref, rule in self._session.execute(query.distinct()):
                found[ref] = found.get(ref, frozenset()) | {rule}
        return found

    def of_run(self, run_id: int) -> list[DecisionView]:
        rows = self._session.scalars(select(DecisionRow).where(DecisionRow.run_id == run_id).order_by(DecisionRow.id))
        return [_decision(row) for row in rows]

    def reasons(self, run_id: int) -> Mapping[tuple[str, str, str, str], int]:
        """How many items by (side, kind, outcome, reason): each item's last word in this run."""
        last = (
            select(func.max(DecisionRow.id).label("id"))
            .where(DecisionRow.run_id == run_id)
            .group_by(DecisionRow.side, DecisionRow.kind, DecisionRow.ref)
            .subquery()
        )
        rows = self._session.execute(
            select(DecisionRow.side, DecisionRow.kind, DecisionRow.outcome, DecisionRow.reason, func.count())
            .join(last, last.c.id == DecisionRow.id)
            .group_by(DecisionRow.side, DecisionRow.kind, DecisionRow.outcome, DecisionRow.reason)
        )
        return {(side, kind, outcome, reason): count for side, kind, outcome, reason, count in rows}

    # --- issues

    def open_issue(
        self, user_id: int, run_id: int, *, side: str, kind: str, ref: str, key: str, code: str,
        fields: Sequence[str], now: datetime,
    ) -> datetime:  # fmt: skip
        """Open an issue, or note that it still is; returns since when it is open."""
        row = self._session.scalars(
            select(Issue).where(
                Issue.user_id == user_id, Issue.side == side, Issue.kind == kind, Issue.ref == ref, Issue.code == code
            )
        ).one_or_none()
        if row is None:
            row = Issue(user_id=user_id, side=side, kind=kind, ref=ref, key=key, code=code, opened_at=now, times=0)
            self._session.add(row)
        if row.closed_at is not None:
            row.opened_at = now
        row.run_id, row.seen_at, row.closed_at, row.fields = run_id, now, None, list(fields)
        row.times += 1
        self._session.flush()
        return row.opened_at

    def close_issues(
        self, user_id: int, side: str, refs: Iterable[str], now: datetime, *, kind: str | None = None,
        but: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`kind`: None for whatever the ids stand for, where they stand for one thing only. `but`: codes of those that
        stay open."""
        for some in chunks(refs):
            self._session.execute(
                update(Issue)
                .where(*_about(Issue, user_id, side, some, kind), Issue.closed_at.is_(None), Issue.code.notin_(but))
                .values(closed_at=now)
            )

    def unheard(self, user_id: int) -> frozenset[str]:
        """The kinds of which Salesforce refused a list when it was last asked."""
        rows = self._session.scalars(
            select(Issue.kind).where(
                Issue.user_id == user_id, Issue.side == Side.CRM.value, Issue.ref.startswith(WATCH, autoescape=True),
                Issue.closed_at.is_(None),
            )
        )  # fmt: skip
        return frozenset(rows)

    def issues(self, user_id: int | None = None) -> list[IssueView]:
        """Open issues, newest first."""
        query = (
            select(Issue, User.address, ItemRetry)
            .join(User, User.id == Issue.user_id)
            .outerjoin(
                ItemRetry,
                and_(
                    ItemRetry.user_id == Issue.user_id,
                    ItemRetry.side == Issue.side,
                    ItemRetry.kind == Issue.kind,
                    ItemRetry.ref == Issue.ref,
                ),
            )
            .where(Issue.closed_at.is_(None))
            .order_by(Issue.seen_at.desc())
        )
        if user_id is not None:
            query = query.where(Issue.user_id == user_id)
        return [
            IssueView(
                address, row.side, row.kind, row.ref, row.key, row.code, tuple(row.fields), row.opened_at, row.seen_at,
                row.times, retry is not None and retry.not_before is None,
            )
            for row, address, retry in self._session.execute(query)
        ]  # fmt: skip

    def issues_of_runs(self, run_ids: Iterable[int]) -> Counter[int]:
        """How many items needed somebody, by the run that said so last."""
        query = select(Issue.run_id, func.count()).where(Issue.run_id.in_(list(run_ids))).group_by(Issue.run_id)
        return Counter({run_id: count for run_id, count in self._session.execute(query) if run_id is not None})

    # --- items to look at again

    def retry_later(
        self, user_id: int, *, side: str, kind: str, ref: str, container: str, reason: str,
        not_before: datetime | None, attempts: int, run_id: int,
    ) -> None:  # fmt: skip
        row = self._session.get(ItemRetry, (user_id, side, kind, ref))
        if row is None:
            row = ItemRetry(user_id=user_id, side=side, kind=kind, ref=ref, container=container)
            self._session.add(row)
        row.reason, row.not_before, row.attempts, row.run_id = reason, not_before, attempts, run_id
        self._session.flush()

    def retries_due(self, user_id: int, now: datetime) -> list[RetryView]:
        rows = self._session.scalars(select(ItemRetry).where(ItemRetry.user_id == user_id, ItemRetry.not_before <= now))
        return [_retry(row) for row in rows]

    def try_again(self, user_id: int, now: datetime) -> None:
        """Give every item of the mailbox that waits or was given up a new chance with the next run."""
        self._session.execute(
            update(ItemRetry)
            .where(ItemRetry.user_id == user_id, ItemRetry.side == "mailbox")
            .values(not_before=now, attempts=0)
        )

    def replay(self, user_id: int, refs: Iterable[str], now: datetime) -> list[RetryView]:
        """Give these items, if they wait or were given up, a new chance with the next run; returns those."""
        return [each for some in chunks(refs) for each in self._replay(user_id, ItemRetry.ref.in_(some), now)]

    def replay_run(self, user_id: int, run_id: int, now: datetime) -> list[RetryView]:
        """The same for all items that failed last in this run."""
        return self._replay(user_id, ItemRetry.run_id == run_id, now)

    def _replay(self, user_id: int, which: ColumnElement[bool], now: datetime) -> list[RetryView]:
        rows = self._session.scalars(select(ItemRetry).where(ItemRetry.user_id == user_id, which)).all()
        for row in rows:
            row.not_before, row.attempts = now, 0
        self._session.flush()
        return [_retry(row) for row in rows]

    def retries_for(
        self, user_id: int, side: str, refs: Iterable[str], *, kind: str | None = None
    ) -> dict[str, RetryView]:  # fmt: skip
        found: dict[str, RetryView] = {}
        for some in chunks(refs):
            rows = self._session.scalars(select(ItemRetry).where(*_about(ItemRetry, user_id, side, some, kind)))
            found |= {row.ref: _retry(row) for row in rows}
        return found

    def drop_retries(self, user_id: int, side: str, refs: Sequence[str], *, kind: str | None = None) -> None:
        for some in chunks(refs):
            self._session.execute(delete(ItemRetry).where(*_about(ItemRetry, user_id, side, some, kind)))


def _about(
    table: type[Issue | ItemRetry], user_id: int, side: str, refs: Sequence[str], kind: str | None
) -> tuple[ColumnElement[bool], ...]:
    known = (table.user_id == user_id, table.side == side, table.ref.in_(refs))
    return known if kind is None else (*known, table.kind == kind)


def _retry(row: ItemRetry) -> RetryView:
    return RetryView(row.side, row.kind, row.ref, row.container, row.attempts, row.run_id, row.reason, row.not_before)


def _decision(row: DecisionRow) -> DecisionView:
    return DecisionView(
        row.run_id, row.at, row.stage, row.side, row.kind, row.ref, row.key, row.outcome, row.reason, row.rule,
        dict(row.detail),
    )  # fmt: skip
