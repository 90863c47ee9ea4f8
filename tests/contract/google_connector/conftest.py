"""A mailbox in the sandbox with the connector on it; whatever goes over the wire is held against the discovery
documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.server import Sandbox, SandboxServer
from tests.support.discovery import Exchange, available, faults
from tests.support.google import World, recording


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
    if available():
        served = (each for each in wire if not each.url.endswith("/token"))
        assert [fault for each in served for fault in faults(each)] == []


@pytest.fixture
def world(server: SandboxServer, wire: list[Exchange]) -> World:
    server.sandbox.reset()
    return World(server)
