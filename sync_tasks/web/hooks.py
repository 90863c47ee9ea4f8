"""`/hooks/...`: what vendors post to when something happened in a mailbox.

Nobody is logged in here, and whoever finds the addresses may post. So each receiver bounds what it reads, refuses what
has not the form of its vendor, recognises whose agreement it is about, and hands the rest to a worker: it asks nobody
anything (but for Google's keys, a few times a day) and answers within milliseconds. Every outcome is counted
(`hints_total`), nothing of what was posted is logged.

| vendor | what proves a post | forged, unknown | repeated |
|---|---|---|---|
| EWS | the secret in the address, the id of the subscription | 404; 200 with Unsubscribe | 200, taken |
| Graph | `clientState` of the subscription that it names | 202, so that nobody learns which are right | 202 |
| Google | the secret in `X-Goog-Channel-Token`, the id of the channel | 404, which ends a channel | 204 |
| Gmail | a token that Google signed, for our address and account | 401; 204 | 204 |
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response, status

from connectors.exchange import received as ews
from connectors.google import received as google
from connectors.google.bearer import Bearers, RefusedBearerError, UnprovenError
from connectors.graph import received as graph
from connectors.pushing import Kind, NoHintError
from sync_tasks.bootstrap import App
from sync_tasks.services.hearing import NotQueuedError, Verdict
from sync_tasks.web.deps import Hints, Sync

router = APIRouter(prefix="/hooks", include_in_schema=False)

LARGEST = {Kind.EWS: 256 * 1024, Kind.GRAPH: 256 * 1024, Kind.GOOGLE: 1024, Kind.GMAIL: 16 * 1024}
SLOWEST_SECONDS = 10.0
XML, JSON = frozenset({"text/xml", "application/xml", "application/soap+xml"}), frozenset({"application/json"})

_THREADS = CapacityLimiter(6)
G = TypeVar("G")
W = TypeVar("W")


@dataclass
class RefusedError(Exception):
    """It is not taken: what is answered, and as what it counts."""

    status: int
    outcome: str


@router.post("/ews/{secret}")
async def from_exchange(secret: str, request: Request, sync: Sync, hints: Hints) -> Response:
    """SendNotification; answers that it is to go on, or that the subscription is to end."""

    async def act() -> Response:
        _check_type(request, XML)
        words = _read(ews.words, await _body(request, LARGEST[Kind.EWS]))
        verdicts = await _aside(hints.receive_at, secret, words)
        if verdicts is None:
            raise RefusedError(status.HTTP_404_NOT_FOUND, Verdict.FORGED)
        _count(sync, Kind.EWS, verdicts)
        answer = ews.STOP if set(verdicts) == {Verdict.UNKNOWN} else ews.GO_ON
        return Response(answer, media_type="text/xml")

    return await _guarded(sync, Kind.EWS, act)


@router.post("/graph")
async def from_graph(request: Request, sync: Sync, hints: Hints) -> Response:
    """Notifications of changes and of the subscriptions themselves; and the question whether anybody is here."""

    async def act() -> Response:
        token = request.query_params.get("validationToken")
        if token is not None:
            if not 0 < len(token) <= graph.LONGEST_TOKEN:
                raise RefusedError(status.HTTP_400_BAD_REQUEST, "malformed")
            _note(sync, Kind.GRAPH, "handshake")
            return Response(token, media_type="text/plain")
        _check_type(request, JSON)
        words = _read(graph.words, await _body(request, LARGEST[Kind.GRAPH]))
        _count(sync, Kind.GRAPH, await _aside(partial(hints.receive, prove=True), Kind.GRAPH, words))
        return Response(status_code=status.HTTP_202_ACCEPTED)

    return await _guarded(sync, Kind.GRAPH, act)


@router.post("/google")
async def from_google(request: Request, sync: Sync, hints: Hints) -> Response:
    """What a channel of Google Calendar tells, all of it in headers."""

    async def act() -> Response:
        await _body(request, LARGEST[Kind.GOOGLE])
        word = _read(google.channel_word, request.headers)
        verdicts = await _aside(hints.receive_at, word.secret, [word])
        if verdicts is None:
            raise RefusedError(status.HTTP_404_NOT_FOUND, Verdict.FORGED)
        _count(sync, Kind.GOOGLE, verdicts)
        known = verdicts != [Verdict.UNKNOWN]
        return Response(status_code=status.HTTP_204_NO_CONTENT if known else status.HTTP_404_NOT_FOUND)

    return await _guarded(sync, Kind.GOOGLE, act)


@router.post("/gmail")
async def from_gmail(request: Request, sync: Sync, hints: Hints) -> Response:
    """What Gmail published, posted by Pub/Sub."""

    async def act() -> Response:
        shown = request.headers.get("Authorization", "")
        await _aside(_prove, _bearers(request, sync), shown)
        _check_type(request, JSON)
        word = _read(google.mail_word, await _body(request, LARGEST[Kind.GMAIL]))
        _count(sync, Kind.GMAIL, await _aside(partial(hints.receive, prove=False), Kind.GMAIL, [word]))
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return await _guarded(sync, Kind.GMAIL, act)


async def _guarded(sync: App, kind: Kind, act: Callable[[], Awaitable[Response]]) -> Response:
    """What is refused is counted and answered with its status alone."""
    try:
        return await act()
    except RefusedError as refused:
        _note(sync, kind, refused.outcome)
        return Response(status_code=refused.status)
    except NotQueuedError:
        _note(sync, kind, "not_queued")
        return Response(status_code=status.HTTP_503_SERVICE_UNAVAILABLE)
    finally:
        await _aside(sync.governor.tallies.flush)


async def _aside(act: Callable[..., W], *given: object) -> W:
    """Do what may wait in a thread of the few that are for this: many would only take turns, and pages wait, too."""
    return await to_thread.run_sync(partial(act, *given), limiter=_THREADS)


def _count(sync: App, kind: Kind, verdicts: Sequence[Verdict]) -> None:
    for verdict, number in Counter(verdicts).items():
        _note(sync, kind, verdict, number)


def _note(sync: App, kind: Kind, outcome: str, number: int = 1) -> None:
    sync.hints(f"{kind}.{outcome}", number)
    sync.governor.tallies.count("hints_total", kind, outcome, by=number)


def _check_type(request: Request, taken: frozenset[str]) -> None:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in taken:
        raise RefusedError(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "type")


async def _body(request: Request, most: int) -> bytes:
    """The body, of which no more is ever held than may be. Raises RefusedError."""
    declared = request.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > most:
        raise RefusedError(status.HTTP_413_CONTENT_TOO_LARGE, "oversized")
    found = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > most:
                    raise RefusedError(status.HTTP_413_CONTENT_TOO_LARGE, "oversized")
    except TimeoutError:
        raise RefusedError(status.HTTP_408_REQUEST_TIMEOUT, "slow") from None
    return bytes(found)


def _read(parse: Callable[[G], W], given: G) -> W:
    """What was posted, as hints. Raises RefusedError."""
    try:
        return parse(given)
    except NoHintError:
        raise RefusedError(status.HTTP_400_BAD_REQUEST, "malformed") from None


def _bearers(request: Request, sync: App) -> Bearers:
    """Made once for a process: it holds Google's keys."""
    state, settings = request.app.state, sync.settings
    if not hasattr(state, "bearers"):
        audience = settings.pubsub_audience or f"{settings.public_url.rstrip('/')}/hooks/gmail"
        state.bearers = Bearers(settings.google_certs_url, audience, settings.pubsub_account)
    found: Bearers = state.bearers
    return found


def _prove(bearers: Bearers, shown: str) -> None:
    try:
        bearers.prove(shown)
    except RefusedBearerError:
        raise RefusedError(status.HTTP_401_UNAUTHORIZED, Verdict.FORGED) from None
    except UnprovenError:
        raise RefusedError(status.HTTP_503_SERVICE_UNAVAILABLE, "unproven") from None
