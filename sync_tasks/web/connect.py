"""Pages on which a user lets us in: one that an invitation leads to, and the one to which the vendor sends back.

Nobody has to be logged in: an invitation is good for a week, for one user and one vendor, and what comes of it is kept
only if the account is that user's. The way back works in the browser that began, and once.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sync_tasks.services import consent
from sync_tasks.services.consent import CALLBACK, ConsentError
from sync_tasks.web.deps import Sync
from sync_tasks.web.render import page

router = APIRouter(include_in_schema=False)
COOKIE = "inbox-sync-connect"
NAMES = {"salesforce": "Salesforce", "graph": "Microsoft 365", "google": "Google"}


@router.get(CALLBACK)
def returned(request: Request, sync: Sync) -> Response:
    """The vendor's answer. The cookie goes in any case: an answer is looked at once."""
    try:
        done = consent.finish(sync, dict(request.query_params), request.cookies.get(COOKIE, ""), by="web")
    except ConsentError as error:
        response = _page(request, "Not connected", f"{error}", status=400)
    else:
        more = " Synchronization goes on by itself." if done.resumed else ""
        response = _page(request, "Connected", f"{done.user.address} is connected to {NAMES[done.vendor]}.{more}")
    response.delete_cookie(COOKIE, path="/connect")
    return response


@router.get("/connect/{invitation}")
def invited(request: Request, sync: Sync, invitation: str) -> Response:
    """What will happen, and a link to it: a page that is only looked at begins nothing."""
    try:
        user, vendor, _ = consent.read_invitation(sync, invitation)
    except ConsentError as error:
        return _page(request, "This link is of no use", str(error), status=404)
    text = (
        f"Inbox Sync asks to keep {user.address} and {NAMES[vendor]} the same. On the next page, sign in as "
        f"{user.address} and agree. You can take it back at any time in your account there."
    )
    return _page(request, "Connect", text, go=f"/connect/{invitation}/go", where=NAMES[vendor])


@router.get("/connect/{invitation}/go")
def go(request: Request, sync: Sync, invitation: str) -> Response:
    """On to the vendor's page."""
    try:
        user, vendor, told = consent.read_invitation(sync, invitation)
        here = consent.public_url(sync, str(request.base_url))
        begun = consent.begin(sync, user, vendor, here + CALLBACK, told)
    except ConsentError as error:
        return _page(request, "Not connected", str(error), status=400)
    response = RedirectResponse(begun.address, 303)
    response.set_cookie(
        COOKIE, begun.browser, max_age=int(consent.LIVES.total_seconds()), path="/connect", httponly=True,
        samesite="lax", secure=here.startswith("https:"),
    )  # fmt: skip
    return response


def _page(
    request: Request, title: str, text: str, *, status: int = 200, go: str = "", where: str = ""
) -> HTMLResponse:  # fmt: skip
    return page(request, "connect.html", status=status, title=title, text=text, go=go, where=where)
