"""A little chaos over the whole system; much of it comes from `python -m tests.chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import siege
from tests.chaos.faults import FAULTS

LITTLE = {"events": 1, "mails": 1, "edits": 1, "deletes": 0}
# one of each thing that can be hurt: as many as go into one round
CHOSEN = frozenset({
    "whole worker killed", "beat killed", "web killed", "Redis killed, back and empty", "PostgreSQL crashed",
    "vendor acts, the answer is lost", "vendor says {} whatever it is asked (200)",
})  # fmt: skip


@pytest.mark.chaos
def test_whatever_the_system_stands_on_may_go_away_for_a_while(tmp_path: Path, turn: None) -> None:
    faults = [fault for fault in FAULTS if fault.kind in CHOSEN]
    report = siege.besiege(tmp_path, faults, seed=1, together=len(CHOSEN), first=LITTLE, later=LITTLE)
    assert report.holds, "\n".join(report.lines())
    assert report.struck.total() > len(faults) / 2, "faults that nobody meets prove nothing"
