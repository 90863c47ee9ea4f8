"""/oidc/...: discovery, the page where somebody says who they are, tokens, and the key that signs them.

It believes whoever says an address, and is strict in all that a client can do wrong: PKCE with S256, a code that is
good once and for a minute, the same redirect address in both calls, and redirects to this machine only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from connectors.sandbox.faults import Action

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

CLIENT, CLIENT_SECRET = "inbox-sync", "sandbox-secret"
CODE_LIVES, TOKEN_LIVES = timedelta(minutes=1), timedelta(minutes=5)
TABLES = (
    "CREATE TABLE IF NOT EXISTS oidc_key (id TEXT PRIMARY KEY, pem TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS oidc_code (
        code TEXT PRIMARY KEY, redirect TEXT NOT NULL, nonce TEXT NOT NULL, challenge TEXT NOT NULL,
        email TEXT NOT NULL, verified INTEGER NOT NULL, ends REAL NOT NULL
    )""",
)
_NAMES = {
    "/oidc/.well-known/openid-configuration": "discovery", "/oidc/authorize": "authorize", "/oidc/token": "token",
    "/oidc/jwks": "jwks",
}  # fmt: skip


class _RefusedError(Exception):
    """`error`: the word of OAuth."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status


def operation(request: Request) -> str:
    return f"oidc.{_NAMES.get(request.path, 'unknown')}"


def handle(request: Request, sandbox: Sandbox) -> Response:
    issuer = f"{request.host_url}oidc"
    try:
        match request.path:
            case "/oidc/.well-known/openid-configuration":
                return _json(_configuration(issuer))
            case "/oidc/jwks":
                return _json({"keys": [_public(sandbox)]})
            case "/oidc/authorize" if request.method == "GET":
                return _page(_checked(request.args))
            case "/oidc/authorize":
                return _consented(_checked(request.form), request.form, sandbox)
            case "/oidc/token" if request.method == "POST":
                return _json(_tokens(request, sandbox, issuer))
    except _RefusedError as error:
        return _json({"error": str(error)}, error.status)
    return Response("not found\n", 404)


def fault(request: Request, sandbox: Sandbox, action: Action) -> Response:  # noqa: ARG001  # as the protocol wants
    return _json({"error": action.code or "server_error"}, action.status or 500)


def reset(sandbox: Sandbox) -> None:
    sandbox.store.ensure(TABLES)


def dump(sandbox: Sandbox, normalise: bool) -> Any:
    """Codes that nobody has used yet; two end states never differ in them."""
    return {} if normalise else {"codes": int(sandbox.store.scalar("SELECT count(*) FROM oidc_code"))}


def _configuration(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"], "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "email", "email_verified"],
    }  # fmt: skip


_ASKED = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge",
          "code_challenge_method")  # fmt: skip


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    """What a client asks for, if it is in order."""
    asked = {name: given.get(name, "") for name in _ASKED}
    if asked["client_id"] != CLIENT or not _is_here(asked["redirect_uri"]):
        raise _RefusedError("unauthorized_client")
    if asked["response_type"] != "code" or "openid" not in asked["scope"].split():
        raise _RefusedError("invalid_request")
    if asked["code_challenge_method"] != "S256" or not asked["code_challenge"] or not asked["state"]:
        raise _RefusedError("invalid_request")
    return asked


def _page(asked: Mapping[str, str]) -> Response:
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in asked.items())
    return Response(
        '<!doctype html><html lang="en"><title>Sandbox log-in</title><form method="post" action="/oidc/authorize">'
        f'{kept}<label>Address <input name="email" autofocus></label> <button>Log in</button></form></html>',
        content_type="text/html;charset=UTF-8",
    )


def _consented(asked: Mapping[str, str], form: Mapping[str, str], sandbox: Sandbox) -> Response:
    if not form.get("email"):
        return redirect(
            f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}", 303
        )
    code = secrets.token_urlsafe(24)
    ends = (sandbox.clock.now() + CODE_LIVES).timestamp()
    sandbox.store.run(
        "INSERT INTO oidc_code VALUES (?, ?, ?, ?, ?, ?, ?)",
        (code, asked["redirect_uri"], asked["nonce"], asked["code_challenge"], form["email"],
         form.get("verified", "1") == "1", ends),
    )  # fmt: skip
    return _back(asked, code=code)


def _back(asked: Mapping[str, str], **told: str) -> Response:
    return redirect(f"{asked['redirect_uri']}?{urlencode({**told, 'state': asked['state']})}", 303)


def _tokens(request: Request, sandbox: Sandbox, issuer: str) -> dict[str, Any]:
    given, form, now = request.authorization, request.form, sandbox.clock.now()
    if given is None or given.type != "basic" or (given.username, given.password) != (CLIENT, CLIENT_SECRET):
        raise _RefusedError("invalid_client", 401)
    if form.get("grant_type") != "authorization_code":
        raise _RefusedError("unsupported_grant_type")
    with sandbox.store.transaction() as connection:
        row = connection.execute("SELECT * FROM oidc_code WHERE code = ?", (form.get("code", ""),)).fetchone()
        connection.execute("DELETE FROM oidc_code WHERE code = ?", (form.get("code", ""),))
    if row is None or row["ends"] < now.timestamp() or row["redirect"] != form.get("redirect_uri"):
        raise _RefusedError("invalid_grant")
    made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(made, row["challenge"].encode()):
        raise _RefusedError("invalid_grant")
    claims = {
        "iss": issuer, "aud": CLIENT, "sub": hashlib.sha256(row["email"].encode()).hexdigest()[:16],
        "iat": int(now.timestamp()), "exp": int((now + TOKEN_LIVES).timestamp()), "nonce": row["nonce"],
        "email": row["email"], "email_verified": bool(row["verified"]),
    }  # fmt: skip
    key_id, key = _key(sandbox)
    signed = jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})
    return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300, "id_token": signed}


def _key(sandbox: Sandbox) -> tuple[str, RSAPrivateKey]:
    """Made when it is first needed, for making one takes a while."""
    with sandbox.store.transaction() as connection:
        row = connection.execute("SELECT id, pem FROM oidc_key").fetchone()
        if row is None:
            made = generate_private_key(65537, 2048)
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            row = {"id": secrets.token_hex(6), "pem": pem.decode()}
            connection.execute("INSERT INTO oidc_key VALUES (?, ?)", (row["id"], row["pem"]))
    key = load_pem_private_key(row["pem"].encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return row["id"], key


def _public(sandbox: Sandbox) -> dict[str, Any]:
    key_id, key = _key(sandbox)
    found = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": key_id, "use": "sig", "alg": "RS256"}


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
