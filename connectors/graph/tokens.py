"""Access tokens for Graph: one for each application and tenant, kept between processes, renewed before they end.

An application proves itself by a secret or by a certificate; a user's own mailbox is opened by a refresh token that the
user's consent gave. Microsoft may hand out a new refresh token with each access token, and the newest is used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from connectors import calls
from connectors.errors import ConnectorError, Fault
from connectors.graph.config import GraphConfig
from connectors.graph.faults import of_transport, sign_in_refused

EARLY = timedelta(minutes=5)  # a token is not used any more when it has no longer than this to live
CONSENT_LIVES = timedelta(days=90)  # a refresh token that is not used for so long is good no more
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PROVES_FOR = timedelta(minutes=5)


class Keep(Protocol):
    """Where tokens outlive a process; the application keeps them encrypted."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str, ends: datetime | None = None) -> None: ...

    def alone(self, name: str) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Token:
    access: str = field(repr=False)
    ends: str  # ISO moment
    refresh: str = field(default="", repr=False)

    def holds(self, now: datetime) -> bool:
        return bool(self.access) and datetime.fromisoformat(self.ends) - EARLY > now


_locks: dict[str, threading.Lock] = {}
_guard = threading.Lock()


class TokenSource:
    """`http`: gives the connections of this process. `now`: by which clock tokens end."""

    def __init__(
        self, config: GraphConfig, keep: Keep, http: Callable[[], httpx.Client], now: Callable[[], datetime],
        on_call: calls.OnCall = calls.nobody,
    ) -> None:  # fmt: skip
        self._config = config
        self._keep = keep
        self._http = http
        self._now = now
        self._on_call = on_call
        whose = config.address if config.refresh_token else ""
        self._name = f"graph:{config.token_url}:{config.client_id}:{whose}"

    def token(self, refused: str = "") -> str:
        """A token that holds and is not the one that was refused. Raises ConnectorError."""
        held = self._good(refused)
        if held is not None:
            return held.access
        with _lock(self._name), self._keep.alone(self._name):  # one refresher in this process, and in all of them
            held = self._good(refused)
            if held is None:
                held = self._ask(self._held())
                ends = self._now() + CONSENT_LIVES if self._config.refresh_token else None
                self._keep.put(self._name, json.dumps(asdict(held)), ends)
            return held.access

    def _good(self, refused: str) -> Token | None:
        held = self._held()
        return held if held is not None and held.holds(self._now()) and held.access != refused else None

    def fresh(self) -> str:
        """A token that the tenant gives out now, whatever is held. Raises ConnectorError."""
        held = self._held()
        return self.token(held.access if held is not None else "")

    def _held(self) -> Token | None:
        text = self._keep.get(self._name)
        try:
            return Token(**json.loads(text)) if text else None
        except (ValueError, TypeError):
            return None

    def _ask(self, held: Token | None) -> Token:
        try:
            with calls.call("graph", calls.TOKEN, self._on_call) as seen:
                answer = self._http().post(self._config.token_url, data=self._form(held))
                seen.status = answer.status_code
            body: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            failure = of_transport(error)
        else:
            if answer.is_success and isinstance(body, dict) and body.get("access_token"):
                ends = self._now() + timedelta(seconds=int(body.get("expires_in", 3599)))
                refresh = str(body.get("refresh_token") or (held.refresh if held else ""))
                return Token(str(body["access_token"]), ends.isoformat(), refresh)
            failure = sign_in_refused(answer.status_code, body)
        raise failure

    def _form(self, held: Token | None) -> dict[str, str]:
        config = self._config
        form = {"client_id": config.client_id, **proof(config, self._now())}
        if not config.refresh_token:
            return {"grant_type": "client_credentials", "scope": config.scope, **form}
        newest = held.refresh if held is not None and held.refresh else config.refresh_token
        scope = f"{config.scope} offline_access"
        return {"grant_type": "refresh_token", "scope": scope, "refresh_token": newest, **form}


def proof(config: GraphConfig, now: datetime) -> dict[str, str]:
    """Who is asking. A public client, to which a user has consented, has nothing to prove itself with."""
    if config.certificate:
        claims = {
            "aud": config.token_url, "iss": config.client_id, "sub": config.client_id, "jti": str(uuid.uuid4()),
            "nbf": now, "exp": now + _PROVES_FOR,
        }  # fmt: skip
        return {"client_assertion_type": _ASSERTION, "client_assertion": assertion(config.certificate, claims)}
    return {"client_secret": config.client_secret} if config.client_secret else {}


def assertion(pem: str, claims: dict[str, Any]) -> str:
    """Claims signed with the private key of a PEM text, naming the certificate beside it. Raises AUTH_REVOKED for a
    text that holds no such two."""
    try:
        certificate = x509.load_pem_x509_certificate(_section(pem, "CERTIFICATE"))
        named = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
        return jwt.encode(claims, _section(pem, "PRIVATE KEY"), algorithm="PS256", headers={"x5t#S256": named})
    except (ValueError, TypeError, jwt.PyJWTError):
        failure = ConnectorError(Fault.AUTH_REVOKED, "the certificate cannot be read: it takes a private key beside it")
    raise failure


def certificate_ends(pem: str) -> datetime | None:
    """When the certificate in a PEM text runs out; None for a text that holds none."""
    try:
        return x509.load_pem_x509_certificate(_section(pem, "CERTIFICATE")).not_valid_after_utc
    except ValueError:
        return None


def _section(pem: str, name: str) -> bytes:
    """The first section of a PEM text whose name ends so. Raises ValueError."""
    lines = pem.strip().splitlines()
    begin = next(
        (at for at, line in enumerate(lines) if line.startswith("-----BEGIN") and f"{name}-----" in line), None
    )
    end = next((at for at, line in enumerate(lines) if line.startswith("-----END") and f"{name}-----" in line), None)
    if begin is None or end is None:
        raise ValueError(name)
    return "\n".join(lines[begin : end + 1]).encode()


def _lock(name: str) -> threading.Lock:
    digest = hashlib.sha256(name.encode()).hexdigest()
    with _guard:
        return _locks.setdefault(digest, threading.Lock())
