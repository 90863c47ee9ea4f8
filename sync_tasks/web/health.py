"""`/healthz` says that the process lives, `/readyz` that it can do its work, `/health` whether everybody is really
synchronized."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response, status
from fastapi.encoders import jsonable_encoder

from sync_tasks.services import health
from sync_tasks.services.health import State
from sync_tasks.state import migrate
from sync_tasks.web.deps import Sync

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(sync: Sync, response: Response) -> dict[str, str]:
    """The database answers and has the tables of this very version; 503 and the reason when not. Without Redis pages
    still work, and what vendors post is refused until it is back, so that they come again."""
    current = migrate.reached(sync.store.engine)
    if current is None:
        return _not(response, "the database does not answer")
    if current != migrate.head():
        return _not(response, "the database is of another version; run `inbox-sync db upgrade`")
    return {"status": "ready"}


@router.get("/health")
def examined(request: Request, sync: Sync, response: Response) -> Any:
    """The same as `inbox-sync health --json`; 503 when something is bad. For whom the figures are for, too."""
    for_operators(request, sync.settings.metrics_token.get_secret_value())
    found = health.examine(sync)
    if found.state is State.BAD:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return jsonable_encoder(found.described())


def for_operators(request: Request, wanted: str) -> None:
    """Only for who knows the token; without one set, for this machine only. Raises HTTPException."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (hmac.compare_digest(wanted.encode(), given.encode()) if wanted else _from_here(request)):
        raise HTTPException(403, "give the metrics token (INBOX_SYNC_METRICS_TOKEN), or ask from this machine")


def _not(response: Response, reason: str) -> dict[str, str]:
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {"status": "not ready", "reason": reason}


def _from_here(request: Request) -> bool:
    """Both the caller and the name he calls us by: a page on a rebound name asks from here, too."""
    host = request.url.hostname or ""
    return _is_loopback(request.client.host if request.client else "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
