"""Clocks of single processes that can be set while they run: a few lines of C before libc, for there is no other way to
move the time of a whole process, its libraries and its children, without moving that of the machine."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

SOURCE = Path(__file__).with_name("skew.c")
FILE = "INBOX_SYNC_TEST_SKEW"


class Clocks:
    """`home`: where they are kept, and the library is built. Without a C compiler nobody can set a clock."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._library = home / "skew.so"
        compiler = shutil.which("cc")
        self.work = compiler is not None
        if compiler is not None:
            subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-lm"], check=True)

    def env(self, name: str) -> Mapping[str, str]:
        """The environment of a process that has the clock of this name, right for now."""
        if not self.work:
            return {}
        self.set(name, timedelta())
        return {"LD_PRELOAD": str(self._library), FILE: str(self._file(name))}

    def set(self, name: str, ahead: timedelta) -> None:
        """From now on it is so far ahead of the machine's, or behind."""
        with self._file(name).open("r+b" if self._file(name).exists() else "wb") as file:
            file.write(struct.pack("=d", ahead.total_seconds()))  # in place: the processes have it mapped

    def _file(self, name: str) -> Path:
        return self._home / f"{name}.clock"
