"""/subscriptions: who wants to be told of the events of a mailbox, after an answer from the address where that goes.

Only the events of a calendar can be subscribed to. What is told, and how, is in `notifications`.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import requests

from connectors.sandbox.ews.state import Directory
from connectors.sandbox.graph.errors import GraphError, bad
from connectors.sandbox.graph.state import EVERYTHING, Caller, Tenants
from connectors.sandbox.store import Row, Store

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

Json = dict[str, Any]

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS graph_subscription (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, app TEXT NOT NULL,"
        " mailbox INTEGER NOT NULL, resource TEXT NOT NULL, changes TEXT NOT NULL, url TEXT NOT NULL,"
        " lifecycle TEXT NOT NULL, state TEXT NOT NULL, ends TEXT NOT NULL, sent INTEGER NOT NULL)"
    ),
)
CHANGES = frozenset({"created", "updated", "deleted"})
PERMISSION = "Calendars.ReadWrite"
LEAST, MOST = timedelta(minutes=45), timedelta(minutes=10_080)
HANDSHAKE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    tenant: str
    app: str
    mailbox: int
    resource: str
    changes: frozenset[str]
    url: str
    lifecycle: str
    state: str
    ends: datetime
    sent: int

    def told(self) -> Json:
        return {
            "id": self.id, "resource": self.resource, "applicationId": self.app,
            "changeType": ",".join(sorted(self.changes)), "clientState": self.state, "notificationUrl": self.url,
            "lifecycleNotificationUrl": self.lifecycle or None, "expirationDateTime": stamp(self.ends),
            "creatorId": self.app,
        }  # fmt: skip


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def of_row(row: Row) -> Subscription:
    return Subscription(
        row["id"], row["tenant"], row["app"], row["mailbox"], row["resource"], frozenset(json.loads(row["changes"])),
        row["url"], row["lifecycle"], row["state"], datetime.fromisoformat(row["ends"]), row["sent"],
    )  # fmt: skip


def head(store: Store) -> int:
    return int(store.scalar("SELECT coalesce(max(seq), 0) FROM ews_change"))


def serve(sandbox: Sandbox, caller: Caller, method: str, path: str, given: Json | None) -> tuple[int, Any]:
    """A call of `/subscriptions` or below it. Raises GraphError."""
    parts = path.strip("/").split("/")[1:]
    match method, parts:
        case "POST", []:
            return 201, create(sandbox, caller, given or {}).told()
        case "GET", []:
            return 200, {"value": [each.told() for each in _all(sandbox, caller)]}
        case "GET", [identifier]:
            return 200, _find(sandbox, caller, identifier).told()
        case "PATCH", [identifier]:
            return 200, _renew(sandbox, _find(sandbox, caller, identifier), given or {}).told()
        case "POST", [identifier, "reauthorize"]:
            _find(sandbox, caller, identifier)
            return 200, None
        case "DELETE", [identifier]:
            sandbox.store.run("DELETE FROM graph_subscription WHERE id = ?", (_find(sandbox, caller, identifier).id,))
            return 204, None
    raise GraphError(405, "BadRequest", "The method is not allowed here.")


def create(sandbox: Sandbox, caller: Caller, given: Json) -> Subscription:
    changes = frozenset(str(given.get("changeType") or "").split(","))
    if not changes <= CHANGES:
        raise bad("The change types are unknown.", "InvalidRequest")
    url, lifecycle = str(given.get("notificationUrl") or ""), str(given.get("lifecycleNotificationUrl") or "")
    state = str(given.get("clientState") or "")
    if len(state) > 128:
        raise bad("The client state is too long.", "InvalidRequest")
    resource = str(given.get("resource") or "")
    mailbox, ends = _mailbox(sandbox, caller, resource), _ends(sandbox, given)
    for address in filter(None, (url, lifecycle)):
        _shake_hands(address)
    sent = head(sandbox.store)
    made = Subscription(
        str(uuid.uuid4()), caller.app.tenant, caller.app.id, mailbox, resource, changes, url, lifecycle, state, ends,
        sent,
    )  # fmt: skip
    sandbox.store.run(
        "INSERT INTO graph_subscription VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (made.id, made.tenant, made.app, mailbox, resource, json.dumps(sorted(changes)), url, lifecycle, state,
         ends.isoformat(), sent),
    )  # fmt: skip
    return made


def _mailbox(sandbox: Sandbox, caller: Caller, resource: str) -> int:
    match resource.strip("/").split("/"):
        case ["me", "events"]:
            address = caller.address
        case ["users", address, "events"]:
            pass
        case _:
            raise bad("The resource cannot be subscribed to.", "ExtensionError")
    found = Directory(sandbox.store).find_mailbox(unquote(address)) if address else None
    if found is None or not Tenants(sandbox.store).holds(caller.app.tenant, found.address):
        raise GraphError(404, "ErrorInvalidUser")
    permitted = {EVERYTHING, PERMISSION} & caller.app.permissions
    if not permitted or not ({EVERYTHING, found.address} & caller.app.mailboxes):
        raise GraphError(403, "ErrorAccessDenied")
    return found.id


def _ends(sandbox: Sandbox, given: Json) -> datetime:
    now = sandbox.clock.now()
    try:
        wanted = datetime.fromisoformat(str(given.get("expirationDateTime")))
        if not now < wanted <= now + MOST:
            raise ValueError(wanted)
    except (ValueError, TypeError):
        raise bad("Subscription expiration can only be 10080 minutes in the future.", "InvalidRequest") from None
    return max(wanted, now + LEAST)


def _shake_hands(url: str) -> None:
    """Nobody is told anything at an address that does not answer with what it was asked."""
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
    if not url.startswith(("http://", "https://")):
        raise bad("The notification URL cannot be used.", "InvalidRequest")
    try:
        answer = requests.post(
            url, params={"validationToken": token}, headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=HANDSHAKE_SECONDS,
        )  # fmt: skip
    except requests.RequestException:
        answer = None
    plain = answer is not None and answer.headers.get("Content-Type", "").startswith("text/plain")
    if answer is None or answer.status_code != 200 or not plain or answer.text != token:
        raise bad("Subscription validation request failed.", "ValidationError")


def _renew(sandbox: Sandbox, found: Subscription, given: Json) -> Subscription:
    if set(given) - {"expirationDateTime", "notificationUrl"}:
        raise bad("Only the expiration can be changed.", "InvalidRequest")
    ends = _ends(sandbox, given)
    sandbox.store.run("UPDATE graph_subscription SET ends = ? WHERE id = ?", (ends.isoformat(), found.id))
    row = sandbox.store.one("SELECT * FROM graph_subscription WHERE id = ?", (found.id,))
    assert row is not None
    return of_row(row)


def _all(sandbox: Sandbox, caller: Caller) -> list[Subscription]:
    rows = sandbox.store.all(
        "SELECT * FROM graph_subscription WHERE tenant = ? AND app = ? ORDER BY id", (caller.app.tenant, caller.app.id)
    )
    return [each for row in rows if (each := of_row(row)).ends > sandbox.clock.now()]


def _find(sandbox: Sandbox, caller: Caller, identifier: str) -> Subscription:
    found = next((each for each in _all(sandbox, caller) if each.id == identifier), None)
    if found is None:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found
