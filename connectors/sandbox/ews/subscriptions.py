"""Subscribe, GetEvents, Unsubscribe for pull and push. Events come from the change logs; a watermark is a line in them.

Streaming is refused. How pushed events travel is in `push`.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lxml import etree

from connectors.sandbox.ews import zones
from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed
from connectors.sandbox.ews.ids import change_key, folder_id, item_id
from connectors.sandbox.ews.wire import (
    Node,
    add,
    attribute,
    child,
    children,
    failure,
    local,
    m,
    messages,
    need,
    success,
    text_of,
)
from connectors.sandbox.store import Row, Store

EVENTS = {"create": "CreatedEvent", "update": "ModifiedEvent", "read": "ModifiedEvent", "delete": "DeletedEvent"}
MOVED = "MovedEvent"
MAX_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Subscription:
    """`folders` empty: all of the mailbox. `url` empty: a pull subscription."""

    id: str
    mailbox: int
    folders: frozenset[int]
    events: frozenset[str]
    minutes: int
    expires: str
    url: str
    sent: int


def _subscription(row: Row) -> Subscription:
    return Subscription(
        row["id"],
        row["mailbox"],
        frozenset(json.loads(row["folders"])),
        frozenset(json.loads(row["events"])),
        row["minutes"],
        row["expires"],
        row["url"],
        row["sent"],
    )


def push_subscriptions(store: Store) -> list[Subscription]:
    return [_subscription(row) for row in store.all("SELECT * FROM ews_subscription WHERE url <> ''")]


def watermark(seq: int) -> str:
    return base64.b64encode(b"W" + seq.to_bytes(8, "big")).decode("ascii")


def _seq(text: str) -> int:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 9 or raw[:1] != b"W":
        raise EwsError("ErrorInvalidWatermark")
    return int.from_bytes(raw[1:], "big")


def head(store: Store) -> int:
    return int(store.scalar("SELECT coalesce(max(seq), 0) FROM ews_change"))


def subscribe(call: Call, operation: Node) -> Node:
    name = "Subscribe"
    request = next(children(operation))
    kind = local(request)
    try:
        if kind not in ("PullSubscriptionRequest", "PushSubscriptionRequest"):
            raise EwsError("ErrorInvalidSubscriptionRequest", "Only pull and push subscriptions are available.")
        wanted = child(request, "FolderIds")
        everything = attribute(request, "SubscribeToAllFolders") in ("true", "1")
        if (wanted is None) != everything:
            raise EwsError("ErrorInvalidSubscriptionRequest", "Name folders, or subscribe to all of them.")
        folders = [call.folder(each) for each in children(wanted)] if wanted is not None else []
        mailbox = folders[0].mailbox if folders else call.acting.id
        events = sorted({text_of(each) for each in children(need(request, "EventTypes"))})
        given = text_of(child(request, "Watermark"))
        seq = _seq(given) if given else head(call.sandbox.store)
        push = kind == "PushSubscriptionRequest"
        minutes = _minutes(request, "StatusFrequency" if push else "Timeout")
        url = text_of(need(request, "URL")) if push else ""
        if push and not url.startswith(("http://", "https://")):
            raise EwsError("ErrorInvalidPushSubscriptionUrl", "The URL cannot be used.")
    except EwsFault:
        raise
    except EwsError as error:
        return messages(name, [failure(name, error)])
    identifier = base64.b64encode(uuid.uuid4().bytes).decode("ascii")
    expires = zones.stamp(call.sandbox.clock.now() + timedelta(minutes=minutes))
    call.sandbox.store.run(
        "INSERT INTO ews_subscription VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identifier,
            mailbox,
            json.dumps([folder.id for folder in folders]),
            json.dumps(events),
            minutes,
            expires,
            url,
            seq,
        ),
    )
    message = success(name)
    etree.SubElement(message, m("SubscriptionId")).text = identifier
    etree.SubElement(message, m("Watermark")).text = watermark(seq)
    return messages(name, [message])


def _minutes(request: Node, name: str) -> int:
    text = text_of(need(request, name))
    if not text.isdigit() or not 1 <= int(text) <= 1440:
        raise malformed(f"The '{name}' element is invalid: it must be 1 to 1440.")
    return int(text)


def _find(call: Call, identifier: str) -> Subscription:
    row = call.sandbox.store.one("SELECT * FROM ews_subscription WHERE id = ?", (identifier,))
    if row is None or not call.owns(row["mailbox"]):
        raise EwsError("ErrorSubscriptionNotFound")
    found = _subscription(row)
    if not found.url and found.expires < zones.stamp(call.sandbox.clock.now()):
        call.sandbox.store.run("DELETE FROM ews_subscription WHERE id = ?", (identifier,))
        raise EwsError("ErrorExpiredSubscription", "The subscription has expired.")
    return found


def get_events(call: Call, operation: Node) -> Node:
    """What happened after the watermark; asking keeps the subscription alive."""
    name = "GetEvents"
    try:
        found = _find(call, text_of(need(operation, "SubscriptionId")))
        if found.url:
            raise EwsError("ErrorInvalidPullSubscriptionId", "This is a push subscription.")
        since = _seq(text_of(need(operation, "Watermark")))
        expires = zones.stamp(call.sandbox.clock.now() + timedelta(minutes=found.minutes))
        call.sandbox.store.run("UPDATE ews_subscription SET expires = ? WHERE id = ?", (expires, found.id))
        message = success(name)
        write_notification(call.sandbox.store, message, found, since)
    except EwsFault:
        raise
    except EwsError as error:
        return messages(name, [failure(name, error)])
    return messages(name, [message])


def unsubscribe(call: Call, operation: Node) -> Node:
    name = "Unsubscribe"
    try:
        found = _find(call, text_of(need(operation, "SubscriptionId")))
    except EwsError as error:
        return messages(name, [failure(name, error)])
    call.sandbox.store.run("DELETE FROM ews_subscription WHERE id = ?", (found.id,))
    return messages(name, [success(name)])


def write_notification(store: Store, parent: Node, found: Subscription, since: int) -> int:
    """Append `m:Notification`; answers the line up to which it tells."""
    rows = lines(store, found, since)
    page = rows[:MAX_EVENTS]
    node = etree.SubElement(parent, m("Notification"))
    add(node, "SubscriptionId", found.id)
    add(node, "PreviousWatermark", watermark(since))
    add(node, "MoreEvents", "true" if len(rows) > len(page) else "false")
    for row in page:
        event = add(node, row["event"])
        add(event, "Watermark", watermark(row["seq"]))
        add(event, "TimeStamp", row["at"])
        item = add(event, "ItemId", None, Id=item_id(found.mailbox, row["item"]))
        item.set("ChangeKey", change_key(row["seq"]))
        add(event, "ParentFolderId", None, Id=folder_id(found.mailbox, row["folder"]))
        if row["event"] == MOVED:
            add(event, "OldItemId", None, Id=item_id(found.mailbox, row["old_item"]))
            add(event, "OldParentFolderId", None, Id=folder_id(found.mailbox, row["old_folder"]))
    if not page:
        add(add(node, "StatusEvent"), "Watermark", watermark(since))
    return int(page[-1]["seq"]) if page else since


def lines(store: Store, found: Subscription, since: int) -> list[dict[str, Any]]:
    """The events of the wanted types, one more than fit. A mail that arrives is new mail and created; what is moved is
    neither deleted nor created, and is told to who watches either folder."""
    rows = store.all(
        "SELECT c.seq, c.item, c.folder, c.verb, c.at, f.role, o.item AS old_item, o.folder AS old_folder"
        " FROM ews_change c JOIN ews_folder f ON f.id = c.folder"
        " LEFT JOIN ews_move m ON m.made = c.seq LEFT JOIN ews_change o ON o.seq = m.gone"
        " WHERE f.mailbox = ? AND c.seq > ? AND c.seq NOT IN (SELECT gone FROM ews_move) ORDER BY c.seq",
        (found.mailbox, since),
    )
    told: list[dict[str, Any]] = []
    for row in rows:
        if found.folders and found.folders.isdisjoint((row["folder"], row["old_folder"])):
            continue
        names = [MOVED if row["old_item"] is not None else EVENTS[row["verb"]]]
        if row["verb"] == "create" and row["role"] == "inbox" and MOVED not in names:
            names.append("NewMailEvent")
        told += [{**dict(row), "event": name} for name in names if name in found.events]
        if len(told) > MAX_EVENTS:
            break
    return told
