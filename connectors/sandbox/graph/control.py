"""What an administrator of a tenant does, as JSON: /control/graph/... for tests, the demo and seeding.

The mailboxes are made, filled and shown by /control/ews/...: it is the same mailbox, whichever way it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.sandbox.control import body, route
from connectors.sandbox.ews import control as ews
from connectors.sandbox.graph import ids, notifications, subscriptions
from connectors.sandbox.graph.state import EVERYTHING, App, Tenants

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


@route("POST", "/control/graph/tenants")
def _tenants(request: Request, sandbox: Sandbox) -> Any:
    """{"tenant", "domains": those whose mailboxes it holds, or ["*"]}"""
    given = body(request)
    Tenants(sandbox.store).add_tenant(given["tenant"], given.get("domains", [EVERYTHING]))
    return {"tenant": given["tenant"]}


@route("POST", "/control/graph/apps")
def _apps(request: Request, sandbox: Sandbox) -> Any:
    """{"tenant", "client_id", "secret", "certificate": PEM, "permissions": ["*"], "mailboxes": ["*"], "redirects": [],
    "secret_ends": ISO moment, "admin_only": bool, "mfa": bool}"""
    given = body(request)
    app = App(
        given["tenant"], given["client_id"], given.get("secret", ""), given.get("certificate", ""),
        frozenset(given.get("permissions", [EVERYTHING])),
        frozenset(each.lower() for each in given.get("mailboxes", [EVERYTHING])),
        tuple(given.get("redirects", ())), given.get("secret_ends", ""), bool(given.get("admin_only")),
        bool(given.get("mfa")),
    )  # fmt: skip
    Tenants(sandbox.store).add_app(app)
    return {"client_id": app.id}


@route("POST", "/control/graph/unlicensed")
def _unlicensed(request: Request, sandbox: Sandbox) -> Any:
    """{"address"}: the mailbox is there, but is not served"""
    Tenants(sandbox.store).unlicense(body(request)["address"])
    return {"ok": True}


@route("POST", "/control/graph/consents")
def _consents(request: Request, sandbox: Sandbox) -> Any:
    """{"tenant", "client_id", "address"}: the user lets the application in to the own mailbox"""
    given = body(request)
    tenants = Tenants(sandbox.store)
    app = tenants.app(given["tenant"], given["client_id"])
    if app is None:
        raise ValueError("no such application")
    return {"refresh_token": tenants.give("refresh", app, given["address"], sandbox.clock.now())}


@route("POST", "/control/graph/tokens/revoke")
def _revoke(request: Request, sandbox: Sandbox) -> Any:
    """{"kind": "access" | "refresh" | "*"}"""
    Tenants(sandbox.store).take_back(body(request).get("kind", EVERYTHING))
    return {"ok": True}


@route("POST", "/control/graph/lifecycle")
def _lifecycle(request: Request, sandbox: Sandbox) -> Any:
    """{"event": reauthorizationRequired | subscriptionRemoved | missed}: told to all, or to that of "id" """
    given = body(request)
    known = [row["id"] for row in sandbox.store.all("SELECT id FROM graph_subscription ORDER BY id")]
    named = [given["id"]] if given.get("id") else known
    return {"told": sum(notifications.lifecycle(sandbox, each, given["event"]) for each in named)}


@route("GET", "/control/graph/items")
def _item(request: Request, sandbox: Sandbox) -> Any:
    """?address=&id=: the immutable id of the item that /control/ews/... calls so"""
    call = ews.call_for(sandbox, request.args.get("address", ""))
    item = call.named(request.args.get("id", ""))
    return {"id": ids.sealed(ids.IMMUTABLE, item.mailbox, call.items.first(item.id))}


@route("GET", "/control/graph/subscriptions")
def _subscriptions(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    """All that there are, as their makers see them."""
    rows = sandbox.store.all("SELECT * FROM graph_subscription ORDER BY id")
    return {"subscriptions": [subscriptions.of_row(row).told() for row in rows]}


def dump(sandbox: Sandbox, *, normalise: bool) -> Any:  # noqa: ARG001 - nothing in here differs between two runs
    """{tenant: [ids of its applications]}"""
    rows = sandbox.store.all("SELECT tenant, id FROM graph_app ORDER BY tenant, id")
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["tenant"], []).append(row["id"])
    return found
