"""Waiting for what other processes do, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 10.0, *, every: float = 0.02) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"did not happen within {seconds} s")
        time.sleep(every)
