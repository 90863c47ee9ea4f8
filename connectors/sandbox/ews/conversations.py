"""GetConversationItems: the messages of a conversation in all folders, the copies of one message under one node."""

from __future__ import annotations

from lxml import etree

from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault
from connectors.sandbox.ews.items import Stored
from connectors.sandbox.ews.shapes import Shape, read_shape, write_item
from connectors.sandbox.ews.wire import (
    Node,
    add,
    attribute,
    child,
    children,
    failure,
    m,
    messages,
    need,
    success,
    text_of,
)

_NAME = "GetConversationItems"


def get_conversation_items(call: Call, operation: Node) -> Node:
    shape = read_shape(operation, listing=True)
    newest_first = text_of(child(operation, "SortOrder")).endswith("Descending")
    ignored = {call.folder(node).id for node in children(child(operation, "FoldersToIgnore") or ())}
    made: list[Node] = []
    for asked in children(need(operation, "Conversations")):
        wanted = attribute(need(asked, "ConversationId"), "Id")
        try:
            call.trip(_NAME)
            made.append(_conversation(_found(call, wanted, ignored), wanted, shape, newest_first=newest_first))
        except EwsFault:
            raise
        except EwsError as error:
            made.append(failure(_NAME, error))
    return messages(_NAME, made)


def _found(call: Call, conversation: str, ignored: set[int]) -> list[Stored]:
    if not conversation.startswith("AAQk"):
        raise EwsError("ErrorInvalidIdMalformed")
    rows = call.sandbox.store.all(
        "SELECT p.item FROM ews_property p JOIN ews_item i ON i.id = p.item "
        "WHERE i.mailbox = ? AND p.name = 'ConversationId' AND p.value = ?",
        (call.acting.id, conversation),
    )
    found = call.items.many([row["item"] for row in rows])
    kept = [item for item in found.values() if item.folder not in ignored]
    if not kept:
        raise EwsError("ErrorItemNotFound")
    return sorted(kept, key=lambda item: (str(item.values.get("DateTimeReceived", "")), item.id))


def _conversation(items: list[Stored], conversation: str, shape: Shape, *, newest_first: bool) -> Node:
    message = success(_NAME)
    told = etree.SubElement(message, m("Conversation"))
    add(told, "ConversationId", None, Id=conversation)
    nodes = add(told, "ConversationNodes")
    by_message: dict[str, list[Stored]] = {}
    for item in items[::-1] if newest_first else items:
        by_message.setdefault(str(item.values.get("InternetMessageId", "")), []).append(item)
    for message_id, copies in by_message.items():
        node = add(nodes, "ConversationNode")
        add(node, "InternetMessageId", message_id)
        if copies[0].values.get("InReplyTo"):
            add(node, "ParentInternetMessageId", str(copies[0].values["InReplyTo"]))
        holder = add(node, "Items")
        for item in copies:
            write_item(holder, item, shape)
    return message
