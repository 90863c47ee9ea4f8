"""How far a first synchronization is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules.progress import Phase, Progress, about, progress

pytestmark = pytest.mark.rule("TOP-25")

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAGES = ("", "fetch", "categorize", "resolve", "link", "mirror")


def at(stage: str, done: int, total: int, seconds: float = 60) -> Progress:
    reading = STAGES.index(stage) < STAGES.index("link")
    since = None if reading else NOW - timedelta(seconds=seconds)
    return progress(begun=True, stage=stage, done=done, total=total, writing_since=since, now=NOW)


@given(st.integers(1, 5000), st.data())
def test_it_never_goes_down_and_is_not_over_before_the_run_is(total: int, data: st.DataObject) -> None:
    done = sorted(data.draw(st.lists(st.integers(0, total), max_size=5)))
    told = [at(stage, 0, 0).percent for stage in STAGES[:4]] + [at("link", each, total).percent for each in done]
    told += [at("mirror", each, total).percent for each in done[-1:]]
    assert told == sorted(told)
    assert all(0 <= each <= 99 for each in told)


def test_the_time_left_is_told_at_the_rate_so_far() -> None:
    assert at("link", 300, 900).left == timedelta(minutes=2)
    assert at("link", 900, 900).left == timedelta(0)
    assert at("link", 5, 900).left is None
    assert at("link", 300, 900, seconds=1).left is None
    told = [about(timedelta(seconds=each)) for each in (10, 60, 1000, 7200)]
    assert told == ["less than a minute", "about 1 minute", "about 17 minutes", "about 2 hours"]
    assert (at("fetch", 0, 0).phase, at("link", 0, 900).phase) == (Phase.READING, Phase.WRITING)
    waiting = progress(begun=False, stage="", done=0, total=0, writing_since=None, now=NOW)
    assert (waiting.phase, waiting.percent) == (Phase.WAITING, 0)
