"""The arithmetic of budgets: buckets give no more than they hold, whoever comes first is first, days keep a reserve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules import budget
from mapping.rules.budget import SLOWEST, Bucket, Day, Level, hour_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

buckets = st.builds(
    Bucket, st.floats(1, 1000, allow_nan=False), st.floats(0.01, 500, allow_nan=False)
)  # fmt: skip
asks = st.lists(st.tuples(st.floats(0, 20), st.integers(1, 30)), min_size=1, max_size=60)


def sent(bucket: Bucket, asked: list[tuple[float, int]], most: float = float("inf")) -> list[tuple[float, float, int]]:
    """What becomes of calls that are asked for one after the other (seconds after the last, parts): when each was asked
    for, when it is sent, with how many parts. Those that would wait longer than `most` are not sent."""
    level, now, found = budget.full(bucket, 0.0), 0.0, []
    for later, parts in asked:
        now += later
        wait = budget.wait(bucket, level, now, parts)
        if wait <= most:
            level = budget.taken(bucket, level, now, parts)
            found.append((now, now + wait, parts))
    return found


@pytest.mark.rule("TOP-13")
@given(buckets, asks, st.floats(0, 60))
def test_in_no_stretch_of_time_more_is_sent_than_the_bucket_holds_and_gains(
    bucket: Bucket, asked: list[tuple[float, int]], most: float
) -> None:
    calls = [(at, min(parts, bucket.capacity)) for _, at, parts in sent(bucket, asked, most)]
    for first, (begin, _) in enumerate(calls):
        for last in range(first, len(calls)):
            parts = sum(each for _, each in calls[first : last + 1])
            gained = (calls[last][0] - begin) * bucket.per_second
            assert parts <= bucket.capacity + gained + 1e-6 * (1 + parts + gained)


@pytest.mark.rule("TOP-13")
@given(buckets, asks)
def test_whoever_asks_first_is_sent_first_whichever_process_it_is(
    bucket: Bucket, asked: list[tuple[float, int]]
) -> None:
    moments = [at for _, at, _ in sent(bucket, asked)]
    assert all(b >= a - 1e-6 for a, b in pairwise(moments))


@given(buckets, st.floats(-1000, 1000), st.lists(st.floats(-5, 50), min_size=1, max_size=20))
def test_a_bucket_only_fills_while_nobody_takes_and_never_overflows(
    bucket: Bucket, tokens: float, steps: list[float]
) -> None:
    level, now = Level(min(tokens, bucket.capacity), 0.0), 0.0
    for step in steps:  # also back: a clock may be set
        now += step
        after = budget.refilled(bucket, level, now)
        assert level.tokens <= after.tokens <= bucket.capacity
        level = after


@given(buckets, st.integers(1, 10_000))
def test_a_call_that_is_larger_than_the_bucket_gets_through_at_last(bucket: Bucket, parts: int) -> None:
    assert budget.wait(bucket, budget.full(bucket, 0.0), 0.0, parts) == 0


def test_a_pause_is_kept_and_a_shorter_one_does_not_end_it() -> None:
    bucket = Bucket(100, 10)
    level = budget.paused(budget.paused(budget.full(bucket, 0.0), 30.0), 10.0)
    assert budget.wait(bucket, level, 5.0, 1) == 25.0
    assert budget.wait(bucket, level, 31.0, 1) == 0.0


# --- days


def day(
    used: int | None = None, *, allowed: int = 1000, told: timedelta = timedelta(), ours: int = 0, **more: int
) -> Day:
    told_at = None if used is None else NOW - told
    counts = {hour_of(NOW - timedelta(hours=3)): ours}
    given = {"reserve": 20, **more}
    return Day(used, allowed if used is not None else None, told_at, counts, **given)


def test_nothing_is_refused_before_anybody_has_said_how_much_there_is() -> None:
    unknown = day(ours=100_000)
    assert (unknown.left, unknown.total, unknown.is_short) == (None, None, False)
    assert unknown.may(asked=False)
    assert unknown.stretch() == 1.0


@pytest.mark.rule("TOP-13")
@pytest.mark.parametrize(
    ("used", "routine", "asked"),
    [(0, True, True), (799, True, True), (800, False, True), (999, False, True), (1000, False, False)],
)
def test_routine_leaves_the_reserve_and_people_use_it(used: int, routine: bool, asked: bool) -> None:
    assert (day(used).may(asked=False), day(used).may(asked=True)) == (routine, asked)


def test_a_limit_of_our_own_counts_our_own_calls_only() -> None:
    assert day(500, ours=90, most=100).left == 10
    assert day(500, ours=90, most=100).is_short  # 20 of 100 are kept
    assert day(995, ours=0, most=100).left == 5, "nor does it help when others have used up everything"
    assert not day(500, ours=10, most=100).is_short


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_intervals_grow_as_calls_run_out(one: int, other: int) -> None:
    fewer, more = sorted((day(one), day(other)), key=lambda each: each.left or 0)
    assert 1.0 <= more.stretch() <= fewer.stretch() <= SLOWEST


def test_an_old_word_of_salesforce_is_tried_again_and_a_limit_of_our_own_is_not() -> None:
    assert not day(900).may_look(NOW)
    assert day(900, told=timedelta(minutes=16)).may_look(NOW)
    assert not day(900, told=timedelta(minutes=16), ours=100, most=100).may_look(NOW)


def test_calls_come_back_a_day_after_they_were_made() -> None:
    short = day(900, ours=100, most=100)
    assert short.resets_at(NOW) == datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert short.again(NOW) == NOW + timedelta(hours=1), "but one looks sooner"
    assert day(900).resets_at(NOW) is None
    assert day(900).again(NOW) == NOW + timedelta(minutes=15)
