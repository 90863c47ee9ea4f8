"""The web application: which routers it is made of, and what holds for every answer."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as AnyHttpError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_tasks.bootstrap import App
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.services.hearing import Deliver, Receiver
from sync_tasks.tasks import pipeline, pushes
from sync_tasks.web import (
    admin_pages,
    api,
    connect,
    health,
    hooks,
    imagining,
    leaving,
    login,
    metrics,
    organization_api,
    organization_pages,
    profile_pages,
    rollouts,
    run_pages,
    settings_api,
    settings_pages,
    user_pages,
)
from sync_tasks.web.deps import HandOver
from sync_tasks.web.identity import LogInError, comes_from_elsewhere
from sync_tasks.web.render import HERE, page

# No script, style or picture but our own files; nobody frames us; nothing is guessed from content.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ROUTERS = (
    health.router,
    hooks.router,
    metrics.router,
    login.router,
    connect.router,
    user_pages.router,
    run_pages.router,
    leaving.pages,
    admin_pages.router,
    organization_pages.router,
    settings_pages.router,
    imagining.pages,
    rollouts.pages,
    profile_pages.router,
    api.router,
    organization_api.router,
    settings_api.router,
    imagining.api,
    rollouts.api,
    leaving.api,
)


def create_app(
    app: App, deliver: Deliver = pushes.deliver, hand_over: HandOver = pipeline.hand_over
) -> FastAPI:  # fmt: skip
    """The application over the store and the connections of `app`, which the routers ask for as `deps.Sync`. `deliver`:
    how hints of vendors get to a worker; `hand_over`: how runs do."""
    web = FastAPI(title="Inbox Sync", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    web.state.sync = app
    web.state.hand_over = hand_over
    web.state.receiver = Receiver(app, deliver)
    web.state.metrics = metrics.registry(app)
    web.add_middleware(_Guard)
    web.exception_handler(LogInError)(_log_in_first)
    web.exception_handler(AnyHttpError)(_refused)
    web.exception_handler(SettingRefusedError)(_setting_refused)
    web.exception_handler(RequestValidationError)(_misunderstood)
    for router in ROUTERS:
        web.include_router(router)
    web.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return web


class _Guard:
    """Refuses changes that another site's page asks for, and puts the headers of safety on every answer; pages and data
    are never kept by anything in between.

    Bare ASGI: what Starlette offers for this costs a post of a vendor as much again as all else that is done for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_static = scope["path"].startswith("/static/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not is_static:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = comes_from_elsewhere(Request(scope))
        answer = PlainTextResponse("this change was asked for by another site", 403) if refused else self._app
        await answer(scope, receive, send_guarded)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(("/api/", "/metrics")) and "text/html" in request.headers.get("Accept", "")


async def _log_in_first(request: Request, _error: Exception) -> Response:
    if not _is_page(request):
        told = {"detail": "give a token: Authorization: Bearer ..."}
        return JSONResponse(told, 401, {"WWW-Authenticate": "Bearer"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = {"next": wanted} if request.method == "GET" and wanted != "/" else {}
    return RedirectResponse(f"/login?{urlencode(to)}" if to else "/login", 303)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHttpError)
    if _is_page(request):
        return page(request, "refused.html", status=error.status_code, problem=error.detail)
    return await http_exception_handler(request, HTTPException(error.status_code, error.detail, error.headers))


async def _setting_refused(request: Request, error: Exception) -> Response:
    return await _refused(request, HTTPException(409, str(error)))


async def _misunderstood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _is_page(request):
        return page(request, "refused.html", status=422, problem="the form holds something that is not understood")
    return await request_validation_exception_handler(request, error)
