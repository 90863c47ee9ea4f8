"""Telling a vendor that is down from a user in trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules import outage
from mapping.rules.outage import CLOSED, LOOKS, PATIENCE, WITHIN, Breaker

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODE = "SALESFORCE.TRANSIENT.UNAVAILABLE"
MINUTE = timedelta(minutes=1)


def after(*faults: tuple[int, datetime], users: int = 50, breaker: Breaker = CLOSED) -> Breaker:
    for user_id, at in faults:
        breaker = outage.fault(breaker, user_id, CODE, at, users=users)
    return breaker


@pytest.mark.rule("TOP-11")
def test_one_user_in_trouble_is_no_outage_however_often_he_fails() -> None:
    assert not after(*((7, NOW + n * MINUTE) for n in range(20))).is_open


@pytest.mark.rule("TOP-11")
@pytest.mark.parametrize(("users", "needed"), [(1, 2), (2, 2), (3, 3), (5000, 3)])
def test_as_many_users_as_the_organization_allows_for_open_it(users: int, needed: int) -> None:
    faults = [(user_id, NOW) for user_id in range(1, needed + 1)]

    assert not after(*faults[:-1], users=users).is_open
    assert after(*faults, users=users).opened_at == NOW


@pytest.mark.rule("TOP-11")
def test_faults_that_lie_far_apart_do_not_add_up() -> None:
    late = NOW + WITHIN + MINUTE

    assert not after((1, NOW), (2, NOW), (3, late)).is_open


@pytest.mark.rule("TOP-11")
def test_looks_come_at_growing_intervals_one_user_at_a_time() -> None:
    breaker, now, pauses = after((1, NOW), (2, NOW), (3, NOW)), NOW, []
    for user_id in (4, 5, 6, 7):
        assert breaker.look_at is not None
        pauses.append(breaker.look_at - now)
        now = breaker.look_at
        assert outage.may_look(breaker, now)
        breaker = outage.look(breaker, user_id, now)
        assert not outage.may_look(breaker, now)
        assert after((99, now), breaker=breaker).looking == user_id  # others who had started say nothing
        breaker = after((user_id, now), breaker=breaker)

    assert pauses == [*LOOKS, LOOKS[-1]]


@pytest.mark.rule("TOP-11")
def test_a_look_that_never_ends_is_given_to_somebody_else() -> None:
    looking = outage.look(after((1, NOW), (2, NOW), (3, NOW)), 4, NOW)

    assert not outage.may_look(looking, NOW + PATIENCE - MINUTE)
    assert outage.may_look(looking, NOW + PATIENCE)


@pytest.mark.rule("TOP-11")
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["fault", "look", "unsure", "wait"])), max_size=40))
def test_whatever_happens_an_open_breaker_always_lets_somebody_look_soon(events: list[tuple[int, str]]) -> None:
    breaker, now = CLOSED, NOW
    for user_id, what in events:
        if what == "wait":
            now += MINUTE
        elif what == "fault":
            breaker = outage.fault(breaker, user_id, CODE, now, users=9)
        elif breaker.is_open and what == "look" and outage.may_look(breaker, now):
            breaker = outage.look(breaker, user_id, now)
        elif breaker.is_open and what == "unsure":
            breaker = outage.unsure(breaker, now)
        if breaker.is_open:
            assert outage.may_look(breaker, now + PATIENCE)
            assert now <= outage.next_look(breaker, now) <= now + max(LOOKS)
        else:
            assert breaker.looking is None
