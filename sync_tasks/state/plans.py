"""Operations of a run: planned once, applied in batches, their outcomes written one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.orm import Session

from mapping.merge.plan import Operation
from mapping.model.item import Side
from sync_tasks.state.models import OperationRow, SyncRun
from sync_tasks.state.records import OpState, OpView, RunState
from sync_tasks.state.types import chunks


class Plans:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, operations: Sequence[tuple[Operation, bytes]]) -> int:
        """Write planned operations with their sealed values, in order; those already there stay as they are."""
        known = set(self._session.scalars(select(OperationRow.op_id).where(OperationRow.run_id == run_id)))
        rows = []
        for op, sealed in operations:
            op_id = op.id
            if op_id in known:
                continue
            known.add(op_id)
            rows.append(
                {
                    "run_id": run_id, "op_id": op_id, "position": len(known), "act": op.act.value,
                    "side": op.side.value, "kind": op.kind.value, "target": op.target, "step": op.step.value,
                    "rule": op.rule, "reason": op.reason, "pair_key": op.pair_key, "ref": op.ref,
                    "fields": sorted(op.values), "requires": sorted(op.requires), "mails": op.mails,
                    "state": OpState.PLANNED, "sealed": sealed, "result_id": "", "error_code": "",
                }
            )  # fmt: skip
        if rows:
            self._session.execute(insert(OperationRow), rows)
        return len(rows)

    def forget_unsent(self, run_id: int, steps: Sequence[str]) -> None:
        """Drop what was planned for these steps and never sent, before it is planned again."""
        self._session.execute(
            delete(OperationRow).where(
                OperationRow.run_id == run_id, OperationRow.step.in_(list(steps)), OperationRow.state == OpState.PLANNED
            )
        )

    def keep_needed(self, run_id: int, steps: Sequence[str], also: Collection[str] = ()) -> None:
        """Of the unsent operations of these steps, keep those that another operation needs (and `also` these)."""
        rows = self._session.execute(
            select(OperationRow.op_id, OperationRow.step, OperationRow.requires, OperationRow.state).where(
                OperationRow.run_id == run_id
            )
        ).all()
        requires = {row.op_id: set(row.requires) for row in rows}
        wanted = {row.op_id for row in rows if row.step not in steps or row.state != OpState.PLANNED} | set(also)
        waiting = list(wanted)
        while waiting:
            more = requires.get(waiting.pop(), set()) - wanted
            wanted |= more
            waiting += more
        for some in chunks(requires.keys() - wanted):
            self._session.execute(
                delete(OperationRow).where(OperationRow.run_id == run_id, OperationRow.op_id.in_(some))
            )

    def open(self, run_id: int, step: str) -> list[tuple[OpView, bytes]]:
        """Operations of a step that still have no outcome, in order, with their sealed values."""
        rows = self._session.scalars(
            select(OperationRow)
            .where(
                OperationRow.run_id == run_id, OperationRow.step == step,
                OperationRow.state.in_([OpState.PLANNED, OpState.SENDING]),
            )
            .order_by(OperationRow.position)
        )  # fmt: skip
        return [(_view(row), row.sealed or b"") for row in rows]

    def results(self, run_id: int, op_ids: Iterable[str]) -> dict[str, str]:
        """The resulting ids of those of these operations that need not be waited for; '' of one that was left."""
        over = OperationRow.state.in_([OpState.DONE, OpState.LEFT])
        return dict(self._of(run_id, op_ids, OperationRow.result_id, over))

    def errors(self, run_id: int, op_ids: Iterable[str]) -> dict[str, str]:
        """The codes of those of these operations that were refused, or not even sent."""
        return dict(self._of(run_id, op_ids, OperationRow.error_code, OperationRow.error_code != ""))

    def _of(self, run_id: int, op_ids: Iterable[str], column: Any, which: Any) -> Iterator[tuple[str, str]]:
        for some in chunks(op_ids):
            rows = self._session.execute(
                select(OperationRow.op_id, column).where(
                    OperationRow.run_id == run_id, OperationRow.op_id.in_(some), which
                )
            )
            yield from ((op_id, value) for op_id, value in rows)

    def sending(self, run_id: int, op_ids: Sequence[str]) -> None:
        self._session.execute(
            update(OperationRow)
            .where(OperationRow.run_id == run_id, OperationRow.op_id.in_(list(op_ids)))
            .values(state=OpState.SENDING)
        )

    def done(self, run_id: int, results: Mapping[str, str]) -> None:
        """Note the operations that succeeded, each with the id of what it wrote; their values are thrown away."""
        rows = [
            {"run_id": run_id, "op_id": op_id, "state": OpState.DONE, "result_id": result, "sealed": None}
            for op_id, result in results.items()
        ]
        if rows:
            self._session.execute(update(OperationRow), rows)

    def failed(self, run_id: int, op_id: str, code: str, state: OpState = OpState.FAILED) -> None:
        self._set(run_id, op_id, state=state, error_code=code[:80], sealed=None)

    def failed_keys(self, run_id: int) -> frozenset[str]:
        """The pairs of which something could not be written."""
        rows = self._session.scalars(
            select(OperationRow.pair_key).where(
                OperationRow.run_id == run_id,
                OperationRow.state.in_([OpState.FAILED, OpState.SKIPPED, OpState.WAITING]),
            )
        )
        return frozenset(rows)

    def _set(self, run_id: int, op_id: str, **values: object) -> None:
        self._session.execute(
            update(OperationRow).where(OperationRow.run_id == run_id, OperationRow.op_id == op_id).values(**values)
        )

    def writing(self, user_id: int, side: Side) -> frozenset[str]:
        """Ids of the items that an open run of the user's is writing now, and keys of their pairs."""
        rows = self._session.execute(
            select(OperationRow.ref, OperationRow.pair_key)
            .join(SyncRun, SyncRun.id == OperationRow.run_id)
            .where(
                SyncRun.user_id == user_id, SyncRun.state == RunState.OPEN, OperationRow.side == side,
                OperationRow.state == OpState.SENDING,
            )
        )  # fmt: skip
        return frozenset(name for row in rows for name in row if name)

    def all(self, run_id: int) -> list[OpView]:
        rows = self._session.scalars(
            select(OperationRow).where(OperationRow.run_id == run_id).order_by(OperationRow.step, OperationRow.position)
        )
        return [_view(row) for row in rows]

    def progress(self, run_id: int, *, besides: str) -> tuple[int, int]:
        """How many operations have an outcome, and how many there are; without those of one step."""
        open_ = case((OperationRow.state.in_([OpState.PLANNED, OpState.SENDING]), 1), else_=0)
        count, waiting = self._session.execute(
            select(func.count(), func.coalesce(func.sum(open_), 0)).where(
                OperationRow.run_id == run_id, OperationRow.step != besides
            )
        ).one()
        return count - int(waiting), count

    def tally(self, run_id: int) -> Mapping[tuple[str, str, str, str], int]:
        """How many operations by (side, act, target, state)."""
        rows = self._session.execute(
            select(OperationRow.side, OperationRow.act, OperationRow.target, OperationRow.state, func.count())
            .where(OperationRow.run_id == run_id)
            .group_by(OperationRow.side, OperationRow.act, OperationRow.target, OperationRow.state)
        )
        return {(side, act, target, state): count for side, act, target, state, count in rows}


def _view(row: OperationRow) -> OpView:
    return OpView(
        row.op_id, row.position, row.act, row.side, row.kind, row.target, row.step, row.rule, row.reason, row.pair_key,
        row.ref, tuple(row.fields), tuple(row.requires), row.mails, row.state, row.result_id, row.error_code,
    )  # fmt: skip
