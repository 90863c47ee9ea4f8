"""The web process over a real socket, and a user for whom an agreement stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.hooks import POSTER, Hooks, hooked
from tests.support.world import World


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooked(world, pubsub_account=POSTER, google_certs_url=f"{world.server.url}/google/oauth2/v3/certs") as hooks:
        yield hooks
