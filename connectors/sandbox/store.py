"""Where the sandbox keeps everything: one SQLite file, so that a hundred thousand records stay quick to find.

Every thread has a connection of its own. Writers queue up behind one lock (SQLite lets only one in anyway, and a
lock is fairer than its busy loop); readers never wait. A transaction inside a transaction becomes a savepoint.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = sqlite3.Row
Params = Sequence[Any] | dict[str, Any]


class Store:
    """SQL state. `path` None: a temporary file that goes away with `close`."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="inbox-sync-sandbox-") if path is None else None
        self.path = str(Path(self._temporary.name) / "state.db") if self._temporary is not None else str(path)
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def connection(self) -> sqlite3.Connection:
        """The connection of the calling thread, in autocommit mode, rows by name."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is not None:
            return found
        made = sqlite3.connect(
            self.path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        made.row_factory = sqlite3.Row
        # a lost sandbox is rebuilt, not recovered, hence no fsync
        for pragma in (
            "journal_mode=WAL",
            "synchronous=OFF",
            "temp_store=MEMORY",
            "cache_size=-32000",
            "mmap_size=268435456",
        ):
            made.execute(f"PRAGMA {pragma}")
        self._local.connection = made
        self._local.depth = 0
        with self._guard:
            self._all.append(made)
        return made

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Nested: a savepoint, so an inner failure may be caught and the outer work kept."""
        with self._write_lock:
            connection = self.connection()
            depth: int = self._local.depth
            connection.execute("BEGIN IMMEDIATE" if depth == 0 else f"SAVEPOINT s{depth}")
            self._local.depth = depth + 1
            try:
                yield connection
            except BaseException:
                if depth == 0:
                    connection.execute("ROLLBACK")
                else:
                    connection.execute(f"ROLLBACK TO s{depth}")
                    connection.execute(f"RELEASE s{depth}")
                raise
            else:
                connection.execute("COMMIT" if depth == 0 else f"RELEASE s{depth}")
            finally:
                self._local.depth = depth

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread is inside of one."""
        return self.connection().in_transaction

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self.connection().execute(sql, params).fetchall()

    def one(self, sql: str, params: Params = ()) -> Row | None:
        row: Row | None = self.connection().execute(sql, params).fetchone()
        return row

    def scalar(self, sql: str, params: Params = ()) -> Any:
        """First column of the first row, None without a row."""
        row = self.one(sql, params)
        return None if row is None else row[0]

    def run(self, sql: str, params: Params = ()) -> int:
        """One write in a transaction; answers how many rows it touched."""
        with self.transaction() as connection:
            return connection.execute(sql, params).rowcount

    def run_many(self, sql: str, rows: Iterable[Params]) -> None:
        with self.transaction() as connection:
            connection.executemany(sql, rows)

    def ensure(self, statements: Iterable[str]) -> None:
        """Run DDL statements (written with IF NOT EXISTS) in one transaction."""
        with self.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    def wipe(self) -> None:
        """Drop every table; the vendors create theirs again afterwards."""
        with self.transaction() as connection:
            names = [
                row[0]
                for row in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
                )
            ]
            for name in names:
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def close(self) -> None:
        with self._guard:
            for made in self._all:
                made.close()
            self._all.clear()
        self._local = threading.local()
        if self._temporary is not None:
            self._temporary.cleanup()
