"""How long items wait that fail again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from mapping.rules import ladder
from mapping.rules.settings import resolve

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT_ONCE, HOUR = timedelta(0), timedelta(hours=1)


@pytest.mark.rule("TOP-7")
@pytest.mark.parametrize(
    ("settings", "days_ago", "tries"),
    [({}, None, 50), ({}, 30, 50), ({}, 31, 5), ({"retry.most": 4}, None, 4), ({"retry.most_old": 2}, 90, 2)],
)
def test_three_failures_then_once_an_hour_then_no_more(
    settings: Mapping[str, object], days_ago: int | None, tries: int
) -> None:
    ended = None if days_ago is None else NOW - timedelta(days=days_ago)
    effective = resolve([("organization", settings)])

    told = [ladder.wait(failures, effective, ended_at=ended, now=NOW) for failures in range(1, tries + 2)]

    assert told == [AT_ONCE, AT_ONCE, *[HOUR] * (tries - 3), None, None][-len(told) :]
