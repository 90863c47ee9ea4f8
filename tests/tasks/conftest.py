"""A Celery application of this process on an empty Redis, and clusters of real workers."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from sync_tasks.celery_app import configure
from sync_tasks.settings import Settings
from tests.support.cluster import Cluster
from tests.support.world import World


@pytest.fixture
def celery_app(redis_url: str, tmp_path: Path) -> Iterator[Celery]:
    """The application, current in this process: what is enqueued goes to the test's own Redis."""
    app = configure(Settings(home=tmp_path, redis_url=redis_url))
    app.set_current()
    app.loader.import_default_modules()
    yield app
    app.close()


@pytest.fixture
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clusters take their turns, whichever process of pytest-xdist they belong to: two of them on one machine measure
    how busy it is."""
    with (tmp_path_factory.getbasetemp().parent / "clusters.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def clustered(world: World, tmp_path: Path, turn: None) -> Iterator[Callable[..., Cluster]]:
    """Makes the world's cluster, with settings of one's own; this process enqueues there too."""
    with ExitStack() as stack:
        yield _maker(world, tmp_path / "home", stack)


@pytest.fixture
def clustered_on_both(world_on_both: World, tmp_path: Path, turn: None) -> Iterator[Callable[..., Cluster]]:
    """The same for the world that stands on SQLite once and on PostgreSQL once."""
    with ExitStack() as stack:
        yield _maker(world_on_both, tmp_path / "home", stack)


def _maker(world: World, home: Path, stack: ExitStack) -> Callable[..., Cluster]:
    def make(**settings: Any) -> Cluster:
        cluster = stack.enter_context(Cluster(world, home, **settings))
        app = configure(Settings(home=cluster.home, redis_url=cluster.redis.url))
        app.set_current()
        app.loader.import_default_modules()
        stack.callback(app.close)
        return cluster

    return make
