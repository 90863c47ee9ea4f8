"""Who has a change first, and when it is taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules.rollout import LEAST_BAD, Tally, is_worse, share_of, takes_part

pytestmark = pytest.mark.rule("TOP-16")

tallies = st.integers(0, 2000).flatmap(lambda runs: st.builds(Tally, st.just(runs), st.integers(0, runs)))


@given(st.integers(1, 1000), st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 100))
def test_whoever_has_it_keeps_it_when_it_is_widened(rollout: int, user: int, one: int, other: int) -> None:
    least, most = sorted((one, other))
    assert takes_part(rollout, user, 100, ()) and not takes_part(rollout, user, 0, ())
    assert takes_part(rollout, user, 0, {user})
    assert takes_part(rollout, user, most, ()) or not takes_part(rollout, user, least, ())


def test_a_share_is_about_that_share_and_another_one_for_each_roll_out() -> None:
    users = range(5000)
    first, second = ({user for user in users if takes_part(n, user, 10, ())} for n in (1, 2))
    assert 400 < len(first) < 600
    assert len(first & second) < 150
    assert share_of("x", "a") == share_of("x", "a") != share_of("y", "a")


@given(tallies, tallies)
def test_more_that_ends_badly_with_it_never_speaks_for_it_and_without_it_never_against_it(
    tried: Tally, others: Tally
) -> None:
    if is_worse(tried, others):
        assert tried.bad >= LEAST_BAD
        assert tried.bad * max(others.runs, 1) > others.bad * tried.runs
        assert is_worse(Tally(tried.runs, tried.runs), others)
        assert others.bad == 0 or is_worse(tried, Tally(others.runs, others.bad - 1))
    assert not (is_worse(tried, others) and is_worse(others, tried))


@given(tallies)
def test_what_is_counted_lies_within_what_explains_it(tally: Tally) -> None:
    low, high = tally.between
    assert 0 <= low <= high <= 1
    if tally.runs:
        assert low - 1e-9 <= tally.bad / tally.runs <= high + 1e-9
    assert not is_worse(tally, tally) and not is_worse(tally, Tally())


def test_the_rule_in_numbers() -> None:
    assert is_worse(Tally(10, 5), Tally(300, 6))
    assert not is_worse(Tally(10, 2), Tally(300, 6))  # two may be chance
    assert not is_worse(Tally(100, 4), Tally(100, 2))
    assert not is_worse(Tally(50, 40), Tally(50, 40))  # the vendor is down for all
