"""OpenID Connect, authorization code with PKCE. The flow is Authlib's, the check of the ID token PyJWT's; here is which
claims must say what."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from mapping.model.people import normalise
from sync_tasks.security.vault import Vault, VaultError
from sync_tasks.settings import Settings

TIMEOUT = (5, 20)
LEEWAY = timedelta(minutes=1)
# signatures with a key of the provider's; never `none`, and never one made with a secret that we share
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "RS512", "ES384", "PS384", "PS512", "EdDSA")
_CONTEXT = b"oidc attempt"


class ProviderError(Exception):
    """Nobody was logged in. The text is for the person who tried."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the provider's answer is held against. `url`: where the browser goes."""

    url: str
    state: str
    nonce: str
    verifier: str
    next: str


def start(settings: Settings, callback: str, after: str) -> Attempt:
    """Begin a log-in. Raises ProviderError."""
    if not settings.oidc_issuer:
        raise ProviderError("log-in by OpenID Connect is not set up")
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    endpoint = _discovered(settings.oidc_issuer, "authorization_endpoint")
    with _client(settings, callback) as client:
        url, state = client.create_authorization_url(endpoint, nonce=nonce, code_verifier=verifier)
    return Attempt(url, state, nonce, verifier, after)


def finish(settings: Settings, callback: str, attempt: Attempt, query: str, now: datetime) -> str:
    """The address for which the provider vouches. Raises ProviderError."""
    issuer = settings.oidc_issuer
    try:
        with _client(settings, callback, attempt.state) as client:
            answer = client.fetch_token(
                _discovered(issuer, "token_endpoint"), authorization_response=f"{callback}?{query}",
                code_verifier=attempt.verifier, timeout=TIMEOUT,
            )  # fmt: skip
    except (AuthlibBaseError, requests.RequestException, ValueError):
        raise ProviderError(f"{settings.oidc_name} did not log you in; try again") from None
    claims = _claims(settings, str(answer.get("id_token", "")), now)
    if claims.get("nonce") != attempt.nonce:
        raise ProviderError("the answer belongs to another log-in; begin anew")
    if claims.get("email_verified") is False:
        raise ProviderError("your address is not verified there")
    address = normalise(str(claims.get("email", "")))
    if not address:
        raise ProviderError(f"{settings.oidc_name} tells no address of yours; its client needs the scope email")
    return address


def _claims(settings: Settings, id_token: str, now: datetime) -> dict[str, Any]:
    """What a valid ID token says: signed by the issuer, for us, and not outlived by our own clock."""
    try:
        keys = jwt.PyJWKSet.from_dict(_json(_discovered(settings.oidc_issuer, "jwks_uri")))
        header = jwt.get_unverified_header(id_token)
        named = [key for key in keys.keys if header.get("kid") in (None, key.key_id)]
        if not named:
            raise jwt.InvalidTokenError("no such key")
        claims: dict[str, Any] = jwt.decode(
            id_token, named[0], algorithms=list(ALGORITHMS), audience=settings.oidc_client_id,
            issuer=settings.oidc_issuer,
            options={"require": ["exp", "iat", "aud", "iss", "sub"], "verify_exp": False, "verify_iat": False,
                     "verify_nbf": False},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError):
        raise ProviderError(f"what {settings.oidc_name} answered can't be trusted") from None
    # the times are held against the clock that everything here goes by
    if now.timestamp() > float(claims["exp"]) + LEEWAY.total_seconds():
        raise ProviderError("the answer came too late; begin anew")
    return claims


def sealed(vault: Vault, attempt: Attempt) -> str:
    """An attempt as the text of a cookie, which tells the browser nothing and which it can't make."""
    return vault.seal(json.dumps(asdict(attempt)).encode(), _CONTEXT).hex()


def opened(vault: Vault, cookie: str) -> Attempt | None:
    try:
        return Attempt(**json.loads(vault.open(bytes.fromhex(cookie), _CONTEXT)))
    except (ValueError, VaultError):
        return None


def _client(settings: Settings, callback: str, state: str | None = None) -> Any:
    secret = settings.oidc_client_secret.get_secret_value()
    return OAuth2Session(
        settings.oidc_client_id, secret or None, scope="openid email", redirect_uri=callback, state=state,
        code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )  # fmt: skip


def _discovered(issuer: str, name: str) -> str:
    found = _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer or not found.get(name):
        raise ProviderError("the OpenID provider is not the one that is set (INBOX_SYNC_OIDC_ISSUER)")
    return str(found[name])


def _json(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError):
        raise ProviderError("the OpenID provider does not answer") from None
    return found if isinstance(found, dict) else {}
