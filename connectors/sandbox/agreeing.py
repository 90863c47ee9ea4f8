"""What the pages have in common on which people let an application in: the way back, the choice, the proof (PKCE)."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response


def back(redirect: str, told: Mapping[str, str]) -> Response:
    """Send the browser back with an answer."""
    return Response("", 302, headers={"Location": f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(told)}"})


def choice(request: Request, people: Iterable[str]) -> Response:
    """A page with a link for everybody who may agree."""
    links = []
    for each in people:
        query = urlencode({**request.args.to_dict(), "login_hint": each})
        links.append(f'<li><a href="?{html.escape(query)}">{html.escape(each)}</a></li>')
    page = f"<!doctype html><title>Sandbox: allow access?</title><h1>Who allows access?</h1><ul>{''.join(links)}</ul>"
    return Response(page, content_type="text/html; charset=utf-8")


def proves(challenge: str, verifier: str) -> bool:
    """Whether whoever brings the code is who asked for it; always, where nothing was asked."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return not challenge or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
