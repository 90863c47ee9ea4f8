"""The messages of a conversation, which EWS tells by GetConversationItems."""

from __future__ import annotations

import pytest

from connectors.protocols import Can, Detail
from mapping.model import fields as f
from mapping.model.item import Item
from tests.support.exchange import Wire, World, email, ews_schema, faults_against


def conversation(world: World, item: str) -> str:
    told = world.mailbox.read([email(item)], Detail.HEAD)[email(item)]
    assert isinstance(told, Item)
    return told.text(f.CONVERSATION)


def test_a_message_tells_what_it_answers_without_its_body(world: World) -> None:
    item = world.has(
        "Message", "inbox", Subject="Re: Order", InReplyTo="<2@x.example>", References="<1@x.example> <2@x.example>"
    )

    told = world.mailbox.read([email(item)], Detail.HEAD)[email(item)]

    assert isinstance(told, Item)
    assert told.get(f.REFERENCES) == ("<1@x.example>", "<2@x.example>")
    assert told.get(f.IN_REPLY_TO) == "<2@x.example>"


def test_the_messages_of_conversations_are_told_by_folder_in_two_calls(world: World) -> None:
    first = world.has("Message", "inbox", Subject="Order")
    answer = world.has("Message", "sentitems", Subject="Re: Order")
    world.has("Message", "drafts", Subject="Re: Order")
    world.has("Message", "deleteditems", Subject="RE: Order")
    other = world.has("Message", "inbox", Subject="Other")
    ids = [conversation(world, first), conversation(world, other)]
    assert ids[0] == conversation(world, answer) != ids[1]
    told = {}

    calls = world.counted(lambda: told.update(world.mailbox.conversations([*ids, ids[0]])))

    assert Can.CONVERSATIONS in world.mailbox.can
    assert calls == {"FindFolder": 1, "GetConversationItems": 1}
    assert {each: {(ref.id, ref.container) for ref in refs} for each, refs in told.items()} == {
        ids[0]: {(first, "inbox"), (answer, "sent")},
        ids[1]: {(other, "inbox")},
    }
    assert world.counted(lambda: world.mailbox.conversations([])) == {}


def test_a_conversation_that_is_gone_is_left_out(world: World) -> None:
    kept, gone = (world.has("Message", "inbox", Subject=name) for name in ("Kept", "Gone"))
    ids = [conversation(world, kept), conversation(world, gone)]
    world.control("items/delete", mailbox="anna@corp.example", id=gone, hard=True)

    assert set(world.mailbox.conversations(ids)) == {ids[0]}


def test_the_call_and_its_answer_are_valid_against_the_schema(world: World, wire: Wire) -> None:
    schema = ews_schema()
    if schema is None:
        pytest.skip("INBOX_SYNC_VENDOR_SCHEMAS does not name the vendors' schemas")
    item = world.has("Message", "inbox", Subject="Order", InReplyTo="<0@x.example>")
    world.mailbox.conversations([conversation(world, item)])

    assert b"GetConversationItems" in wire.requests[-1]
    assert faults_against(schema, wire.requests) == []
    assert faults_against(schema, wire.responses) == []
