"""The handle on the emulated world: JSON over /control, for tests, the demo and curious people.

A vendor adds its own entries with `@route("POST", "/control/<vendor>/...")`; the function gets the request and the
sandbox and answers a JSON value or a Response. ValueError and KeyError become a 400 with their text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox.vendor import vendors

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

Handler = Callable[[Request, "Sandbox"], Any]
_ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a control entry under an exact path."""

    def keep(handler: Handler) -> Handler:
        _ROUTES[method.upper(), path] = handler
        return handler

    return keep


def body(request: Request) -> Any:
    """The request's JSON, {} when empty. Raises ValueError when it is not JSON."""
    data = request.get_data()
    return json.loads(data) if data else {}


def handle(request: Request, sandbox: Sandbox) -> Response:
    vendors()  # their entries are registered by their import
    path = request.path.rstrip("/")
    handler = _ROUTES.get((request.method.upper(), path))
    if handler is None:
        known = sorted({f"{method} {at}" for method, at in _ROUTES})
        return _answer({"error": f"no {request.method} {path}", "entries": known}, 404)
    try:
        result = handler(request, sandbox)
    except (ValueError, KeyError, TypeError) as error:
        return _answer({"error": str(error) or type(error).__name__}, 400)
    return result if isinstance(result, Response) else _answer(result)


def _answer(value: Any, status: int = 200) -> Response:
    text = json.dumps({} if value is None else value, sort_keys=True, ensure_ascii=False)
    return Response(text, status, content_type="application/json;charset=UTF-8")


@route("GET", "/control/health")
def _health(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return {"ok": True, "now": sandbox.clock.now().isoformat(), "vendors": [name for name, _ in vendors()]}


@route("POST", "/control/reset")
def _reset(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    sandbox.reset()
    return {"ok": True}


@route("GET", "/control/clock")
def _clock(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return {"now": sandbox.clock.now().isoformat(), "frozen": sandbox.clock.frozen}


@route("POST", "/control/clock")
def _set_clock(request: Request, sandbox: Sandbox) -> Any:
    """{"set": ISO moment, "frozen": true} | {"advance": seconds} | {"real": true}"""
    wanted = body(request)
    if "set" in wanted:
        sandbox.clock.set(datetime.fromisoformat(wanted["set"]), frozen=bool(wanted.get("frozen", True)))
    if "advance" in wanted:
        sandbox.clock.advance(float(wanted["advance"]))
    if wanted.get("real"):
        sandbox.clock.real()
    return _clock(request, sandbox)


@route("GET", "/control/faults")
def _faults(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return {"faults": sandbox.faults.listing()}


@route("POST", "/control/faults")
def _add_faults(request: Request, sandbox: Sandbox) -> Any:
    """A rule, a list of rules, or {"spec": "salesforce:query:503:times=2"}."""
    wanted = body(request)
    for rule in wanted if isinstance(wanted, list) else [wanted]:
        sandbox.faults.add(rule["spec"] if isinstance(rule, dict) and "spec" in rule else rule)
    return {"faults": sandbox.faults.listing()}


@route("DELETE", "/control/faults")
def _clear_faults(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    sandbox.faults.clear()
    return {"faults": []}


@route("GET", "/control/counters")
def _counters(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return sandbox.ledger.counters()


@route("GET", "/control/calls")
def _calls(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    return {"calls": sandbox.ledger.recent()}


@route("POST", "/control/counters/reset")
def _reset_counters(request: Request, sandbox: Sandbox) -> Any:  # noqa: ARG001
    sandbox.ledger.reset()
    return {"ok": True}


@route("GET", "/control/dump")
def _dump(request: Request, sandbox: Sandbox) -> Any:
    return sandbox.dump(normalise=request.args.get("normalise", "") in ("1", "true"))
