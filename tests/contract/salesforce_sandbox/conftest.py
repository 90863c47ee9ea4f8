"""A sandbox per test, driven in process: no ports, so the tests may run side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.contract.salesforce_sandbox.sandbox_org import Org

WHEEL = "cumulusci==4.10.1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel with recorded traffic; a test-time download that is never part of the project."""
    given = os.environ.get("INBOX_SYNC_CUMULUSCI_WHEEL")
    if given:
        return zipfile.ZipFile(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inbox-sync"
    if not list(cache.glob("cumulusci-*.whl")):
        target = tmp_path_factory.mktemp("wheel")
        got = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(target), WHEEL],
            capture_output=True,
            check=False,
            timeout=120,
        )
        if got.returncode:
            pytest.skip("the recorded traffic (cumulusci wheel) cannot be obtained here")
        cache.mkdir(parents=True, exist_ok=True)
        for path in target.glob("*.whl"):
            part = cache / f"{path.name}.{os.getpid()}"
            part.write_bytes(path.read_bytes())
            part.replace(cache / path.name)
    return zipfile.ZipFile(next(cache.glob("cumulusci-*.whl")))
