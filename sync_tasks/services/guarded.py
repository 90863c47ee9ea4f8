"""Child processes that can't outlive their parent, however it dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

# The shell holds the read end of a pipe whose write end only we have. When we are gone, even by SIGKILL, `cat` reads
# the end of it and the child is told to stop. The death signal of Linux would be shorter, but it follows the *thread*
# that forked, and other systems do not have it.
_GUARD = """
stop=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & child=$!
trap 'kill -s "$stop" "$child"' TERM INT HUP
{ cat <&3 >/dev/null; kill -s "$stop" "$child"; } 2>/dev/null & watch=$!
wait "$child" || wait "$child"; status=$?
kill "$watch" 2>/dev/null
exit "$status"
"""


class GuardedProcess:
    """A running program: `stop()` ends it, and so does the end of this process.

    It stands in a session of its own, so that Ctrl-C in a terminal reaches it through us, in our order.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path,
        stop_signal: str = "TERM",
        cwd: Path | None = None,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        with log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603  # no shell string: the arguments arrive as they are
                ["/bin/sh", "-c", _GUARD, "guard", stop_signal, *argv],
                stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=cwd, user=user, env=env,
                start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The guard's process id, which is also the number of the group that everything started here belongs to."""
        return self._guard.pid

    @property
    def running(self) -> bool:
        return self._guard.poll() is None

    def stop(self, patience: float = 10.0) -> None:
        """Ask it to end, and after some patience make it."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        if self._guard.poll() is not None:
            return  # once it is gone its number may belong to somebody else
        with suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
