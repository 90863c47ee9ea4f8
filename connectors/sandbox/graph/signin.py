"""The token endpoint of a tenant, and who a call's token belongs to."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.wrappers import Request, Response

from connectors.sandbox.agreeing import back, choice, proves
from connectors.sandbox.ews.state import Directory
from connectors.sandbox.graph.errors import GraphError
from connectors.sandbox.graph.state import LIVES, App, Caller, Tenants

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SignInError(Exception):
    """`error`: the word of OAuth. `number`: Microsoft's own."""

    def __init__(self, error: str, number: int, status: int = 401) -> None:
        super().__init__(error)
        self.status = status
        self.body = {
            "error": error, "error_description": f"AADSTS{number}: the sandbox refuses.", "error_codes": [number],
        }  # fmt: skip


def token(request: Request, sandbox: Sandbox, tenant: str) -> dict[str, Any]:
    """The answer of `POST /{tenant}/oauth2/v2.0/token`. Raises SignInError."""
    tenants, form, now = Tenants(sandbox.store), request.form, sandbox.clock.now()
    if not tenants.exists(tenant):
        raise SignInError("invalid_request", 90002, 400)
    app = tenants.app(tenant, form.get("client_id", ""))
    if app is None:
        raise SignInError("unauthorized_client", 700016, 400)
    if not form.get("scope", "").split(" ")[0].endswith("/.default"):
        raise SignInError("invalid_scope", 70011, 400)
    match form.get("grant_type"):
        case "client_credentials":
            _prove(app, form, request, now)
            return _given(tenants, app, "", now)
        case "authorization_code":
            return _redeemed(tenants, app, form, request, now)
        case "refresh_token":
            if app.secret or app.certificate:
                _prove(app, form, request, now)
            held = tenants.caller("refresh", form.get("refresh_token", ""), now)
            if held is None or held.app.id != app.id:
                raise SignInError("invalid_grant", 70008, 400)
            if app.mfa:
                raise SignInError("interaction_required", 50076, 400)
            told = _given(tenants, app, held.address, now)
            return {**told, "refresh_token": tenants.give("refresh", app, held.address, now)}
    raise SignInError("unsupported_grant_type", 70003, 400)


def _redeemed(tenants: Tenants, app: App, form: Mapping[str, str], request: Request, now: datetime) -> dict[str, Any]:
    if app.secret or app.certificate:
        _prove(app, form, request, now)
    row = tenants.take_code(app, form.get("code", ""), now)
    if row is None:
        raise SignInError("invalid_grant", 70008, 400)
    if row["redirect"] != form.get("redirect_uri"):
        raise SignInError("invalid_client", 50011, 400)
    if not proves(row["challenge"], form.get("code_verifier", "")):
        raise SignInError("invalid_grant", 50148, 400)
    told = _given(tenants, app, row["address"], now)
    return {**told, "refresh_token": tenants.give("refresh", app, row["address"], now)}


def authorize(request: Request, sandbox: Sandbox, tenant: str) -> Response:
    """The page on which a person lets the application in. Nobody is asked: `login_hint` names who agrees; without it
    the page offers the mailboxes to choose from, and with `deny` nobody does."""
    tenants, args, now = Tenants(sandbox.store), request.args, sandbox.clock.now()
    app = tenants.app(tenant, args.get("client_id", ""))
    redirect = args.get("redirect_uri", "")
    if app is None or not redirect or (app.redirects and redirect not in app.redirects):
        number = 700016 if app is None else 50011
        return Response(f"AADSTS{number}: the sandbox refuses.\n", 400, content_type="text/plain")
    told = {"state": args["state"]} if "state" in args else {}
    if args.get("deny"):
        return back(redirect, {"error": "access_denied", "error_description": "AADSTS65004: declined.", **told})
    if app.admin_only:
        return back(
            redirect, {"error": "access_denied", "error_description": "AADSTS90094: needs an administrator.", **told}
        )  # fmt: skip
    if args.get("response_type") != "code" or args.get("code_challenge_method", "S256") != "S256":
        return back(redirect, {"error": "unsupported_response_type", **told})
    hint = args.get("login_hint", "")
    if not hint:
        return choice(request, [each.address for each in Directory(sandbox.store).mailboxes()])
    code = tenants.give_code(app, hint, redirect, args.get("code_challenge", ""), now)
    return back(redirect, {"code": code, **told})


def _given(tenants: Tenants, app: App, address: str, now: datetime) -> dict[str, Any]:
    access = tenants.give("access", app, address, now)
    lives = int(LIVES.total_seconds())
    return {"token_type": "Bearer", "expires_in": lives, "ext_expires_in": lives, "access_token": access}


def _prove(app: App, form: Mapping[str, str], request: Request, now: datetime) -> None:
    """By the secret, or by a signature with the key of the certificate that is registered."""
    if form.get("client_assertion_type") == _ASSERTION:
        _check_assertion(app, form.get("client_assertion", ""), request.base_url, now)
        return
    given = form.get("client_secret", "")
    if not app.secret or not hmac.compare_digest(app.secret.encode(), given.encode()):
        raise SignInError("invalid_client", 7000215)
    if app.secret_ends and datetime.fromisoformat(app.secret_ends) <= now:
        raise SignInError("invalid_client", 7000222)


def _check_assertion(app: App, assertion: str, audience: str, now: datetime) -> None:
    try:
        certificate = x509.load_pem_x509_certificate(app.certificate.encode())
        named = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
        if jwt.get_unverified_header(assertion).get("x5t#S256") != named:
            raise SignInError("invalid_client", 700027)
        public = certificate.public_key()
        assert isinstance(public, RSAPublicKey)
        claims = jwt.decode(
            assertion, public, algorithms=["PS256", "RS256"], audience=audience,
            # by the sandbox's clock, not by the machine's
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )  # fmt: skip
    except (ValueError, jwt.PyJWTError):
        raise SignInError("invalid_client", 700027) from None
    moment = now.timestamp()
    if claims.get("iss") != app.id or claims.get("sub") != app.id or not claims["nbf"] - 300 <= moment < claims["exp"]:
        raise SignInError("invalid_client", 700024)


def caller(request: Request, sandbox: Sandbox) -> Caller:
    """Raises InvalidAuthenticationToken."""
    given = request.authorization
    text = (given.token or "") if given is not None and given.type == "bearer" else ""
    found = Tenants(sandbox.store).caller("access", text, sandbox.clock.now())
    if found is None:
        raise GraphError(401, "InvalidAuthenticationToken", "", {"WWW-Authenticate": "Bearer"})
    return found
