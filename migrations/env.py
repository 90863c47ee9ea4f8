"""Alembic's entry: runs each migration in one transaction, under a lock, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from sync_tasks.state.models import Base  # with all tables, wherever they are told

MIGRATION_LOCK = 0x1B05_51C0  # one advisory lock number for every process that might migrate


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": MIGRATION_LOCK})
        connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        if connection.dialect.name == "postgresql":
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": MIGRATION_LOCK})
            connection.commit()


_migrate(context.config.attributes["connection"])
