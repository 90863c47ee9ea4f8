"""Opening the store: one way for SQLite (WAL, writers queue up) and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.pool import NullPool

BUSY_MILLISECONDS = 30_000
# the database went away, is full, takes no more clients or gave up a lock: whatever was asked of it may be asked again
AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, InternalError)


def open_engine(url: str, *, pooled: bool = True) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...` (psycopg 3). `pooled=False` for forked workers' parents.

    SQLite writers take the write lock at BEGIN: a transaction that reads first and writes later would otherwise fail
    with SQLITE_BUSY at once instead of waiting its turn.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_MILLISECONDS / 1000}, **options)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    return create_engine(parsed, pool_pre_ping=True, **options)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the begin event below speaks BEGIN itself
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
