"""Before-images of runs: kept with the plan, told apart by operation, shredded when their time is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, and_, cast, delete, insert, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import BeforeImage, JournalRow, Linking, OperationRow, SyncRun
from sync_tasks.state.records import OpState
from sync_tasks.state.types import chunks


@dataclass(frozen=True, slots=True)
class ImageView:
    """`version`: of the item once it was written, as far as the vendor told. `made`: a create made something."""

    op_id: str
    sealed: bytes
    version: str
    made: bool
    undone_at: datetime | None


class Journal:
    def __init__(self, session: Session) -> None:
        self._session = session

    def key(self, run_id: int) -> bytes | None:
        """The wrapped key of a run's images; None when there are none, or none any more."""
        return self._session.scalars(select(JournalRow.key).where(JournalRow.run_id == run_id)).one_or_none()

    def is_over(self, run_id: int) -> bool:
        """Did the run have images that are shredded by now?"""
        found = self._session.get(JournalRow, run_id)
        return found is not None and found.key is None

    def keep(
        self, user_id: int, run_id: int, key: bytes, expires_at: datetime, images: Mapping[str, bytes]
    ) -> None:  # fmt: skip
        """Write the sealed images of a run by operation, under its wrapped key; those already there stay."""
        if self._session.get(JournalRow, run_id) is None:
            self._session.add(JournalRow(run_id=run_id, user_id=user_id, key=key, expires_at=expires_at))
            self._session.flush()
        known = set(self._session.scalars(select(BeforeImage.op_id).where(BeforeImage.run_id == run_id)))
        rows = [
            {"run_id": run_id, "op_id": op_id, "sealed": sealed, "version": "", "made": False, "undone_at": None}
            for op_id, sealed in images.items() if op_id not in known
        ]  # fmt: skip
        if rows:
            self._session.execute(insert(BeforeImage), rows)

    def written(self, run_id: int, versions: Mapping[str, str], made: Collection[str]) -> None:
        """Note of operations that succeeded the version they left, and whether they made what they name."""
        rows = [
            {"run_id": run_id, "op_id": op_id, "version": version[:200], "made": op_id in made}
            for op_id, version in versions.items()
        ]
        for some in chunks(versions):
            known = set(
                self._session.scalars(
                    select(BeforeImage.op_id).where(BeforeImage.run_id == run_id, BeforeImage.op_id.in_(some))
                )
            )
            told = [row for row in rows if row["op_id"] in known]
            if told:
                self._session.execute(update(BeforeImage), told)

    def images(self, run_id: int) -> list[ImageView]:
        rows = self._session.scalars(select(BeforeImage).where(BeforeImage.run_id == run_id))
        return [ImageView(row.op_id, row.sealed, row.version, row.made, row.undone_at) for row in rows]

    def undone(self, run_id: int, op_ids: Iterable[str], now: datetime) -> None:
        for some in chunks(op_ids):
            self._session.execute(
                update(BeforeImage)
                .where(BeforeImage.run_id == run_id, BeforeImage.op_id.in_(some))
                .values(undone_at=now)
            )

    def shred(self, now: datetime) -> int:
        """Throw away the images whose time is over, and their keys; returns of how many runs."""
        over = list(
            self._session.scalars(
                select(JournalRow.run_id).where(JournalRow.expires_at <= now, JournalRow.key.is_not(None))
            )
        )
        for run_id in over:
            self._session.execute(delete(BeforeImage).where(BeforeImage.run_id == run_id))
            self._session.execute(update(JournalRow).where(JournalRow.run_id == run_id).values(key=None))
        return len(over)

    # --- what came after a run

    def written_since(self, user_id: int, run_id: int) -> tuple[frozenset[str], frozenset[str]]:
        """Pair keys and items that later runs of the user have written, undos and what they undid left aside."""
        rows = self._session.execute(
            select(OperationRow.pair_key, OperationRow.ref, OperationRow.result_id)
            .join(SyncRun, SyncRun.id == OperationRow.run_id)
            .outerjoin(
                BeforeImage,
                and_(BeforeImage.run_id == OperationRow.run_id, BeforeImage.op_id == OperationRow.op_id),
            )
            .where(
                SyncRun.user_id == user_id, SyncRun.id > run_id, SyncRun.undoes == 0,
                OperationRow.state == OpState.DONE, BeforeImage.undone_at.is_(None),
            )
        ).all()  # fmt: skip
        keys = frozenset(row.pair_key for row in rows if row.pair_key)
        return keys, frozenset(name for row in rows for name in (row.ref, row.result_id) if name)

    def used_since(self, run_id: int, record_ids: Collection[str]) -> frozenset[str]:
        """Those of the records that a later run of anybody linked to, or put its file on."""
        if not record_ids:
            return frozenset()
        linked = self._session.scalars(select(cast(Linking.candidates, String)).where(Linking.run_id > run_id))
        found = {each for text in linked for each in record_ids if each in text}
        for some in chunks(record_ids):
            stored = select(OperationRow.result_id).where(
                OperationRow.run_id != run_id, OperationRow.result_id.in_(some), OperationRow.act == "attach"
            )
            found |= set(self._session.scalars(stored))
        return frozenset(found)
