"""Who asks: by the cookie of a session, or by a bearer token; and whether a change was meant by whoever asks."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response

from sync_tasks.bootstrap import App
from sync_tasks.services import entering
from sync_tasks.services.entering import LockedError, Principal
from sync_tasks.web.deps import Sync

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TOKEN = "form_token"  # noqa: S105  # the name of the field
HEADER_TOKEN = "X-Form-Token"  # noqa: S105
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
LOCKED = "too many failed tries; wait a quarter of an hour"


class LogInError(Exception):
    """Nobody is known: pages send the visitor to the log-in, the REST interface answers 401."""


# --- the cookie


def cookie_name(request: Request) -> str:
    """Over TLS the browser itself holds the cookie to this very host."""
    return "__Host-inbox-sync" if is_secure(request) else "inbox-sync"


def is_secure(request: Request) -> bool:
    sync: App = request.app.state.sync
    return request.url.scheme == "https" or sync.settings.public_url.startswith("https:")


def session_of(request: Request) -> str:
    return request.cookies.get(cookie_name(request), "")


def put_session(request: Request, response: Response, secret: str) -> None:
    """Give the browser a new session. It ends with the browser, or when the server says so."""
    response.set_cookie(
        cookie_name(request), secret, httponly=True, samesite="lax", secure=is_secure(request), path="/"
    )


def drop_session(request: Request, response: Response) -> None:
    response.delete_cookie(cookie_name(request), httponly=True, samesite="lax", secure=is_secure(request), path="/")


def origin_of(request: Request) -> str:
    """From where somebody tries to log in."""
    return request.client.host if request.client is not None else ""


# --- who


async def _given_form_token(request: Request) -> str:
    """What came along with a change, in a header or in a form."""
    if request.method in SAFE or HEADER_TOKEN in request.headers:
        return request.headers.get(HEADER_TOKEN, "")
    if not request.headers.get("Content-Type", "").startswith(FORMS):
        return ""
    return str((await request.form()).get(FORM_TOKEN, ""))


def known(request: Request, sync: Sync, given: Annotated[str, Depends(_given_form_token)]) -> Principal:
    """Who asks: by a token, or by a session, which for every change sends its form token along."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        try:
            found = entering.by_token(sync, secret.strip(), origin_of(request))
        except LockedError:
            raise HTTPException(429, LOCKED) from None
        if found is None:
            raise LogInError
        return found
    session = session_of(request)
    found = entering.by_session(sync, session) if session else None
    if found is None:
        raise LogInError
    form_token = entering.form_token(session)
    if request.method not in SAFE and not hmac.compare_digest(form_token.encode(), given.encode()):
        raise HTTPException(403, "this form is not of your session; load the page again")
    request.state.form_token = form_token
    request.state.me = found
    return found


Me = Annotated[Principal, Depends(known)]


def administrator(me: Me) -> Principal:
    if not me.is_admin:
        raise HTTPException(403, "this is for administrators")
    return me


Admin = Annotated[Principal, Depends(administrator)]


# --- where from and where to


def comes_from_elsewhere(request: Request) -> bool:
    """Whether another site's page made the browser ask for a change. Programs that are no browser say nothing."""
    if request.method in SAFE:
        return False
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc not in _our_hosts(request)
    return request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")


def _our_hosts(request: Request) -> set[str]:
    sync: App = request.app.state.sync
    return {request.headers.get("Host", ""), urlsplit(sync.settings.public_url).netloc} - {""}


def local_path(wanted: str) -> str:
    """The path and query to go on to, if they are ours; else the start page."""
    # browsers read a backslash as a slash, and throw away tabs and line ends
    if not wanted.startswith("/") or wanted.startswith("//") or any(c in "\\" or ord(c) < 0x20 for c in wanted):
        return "/"
    return wanted
