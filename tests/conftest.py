"""Fixtures that every test may ask for. Each worker of pytest-xdist has servers of its own, so tests never meet."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from sync_tasks.services import embedded
from sync_tasks.services.embedded import EmbeddedRedis
from tests.support import compiling
from tests.support.postgres import PostgresServer

if TYPE_CHECKING:
    from connectors.sandbox.server import SandboxServer
    from tests.support.world import World

# The suite must give the same answer twice, on a slow machine too; `thorough` is for looking for new examples.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("INBOX_SYNC_TEST_PROFILE", "ci"))

DATABASES = ("sqlite", "postgresql")
TOLD = ("every_mailbox", "any_mailbox", "told_over")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """What a developer has set for an installation of their own must not reach the tests."""
    kept = ("INBOX_SYNC_TEST_", "INBOX_SYNC_VENDOR_SCHEMAS", "INBOX_SYNC_CUMULUSCI_WHEEL")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith("INBOX_SYNC_") and not name.upper().startswith(kept):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiling.share(patch)
        yield


@pytest.fixture
def free_port() -> int:
    return embedded.free_port()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """The server itself, for tests that restart it or make it forget."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis-home")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """An empty Redis."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database for the module, on PostgreSQL only."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="module", params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty database for the module; whatever uses it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database')}/store.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer) -> str:
    url = postgres_server.create()
    _migrate(url)
    return PostgresServer.name(url)


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the current schema for one test alone, copied from a template; on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('_sqlite_template'), tmp_path / 'store.db')}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create(request.getfixturevalue("_postgres_template"))
    yield url
    server.drop(url)


def _migrate(url: str) -> None:
    from sync_tasks.state.engine import open_engine
    from sync_tasks.state.migrate import upgrade

    engine = open_engine(url, pooled=False)
    upgrade(engine)
    # SQLite keeps its newest pages in a side file until the last connection closes; the copy takes one file.
    engine.dispose()


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """An empty emulated world on a free port."""
    from connectors.sandbox.server import Sandbox, SandboxServer

    world = Sandbox()
    with SandboxServer(world) as server:
        yield server
    world.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the clusters over the suite, for they take their turns: next to each other one waits for the other."""
    clusters, others = [], []
    for item in items:
        (clusters if "turn" in getattr(item, "fixturenames", ()) else others).append(item)
    if clusters and others:
        apart = -(-len(others) // len(clusters))
        items[:] = [
            item
            for number, cluster in enumerate(clusters)
            for item in (cluster, *others[number * apart : (number + 1) * apart])
        ]


@pytest.fixture
def mailbox_kind() -> str:
    """The vendor of the mailboxes of a story; of one that bears `every_mailbox`, each vendor in turn."""
    return "exchange"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell stories over every kind of mailbox that can do what they need; those that say so over some, or over one."""
    kinds = _kinds(metafunc) if "mailbox_kind" in metafunc.fixturenames else []
    if "migrated_url" not in metafunc.fixturenames or _chooses("migrated_url", metafunc):
        if kinds:
            metafunc.parametrize("mailbox_kind", kinds)
    elif not kinds:
        metafunc.parametrize("migrated_url", DATABASES, indirect=True)
    else:  # what a story asks of a database is the same over every kind: each meets one of them, the first both
        pairs = [(kind, DATABASES[at % 2]) for at, kind in enumerate(kinds)] + [(kinds[0], DATABASES[1])]
        metafunc.parametrize(("mailbox_kind", "migrated_url"), pairs, indirect=["migrated_url"])


def _chooses(fixture: str, metafunc: pytest.Metafunc) -> bool:
    """Does the test itself say with what values of a fixture it goes?"""
    names = (mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    return any(fixture in (each.split(",") if isinstance(each, str) else each) for each in names)


def _kinds(metafunc: pytest.Metafunc) -> list[str]:
    """What the nearest mark of a story says of the kinds of mailbox; none says nothing."""
    mark = next((each for each in metafunc.definition.iter_markers() if each.name in TOLD), None)
    if mark is None or _chooses("mailbox_kind", metafunc):
        return []
    if mark.name == "told_over":
        assert mark.kwargs["why"]
        return list(mark.args)
    from tests.support.kinds import KINDS

    able = [name for name, kind in KINDS.items() if kind.can.issuperset(mark.args)]
    if mark.name == "every_mailbox":
        return able
    assert mark.kwargs["why"]
    at = zlib.crc32(metafunc.function.__name__.encode()) % len(able)  # the same today and tomorrow
    return able[at : at + 1]


@pytest.fixture
def world(sandbox: SandboxServer, mailbox_kind: str, _sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    """One organization in the sandbox, on SQLite: the stage of most stories."""
    from tests.support.world import World

    store = shutil.copy(_sqlite_template, tmp_path / "store.db")  # to migrate one takes as long as a run
    made = World(sandbox, f"sqlite:///{store}", tmp_path / "home", kind=mailbox_kind, migrated=True)
    yield made
    made.close()


@pytest.fixture
def world_on_both(sandbox: SandboxServer, mailbox_kind: str, migrated_url: str, tmp_path: Path) -> Iterator[World]:
    """The same, once on SQLite and once on PostgreSQL."""
    from tests.support.world import World

    made = World(sandbox, migrated_url, tmp_path / "home", kind=mailbox_kind, migrated=True)
    yield made
    made.close()
