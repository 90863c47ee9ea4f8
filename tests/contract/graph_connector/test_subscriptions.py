"""Subscriptions to change notifications: made, renewed, dropped; and what Graph posts, as we read it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.graph import received
from connectors.pushing import Agreed, Ear, Feed, Says, Subscriptions
from tests.support.csdl import notification_faults
from tests.support.graph import World
from tests.support.listener import Listener, listening

SECRET = "s" * 43


def now(world: World) -> datetime:
    return world.server.sandbox.clock.now()


def calendar(world: World) -> Subscriptions:
    return world.mailbox.pushes()[Feed.CALENDAR]


def subscribed(world: World, listener: Listener) -> Agreed:
    return calendar(world).subscribe(Ear(listener.url, SECRET), now(world))


def test_graph_posts_what_happens_with_our_secret(world: World) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        item = world.has("CalendarItem", Subject="Call")
        world.edits(item, Subject="Chat")
        posts = listener.told(2)

    told = [json.loads(post.body) for post in posts]
    assert [fault for each in told for fault in notification_faults(each)] == []
    words = [word for post in posts for word in received.words(post.body)]
    assert {(word.subscription, word.says, word.secret) for word in words} == {(made.id, Says.CHANGED, SECRET)}
    assert len({word.mark for word in words}) == len(words) == 2
    assert [each["changeType"] for body in told for each in body["value"]] == ["created", "updated"]


@pytest.mark.parametrize(
    ("event", "says"),
    [("reauthorizationRequired", Says.RENEW), ("subscriptionRemoved", Says.REMOVED), ("missed", Says.MISSED)],
)
def test_what_becomes_of_a_subscription_is_told_too(world: World, event: str, says: Says) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        world.control("graph/lifecycle", event=event)
        [post] = listener.told(1)

    assert notification_faults(json.loads(post.body)) == []
    [word] = received.words(post.body)
    assert (word.subscription, word.says, word.secret, word.mark) == (made.id, says, SECRET, "")


def test_a_subscription_is_renewed_under_its_name(world: World) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        world.server.sandbox.clock.advance(7200)
        renewed = calendar(world).renew(made, Ear(listener.url, SECRET), now(world))
    assert (renewed.id, renewed.until - made.until) == (made.id, timedelta(hours=2))
    assert renewed.until - now(world) < timedelta(days=7)


def test_a_subscription_that_is_gone_cannot_be_renewed_and_need_not_be_dropped(world: World) -> None:
    with listening() as listener:
        made = subscribed(world, listener)
        calendar(world).drop(made)
        calendar(world).drop(made)
        with pytest.raises(ConnectorError) as gone:
            calendar(world).renew(made, Ear(listener.url, SECRET), now(world))
    assert gone.value.fault is Fault.NOT_FOUND


def test_where_nobody_answers_nothing_is_agreed(world: World) -> None:
    with listening() as listener:
        listener.answer = lambda post: (200, b"something else")
        with pytest.raises(ConnectorError) as refused:
            subscribed(world, listener)
    assert (refused.value.fault, refused.value.vendor_code) == (Fault.INVALID, "ValidationError")
