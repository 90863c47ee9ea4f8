"""Pull and push subscriptions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from exchangelib import errors
from exchangelib.folders import FolderCollection
from exchangelib.services import GetEvents, SendNotification

from tests.contract.ews_sandbox.conftest import ANN, Office

EVENTS = ["CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "NewMailEvent"]


def happened(office: Office, subscription: str, watermark: str) -> tuple[list[str], str]:
    [notification] = list(GetEvents(account=office.account()).call(subscription_id=subscription, watermark=watermark))
    names = [type(event).ELEMENT_NAME for event in notification.events]
    return names, notification.events[-1].watermark


def test_pulling_tells_what_happened_once(office: Office) -> None:
    folder = office.folder("calendar")
    subscription, watermark = FolderCollection(folder.account, [folder]).subscribe_to_pull(event_types=EVENTS)
    assert happened(office, subscription, watermark) == (["StatusEvent"], watermark)
    item = office.control("items", mailbox=ANN, values={"Subject": "x"})["id"]
    office.control("items", mailbox=ANN, kind="Message", folder="inbox", values={"Subject": "elsewhere"})
    office.control("items/update", mailbox=ANN, id=item, values={"Subject": "y"})
    names, newer = happened(office, subscription, watermark)
    assert names == ["CreatedEvent", "ModifiedEvent"]
    office.control("items/delete", mailbox=ANN, id=item, hard=True)
    assert happened(office, subscription, newer)[0] == ["DeletedEvent"]


def test_what_is_moved_is_told_to_whoever_watches_either_folder(office: Office) -> None:
    calendar = office.folder("calendar")
    collection = FolderCollection(calendar.account, [calendar])
    subscription, watermark = collection.subscribe_to_pull(event_types=EVENTS)
    blind, start = collection.subscribe_to_pull(event_types=["CreatedEvent", "DeletedEvent"])
    everything, first = office.account().subscribe_to_pull(event_types=EVENTS)
    old = office.control("items", mailbox=ANN, values={"Subject": "x"})["id"]
    office.control("items/delete", mailbox=ANN, id=old)

    [told] = list(GetEvents(account=office.account()).call(subscription_id=subscription, watermark=watermark))
    moved = told.events[-1]
    assert [type(event).ELEMENT_NAME for event in told.events] == ["CreatedEvent", "MovedEvent"]
    assert (moved.old_item_id.id, moved.item_id.id != old) == (old, True)
    assert moved.old_parent_folder_id.id != moved.parent_folder_id.id
    assert happened(office, everything, first)[0] == ["CreatedEvent", "MovedEvent"]
    assert happened(office, blind, start)[0] == ["CreatedEvent"]


def test_all_folders_and_new_mail(office: Office) -> None:
    subscription, watermark = office.account().subscribe_to_pull(event_types=EVENTS)
    office.control("items", mailbox=ANN, kind="Message", folder="inbox", values={"Subject": "x"})
    assert happened(office, subscription, watermark)[0] == ["CreatedEvent", "NewMailEvent"]


def test_a_subscription_ends(office: Office) -> None:
    account = office.account()
    subscription, watermark = account.subscribe_to_pull(event_types=EVENTS, timeout=10)
    office.http.post("/control/clock", json={"advance": 601})
    with pytest.raises(errors.ErrorExpiredSubscription):
        happened(office, subscription, watermark)
    subscription, watermark = account.subscribe_to_pull(event_types=EVENTS)
    account.unsubscribe(subscription)
    with pytest.raises(errors.ErrorSubscriptionNotFound):
        happened(office, subscription, watermark)


def test_a_damaged_watermark(office: Office) -> None:
    subscription, _ = office.account().subscribe_to_pull(event_types=EVENTS)
    with pytest.raises(errors.ErrorInvalidWatermark):
        happened(office, subscription, "xx")


def test_streaming_is_refused(office: Office) -> None:
    with pytest.raises(errors.ErrorInvalidSubscriptionRequest):
        office.account().subscribe_to_streaming(event_types=EVENTS)


class Listener:
    """A subscriber: keeps what is posted, answers what it is told to."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heard = threading.Event()
        self.status, self.code = "OK", 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                parser = SendNotification(protocol=None)
                answer = parser.ok_payload() if listener.status == "OK" else parser.unsubscribe_payload()
                self.send_response(listener.code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                listener.heard.set()

            def log_message(self, *args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push"

    def events(self) -> list[list[str]]:
        return [
            [type(event).ELEMENT_NAME for event in notification.events]
            for body in self.bodies
            for notification in SendNotification(protocol=None).parse(body)
        ]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def subscribe(office: Office, listener: Listener) -> None:
    folder = office.folder("calendar")
    FolderCollection(folder.account, [folder]).subscribe_to_push(listener.url, event_types=EVENTS, status_frequency=30)


def test_pushing_tells_at_once(office: Office, listener: Listener) -> None:
    subscribe(office, listener)
    office.control("items", mailbox=ANN, values={"Subject": "x"})
    assert listener.heard.wait(10)
    office.control("push")
    assert listener.events() == [["CreatedEvent"]]
    office.envelopes += listener.bodies


def test_what_was_not_taken_comes_again(office: Office, listener: Listener) -> None:
    listener.code = 500
    subscribe(office, listener)
    office.control("items", mailbox=ANN, values={"Subject": "x"})
    assert listener.heard.wait(10)
    listener.code = 200
    assert office.control("push") == {"told": 1}
    assert listener.events() == [["CreatedEvent"], ["CreatedEvent"]]


def test_a_sign_of_life_and_the_end(office: Office, listener: Listener) -> None:
    subscribe(office, listener)
    assert office.control("push") == {"told": 0}
    listener.status = "Unsubscribe"
    assert office.control("push", status=True) == {"told": 0}
    assert office.control("push", status=True) == {"told": 0}
    assert listener.events() == [["StatusEvent"]]
    office.envelopes += listener.bodies
