"""Logging in and out: one-time links, OpenID Connect, and the end of a session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sync_tasks.services import entering
from sync_tasks.services.entering import LockedError, RefusedError
from sync_tasks.web import oidc
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import (
    LOCKED,
    Me,
    drop_session,
    is_secure,
    local_path,
    origin_of,
    put_session,
    session_of,
)
from sync_tasks.web.render import page

router = APIRouter(include_in_schema=False)

ATTEMPT = "inbox-sync-log-in"  # the cookie that a log-in at the provider comes back with
ATTEMPT_SECONDS = 600


@router.get("/login")
def login(request: Request, sync: Sync, next: str = "/") -> HTMLResponse:  # noqa: A002  # the name in the address
    """How one may log in."""
    provider = sync.settings.oidc_name if sync.settings.oidc_issuer else ""
    return page(request, "login.html", provider=provider, next=local_path(next), problem="")


@router.get("/login/link")
def link(request: Request, token: str = "") -> HTMLResponse:
    """A button, because what merely looks at addresses (a mail scanner, a preview) must not use the link up."""
    return page(request, "link.html", token=token)


@router.post("/login/link")
def use_link(request: Request, sync: Sync, token: Annotated[str, Form()] = "") -> Response:
    try:
        secret = entering.use_link(sync, token, origin_of(request))
    except LockedError:
        return _refused(request, sync.settings.oidc_name if sync.settings.oidc_issuer else "", LOCKED, 429)
    except RefusedError as error:
        return _refused(request, sync.settings.oidc_name if sync.settings.oidc_issuer else "", str(error), 403)
    return _entered(request, sync, secret, "/")


@router.get("/login/oidc")
def to_provider(request: Request, sync: Sync, next: str = "/") -> Response:  # noqa: A002
    """On to the provider, with what its answer is held against sealed in a cookie."""
    try:
        attempt = oidc.start(sync.settings, _callback(request, sync), local_path(next))
    except oidc.ProviderError as error:
        return _refused(request, sync.settings.oidc_name, str(error), 503)
    answer = RedirectResponse(attempt.url, 303)
    answer.set_cookie(
        ATTEMPT, oidc.sealed(sync.vault, attempt), max_age=ATTEMPT_SECONDS, httponly=True, samesite="lax",
        secure=is_secure(request), path="/login",
    )  # fmt: skip
    return answer


@router.get("/login/oidc/callback")
def from_provider(request: Request, sync: Sync) -> Response:
    """Back from the provider: whose address it vouches for is logged in."""
    provider = sync.settings.oidc_name
    attempt = oidc.opened(sync.vault, request.cookies.get(ATTEMPT, ""))
    try:
        if attempt is None:
            raise oidc.ProviderError("this log-in was not begun in this browser, or too long ago; begin anew")
        query = str(request.url.query)
        address = oidc.finish(sync.settings, _callback(request, sync), attempt, query, sync.clock())
        secret = entering.begin(sync, address, origin_of(request), "oidc")
    except (oidc.ProviderError, RefusedError) as error:
        answer: Response = _refused(request, provider, str(error), 403)
    else:
        answer = _entered(request, sync, secret, attempt.next)
    answer.delete_cookie(ATTEMPT, path="/login")
    return answer


@router.post("/logout")
def logout(request: Request, sync: Sync, _me: Me) -> Response:
    entering.end(sync, session_of(request))
    answer = RedirectResponse("/login", 303)
    drop_session(request, answer)
    return answer


def _entered(request: Request, sync: Sync, secret: str, to: str) -> Response:
    """A new session in place of whatever the browser had before."""
    if before := session_of(request):
        entering.end(sync, before)
    answer = RedirectResponse(to, 303)
    put_session(request, answer, secret)
    return answer


def _refused(request: Request, provider: str, problem: str, status: int) -> HTMLResponse:
    return page(request, "login.html", status=status, provider=provider, next="/", problem=problem)


def _callback(request: Request, sync: Sync) -> str:
    base = sync.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return f"{base}/login/oidc/callback"
