"""Bringing a store's schema up to date, and telling where it stands."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

import migrations

log = logging.getLogger(__name__)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config


def upgrade(engine: Engine, to: str = "head") -> str:
    """Run the migrations that are missing; returns the revision reached."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()
    return current(engine)


def downgrade(engine: Engine, to: str) -> str:
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)
        connection.commit()
    return current(engine)


def current(engine: Engine) -> str:
    """The revision the store is at; empty for a new one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def reached(engine: Engine) -> str | None:
    """The revision the store is at, or None when it does not answer."""
    try:
        return current(engine)
    except SQLAlchemyError as error:
        log.warning("database_silent", extra={"error": type(error).__name__})
        return None


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision(engine: Engine, number: str, message: str) -> None:
    """Write migration `number` (four digits) from the difference between the models and the store (for developers)."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)
