"""Rows about a person, wherever they stand: found by clear text, by the fingerprints of an address, or by what was
opened of a sealed value. Which tables hold what is said in `sync_tasks.services.privacy`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import Base

ERASED = "(erased)"

Row = dict[str, Any]


class Personal:
    def __init__(self, session: Session) -> None:
        self._session = session

    def with_text(self, table: str, columns: Collection[str], text: str) -> list[Row]:
        """Rows in one of whose columns the text stands, in whatever case."""
        rows = Base.metadata.tables[table]
        found = [func.lower(cast(rows.c[name], String)).contains(text.lower(), autoescape=True) for name in columns]
        return self._rows(table, or_(*found))

    def with_value(self, table: str, column: str, values: Collection[str]) -> list[Row]:
        rows = Base.metadata.tables[table]
        return self._rows(table, rows.c[column].in_(list(values))) if values else []

    def sealed(self, table: str, column: str) -> Iterator[Row]:
        """All rows that have a sealed value, one after the other."""
        rows = Base.metadata.tables[table]
        for row in self._session.execute(select(rows).where(rows.c[column].is_not(None))).yield_per(200):
            yield dict(row._mapping)  # noqa: SLF001  # how SQLAlchemy spells a public attribute

    def of_user(self, table: str, user_id: int) -> list[Row]:
        rows = Base.metadata.tables[table]
        column = rows.c.get("user_id")
        return [] if column is None else self._rows(table, column == user_id)

    def _rows(self, table: str, where: Any) -> list[Row]:
        rows = Base.metadata.tables[table]
        told = self._session.execute(select(rows).where(where)).all()
        return [dict(row._mapping) for row in told]  # noqa: SLF001

    def drop(self, table: str, found: Collection[Row]) -> None:
        for row in found:
            self._session.execute(delete(Base.metadata.tables[table]).where(*self._key(table, row)))

    def blank(self, table: str, columns: Collection[str], found: Collection[Row]) -> None:
        """Empty these columns: sealed values become nothing, texts say that they were erased."""
        rows = Base.metadata.tables[table]
        for row in found:
            values = {name: None if isinstance(rows.c[name].type, LargeBinary) else ERASED for name in columns}
            self._session.execute(update(rows).where(*self._key(table, row)).values(values))

    @staticmethod
    def _key(table: str, row: Row) -> list[Any]:
        return [column == row[column.name] for column in Base.metadata.tables[table].primary_key]

    @staticmethod
    def plain(row: Row) -> Row:
        """A row as JSON values, without what is sealed or secret."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items() if not isinstance(value, bytes) and name not in ("secret", "browser")
        }  # fmt: skip
