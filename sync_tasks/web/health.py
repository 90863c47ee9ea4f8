"""`/healthz` says that the process lives, `/readyz` that it can do its work."""

from __future__ import annotations

from fastapi import APIRouter, Response, status

from sync_tasks.state import migrate
from sync_tasks.web.deps import Sync

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(sync: Sync, response: Response) -> dict[str, str]:
    """The database answers and has the tables of this very version; 503 and the reason when not."""
    current = migrate.reached(sync.store.engine)
    if current is None:
        return _not(response, "the database does not answer")
    if current != migrate.head():
        return _not(response, "the database is of another version; run `inbox-sync db upgrade`")
    return {"status": "ready"}


def _not(response: Response, reason: str) -> dict[str, str]:
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {"status": "not ready", "reason": reason}
