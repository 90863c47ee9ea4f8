"""The sandbox's Graph as any client sees it: plain HTTP, and what is told held against the vendor's types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.server import Sandbox, SandboxServer
from tests.contract.graph_sandbox.client import Client
from tests.support.csdl import faults


@pytest.fixture(scope="package")
def server() -> Iterator[SandboxServer]:
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        yield server
    sandbox.close()


@pytest.fixture
def graph(server: SandboxServer) -> Iterator[Client]:
    server.sandbox.reset()
    client = Client(server)
    yield client
    assert faults(client.told) == []
