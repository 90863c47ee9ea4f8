"""What a channel of Google Calendar posts, and what others post in its name."""

from __future__ import annotations

import httpx
import pytest

from sync_tasks.services import listening
from sync_tasks.state.records import PushState, UserView
from tests.support.hooks import Hooks
from tests.support.waiting import until


@pytest.fixture
def mailbox_kind() -> str:
    return "google"


@pytest.fixture
def ann(hooks: Hooks) -> UserView:
    user = hooks.world.user(instant__enabled=True)
    assert hooks.listen(user).state == PushState.LIVE
    hooks.counts.clear()
    return user


def begun(hooks: Hooks) -> None:
    """Wait until the channel has told that it begins, and forget that."""
    until(lambda: hooks.counts["google.early"] + hooks.counts["google.taken"] >= 1)
    hooks.counts.clear()
    hooks.hints.clear()


def post(hooks: Hooks, user: UserView, number: int | str = 2, **changed: str) -> httpx.Response:
    push = hooks.push(user)
    headers = {
        "X-Goog-Channel-ID": push.vendor_id, "X-Goog-Channel-Token": hooks.secret(user),
        "X-Goog-Resource-ID": push.resource, "X-Goog-Resource-State": "exists", "X-Goog-Message-Number": str(number),
    }  # fmt: skip
    given = headers | {f"X-Goog-{name.replace('_', '-')}": value for name, value in changed.items()}
    return hooks.http.post("/hooks/google", headers=given)


@pytest.mark.rule("INS-2", "INS-7")
def test_a_change_is_handed_over_once(hooks: Hooks, ann: UserView) -> None:
    assert [post(hooks, ann, number).status_code for number in (2, 2, 5)] == [204, 204, 204]
    assert [(hint.says, hint.number) for hint in hooks.hints] == [("changed", 2), ("changed", 5)]
    hooks.work()
    hooks.world.later(seconds=10)
    hooks.work()
    hooks.app.hints.counts.clear()

    assert [post(hooks, ann, number).status_code for number in (3, 5, 6)] == [204, 204, 204]
    assert hooks.counts == {"google.repeated": 2, "google.taken": 1}


def test_the_beginning_of_a_channel_makes_nobody_look(hooks: Hooks, ann: UserView) -> None:
    post(hooks, ann, 2, Resource_State="sync")
    hooks.work()
    assert (hooks.push(ann).heard_at, hooks.push(ann).looked_at) == (hooks.world.now, None)


def test_who_does_not_know_the_token_or_the_channel_finds_nothing(hooks: Hooks, ann: UserView) -> None:
    for token in ("", "x", hooks.push(ann).address):
        assert post(hooks, ann, Channel_Token=token).status_code == 404
    assert post(hooks, ann, Channel_ID="another").status_code == 404
    assert (hooks.counts, hooks.hints) == ({"google.forged": 3, "google.unknown": 1}, [])


def test_what_has_not_the_headers_of_a_channel_is_refused(hooks: Hooks, ann: UserView) -> None:
    assert hooks.http.post("/hooks/google").status_code == 400
    assert post(hooks, ann, "two").status_code == 400
    assert post(hooks, ann, Resource_State="other").status_code == 400
    assert post(hooks, ann, Channel_Token="x" * 513).status_code == 400
    assert hooks.http.post("/hooks/google", content=b"x" * 2000).status_code == 413
    assert (hooks.counts, hooks.hints) == ({"google.malformed": 4, "google.oversized": 1}, [])


def test_a_channel_that_was_dropped_ends_itself(hooks: Hooks, ann: UserView) -> None:
    secret, push = hooks.secret(ann), hooks.push(ann)
    listening.drop(hooks.app, ann.id)

    answer = post(hooks, ann, Channel_ID=push.vendor_id, Channel_Token=secret)

    assert answer.status_code == 404
    assert hooks.world.control_get("google/channels")["channels"] == []


def test_a_channel_is_replaced_before_it_ends(hooks: Hooks, ann: UserView) -> None:
    before = hooks.push(ann)
    hooks.world.later(days=5)
    hooks.tend()

    begun(hooks)
    after = hooks.push(ann)
    assert after.vendor_id != before.vendor_id
    assert [each["id"] for each in hooks.world.control_get("google/channels")["channels"]] == [after.vendor_id]
    assert after.look_at == hooks.world.now
