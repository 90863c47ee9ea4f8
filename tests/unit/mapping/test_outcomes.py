"""How a run ended, in codes that people know."""

from __future__ import annotations

import pytest

from mapping.rules.outcomes import INTERRUPTED, ending
from sync_tasks.services.pipeline import STALLED, TOO_LONG
from sync_tasks.state.records import RunState


@pytest.mark.rule("IDN-6")
@pytest.mark.parametrize(
    ("state", "error", "issues", "code"),
    [
        (RunState.OPEN, "", 0, ""),
        (RunState.DONE, "", 0, "SW0000"),
        (RunState.DONE, "", 3, "SW0002"),
        (RunState.HELD, "HELD.DELETES", 0, "SW0004"),
        (RunState.FAILED, TOO_LONG, 0, "SW0001"),
        (RunState.FAILED, STALLED, 2, "SW0001"),
        (RunState.FAILED, "AUTH_REVOKED", 0, "SW0003"),
        (RunState.FAILED, "INTERNAL.KeyError", 0, "SW0003"),
    ],
)
def test_every_state_of_a_run_has_its_code(state: RunState, error: str, issues: int, code: str) -> None:
    assert ending(state, error, issues).code == code


@pytest.mark.rule("IDN-6")
def test_what_counts_as_interrupted_is_what_the_engine_says() -> None:
    assert {TOO_LONG, STALLED} == INTERRUPTED
