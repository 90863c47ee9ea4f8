"""What a run needs between its stages: sealed blobs by slot, which die with the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from sync_tasks.state.models import OperationRow, StagedItem


class Workspace:
    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, run_id: int, blobs: Mapping[str, bytes], *, prefix: str) -> None:
        """Put these blobs in place of all slots of the run that start with `prefix`."""
        self._session.execute(
            delete(StagedItem).where(StagedItem.run_id == run_id, StagedItem.slot.startswith(prefix, autoescape=True))
        )
        rows = [{"run_id": run_id, "slot": slot, "sealed": blob} for slot, blob in blobs.items()]
        if rows:
            self._session.execute(insert(StagedItem), rows)

    def load(self, run_id: int, *, prefix: str) -> dict[str, bytes]:
        rows = self._session.execute(
            select(StagedItem.slot, StagedItem.sealed)
            .where(StagedItem.run_id == run_id, StagedItem.slot.startswith(prefix, autoescape=True))
            .order_by(StagedItem.slot)
        )
        return {row.slot: row.sealed for row in rows}

    def slots(self, run_id: int, *, prefix: str) -> list[str]:
        """The slots that start with `prefix`, without what is in them."""
        query = select(StagedItem.slot).where(
            StagedItem.run_id == run_id, StagedItem.slot.startswith(prefix, autoescape=True)
        )
        return list(self._session.scalars(query.order_by(StagedItem.slot)))

    def left(self, run_ids: Iterable[int] | None = None) -> int:
        """How many sealed blobs stand in the store (of these runs, or at all)."""
        staged = select(func.count()).select_from(StagedItem)
        values = select(func.count()).select_from(OperationRow).where(OperationRow.sealed.is_not(None))
        if run_ids is not None:
            ids = list(run_ids)
            staged, values = staged.where(StagedItem.run_id.in_(ids)), values.where(OperationRow.run_id.in_(ids))
        return (self._session.scalar(staged) or 0) + (self._session.scalar(values) or 0)
