"""How a run ended, in a word for people and in the code by which they may know it from other products.

code     when
SW0000   everything is done
SW0002   done, but single items need somebody
SW0004   nothing is done until somebody has confirmed it
SW0001   interrupted: it took too long, or its workers died
SW0003   it broke off for another reason, which its error code tells
"""

from __future__ import annotations

from dataclasses import dataclass

OTHERWISE = "PLAN.GUARD.OTHERWISE"
INTERRUPTED = frozenset({"RUN.TRANSIENT.TOO_LONG", "RUN.TRANSIENT.STALLED"})


@dataclass(frozen=True, slots=True)
class Ending:
    code: str
    text: str


RUNNING = Ending("", "running")
_DONE = Ending("SW0000", "done")
_ISSUES = Ending("SW0002", "done, with issues")
_HELD = Ending("SW0004", "waits to be confirmed")
_OTHERWISE = Ending("SW0004", "not done: the plan has changed")
_INTERRUPTED = Ending("SW0001", "interrupted")
_BROKEN = Ending("SW0003", "broke off")


def ending(state: str, error_code: str, issues: int) -> Ending:
    """`state`: that of the run; `issues`: how many items need somebody since it."""
    if state == "open":
        return RUNNING
    if state == "held":
        return _OTHERWISE if error_code == OTHERWISE else _HELD
    if state == "done":
        return _ISSUES if issues else _DONE
    return _INTERRUPTED if error_code in INTERRUPTED else _BROKEN
