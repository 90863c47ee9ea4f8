"""What subscribers of Graph are posted: changes of events, and what becomes of their subscriptions."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

import requests

from connectors.sandbox.graph import ids
from connectors.sandbox.graph.subscriptions import Subscription, head, of_row, stamp
from connectors.sandbox.rounds import TIMEOUT, Rounds, register

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)
Json = dict[str, Any]

TYPES = {"create": "created", "update": "updated", "delete": "deleted"}
LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")
AT_ONCE = 50


def _live(sandbox: Sandbox) -> list[Subscription]:
    rows = sandbox.store.all("SELECT * FROM graph_subscription ORDER BY id")
    return [each for row in rows if (each := of_row(row)).ends > sandbox.clock.now()]


def _waits(sandbox: Sandbox) -> bool:
    newest = head(sandbox.store)
    return any(each.sent < newest for each in _live(sandbox))


def _tell_all(sandbox: Sandbox) -> int:
    return sum(_tell(sandbox, each) for each in _live(sandbox))


ROUNDS = register(Rounds(_waits, _tell_all))


def _tell(sandbox: Sandbox, found: Subscription) -> bool:
    newest = head(sandbox.store)
    rows = sandbox.store.all(
        "SELECT c.seq, c.item, c.verb FROM ews_change c JOIN ews_folder f ON f.id = c.folder"
        " WHERE f.mailbox = ? AND f.role = 'calendar' AND c.seq > ? AND c.seq <= ? ORDER BY c.seq",
        (found.mailbox, found.sent, newest),
    )
    told = [_change(found, row["item"], row["seq"], TYPES[row["verb"]]) for row in rows if row["verb"] in TYPES]
    told = [each for each in told if each["changeType"] in found.changes]
    parts = [told[start : start + AT_ONCE] for start in range(0, len(told), AT_ONCE)]
    taken = all(post(sandbox, found.url, part) for part in parts)
    if taken:
        sandbox.store.run("UPDATE graph_subscription SET sent = ? WHERE id = ?", (newest, found.id))
    return taken and bool(parts)


def _change(found: Subscription, item: int, version: int, kind: str) -> Json:
    identifier = ids.sealed(ids.PLAIN, found.mailbox, item)
    resource = f"{found.resource.rpartition('/')[0].title()}/Events/{identifier}"
    data = {
        "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": ids.etag(version),
        "id": identifier,
    }  # fmt: skip
    return {**_about(found), "changeType": kind, "resource": resource, "resourceData": data}


def _about(found: Subscription) -> Json:
    return {
        "subscriptionId": found.id, "subscriptionExpirationDateTime": stamp(found.ends), "clientState": found.state,
        "tenantId": str(uuid.uuid5(uuid.NAMESPACE_DNS, found.tenant)),
    }  # fmt: skip


def post(sandbox: Sandbox, url: str, told: list[Json]) -> bool:
    """Whether it was taken."""
    sandbox.ledger.write("graph", "Notification", "push")
    try:
        return requests.post(url, json={"value": told}, timeout=TIMEOUT).status_code in (200, 202)
    except requests.RequestException:
        log.info("graph_push_not_delivered")
        return False


def lifecycle(sandbox: Sandbox, identifier: str, event: str) -> bool:
    """Tell what becomes of a subscription; one that is said to be removed is. Raises ValueError."""
    found = next((each for each in _live(sandbox) if each.id == identifier), None)
    if found is None or not found.lifecycle or event not in LIFECYCLE:
        raise ValueError("no such subscription, or no such event")
    if event == "subscriptionRemoved":
        sandbox.store.run("DELETE FROM graph_subscription WHERE id = ?", (found.id,))
    told = {**_about(found), "lifecycleEvent": event, "resource": found.resource, "changeType": "updated"}
    return post(sandbox, found.lifecycle, [told])
