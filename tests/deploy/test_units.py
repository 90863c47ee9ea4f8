"""The units of systemd: read by systemd itself where there is one, and by ourselves everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.commands import DEPLOY, no_settings, understood

FOLDER = DEPLOY / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
PROGRAM = "/opt/inbox-sync/bin/inbox-sync"
EXPOSURE = 2.0  # of 10, by `systemd-analyze security`
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here; .ci/run sees to it"
)


def entries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Section, name and value of every line that says something."""
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            name, sign, value = line.partition("=")
            assert section and sign, line
            yield section, name, value


def values(path: Path, name: str) -> list[str]:
    return [value for _, each, value in entries(path) if each == name]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with the program where it is on this machine, which is what systemd looks at."""
    folder = tmp_path_factory.mktemp("units")
    for path in FOLDER.iterdir():
        text = path.read_text().replace(PROGRAM, str(Path(sys.executable).with_name("inbox-sync")))
        (folder / path.name).write_text(text)
    return folder


@needs_systemd
@pytest.mark.parametrize("path", [*SERVICES, FOLDER / "inbox-sync.target"], ids=lambda path: path.name)
def test_systemd_has_nothing_to_complain_about(path: Path, here: Path) -> None:
    name = path.name.replace("@.", "@a.")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"./{name}"], cwd=here, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_hardly_exposed(path: Path, here: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"./{path.name}"], cwd=here, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) < EXPOSURE


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_that_exists_as_nobody(path: Path) -> None:
    (line,) = values(path, "ExecStart")
    words = line.replace("${CONCURRENCY}", "8").replace(" $OPTIONS", "").split()
    assert words[0] == PROGRAM
    assert understood(words[1:]).split()[0] in ("worker", "beat", "web", "flower", "db")
    said = {name: value for section, name, value in entries(path) if section == "Service"}
    assert said["User"] == "inbox-sync"
    wanted = {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes", "UMask": "0077",
    }  # fmt: skip
    assert {name: said.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_names_only_settings_that_exist(path: Path) -> None:
    assigned = [each.split("=")[0] for value in values(path, "Environment") for each in value.split()]
    assert no_settings(name for name in assigned if name.startswith("INBOX_SYNC_")) == set()
    credentials = [value.split(":")[0] for value in values(path, "LoadCredential")]
    assert credentials
    assert no_settings(credentials) == set()


def test_only_what_needs_it_is_given_a_secret() -> None:
    flower = {value.split(":")[0] for value in values(FOLDER / "inbox-sync-flower.service", "LoadCredential")}
    assert flower == {"inbox_sync_redis_url", "inbox_sync_flower_password"}


def test_everything_waits_for_the_migration() -> None:
    for path in SERVICES:
        if "migrate" not in path.name:
            assert values(path, "Requires") == ["inbox-sync-migrate.service"]
            assert "inbox-sync-migrate.service" in values(path, "After")[0]
