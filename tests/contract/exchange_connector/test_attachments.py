"""What the connector tells of attachments and how it fetches them, over real HTTP."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.outlook.chunks import MOST_BYTES, MOST_TOGETHER
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Attachment, Form, Item, ItemRef
from tests.support.exchange import World, email


def told(world: World, mail: str) -> tuple[ItemRef, tuple[Attachment, ...]]:
    """The mail and what it tells when it is read whole."""
    ref = email(mail)
    item = world.mailbox.read([ref], Detail.BODY)[ref]
    assert isinstance(item, Item)
    found = item.get(f.ATTACHMENTS)
    assert isinstance(found, tuple)
    return ref, tuple(each for each in found if isinstance(each, Attachment))


def has(world: World, *attachments: dict[str, object]) -> str:
    return world.has("Message", "inbox", Subject="Offer", Body="Hello", Attachments=list(attachments))


def test_a_message_tells_its_attachments_in_order_and_only_when_it_is_read_whole(world: World) -> None:
    mail = has(
        world,
        {"name": "a.pdf", "text": "pages"},
        {"name": "Re: b", "form": "item", "type": "message/rfc822", "text": "Subject: b"},
        {"name": "c.docx", "form": "link", "location": "https://files.example/c"},
        {"name": "d.png", "bytes": 3, "inline": True, "content_id": "d@1"},
    )

    _, attached = told(world, mail)

    assert [(each.name, each.form, each.size, each.inline, each.content_id) for each in attached] == [
        ("a.pdf", Form.FILE, 5, False, ""), ("Re: b", Form.ITEM, 10, False, ""), ("c.docx", Form.LINK, 0, False, ""),
        ("d.png", Form.FILE, 3, True, "d@1"),
    ]  # fmt: skip
    head = world.mailbox.read([email(mail)], Detail.HEAD)[email(mail)]
    assert isinstance(head, Item)
    assert f.ATTACHMENTS not in head.fields


def test_small_contents_come_in_one_call_and_a_large_one_alone(world: World) -> None:
    mail = has(
        world,
        *({"name": f"{number}.txt", "text": f"content {number}"} for number in range(MOST_TOGETHER)),
        {"name": "large.bin", "bytes": MOST_BYTES + 1},
        {"name": "empty.txt", "text": ""},
    )
    ref, attached = told(world, mail)
    found: list[bytes | ConnectorError] = []

    calls = world.counted(lambda: found.extend(world.mailbox.contents([(ref, each) for each in attached])))

    assert found[:-2] == [f"content {number}".encode() for number in range(MOST_TOGETHER)]
    assert [len(each) for each in found[-2:] if isinstance(each, bytes)] == [MOST_BYTES + 1, 0]
    assert calls == {"GetAttachment": 3}


def test_nothing_is_fetched_before_its_turn(world: World) -> None:
    large: Sequence[dict[str, object]] = [{"name": f"{n}.bin", "bytes": MOST_BYTES} for n in range(3)]
    ref, attached = told(world, has(world, *large))

    contents = world.mailbox.contents([(ref, each) for each in attached])

    assert world.counted(lambda: next(contents)) == {"GetAttachment": 1}


def test_an_attached_message_and_the_message_itself_are_told_as_mime(world: World) -> None:
    inner = "Subject: inner\r\n\r\nGrüße"
    mail = has(world, {"name": "inner", "form": "item", "type": "message/rfc822", "text": inner})
    ref, (attached,) = told(world, mail)

    one, whole = world.mailbox.contents([(ref, attached), (ref, Attachment("", "offer.eml", form=Form.MAIL))])

    assert one == inner.encode()
    assert isinstance(whole, bytes)
    assert b"Subject: Offer" in whole


def test_what_is_gone_or_refused_is_told_in_its_place(world: World) -> None:
    ref, attached = told(world, has(world, {"name": "a", "text": "1"}, {"name": "b", "text": "2"}))
    rule = {"match": "ews-item.GetAttachment", "action": {"code": "ErrorItemCorrupt"}}
    world.server.sandbox.faults.add(rule)
    gone = Attachment(attached[0].id[:-4] + "AAAA", "gone")

    first, second, third = world.mailbox.contents([(ref, attached[0]), (ref, attached[1]), (ref, gone)])

    assert isinstance(first, ConnectorError)
    assert first.fault is Fault.INVALID
    assert second == b"2"
    assert isinstance(third, ConnectorError)
    assert third.fault is Fault.NOT_FOUND


def test_a_server_that_is_busy_ends_the_fetching(world: World) -> None:
    ref, attached = told(world, has(world, {"name": "a", "text": "1"}))
    world.goes_wrong("GetAttachment", code="ErrorServerBusy")

    with pytest.raises(ConnectorError) as caught:
        list(world.mailbox.contents([(ref, each) for each in attached]))

    assert caught.value.fault is Fault.THROTTLED
