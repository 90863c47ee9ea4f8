"""The compose file: read by Docker Compose itself where there is one, and by ourselves everywhere."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from sync_tasks.security.keys import parse_keys
from sync_tasks.services import embedded
from sync_tasks.services.embedded import free_port
from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.settings import Settings
from tests.deploy.commands import DEPLOY, no_settings, understood
from tests.support.waiting import until

FOLDER = DEPLOY / "compose"
OURS = {"migrate", "worker", "beat", "web", "flower"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder with its secrets made."""
    copy = tmp_path_factory.mktemp("compose") / "compose"
    shutil.copytree(FOLDER, copy)
    subprocess.run(["sh", copy / "make-secrets.sh"], check=True, capture_output=True)
    return copy


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return loaded


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="Docker Compose comes from PyPI for Linux on x86 only",
)
def test_docker_compose_reads_it(installed: Path) -> None:
    tool = Path(sys.executable).with_name("docker-compose")
    done = subprocess.run(
        [tool, "--file", installed / "compose.yaml", "config", "--format", "json"], capture_output=True, text=True,
        check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["services"]) == {*OURS, "postgres", "redis"}
    assert told["services"]["redis"]["command"][-4:] == ["--save", "", "--appendonly", "no"]
    assert "variable is not set" not in done.stderr


def test_the_program_understands_every_command_and_every_variable(compose: dict[str, Any]) -> None:
    for name in OURS:
        words = [str(word).replace("${WORKER_CONCURRENCY:-8}", "8") for word in compose["services"][name]["command"]]
        assert understood(words) == {"migrate": "db upgrade"}.get(name, name)
        environment = compose["services"][name]["environment"]
        assert no_settings(each for each in environment if each.startswith("INBOX_SYNC_")) == set()
    assert no_settings(name for name in compose["secrets"] if name.startswith("inbox_sync_")) == set()


def test_our_containers_are_nobody_and_write_nowhere(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["user"] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_nothing_listens_outside_of_this_machine_by_itself(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(ports) == {"web", "flower"}
    assert all(":-127.0.0.1:" in port for each in ports.values() for port in each)
    assert compose["networks"]["store"] == {"internal": True}


def test_everything_that_stays_up_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    """Beat has nobody to ask; that it works is seen by what is due."""
    silent = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert silent == {"migrate", "beat"}


def test_the_secrets_that_are_made_are_of_use(installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for path in (installed / "secrets").glob("inbox_sync_*"):
        shutil.copy(path, folder)
    monkeypatch.setenv("INBOX_SYNC_SECRETS_DIR", str(folder))
    settings = Settings(home=tmp_path)
    assert parse_keys(key.get_secret_value() for key in settings.secret_keys)[0].id == "k1"
    assert settings.database_url.startswith("postgresql://inbox_sync:")
    assert settings.flower_password.get_secret_value()
    assert {path.stat().st_mode & 0o777 for path in (installed / "secrets").iterdir()} == {0o444}
    assert (installed / "secrets").stat().st_mode & 0o777 == 0o700


def test_secrets_that_are_there_are_kept(installed: Path) -> None:
    before = {path.name: path.read_bytes() for path in (installed / "secrets").iterdir()}
    subprocess.run(["sh", installed / "make-secrets.sh"], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (installed / "secrets").iterdir()} == before


def test_redis_understands_its_command_line_and_asks_for_the_password(
    installed: Path, compose: dict[str, Any], tmp_path: Path
) -> None:
    """The very words of the file, with a port of our own."""
    words = compose["services"]["redis"]["command"][2:]
    port = free_port()
    conf = installed / "secrets" / "redis_conf"
    argv = [embedded.find_server(), conf, "--port", str(port), "--bind", "127.0.0.1", *words]
    with GuardedProcess([str(each) for each in argv], log=tmp_path / "redis.log", cwd=tmp_path):
        known = redis.Redis(port=port, password=conf.read_text().split()[1], decode_responses=True)
        until(lambda: _answers(known), 10)
        assert known.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
        assert known.config_get("save") == {"save": ""}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        known.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
