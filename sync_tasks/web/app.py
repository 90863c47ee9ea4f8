"""The web application: which routers it is made of, and what holds for every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from sync_tasks.bootstrap import App
from sync_tasks.services.hearing import Deliver, Receiver
from sync_tasks.tasks import pushes
from sync_tasks.web import health, hooks

# No script, style or picture but our own files; nobody frames us; nothing is guessed from content.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(app: App, deliver: Deliver = pushes.deliver) -> FastAPI:
    """The application over the store and the connections of `app`, which the routers ask for as `deps.Sync`. `deliver`:
    how hints of vendors get to a worker."""
    web = FastAPI(title="Inbox Sync", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    web.state.sync = app
    web.state.receiver = Receiver(app, deliver)
    web.middleware("http")(_guarded)
    web.include_router(health.router)
    web.include_router(hooks.router)
    return web


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Put the headers of safety on every answer; pages and data are never kept by anything in between."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
