"""Access tokens: three OAuth flows, kept between processes, renewed once at a time.

Salesforce tells no lifetime with a token: it is used until a call answers 401, then renewed. With rotation switched
on a refresh kills the refresh token it used, so the new one is put into the cache before the token is used, and a
refusal is believed only after a look whether another process has renewed meanwhile.
"""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import jwt
import requests

from connectors import calls
from connectors.errors import ConnectorError, Fault, innermost
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.faults import call_error

_ASSERTION_SECONDS = 180
_NO_TOKEN = "the log-in host answered something else than a token"  # noqa: S105  # a sentence
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave. `identity`: `<login>/id/<org id>/<user id>`."""

    access: str = field(repr=False)
    instance_url: str
    identity: str = ""
    refresh: str = field(default="", repr=False)

    @property
    def user_id(self) -> str:
        return self._identity_part(-1)

    @property
    def org_id(self) -> str:
        return self._identity_part(-2)

    def _identity_part(self, index: int) -> str:
        parts = urlsplit(self.identity).path.strip("/").split("/")
        return parts[index] if len(parts) >= 3 and parts[-3] == "id" else ""


class TokenCache(Protocol):
    """Where tokens outlive a process; the application keeps them encrypted."""

    def get(self, key: str) -> Token | None: ...

    def put(self, key: str, token: Token) -> None: ...

    def alone(self, key: str) -> AbstractContextManager[None]:
        """While the block runs no other process asks for the next token under this key."""
        ...


class Flow(Protocol):
    """One way to get a token: the form to post, given the token held so far, and the client's own proof."""

    def form(self, held: Token | None) -> dict[str, str]: ...

    def basic(self) -> tuple[str, str] | None: ...


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    config: SalesforceConfig

    def form(self, held: Token | None) -> dict[str, str]:  # noqa: ARG002 - the flow needs nothing held
        return {"grant_type": "client_credentials"}

    def basic(self) -> tuple[str, str] | None:
        return self.config.client_id, self.config.client_secret


@dataclass(frozen=True, slots=True)
class RefreshToken:
    config: SalesforceConfig

    def form(self, held: Token | None) -> dict[str, str]:
        newest = held.refresh if held and held.refresh else self.config.refresh_token
        form = {"grant_type": "refresh_token", "refresh_token": newest, "client_id": self.config.client_id}
        if self.config.client_secret:
            form["client_secret"] = self.config.client_secret
        return form

    def basic(self) -> tuple[str, str] | None:
        return None


@dataclass(frozen=True, slots=True)
class JwtBearer:
    config: SalesforceConfig

    def form(self, held: Token | None) -> dict[str, str]:  # noqa: ARG002 - the flow needs nothing held
        claims = {
            "iss": self.config.client_id,
            "sub": self.config.username,
            "aud": self.config.jwt_audience,
            "exp": int(time.time()) + _ASSERTION_SECONDS,
        }
        assertion = jwt.encode(claims, self.config.private_key, algorithm="RS256")
        return {"grant_type": _JWT_GRANT, "assertion": assertion}

    def basic(self) -> tuple[str, str] | None:
        return None


def flow_of(config: SalesforceConfig) -> Flow:
    if config.private_key:
        return JwtBearer(config)
    return RefreshToken(config) if config.refresh_token else ClientCredentials(config)


_locks: dict[str, threading.Lock] = {}
_locks_guard = threading.Lock()


def _lock_for(key: str) -> threading.Lock:
    with _locks_guard:
        return _locks.setdefault(key, threading.Lock())


class Tokens:
    """The token of one connection. Renewing is single-flight for all connections of the process with one key."""

    def __init__(self, config: SalesforceConfig, http: requests.Session, cache: TokenCache | None = None) -> None:
        self._config = config
        self._http = http
        self._cache = cache
        self._flow = flow_of(config)
        self._held: Token | None = None
        self.key = _cache_key(config)

    def current(self) -> Token:
        """The token to try next; fetched when none is held or cached. Raises ConnectorError."""
        if self._held is None:
            self._held = self._cached()
        return self._held or self.renew(None)

    def fresh(self) -> Token:
        """A token that Salesforce gives out now, whatever is held. Raises ConnectorError."""
        return self.renew(self._held or self._cached())

    def renew(self, rejected: Token | None) -> Token:
        """A token other than the rejected one, asked for by one process at a time: a refresh token may be good once.
        Raises ConnectorError: AUTH_REVOKED, THROTTLED, UNAVAILABLE, ..."""
        with _lock_for(self.key), self._cache.alone(self.key) if self._cache is not None else nullcontext():
            known = self._newer_than(rejected)
            if known is None:
                known = self._fetch(rejected)
            self._held = known
            return known

    def _newer_than(self, rejected: Token | None) -> Token | None:
        """What somebody else has renewed while this one waited or slept."""
        for candidate in (self._held, self._cached()):
            if candidate is not None and (rejected is None or candidate.access != rejected.access):
                return candidate
        return None

    def _fetch(self, rejected: Token | None) -> Token:
        held = self._cached() or self._held or rejected
        try:
            token = self._ask(held)
        except ConnectorError as error:
            # Rotation race: another process used up the refresh token a moment ago, and has a newer token by now.
            other = self._newer_than(rejected) if error.fault is Fault.AUTH_REVOKED else None
            if other is None:
                raise
            return other
        if self._cache is not None:
            self._cache.put(self.key, token)
        return token

    def _cached(self) -> Token | None:
        return self._cache.get(self.key) if self._cache is not None else None

    def _ask(self, held: Token | None) -> Token:
        try:
            form = self._flow.form(held)
        except (ValueError, TypeError, jwt.PyJWTError):
            raise ConnectorError(
                Fault.AUTH_REVOKED, "the private key is not a usable RSA key", "no key"
            ) from None  # fmt: skip
        body = ask(self._config, self._http, form, self._flow.basic())
        # Without rotation the answer names no refresh token: the one in use stays good.
        return token_of(body, held.refresh if held else "")


def ask(
    config: SalesforceConfig, http: requests.Session, form: dict[str, str], basic: tuple[str, str] | None = None
) -> Any:
    """What the token endpoint answers. Raises ConnectorError."""
    try:
        with calls.call("salesforce", calls.TOKEN, config.on_call) as seen:
            answer = http.post(
                config.token_url, data=form, auth=basic, headers={"Accept": "application/json"},
                timeout=config.timeout, allow_redirects=False,
            )  # fmt: skip
            seen.status = answer.status_code
    except requests.RequestException as error:
        raise ConnectorError(
            Fault.UNAVAILABLE, "the log-in host could not be reached", vendor_code=innermost(error)
        ) from None
    if answer.status_code != 200:
        raise call_error(answer.status_code, answer.content)
    try:
        return answer.json()
    except ValueError:
        raise ConnectorError(Fault.UNAVAILABLE, _NO_TOKEN) from None


def token_of(body: Any, refresh: str) -> Token:
    """The token of an answer, with the refresh token it names or else this one. Raises UNAVAILABLE."""
    try:
        return Token(
            access=str(body["access_token"]), instance_url=str(body["instance_url"]),
            identity=str(body.get("id", "")), refresh=str(body.get("refresh_token") or refresh),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConnectorError(Fault.UNAVAILABLE, _NO_TOKEN) from None


def _cache_key(config: SalesforceConfig) -> str:
    """Names a connection without telling a secret."""
    grant = "jwt" if config.private_key else "refresh" if config.refresh_token else "client"
    parts = (config.login_url, config.client_id, grant, config.username, config.refresh_token)
    return "salesforce:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
