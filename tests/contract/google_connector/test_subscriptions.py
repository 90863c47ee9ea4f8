"""Channels of the calendar and the watch over mail: made, replaced, dropped; and what Google posts, as we read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.google import received
from connectors.google.bearer import Bearers
from connectors.pushing import Ear, Feed, Says
from tests.support.google import ADDRESS, World
from tests.support.listener import listening

SECRET = "s" * 43
TOPIC, POSTER = "projects/corp/topics/mail", "push@corp.iam.gserviceaccount.com"


def now() -> datetime:
    return datetime.now(UTC)


def test_a_channel_tells_that_it_begins_and_then_that_something_changed(world: World) -> None:
    with listening() as listener:
        made = world.mailbox.pushes()[Feed.CALENDAR].subscribe(Ear(listener.url, SECRET), now())
        listener.told(1)
        world.has_event()
        posts = listener.told(2)

    words = [received.channel_word(post.headers) for post in posts]
    assert [(word.says, word.number) for word in words] == [(Says.ALIVE, 1), (Says.CHANGED, 2)]
    assert {(word.subscription, word.secret) for word in words} == {(made.id, SECRET)}
    assert {(post.path, post.body) for post in posts} == {("/hooks/google", b"")}
    assert timedelta(days=6) < made.until - now() <= timedelta(days=7)


def test_a_channel_is_replaced_and_dropped(world: World) -> None:
    channel = world.mailbox.pushes()[Feed.CALENDAR]
    with listening() as listener:
        first = channel.subscribe(Ear(listener.url, SECRET), now())
        second = channel.renew(first, Ear(listener.url, SECRET), now())
        assert second.id != first.id
        channel.drop(second)
        channel.drop(second)  # it is gone already


def test_mail_is_watched_where_there_is_a_topic(world: World) -> None:
    assert Feed.MAIL not in world.mailbox.pushes()
    watch = world.opened(topic=TOPIC).pushes()[Feed.MAIL]
    with pytest.raises(ConnectorError) as unknown:
        watch.subscribe(Ear("http://127.0.0.1:9", SECRET), now())
    assert unknown.value.fault is Fault.NOT_FOUND

    with listening() as listener:
        world.control("topics", name=TOPIC, endpoint=f"{listener.url}/hooks/gmail", audience="us", account=POSTER)
        made = watch.subscribe(Ear(listener.url, SECRET), now())
        world.has_mail()
        [post] = listener.told(1)
        watch.drop(made)

    word = received.mail_word(post.body)
    assert (word.subscription, made.id, word.says) == (ADDRESS, ADDRESS, Says.CHANGED)
    Bearers(f"{world.server.url}/google/oauth2/v3/certs", "us", POSTER).prove(post.headers["Authorization"])
