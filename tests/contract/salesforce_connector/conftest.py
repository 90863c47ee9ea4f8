"""The world of these tests."""

from __future__ import annotations

import pytest

from connectors.sandbox.server import SandboxServer
from tests.contract.salesforce_connector.world import World


@pytest.fixture
def world(sandbox: SandboxServer) -> World:
    return World(sandbox)
