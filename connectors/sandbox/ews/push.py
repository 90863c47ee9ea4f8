"""Push notifications: posted to the subscribers' addresses when something is new.

A round can also be asked for (/control/ews/push), with a sign of life when nothing is new.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import requests
from lxml import etree

from connectors.sandbox.ews import wire
from connectors.sandbox.ews.errors import EwsError
from connectors.sandbox.ews.subscriptions import Subscription, head, lines, push_subscriptions, write_notification
from connectors.sandbox.ews.wire import local, m, success, text_of
from connectors.sandbox.rounds import TIMEOUT, Rounds, register

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)


def _waits(sandbox: Sandbox) -> bool:
    subscribed = push_subscriptions(sandbox.store)
    return bool(subscribed) and min(found.sent for found in subscribed) < head(sandbox.store)


def _tell_all(sandbox: Sandbox, *, status: bool = False) -> int:
    told = 0
    for found in push_subscriptions(sandbox.store):
        newest = head(sandbox.store)
        if lines(sandbox.store, found, found.sent) or status:
            told += _tell(sandbox, found)
        else:
            _moved_on(sandbox, found, newest)
    return told


ROUNDS = register(Rounds(_waits, _tell_all))


def tell_all(sandbox: Sandbox, *, status: bool = False) -> int:
    """Tell every push subscriber what is new, with `status` also those for whom nothing is; how many took it."""
    with ROUNDS.lock:
        return _tell_all(sandbox, status=status)


def _tell(sandbox: Sandbox, found: Subscription) -> bool:
    message = success("SendNotification")
    reached = write_notification(sandbox.store, message, found, found.sent)
    content = etree.Element(m("SendNotification"), nsmap={"m": wire.MESSAGES, "t": wire.TYPES})
    etree.SubElement(content, m("ResponseMessages")).append(message)
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    sandbox.ledger.write("ews", "Notification", "push")
    try:
        answer = requests.post(found.url, wire.notification(content), headers=headers, timeout=TIMEOUT)
    except requests.RequestException:
        log.info("ews_push_not_delivered")
        return False
    status = _status(answer)
    if status == "Unsubscribe":
        sandbox.store.run("DELETE FROM ews_subscription WHERE id = ?", (found.id,))
    elif status == "OK":
        _moved_on(sandbox, found, reached)
    return status == "OK"


def _moved_on(sandbox: Sandbox, found: Subscription, seq: int) -> None:
    sandbox.store.run("UPDATE ews_subscription SET sent = ? WHERE id = ?", (seq, found.id))


def _status(answer: requests.Response) -> str:
    """What the subscriber said: OK, Unsubscribe, or nothing of use."""
    if answer.status_code != 200:
        return ""
    try:
        root = wire.parse(answer.content)
    except EwsError:
        return ""
    return next((text_of(node) for node in root.iter() if local(node) == "SubscriptionStatus"), "")
