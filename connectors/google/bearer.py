"""Who posts the messages of Pub/Sub: a token that Google signed for a service account, and for our address alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests

from connectors.google.auth import plain_session

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
KEPT_SECONDS, APART_SECONDS = 6 * 3600, 60  # keys change within days; an unknown one is not asked for all the time
_TIMEOUT = (5.0, 5.0)
LONGEST = 4096


class RefusedBearerError(Exception):
    """The token does not prove who posts. The text holds nothing of it."""


class UnprovenError(Exception):
    """Google's keys cannot be had at the moment, so nobody can tell."""


class Bearers:
    """`audience`: our address, as the subscription names it; `account`: the service account that posts. Holds Google's
    keys. By the machine's own clock, as whoever signs."""

    def __init__(self, certs_url: str, audience: str, account: str, now: Callable[[], float] = time.monotonic) -> None:
        self._url = certs_url
        self._audience = audience
        self._account = account
        self._now = now
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._read_at: float | None = None

    def prove(self, header: str) -> None:
        """Raises RefusedBearerError, UnprovenError."""
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > LONGEST or not self._account:
            raise RefusedBearerError("there is no token")
        try:
            name = jwt.get_unverified_header(token).get("kid")
            claims = jwt.decode(
                token, self._key(str(name)), algorithms=["RS256"], audience=self._audience, issuer=ISSUERS,
                leeway=30, options={"require": ["exp", "iat", "aud", "iss"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            raise RefusedBearerError("the token does not hold") from None
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            raise RefusedBearerError("the token is somebody else's")

    def _key(self, name: str) -> Any:
        with self._lock:
            age = KEPT_SECONDS if self._read_at is None else self._now() - self._read_at
            if age >= KEPT_SECONDS or (name not in self._keys and age >= APART_SECONDS):
                self._keys, self._read_at = self._read(), self._now()
            if name not in self._keys:
                raise RefusedBearerError("the token is signed by nobody we know")
            return self._keys[name]

    def _read(self) -> dict[str, Any]:
        try:
            with plain_session() as session:
                answer = session.get(self._url, timeout=_TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            return {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if key.key_id}
        except (requests.RequestException, ValueError, jwt.PyJWTError):
            failure = UnprovenError("the keys of Google cannot be read")
        raise failure
