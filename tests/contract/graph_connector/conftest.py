"""A mailbox in the sandbox with the connector on it; whatever goes over the wire is held against the vendor's types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.server import Sandbox, SandboxServer
from tests.support.csdl import Exchange, faults
from tests.support.graph import World, recording


@pytest.fixture(scope="package")
def server() -> Iterator[SandboxServer]:
    """One server for all these tests: starting and stopping one takes longer than most of them."""
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        yield server
    sandbox.close()


@pytest.fixture
def wire() -> Iterator[list[Exchange]]:
    with recording() as wire:
        yield wire
    assert faults(wire) == []


@pytest.fixture
def world(server: SandboxServer, wire: list[Exchange]) -> World:
    server.sandbox.reset()
    return World(server)
