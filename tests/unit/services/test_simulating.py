"""Companies in simulated time, on the real scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_tasks.services.simulating import Company, simulate


def test_everybody_is_served_soon_while_workers_have_time(tmp_path: Path) -> None:
    outcome = simulate(Company(users=240, organizations=4, load=0.4, minutes=31), tmp_path)

    assert outcome.claims >= 240
    assert sum(map(len, outcome.lags.values())) >= 240
    assert 0 < outcome.percentile(0.5) <= outcome.percentile(0.99) < 30


@pytest.mark.rule("TOP-13")
def test_users_of_others_do_not_wait_for_an_organization_that_wants_ten_times_as_much(tmp_path: Path) -> None:
    """More is asked for than the workers can do: whoever asks for it waits, and nobody else."""
    outcome = simulate(Company(users=1200, organizations=6, load=0.6, minutes=12, noisy=True), tmp_path)

    noisy = min(outcome.lags)
    assert outcome.percentile(0.95, others=True) < 20
    assert sorted(outcome.lags[noisy])[-1] > 2 * outcome.percentile(0.95, others=True)
