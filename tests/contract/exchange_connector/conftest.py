"""A mailbox in the sandbox with the connector on it; whatever the connector sends is held against the EWS schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.server import Sandbox, SandboxServer
from tests.support.exchange import Wire, World, ews_schema, faults_against, recording


@pytest.fixture(scope="package")
def server() -> Iterator[SandboxServer]:
    """One server for all these tests: starting and stopping one takes longer than most of them."""
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        yield server
    sandbox.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with recording() as wire:
        yield wire
    schema = ews_schema()
    if schema is not None:
        assert faults_against(schema, wire.requests) == []


@pytest.fixture
def world(server: SandboxServer, wire: Wire) -> World:
    server.sandbox.reset()
    return World(server)
