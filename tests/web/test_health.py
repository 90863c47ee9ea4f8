"""The web process tells the truth about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_tasks.bootstrap import App
from sync_tasks.settings import Settings
from sync_tasks.state import migrate
from tests.support.web import visiting


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(Settings(home=tmp_path))
    yield made
    made.close()


def test_a_process_over_a_database_of_this_version_is_ready(app: App) -> None:
    migrate.upgrade(app.store.engine)
    with visiting(app) as web:
        assert web.get("/readyz").json() == {"status": "ready"}
        assert web.get("/healthz").status_code == 200


def test_a_process_over_an_empty_database_lives_but_is_not_ready_and_says_what_to_do(app: App) -> None:
    with visiting(app) as web:
        answer = web.get("/readyz")
        assert answer.status_code == 503
        assert "inbox-sync db upgrade" in answer.json()["reason"]
        assert web.get("/healthz").status_code == 200


def test_every_answer_bears_the_headers_of_safety(app: App) -> None:
    with visiting(app) as web:
        answer = web.get("/no-such-page")
    assert answer.status_code == 404
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
