"""Push subscriptions: made, replaced, dropped; and what the server posts, as we read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.exchange import received
from connectors.pushing import Agreed, Ear, Feed, Says, Subscriptions
from tests.support.exchange import World, ews_schema, faults_against
from tests.support.listener import Listener, Post, listening

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "s" * 43


def calendar(world: World) -> Subscriptions:
    return world.mailbox.pushes()[Feed.CALENDAR]


def go_on(_post: Post) -> tuple[int, bytes]:
    return 200, received.GO_ON


def subscribed(world: World, listener: Listener) -> Agreed:
    listener.answer = go_on
    return calendar(world).subscribe(Ear(listener.url, SECRET), NOW)


def test_the_server_posts_what_happens_to_our_secret_address(world: World) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        world.has("CalendarItem", Subject="Call")

        [post] = listener.told(1)

    assert post.path == f"/hooks/ews/{SECRET}"
    [word] = received.words(post.body)
    assert (word.subscription, word.says, word.after) == (made.id, Says.CHANGED, made.mark)
    assert word.mark not in ("", made.mark)
    schema = ews_schema()
    if schema is not None:
        assert faults_against(schema, [post.body, received.GO_ON, received.STOP]) == []


def test_a_sign_of_life_says_that_the_subscription_lives(world: World) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        world.control("push", status=True)
        [word] = received.words(listener.told(1)[0].body)

    assert (word.says, word.mark, word.after, word.lives) == (Says.ALIVE, "", made.mark, timedelta(minutes=61))


def test_renewing_replaces_and_dropping_ends(world: World) -> None:
    with listening() as listener:
        first = subscribed(world, listener)
        second = calendar(world).renew(first, Ear(listener.url, SECRET), NOW)
        assert second.id != first.id
        assert world.control("push", status=True) == {"told": 1}

        calendar(world).drop(second)
        calendar(world).drop(second)  # it is gone already
        assert world.control("push", status=True) == {"told": 0}


def test_subscribing_is_one_call_and_a_refusal_is_a_fault(world: World) -> None:
    calls = world.counted(lambda: calendar(world).subscribe(Ear("http://127.0.0.1:9", SECRET), NOW))
    assert calls == {"Subscribe": 1}
    with pytest.raises(ConnectorError) as refused:
        calendar(world).subscribe(Ear("ftp://elsewhere", SECRET), NOW)
    assert (refused.value.fault, refused.value.vendor_code) == (Fault.INVALID, "ErrorInvalidPushSubscriptionUrl")
