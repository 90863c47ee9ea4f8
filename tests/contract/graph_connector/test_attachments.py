"""What the connector tells of attachments and how it fetches them: as over EWS, from the same mailbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.outlook.chunks import MOST_BYTES, MOST_TOGETHER
from connectors.protocols import Detail, Mailbox
from mapping.model import fields as f
from mapping.model.item import Attachment, Form, Item, ItemRef
from tests.support.graph import World

SEVERAL: list[dict[str, object]] = [
    {"name": "a.pdf", "text": "pages"},
    {"name": "Re: b", "form": "item", "type": "message/rfc822", "text": "Subject: b"},
    {"name": "c.docx", "form": "link", "location": "https://files.example/c"},
    {"name": "d.png", "bytes": 3, "inline": True, "content_id": "d@1"},
]


def has(world: World, *attachments: dict[str, object]) -> None:
    world.has("Message", "inbox", Subject="Offer", Body="Hello", Attachments=list(attachments))


def told(mailbox: Mailbox) -> tuple[ItemRef, tuple[Attachment, ...]]:
    """The one mail of the inbox, and what hangs on it."""
    (change,) = mailbox.changes("inbox", None).changes
    item = mailbox.read([change.ref], Detail.BODY)[change.ref]
    assert isinstance(item, Item)
    found = item.get(f.ATTACHMENTS)
    assert isinstance(found, tuple)
    return change.ref, tuple(each for each in found if isinstance(each, Attachment))


def fetched(mailbox: Mailbox) -> list[Any]:
    ref, attached = told(mailbox)
    return list(mailbox.contents([(ref, each) for each in attached if each.form is not Form.LINK]))


def test_attachments_and_their_contents_are_the_same_over_both(world: World) -> None:
    has(world, *SEVERAL)

    over_graph, over_ews = told(world.mailbox)[1], told(world.over_ews)[1]

    assert [replace(each, id="") for each in over_graph] == [replace(each, id="") for each in over_ews]
    assert fetched(world.mailbox) == fetched(world.over_ews)
    assert fetched(world.mailbox)[:2] == [b"pages", b"Subject: b"]


def test_a_whole_message_is_its_mime(world: World) -> None:
    has(world)
    found = []
    for mailbox in (world.mailbox, world.over_ews):
        (change,) = mailbox.changes("inbox", None).changes
        found += list(mailbox.contents([(change.ref, Attachment("", "mail.eml", form=Form.MAIL))]))

    assert found[0] == found[1]
    assert b"Subject: Offer" in found[0]


def test_small_contents_come_in_one_call_and_a_large_one_alone(world: World) -> None:
    small = [{"name": f"{number}.txt", "text": f"content {number}"} for number in range(MOST_TOGETHER)]
    has(world, *small, {"name": "large.bin", "bytes": MOST_BYTES + 1})
    ref, attached = told(world.mailbox)
    found: list[bytes | ConnectorError] = []

    calls = world.counted(lambda: found.extend(world.mailbox.contents([(ref, each) for each in attached])))

    assert calls == {"batch": 1, "getAttachment": 1}
    assert found[:-1] == [f"content {number}".encode() for number in range(MOST_TOGETHER)]
    assert isinstance(found[-1], bytes)
    assert len(found[-1]) == MOST_BYTES + 1


def test_one_that_is_gone_does_not_hide_the_others(world: World) -> None:
    has(world, *SEVERAL[:2])
    ref, attached = told(world.mailbox)
    gone = replace(attached[0], id="AAAA")

    found = list(world.mailbox.contents([(ref, gone), (ref, attached[0])]))
    (alone,) = world.mailbox.contents([(ref, replace(gone, size=MOST_BYTES + 1))])

    assert [each.fault if isinstance(each, ConnectorError) else each for each in found] == [Fault.NOT_FOUND, b"pages"]
    assert isinstance(alone, ConnectorError)


def test_a_large_one_that_breaks_fails_alone_once_and_then_the_connection_does(world: World) -> None:
    has(world, *({"name": f"{number}.bin", "bytes": MOST_BYTES + 1} for number in range(3)))
    ref, attached = told(world.mailbox)
    world.goes_wrong("graph.getAttachment", drop_before=True)
    once = list(world.mailbox.contents([(ref, each) for each in attached]))
    world.goes_wrong("graph.getAttachment", times=2, drop_before=True)

    assert [isinstance(each, bytes) for each in once] == [False, True, True]
    with pytest.raises(ConnectorError):
        list(world.mailbox.contents([(ref, each) for each in attached]))
