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

from connectors.sandbox.agreeing import back, choice, proves
from connectors.sandbox.google.state import Directory, Json

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

KEY_ID = "sandbox"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFETIME = 3600
CODE_LIFETIME = 600
_SHORT_LIVED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp "
    "values in the JWT claim."
)
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
    if grant == "authorization_code":
        return _redeemed(request, directory)
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
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise TokenError(400, "invalid_grant", _SHORT_LIVED) from None
    except jwt.PyJWTError:
        raise TokenError(400, "invalid_grant", "Invalid JWT Signature.") from None
    if claims["exp"] - claims["iat"] > LIFETIME:
        raise TokenError(400, "invalid_grant", _SHORT_LIVED)
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
    _awake(directory, user.id)
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
    _awake(directory, row["user"])
    return _issued(directory, row["user"], scopes)


def _awake(directory: Directory, user: int) -> None:
    """Raises what a suspended user is refused with."""
    if directory.is_suspended(user):
        raise TokenError(400, "invalid_grant", "Account has been suspended.")


def _redeemed(request: Request, directory: Directory) -> Json:
    form = request.form
    client = directory.client(form.get("client_id", ""))
    if client is None or client["secret"] != form.get("client_secret", ""):
        raise TokenError(401, "invalid_client", "The OAuth client was not found.")
    row = directory.take_code(client["id"], form.get("code", ""), time.time())
    if row is None or not proves(row["challenge"], form.get("code_verifier", "")):
        raise TokenError(400, "invalid_grant", "Bad Request")
    if row["redirect"] != form.get("redirect_uri"):
        raise TokenError(400, "redirect_uri_mismatch", "Bad Request")
    _awake(directory, row["user"])
    scopes = json.loads(row["scopes"])
    user = directory.by_id(row["user"])
    told = _issued(directory, user.id, scopes)
    if "openid" in scopes:
        claims = {"iss": "https://accounts.google.com", "aud": client["id"], "sub": str(user.id), "email": user.address,
                  "email_verified": True, "iat": int(time.time()), "exp": int(time.time()) + LIFETIME}  # fmt: skip
        told["id_token"] = jwt.encode(claims, key_pair()[0], algorithm="RS256")
    return {**told, "refresh_token": directory.consent(user, client["id"], client["secret"], scopes)}


def authorize(request: Request, sandbox: Sandbox) -> Response:
    """The page on which a person lets the application in. Nobody is asked: `login_hint` names who agrees; without it
    the page offers the users to choose from, and with `deny` nobody does."""
    args, directory = request.args, Directory(sandbox.store)
    client, redirect = directory.client(args.get("client_id", "")), args.get("redirect_uri", "")
    if client is None or not redirect or redirect not in (json.loads(client["redirects"]) or [redirect]):
        error = "invalid_client" if client is None else "redirect_uri_mismatch"
        return Response(f"Error 400: {error}\n", 400, content_type="text/plain")
    told = {"state": args["state"]} if "state" in args else {}
    if args.get("deny"):
        return back(redirect, {"error": "access_denied", **told})
    if client["blocked"]:
        return back(redirect, {"error": "admin_policy_enforced", **told})
    if args.get("response_type") != "code":
        return back(redirect, {"error": "unsupported_response_type", **told})
    hint = args.get("login_hint", "")
    user = directory.find(hint) if hint else None
    if user is None:
        return choice(request, [each.address for each in directory.users()])
    scopes, ends = args.get("scope", "").split(), time.time() + CODE_LIFETIME
    code = directory.give_code(client["id"], user, scopes, redirect, args.get("code_challenge", ""), ends)
    return back(redirect, {"code": code, "scope": " ".join(scopes), **told})


def revoke(request: Request, sandbox: Sandbox) -> Response:
    if Directory(sandbox.store).take_back(request.values.get("token", "")):
        return Response("{}", 200, content_type="application/json; charset=UTF-8")
    return refused(TokenError(400, "invalid_token", "Token expired or revoked"))


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
