"""The token endpoint: a service account that acts for a user of a domain, or a user's own consent.

Tokens live by the machine's own clock, whatever time the sandbox is at: so does the library that asks for them.
"""

from __future__ import annotations

import json
import time
from functools import cache
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Request, Response

from connectors.sandbox.google.state import Directory, Json

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

KEY_ID = "sandbox"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFETIME = 3600
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class TokenError(Exception):
    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description or error


def token(request: Request, sandbox: Sandbox) -> Response:
    try:
        told = _token(request, Directory(sandbox.store))
    except TokenError as error:
        return refused(error)
    return Response(json.dumps(told), 200, content_type="application/json; charset=UTF-8")


def refused(error: TokenError) -> Response:
    told = {"error": error.error, "error_description": error.description}
    return Response(json.dumps(told), error.status, content_type="application/json; charset=UTF-8")


def _token(request: Request, directory: Directory) -> Json:
    grant = request.form.get("grant_type", "")
    if grant == _JWT_GRANT:
        return _acting(request.form.get("assertion", ""), directory)
    if grant == "refresh_token":
        return _refreshed(request, directory)
    raise TokenError(400, "unsupported_grant_type")


def _acting(assertion: str, directory: Directory) -> Json:
    try:
        issuer = str(jwt.decode(assertion, options={"verify_signature": False}).get("iss", ""))
        key = directory.public_key(issuer)
        if not key:
            raise TokenError(400, "invalid_grant", "Invalid grant: account not found")
        claims = jwt.decode(
            assertion, key, algorithms=["RS256"], audience=AUDIENCE, options={"require": ["exp", "iat"]}
        )
    except jwt.PyJWTError:
        raise TokenError(400, "invalid_grant", "Invalid JWT Signature.") from None
    if claims["exp"] - claims["iat"] > LIFETIME:
        raise TokenError(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
    subject, scopes = str(claims.get("sub", "")), str(claims.get("scope", "")).split()
    granted = directory.granted(issuer, subject.rpartition("@")[2].lower())
    if not scopes or not granted.issuperset(scopes):
        raise TokenError(
            401, "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested.",
        )  # fmt: skip
    user = directory.find(subject)
    if user is None or user.address != subject.lower():
        raise TokenError(400, "invalid_grant", "Invalid email or User ID")
    return _issued(directory, user.id, scopes)


def _refreshed(request: Request, directory: Directory) -> Json:
    row = directory.store.one("SELECT * FROM google_consent WHERE token = ?", (request.form.get("refresh_token", ""),))
    if row is None:
        raise TokenError(400, "invalid_grant", "Token has been expired or revoked.")
    if (request.form.get("client_id"), request.form.get("client_secret")) != (row["client"], row["secret"]):
        raise TokenError(401, "invalid_client", "The OAuth client was not found.")
    scopes = request.form.get("scope", "").split() or json.loads(row["scopes"])
    if not set(json.loads(row["scopes"])).issuperset(scopes):
        raise TokenError(400, "invalid_scope", "Bad Request")
    return _issued(directory, row["user"], scopes)


def _issued(directory: Directory, user: int, scopes: list[str]) -> Json:
    access = directory.issue(user, scopes, time.time() + LIFETIME)
    return {"access_token": access, "expires_in": LIFETIME - 1, "token_type": "Bearer", "scope": " ".join(scopes)}


@cache
def key_pair() -> tuple[str, str]:
    """The private and the public key of all service accounts of this process: making one takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def certs() -> Json:
    """The public keys of whoever signs here, as Google publishes its own."""
    public = serialization.load_pem_public_key(key_pair()[1].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    return {"keys": [{**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}


def key_file(email: str, token_uri: str) -> Json:
    """What an administrator downloads for a service account."""
    return {
        "type": "service_account", "project_id": "inbox-sync", "private_key_id": KEY_ID,
        "private_key": key_pair()[0], "client_email": email, "client_id": "100000000000000000001",
        "token_uri": token_uri,
    }  # fmt: skip
