"""A Celery application of this process on an empty Redis, and clusters of real workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

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
def clustered(world: World, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Makes the world's cluster, with settings of one's own; this process enqueues there too."""
    with ExitStack() as stack:

        def make(**settings: object) -> Cluster:
            cluster = stack.enter_context(Cluster(world, tmp_path / "home", **settings))
            app = configure(Settings(home=cluster.home, redis_url=cluster.redis.url))
            app.set_current()
            app.loader.import_default_modules()
            stack.callback(app.close)
            return cluster

        yield make
