"""What SQLAlchemy compiles for one store serves the next: a story opens one of its own, and to compile its statements
anew took a fifth of the suite."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import URL, Engine

from sync_tasks.state import engine

# Compiled statements belong to a dialect object, and SQLAlchemy makes one for each engine; no public name changes that.


def share(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of this process that are for one kind of database compile together."""
    first: dict[str, Engine] = {}

    def create_engine(url: URL, **options: Any) -> Engine:
        made = sqlalchemy.create_engine(url, **options)
        same = first.get(made.dialect.name)
        if same is None or same.dialect.server_version_info is None:  # its dialect has not met a database yet
            first[made.dialect.name] = made
            return made
        made.dialect = made.pool._dialect = same.dialect
        made._compiled_cache = same._compiled_cache
        return made

    patch.setattr(engine, "create_engine", create_engine)
