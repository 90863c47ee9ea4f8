"""A JavaScript client that was written for the real thing, against the sandbox over plain HTTP."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from connectors.sandbox.server import Sandbox, SandboxServer

HERE = Path(__file__).with_name("jsforce")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the locked packages, kept between runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    lock = HERE / "package-lock.json"
    name = f"jsforce-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inbox-sync" / name
    if cached.exists():
        return cached
    made = tmp_path_factory.mktemp("jsforce")
    for path in (lock, HERE / "package.json"):
        shutil.copy(path, made)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    got = subprocess.run(command, cwd=made, capture_output=True, check=False, timeout=300)
    if got.returncode:
        pytest.skip("jsforce cannot be installed here")
    cached.parent.mkdir(parents=True, exist_ok=True)
    part = cached.with_name(f"{name}.{os.getpid()}")
    shutil.copytree(made, part, symlinks=True)
    try:
        part.rename(cached)
    except OSError:  # another worker was quicker
        shutil.rmtree(part)
    return cached


def test_jsforce_takes_the_sandbox_for_an_org(home: Path) -> None:
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        requests.post(f"{server.url}/control/salesforce/settings", json={"batch_size": 3}, timeout=10)
        view = {"object": "Contact", "label": "Chiefs", "where": "Title = 'CEO'"}
        requests.post(f"{server.url}/control/salesforce/listviews", json=view, timeout=10)
        form = {"grant_type": "client_credentials"}
        token = requests.post(
            f"{server.url}/salesforce/services/oauth2/token", form, auth=("inbox-sync", "sandbox-secret"), timeout=10
        ).json()
        got = subprocess.run(
            ["node", str(HERE / "driver.js"), token["instance_url"], token["access_token"]],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "JSFORCE_HOME": str(home)},
        )
    sandbox.close()
    assert got.returncode == 0, got.stderr
    out = json.loads(got.stdout)
    assert out.pop("objects") > 10
    assert out == {
        "created": True,
        "title": "Boss",
        "upsert": [True, False],
        "collection": ["ok", "REQUIRED_FIELD_MISSING"],
        "many": 7,
        "nested": "Acme",
        "count": 8,
        "paged": ["a", "n0", "n1", "n2", "n3", "n4", "n5", "n6"],
        "found": 1,
        "described": 255,
        "identity": "integration@acme.example",
        "badField": "INVALID_FIELD",
        "badType": "INVALID_TYPE",
        "missing": "REQUIRED_FIELD_MISSING",
        "gone": "ENTITY_IS_DELETED",
        "deleted": 1,
        "view": ["Chiefs", "Contact", True],
        "viewed": [True],
        "occurrences": 3,
        "ended": 0,
    }
