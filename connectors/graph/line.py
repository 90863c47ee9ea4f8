"""One open mailbox: how a call is sent, alone or twenty in one, and where every failure becomes a fault.

Nothing is repeated here but for a token that was refused once: retrying and pacing are the application's business.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from connectors import calls
from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.config import GraphConfig
from connectors.graph.faults import of_transport, refused
from connectors.graph.times import known_zone
from connectors.graph.tokens import Keep, TokenSource
from connectors.outlook.lineage import Lineage

AT_ONCE = 20  # the most that a batch takes
CONNECT_SECONDS, READ_SECONDS = 10.0, 100.0
_JSON = "application/json"
# ids that stay when an item is moved, and moments in UTC
_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'

# httpx tells the address of every call, which names people
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins with a slash and stands under the root of the version. `prefer`: more preferences than ours."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    prefer: str = ""
    match: str = ""  # only if the item is still at this version

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Prefer": ", ".join(filter(None, (_PREFER, self.prefer)))}
        if self.body is not None:
            headers["Content-Type"] = _JSON
        if self.match:
            headers["If-Match"] = self.match
        return headers


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Line:
    """`now`: the present moment, by which tokens end and the window of the calendar stands. Raises ValueError for a
    time zone that nobody knows."""

    def __init__(self, config: GraphConfig, keep: Keep, on_call: calls.OnCall, now: Callable[[], datetime]) -> None:
        zone = known_zone(config.time_zone)
        if zone is None:
            raise ValueError("the time zone of the mailbox is unknown")
        self.zone = zone
        self.now = now
        self.config = config
        self.folder_ids = dict(config.folder_ids)
        self.lineage = Lineage()
        self.lists: dict[str, str] = {}  # of tasks that stand in a list of the user's own: which one
        # a token of the user's own opens nothing else, and an address need not be the name that Graph knows
        self.home = "/me" if config.refresh_token else f"/users/{quote(config.address)}"
        self._on_call = on_call
        self._tokens = TokenSource(config, keep, lambda: client(config.tls), now, on_call)

    def log_in(self) -> str:
        """A new token, in place of the one that is held. Raises ConnectorError."""
        return self._tokens.fresh()

    # --- sending

    def send(self, request: Request, at: Scope = Scope.CONNECTION, *, writing: bool = False) -> Answer:
        """One call. Raises what goes wrong; `at`: how much it is about."""
        answer = self._send(request, writing=writing)
        if answer.status >= httpx.codes.BAD_REQUEST:
            raise refused(answer.status, answer.body, answer.headers, at, writing=writing)
        return answer

    def raw(self, request: Request, at: Scope = Scope.CONNECTION) -> bytes:
        """What is told as it is, whatever it is."""
        answer = self._send(request, writing=False, plain=True)
        if answer.status >= httpx.codes.BAD_REQUEST:
            raise refused(answer.status, None, answer.headers, at)
        found: bytes = answer.body
        return found

    def batch(
        self, requests: Sequence[Request], at: Scope = Scope.ITEM, *, writing: bool = False
    ) -> list[Answer | ConnectorError]:
        """Any number of calls, twenty in each that is sent; what became of each, in order. Raises a fault that concerns
        the connection, of all of them or of one, unless something is or may be written already."""
        found: list[Answer | ConnectorError] = []
        for start in range(0, len(requests), AT_ONCE):
            try:
                found += self._batch(requests[start : start + AT_ONCE], at, writing=writing)
            except ConnectorError as error:
                if not (writing and (found or error.fault is Fault.UNKNOWN)):
                    raise
                found += [error] * len(requests[start : start + AT_ONCE])
        failed = [each for each in found if isinstance(each, ConnectorError)]
        wide = [each for each in failed if each.scope is Scope.CONNECTION and each.fault is not Fault.UNKNOWN]
        if wide and (not writing or len(wide) == len(found)):
            raise wide[0]
        return found

    def _batch(self, requests: Sequence[Request], at: Scope, *, writing: bool) -> list[Answer | ConnectorError]:
        body = {"requests": [_part(str(number), each) for number, each in enumerate(requests)]}
        told = self.send(Request("POST", "/$batch", body), writing=writing).body
        answers = {str(each.get("id")): each for each in told.get("responses", ())} if isinstance(told, dict) else {}
        lost = ConnectorError(
            Fault.UNKNOWN if writing else Fault.UNAVAILABLE,
            "the batch was answered without this call",
            scope=Scope.ITEM,
        )
        return [
            _outcome(answers[key], at, writing=writing) if (key := str(number)) in answers else lost
            for number in range(len(requests))
        ]

    def _send(self, request: Request, *, writing: bool, plain: bool = False) -> Answer:
        token = self._tokens.token()
        answer = self._once(request, token, writing=writing, plain=plain)
        if answer.status == httpx.codes.UNAUTHORIZED:
            answer = self._once(request, self._tokens.token(refused=token), writing=writing, plain=plain)
        return answer

    def _once(self, request: Request, token: str, *, writing: bool, plain: bool) -> Answer:
        operation = f"{request.method} {_operation(request.path)}"
        headers = {**request.headers, "Authorization": f"Bearer {token}", "Accept": "*/*" if plain else _JSON}
        try:
            http, url = client(self.config.tls), self.config.root + request.path
            with calls.call("graph", operation, self._on_call, _parts_of(request)) as seen:
                told = http.request(request.method, url, json=request.body, headers=headers)
                seen.status, seen.pause = told.status_code, calls.asked_pause(told.headers)
            body = told.content if plain else told.json() if told.content else None
        except (httpx.HTTPError, ValueError) as error:
            failure = of_transport(error, writing=writing)
        else:
            return Answer(told.status_code, body, told.headers)
        # outside of the handler, so that the library's exception, whose text may quote the call, is not chained
        raise failure

    # --- paths

    def path(self, *parts: str, **options: str) -> str:
        """A path in this mailbox. Ids are quoted; `options` are those of OData, without their dollar."""
        where = "/".join([self.home, *(quote(part, safe="$'()=") for part in parts)])
        return where + options_text(options)

    def relative(self, link: str) -> str:
        """The path of a link that an answer gave. Raises ValueError for one that leads elsewhere."""
        root = urlsplit(self.config.root)
        parts = urlsplit(link)
        if not parts.path.startswith(f"{root.path}/") or parts.netloc not in ("", root.netloc):
            raise ValueError("the link leads to another place")
        return f"{parts.path.removeprefix(root.path)}?{parts.query}"

    def pages(self, request: Request, at: Scope = Scope.CONTAINER) -> list[Any]:
        """Everything that a listing has to tell."""
        found: list[Any] = []
        while True:
            told = self.send(request, at).body
            found += told.get("value", ())
            link = told.get("@odata.nextLink")
            if not link:
                return found
            request = Request("GET", self.relative(link), prefer=request.prefer)


_clients: dict[str, httpx.Client] = {}
_OLDEST = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client(tls: str = "1.3") -> httpx.Client:
    """The connections of this process that speak nothing older than this version of TLS. The machine's own certificate
    authorities count."""
    if tls not in _clients:
        context = ssl.create_default_context()  # once: reading the machine's certificates takes longer than an idle run
        context.minimum_version = _OLDEST[tls]
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        _clients[tls] = httpx.Client(verify=context, timeout=timeout, headers={"User-Agent": "inbox-sync"})
    return _clients[tls]


def close() -> None:
    """Drop all connections of this process. Call it in a worker right after the fork: a socket that two processes share
    mixes their answers."""
    for each in _clients.values():
        each.close()
    _clients.clear()


def _parts_of(request: Request) -> int:
    """How many requests the vendor counts: each one in a batch."""
    return len(request.body["requests"]) if request.path == "/$batch" and request.body is not None else 1


def _part(key: str, request: Request) -> dict[str, Any]:
    part: dict[str, Any] = {"id": key, "method": request.method, "url": request.path, "headers": request.headers}
    return part if request.body is None else {**part, "body": request.body}


def _outcome(told: Mapping[str, Any], at: Scope, *, writing: bool) -> Answer | ConnectorError:
    status, body, headers = int(told.get("status", 0)), told.get("body"), told.get("headers") or {}
    if status >= httpx.codes.BAD_REQUEST or not status:
        return refused(status, body, headers, at, writing=writing)
    return Answer(status, body, headers)


def options_text(options: Mapping[str, str]) -> str:
    """Options of OData, given without their dollar, as the end of a path; '' without any."""
    spelled = {_spelled(name): value for name, value in options.items()}
    return "?" + urlencode(spelled, quote_via=quote, safe="$,()'=/:") if spelled else ""


def _spelled(name: str) -> str:
    return name if name in ("startDateTime", "endDateTime") else f"${name}"


def _operation(path: str) -> str:
    """A path without what it names, for counting: `/$batch`, `/users/calendarView/delta`."""
    bare = path.partition("?")[0].split("/")
    return "/".join(part for part in bare if part.isalpha() or part in ("", "$batch"))
