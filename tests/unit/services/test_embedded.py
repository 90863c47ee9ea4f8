"""The embedded Redis comes up, comes back, and never outlives whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from sync_tasks.services.embedded import EmbeddedRedis, EmbeddedRedisError, redis_url, running_url
from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.settings import Settings
from tests.support.waiting import until

DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(60)
"""

STARTER = """
import sys, time
from pathlib import Path
from sync_tasks.services.embedded import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
print(server.url, flush=True)
time.sleep(60)
"""


def ping(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def test_found_by_the_other_processes_of_its_home_while_it_runs(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        assert ping(server.url)
        assert running_url(tmp_path) == server.url
        assert redis_url(Settings(home=tmp_path)) == server.url
    assert not ping(server.url)
    with pytest.raises(EmbeddedRedisError, match="INBOX_SYNC_REDIS_URL"):
        running_url(tmp_path)


def test_a_server_that_is_set_is_taken_as_it_is(tmp_path: Path) -> None:
    assert redis_url(Settings(home=tmp_path, redis_url="redis://cache/1")) == "redis://cache/1"


def test_a_restart_forgets_everything_but_the_address(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        url = server.url
        with redis.Redis.from_url(url) as client:
            client.set("queued", "work")
        server.restart()
        assert server.url == url
        with redis.Redis.from_url(url) as client:
            assert client.get("queued") is None


def test_flush_forgets_everything(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("queued", "work")
        server.flush()
        assert client.dbsize() == 0


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        assert not ping(f"redis://{server.url.partition('@')[2]}")
        for name in ("redis.conf", "address"):
            assert (tmp_path / "redis" / name).stat().st_mode & 0o777 == 0o600


def test_one_home_has_one_server(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        with pytest.raises(EmbeddedRedisError, match="another process"):
            EmbeddedRedis(tmp_path)
        assert ping(server.url)


def test_stopping_twice_is_nothing(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.stop()
    server.stop()


def test_a_killed_parent_takes_the_server_with_it_and_the_home_is_free_again(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    url = starter.stdout.readline().strip()
    assert ping(url)

    starter.kill()
    starter.communicate()
    until(lambda: not ping(url))
    with EmbeddedRedis(tmp_path) as server:
        assert ping(server.url)


def test_a_server_left_behind_is_replaced(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as first:
        # As after a crash of the guard as well: the address is known, the lock is not held.
        first._lock.close()
        with EmbeddedRedis(tmp_path) as second:
            assert ping(second.url)
            assert not ping(first.url)


def test_a_stale_address_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "address").write_text("redis://:gone@127.0.0.1:1/0")
    with EmbeddedRedis(tmp_path) as server:
        assert running_url(tmp_path) == server.url


def test_a_child_that_ends_by_itself_is_seen(tmp_path: Path) -> None:
    child = GuardedProcess(["/bin/sh", "-c", "echo done"], log=tmp_path / "log")
    until(lambda: not child.running)
    child.stop()
    assert (tmp_path / "log").read_text() == "done\n"


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = GuardedProcess([sys.executable, "-c", DEAF], log=tmp_path / "log")
    until(lambda: (tmp_path / "log").read_text().strip() != "")
    began = time.monotonic()
    child.stop(patience=0.2)
    assert time.monotonic() - began < 10
    pid = int((tmp_path / "log").read_text())
    until(lambda: gone(pid))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return True
    # A dead process that nobody has collected yet still has its number.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
