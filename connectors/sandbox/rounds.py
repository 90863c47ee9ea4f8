"""What vendors post to others by themselves: in rounds, in threads of their own, while somebody has not been told all.

What a listener cannot take now it gets in the next round.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)
TIMEOUT = 5


@dataclass(frozen=True)
class Rounds:
    """`waits`: is there somebody who was not told all? `tell`: tell them; how many took it."""

    waits: Callable[[Sandbox], bool]
    tell: Callable[[Sandbox], int]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def go(self, sandbox: Sandbox) -> int:
        with self.lock:
            return self.tell(sandbox)


_ALL: list[Rounds] = []


def register(rounds: Rounds) -> Rounds:
    _ALL.append(rounds)
    return rounds


def waits(sandbox: Sandbox) -> bool:
    """Is there anybody who was not told all?"""
    return any(rounds.waits(sandbox) for rounds in _ALL)


def start(sandbox: Sandbox) -> None:
    """Begin the rounds for which somebody waits; called after whatever may have changed something."""
    for rounds in _ALL:
        if rounds.waits(sandbox):
            threading.Thread(target=_in_background, args=(rounds, sandbox), name="rounds", daemon=True).start()


def _in_background(rounds: Rounds, sandbox: Sandbox) -> None:
    try:
        rounds.go(sandbox)
    except sqlite3.Error:
        log.info("rounds_ended")  # the sandbox was closed, or emptied, meanwhile
