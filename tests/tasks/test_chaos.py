"""A little chaos over the whole system; much of it comes from `python -m tests.chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import siege
from tests.chaos.faults import FAULTS

LITTLE = {"events": 1, "mails": 1, "edits": 1, "deletes": 0}
# one thing is hurt in one way at a time, so each of these would take a round of its own; others do nearly the same
LEFT_OUT = frozenset({
    "pool child killed", "main process of a worker killed", "worker's clock behind", "worker's disk full",
    "Redis emptied", "Redis out of memory", "PostgreSQL restarted", "PostgreSQL cuts all connections",
})  # fmt: skip


@pytest.mark.chaos
def test_whatever_the_system_stands_on_may_go_away_for_a_while(tmp_path: Path, turn: None) -> None:
    faults = [fault for fault in FAULTS if fault.kind not in LEFT_OUT]
    report = siege.besiege(tmp_path, faults, seed=1, together=10, first=LITTLE, later=LITTLE)
    assert report.holds, "\n".join(report.lines())
    assert report.struck.total() > len(faults) * 0.6, "faults that nobody meets prove nothing"
