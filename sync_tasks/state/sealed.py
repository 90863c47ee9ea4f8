"""Sealed values wherever they stand, for whoever puts them under another key. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, and_, func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Base, KeptSecret
from sync_tasks.state.types import insert_into


@dataclass(frozen=True, slots=True)
class SealedRow:
    """`key`: of the row. `bound`: the values of the columns that were asked for beside it."""

    key: tuple[Any, ...]
    bound: tuple[Any, ...]
    sealed: bytes


class SealedValues:
    """`heads`: how values under a key begin."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rest(
        self, table: str, column: str, beside: Sequence[str], heads: Iterable[bytes], *, after: tuple[Any, ...] = (),
        limit: int,
    ) -> list[SealedRow]:  # fmt: skip
        """Rows whose value begins with none of the heads, in order of their keys, after that key."""
        rows = Base.metadata.tables[table]
        key, sealed = list(rows.primary_key), rows.c[column]
        query = select(*key, *(rows.c[name] for name in beside), sealed).where(
            sealed.is_not(None), *(~_begins(sealed, head) for head in heads)
        )
        if after:
            query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
        found = self._session.execute(query.order_by(*key).limit(limit)).all()
        width = len(key)
        return [SealedRow(tuple(row[:width]), tuple(row[width:-1]), row[-1]) for row in found]

    def replace(self, table: str, column: str, row: SealedRow, sealed: bytes) -> bool:
        """Put another value in place of the one that was read. False when somebody has written meanwhile."""
        rows = Base.metadata.tables[table]
        this = [each == value for each, value in zip(rows.primary_key, row.key, strict=True)]
        changed = self._session.execute(
            update(rows).where(and_(*this), rows.c[column] == row.sealed).values({column: sealed})
        )
        return bool(changed.rowcount)  # type: ignore[attr-defined]

    def count(self, table: str, column: str, head: bytes) -> int:
        """How many values begin so."""
        rows = Base.metadata.tables[table]
        query = select(func.count()).select_from(rows).where(_begins(rows.c[column], head))
        return self._session.scalar(query) or 0

    # --- secrets of the installation itself

    def secret(self, name: str) -> bytes | None:
        return self._session.scalars(select(KeptSecret.sealed).where(KeptSecret.name == name)).one_or_none()

    def keep_secret(self, name: str, sealed: bytes) -> None:
        """Keep it unless there is one of that name: the first stays."""
        row = insert_into(self._session, KeptSecret).values(name=name, sealed=sealed)
        self._session.execute(row.on_conflict_do_nothing())


def _begins(column: ColumnElement[Any], head: bytes) -> ColumnElement[bool]:
    return func.substr(column, 1, len(head), type_=LargeBinary) == literal(head, LargeBinary)
