"""The one way out to Salesforce: every call of simple-salesforce passes through `SalesforceSession.request`.

What the library lacks is done here: it speaks https to a host of its own choosing (we go to the configured base),
it has no timeout, it loses the caller's headers when it refreshes a session, and it never stops refreshing when 401
persists. Here a 401 costs one renewal and one replay of the very same request.

Raises ConnectorError: UNAVAILABLE when nothing was sent (or a read failed twice), UNKNOWN when a connection broke
after a write was sent. HTTP error answers are returned, for `wire.py` to translate.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from connectors import calls
from connectors.errors import ConnectorError, Fault
from connectors.salesforce.auth import Tokens
from connectors.salesforce.config import SalesforceConfig

_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")
_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.LocationValueError,
)


@cache
def _context(floor: ssl.TLSVersion, verify: bool | str) -> ssl.SSLContext:  # noqa: ARG001
    """One context for all sessions that trust alike: reading the machine's certificates takes longer than an idle run.
    What a session verifies against is put into its context by requests, so `verify` must tell contexts apart."""
    context = ssl.create_default_context()
    context.minimum_version = floor
    return context


class TlsAdapter(HTTPAdapter):
    """HTTPS with a floor under the protocol version. Retries are not its business."""

    def __init__(self, floor: ssl.TLSVersion, verify: bool | str) -> None:
        self._floor = floor
        self._verify = verify
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_context(self._floor, self._verify), **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=_context(self._floor, self._verify), **kwargs)


class _Bearer(AuthBase):
    """Sets the token at the moment of sending. Being an `auth`, it also keeps requests from asking .netrc."""

    def __init__(self, access: str) -> None:
        self._access = access

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request


def plain_session(config: SalesforceConfig) -> requests.Session:
    """A session without a token, for the token endpoint itself."""
    session = requests.Session()
    session.verify = config.verify
    session.mount("https://", TlsAdapter(config.tls_floor, config.verify))
    return session


class SalesforceSession(requests.Session):
    """`usage`: calls used and allowed in the org's 24 hours, as the last answer told; None before the first.
    `retry_after`: what the last answer asked for, which the library's exceptions do not carry."""

    def __init__(self, config: SalesforceConfig, tokens: Tokens) -> None:
        super().__init__()
        self.verify = config.verify
        self.mount("https://", TlsAdapter(config.tls_floor, config.verify))
        self._config = config
        self._tokens = tokens
        self.usage: tuple[int, int] | None = None
        self.retry_after: timedelta | None = None

    def request(  # type: ignore[override]
        self, method: str | bytes, url: str | bytes, *, operation: str = "other", reading: bool = False, **kwargs: Any
    ) -> requests.Response:
        """`operation`: its name for the call counter. `reading`: a POST that only reads, so it may be repeated."""
        kwargs.setdefault("timeout", self._config.timeout)
        kwargs["allow_redirects"] = False
        verb = method.decode() if isinstance(method, bytes) else method
        reading = reading or verb.upper() == "GET"
        token = self._tokens.current()
        answer = self._send(verb, _text(url), token.instance_url, token.access, operation, reading, kwargs)
        if answer.status_code == 401:
            token = self._tokens.renew(token)
            answer = self._send(verb, _text(url), token.instance_url, token.access, operation, reading, kwargs)
        self.usage = _usage(answer) or self.usage
        self.retry_after = _retry_after(answer)
        return answer

    def soap(self, path: str, envelope: Callable[[str], str], operation: str) -> requests.Response:
        """POST an envelope made with the token that is held now."""
        token = self._tokens.current()
        given = {
            "data": envelope(token.access).encode(), "timeout": self._config.timeout, "allow_redirects": False,
            "headers": {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        }  # fmt: skip
        url = f"{token.instance_url}/{path}"
        answer = self._send("POST", url, token.instance_url, token.access, operation, False, given)
        self.retry_after = _retry_after(answer)
        return answer

    def renew(self) -> None:
        """Get another token than the one that is held."""
        self._tokens.renew(self._tokens.current())

    def _send(
        self, verb: str, url: str, instance: str, access: str, operation: str, reading: bool, kwargs: dict[str, Any]
    ) -> requests.Response:
        target = rebase(url, self._config.base_url or instance)
        for last in (False, True) if reading else (True,):
            try:
                with calls.call("salesforce", operation, self._config.on_call) as seen:
                    told = super().request(verb, target, auth=_Bearer(access), **kwargs)
                    seen.status, seen.pause, seen.usage = told.status_code, _retry_after(told), _usage(told)
                    return told
            except requests.RequestException as error:
                if last:
                    raise _lost(error, reading) from None
        raise AssertionError("the last try returns or raises")


def rebase(url: str, base: str) -> str:
    """The url under another base: path and query stay, the base's own path goes in front (once)."""
    parts, onto = urlsplit(url), urlsplit(base)
    prefix = onto.path.rstrip("/")
    path = parts.path if prefix and parts.path.startswith(prefix + "/") else prefix + parts.path
    query = f"?{parts.query}" if parts.query else ""
    return f"{onto.scheme}://{onto.netloc}{path}{query}"


def _lost(error: requests.RequestException, reading: bool) -> ConnectorError:
    code = type(error).__name__
    if reading:
        return ConnectorError(Fault.UNAVAILABLE, "the connection failed twice", vendor_code=code)
    if _never_sent(error):
        return ConnectorError(Fault.UNAVAILABLE, "the server could not be reached", vendor_code=code)
    return ConnectorError(Fault.UNKNOWN, "the connection broke after the request was sent", vendor_code=code)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the failure surely lies before the first byte of the request. requests wraps what urllib3 says."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError | ValueError):
        return True  # the ValueErrors among them are refusals of a malformed address or header
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, _NEVER_SENT):
        return True
    # TLS fails in the handshake or, cut short, in the middle of an answer: only a refused certificate is certain.
    return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in getattr(reason, "args", ()))


def _retry_after(answer: requests.Response) -> timedelta | None:
    seconds = answer.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() else None


def _usage(answer: requests.Response) -> tuple[int, int] | None:
    used = _USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
    return None if used is None else (int(used[1]), int(used[2]))


def _text(url: str | bytes) -> str:
    return url.decode() if isinstance(url, bytes) else url
