"""The schema's history: every step keeps what is there, and the last one is what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from sync_tasks.state import migrate
from sync_tasks.state.engine import open_engine
from sync_tasks.state.models import Base
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pooled=False)
    yield opened
    opened.dispose()


def test_the_models_are_what_the_migrations_make(engine: Engine) -> None:
    assert migrate.upgrade(engine) == migrate.head()

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_each_step_goes_back_and_forth_and_keeps_the_rows(engine: Engine) -> None:
    migrate.upgrade(engine)
    with Store(engine).writing() as unit:
        org = unit.accounts.add_org("acme", NOW)
        user = unit.accounts.add_user(org, "ann@acme.example", NOW, crm_user_id="", shards=1, next_sync_at=NOW)
        unit.pairs.put(org, user, NOW, [("ev:1", {"born": "mailbox", "kind": "event", "mailbox_id": "AAMk1"})])
        run = unit.runs.claim_user(user, "manual", NOW, timedelta(minutes=5), b"sealed")
        assert run is not None
        for kind in ("event", "task"):
            told = {"side": "crm", "kind": kind, "ref": "00T1"}
            unit.trail.open_issue(user, run.id, **told, key="", code="CODE", fields=(), now=NOW)
            unit.trail.retry_later(
                user, **told, container="Task", reason="CODE", not_before=NOW, attempts=1, run_id=run.id
            )
    tables = set(inspect(engine).get_table_names())

    assert migrate.downgrade(engine, "0001") == "0001"
    with engine.begin() as connection:
        assert connection.execute(text("SELECT mailbox_id FROM pair")).scalars().all() == ["AAMk1"]
        _as_written_by_the_version_before(connection, org, user)
    migrate.upgrade(engine)

    assert set(inspect(engine).get_table_names()) == tables
    with Store(engine).reading() as unit:
        assert {(pair.key, pair.series, pair.role) for pair in unit.pairs.of_user(user)} == {
            ("ev:1", "", ""),
            ("ev:2", "", ""),
        }
        assert [issue.kind for issue in unit.trail.issues(user)] == ["event"]  # all that the version before can tell
        assert [retry.kind for retry in unit.trail.retries_due(user, NOW)] == ["event"]


def _as_written_by_the_version_before(connection: Connection, org: int, user: int) -> None:
    values = {"org": org, "user": user, "at": NOW.isoformat(sep=" ")}
    connection.execute(
        text(
            "INSERT INTO pair (org_id, user_id, kind, key, born, letter, state, reason, mailbox_id, mailbox_version,"
            " folder, crm_object, crm_id, crm_version, crm_seen, crm_seen_next, marks, people, unseen, pinned,"
            " created_at, updated_at) VALUES (:org, :user, 'event', 'ev:2', 'mailbox', '', 'live', '', '', '', '', '',"
            " '', '', '', '', '{}', '[]', FALSE, FALSE, :at, :at)"
        ),
        values,
    )
