"""The time the sandbox lives in: real by default, steerable so that tests can look a year ahead in no time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Present moment, aware, UTC."""
        with self._lock:
            return self._frozen if self._frozen is not None else datetime.now(UTC) + self._offset

    def set(self, moment: datetime, *, frozen: bool = True) -> None:
        """Jump to an aware moment; frozen: time stands still there until moved again."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs an aware moment")
        moment = moment.astimezone(UTC)
        with self._lock:
            self._frozen = moment if frozen else None
            self._offset = timedelta() if frozen else moment - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        step = timedelta(seconds=seconds)
        with self._lock:
            if self._frozen is not None:
                self._frozen += step
            else:
                self._offset += step

    def real(self) -> None:
        """Back to real time."""
        with self._lock:
            self._frozen, self._offset = None, timedelta()

    @property
    def frozen(self) -> bool:
        return self._frozen is not None
