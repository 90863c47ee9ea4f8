"""Where users stand, after any sequence of what people and runs may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules import standing
from mapping.rules.errors import CATALOGUE, MAILBOX, SALESFORCE
from mapping.rules.standing import (
    BY_HAND,
    CAUSES,
    PROBES,
    PROMPT_AT,
    SUSPEND_AT,
    Around,
    RefusedError,
    Standing,
    State,
    Verb,
    act,
    effective,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODES = sorted(code for code, known in CATALOGUE.items() if known.scope in (MAILBOX, SALESFORCE, "RUN"))

Step = tuple[str, Callable[[Standing, datetime], Standing]]


def fails(code: str, *, counts: bool) -> Step:
    at_once = CATALOGUE[code].at_once
    return f"fails {code}", lambda was, now: standing.failed(was, code, now, at_once=at_once, counts=counts)


steps = st.one_of(
    st.sampled_from(list(Verb)).flatmap(
        lambda verb: st.booleans().map(lambda force: (verb.value, lambda was, now: act(verb, was, now, force=force)))
    ),
    st.builds(lambda code, counts: fails(code, counts=counts), st.sampled_from(CODES), st.booleans()),
    st.just(("fails", lambda was, now: standing.failed(was, "MAILBOX.TRANSIENT.UNAVAILABLE", now, at_once=False))),
    st.just(("succeeds", standing.succeeded)),
    st.sampled_from([MAILBOX, SALESFORCE]).map(
        lambda scope: (f"renews {scope}", lambda was, _: standing.renewed(was, scope))
    ),
)
MEANT = {"pause", "resume", "disable", "enable", "reset", "reinit", "suspend", "leave"}


@pytest.mark.rule("TOP-11", "TOP-24")
@given(st.lists(steps, max_size=40), st.booleans(), st.booleans())
@pytest.mark.point("1.6.7")
def test_whatever_happens_the_reasons_why_somebody_does_not_run_stay_apart(
    done: list[Step], enabled: bool, profile: bool
) -> None:
    now, user, around = NOW, Standing(), Around(org_enabled=enabled, profile_enabled=profile)
    for name, step in done:
        now += timedelta(minutes=1)
        before = user
        try:
            user = step(before, now)
        except RefusedError:
            assert name in MEANT
            continue
        consistent(user)
        only_its_own(name, before, user)
        told = effective(user, around)
        assert told.runs == (not any(cause.applies(user, around) for cause in CAUSES))
        assert (told.state is State.SUSPENDED) <= (told.code == user.code != "")
        if name in MEANT:
            assert step(user, now + timedelta(hours=1)) == user  # twice is as good as once


def consistent(user: Standing) -> None:
    is_suspended = user.suspended_at is not None
    assert is_suspended == bool(user.code)
    assert is_suspended or (user.attempts, user.probe_at) == (0, None)
    assert is_suspended or user.failures < SUSPEND_AT
    assert user.prompt >= (user.failures >= PROMPT_AT)
    if is_suspended and user.code != BY_HAND:
        assert (user.probe_at is None) == CATALOGUE[user.code].at_once
    if user.probe_at is not None:
        assert user.suspended_at is not None
        assert user.suspended_at < user.probe_at


def only_its_own(name: str, before: Standing, after: Standing) -> None:
    """A pause is the user's, a disablement an administrator's, a suspension the engine's."""
    lifts = {
        "paused_at": {"resume"}, "disabled_at": {"enable"}, "leaving_at": set[str](),
        "initialized_at": {"reset"}, "suspended_at": {"resume", "reinit", "succeeds", "renews"},
    }  # fmt: skip
    sets = {
        "paused_at": {"pause"}, "disabled_at": {"disable", "reset"}, "leaving_at": {"leave"},
        "initialized_at": {"succeeds"}, "suspended_at": {"fails", "suspend"},
    }  # fmt: skip
    for part in lifts:
        was, is_ = getattr(before, part), getattr(after, part)
        if was is not None and is_ is None:
            assert name.split()[0] in lifts[part]
        elif was is None and is_ is not None:
            assert name.split()[0] in sets[part]
        else:
            assert was == is_


@pytest.mark.rule("TOP-11")
@pytest.mark.point("1.6.2")
def test_six_failures_ask_the_user_and_ten_suspend_him_and_he_is_tried_at_growing_intervals() -> None:
    user, code = Standing(initialized_at=NOW), "SALESFORCE.TRANSIENT.UNAVAILABLE"
    prompts, pauses = [], []
    for _ in range(SUSPEND_AT):
        user = standing.failed(user, code, NOW, at_once=False)
        prompts.append(user.prompt)
    for _ in range(len(PROBES) + 1):
        assert user.probe_at is not None
        pauses.append(user.probe_at - NOW)
        user = standing.failed(user, code, NOW, at_once=False)

    assert prompts == [False] * (PROMPT_AT - 1) + [True] * (SUSPEND_AT - PROMPT_AT + 1)
    assert (user.suspended_at, user.code) == (NOW, code)
    assert pauses == [*PROBES, PROBES[-1]]
    assert standing.succeeded(user, NOW) == Standing(initialized_at=NOW)


@pytest.mark.rule("TOP-11")
@pytest.mark.point("1.6.4")
def test_a_refused_log_in_suspends_at_once_until_that_very_side_is_connected_anew() -> None:
    user = standing.failed(Standing(), "MAILBOX.PERMANENT.AUTH_REVOKED", NOW, at_once=True)

    assert (user.suspended_at, user.probe_at) == (NOW, None)
    assert standing.renewed(user, SALESFORCE) == user
    assert standing.renewed(user, MAILBOX) == Standing()


@pytest.mark.rule("TOP-11")
def test_what_an_administrator_suspended_no_run_and_no_new_password_resumes() -> None:
    user = act(Verb.SUSPEND, Standing(initialized_at=NOW), NOW)

    for after in (standing.succeeded(user, NOW), standing.renewed(user, MAILBOX)):
        assert effective(after, Around()).text == f"suspended ({BY_HAND})"
    assert act(Verb.RESUME, user, NOW) == Standing(initialized_at=NOW)


@pytest.mark.rule("TOP-24")
def test_a_user_whose_mailbox_is_set_up_is_deleted_only_when_it_is_forced() -> None:
    user = Standing(initialized_at=NOW)

    with pytest.raises(RefusedError, match="--force"):
        act(Verb.LEAVE, user, NOW)

    assert act(Verb.LEAVE, user, NOW, force=True).leaving_at == NOW
    assert act(Verb.LEAVE, act(Verb.RESET, user, NOW), NOW).leaving_at == NOW


@pytest.mark.point("1.4.2")
def test_of_several_reasons_the_outermost_is_told() -> None:
    everything = Standing(NOW, NOW, NOW, None, NOW, BY_HAND)
    worst = Around(org_enabled=False, org_paused_at=NOW, profile_enabled=False)
    lifted = [
        (everything, worst),
        (everything, replace(worst, org_enabled=True)),
        (everything, replace(worst, org_enabled=True, org_paused_at=None)),
        (everything, Around()),
        (replace(everything, disabled_at=None), Around()),
        (replace(everything, disabled_at=None, paused_at=None), Around()),
        (Standing(NOW), Around()),
    ]

    assert [effective(user, around).text for user, around in lifted] == [
        "organization disabled", "organization paused", "profile disabled", "disabled", "paused",
        f"suspended ({BY_HAND})", "enabled",
    ]  # fmt: skip
