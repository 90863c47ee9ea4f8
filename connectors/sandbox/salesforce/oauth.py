# ruff: noqa: S608  (table names come from the facts, never from what a caller sends)
"""Getting and checking tokens. There is no lifetime in any answer: a session simply stops being accepted."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

import jwt
from werkzeug.wrappers import Request, Response

from connectors.sandbox.agreeing import back, choice, proves
from connectors.sandbox.salesforce import orgs
from connectors.sandbox.salesforce.errors import OAuthError

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

CODE_SECONDS = 900
MOST_REFRESH_TOKENS = 5
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def register_client(sandbox: Sandbox, raw: dict[str, Any], org: orgs.Org) -> None:
    """{client_id, client_secret, run_as: user name, public_key: PEM, redirect_uris: [..], pkce: bool}"""
    run_as = raw.get("run_as")
    user = orgs.find_user(sandbox.store, org, str(run_as)) if run_as else None
    if run_as and user is None:
        raise ValueError(f"no user {run_as} in {org.key}")
    sandbox.store.run(
        "INSERT OR REPLACE INTO sf_client VALUES(?, ?, ?, ?, ?, ?, ?)",
        (
            str(raw["client_id"]),
            str(raw.get("client_secret", "")),
            org.key,
            user.id if user else None,
            raw.get("public_key"),
            json.dumps(raw.get("redirect_uris", [])),
            int(bool(raw.get("pkce", False))),
        ),
    )


def handle(request: Request, sandbox: Sandbox, what: str) -> Response:
    """`what`: the path below oauth2/."""
    try:
        if what == "token" and request.method == "POST":
            return _json(_token(request, sandbox))
        if what == "authorize" and request.method == "GET":
            return _authorize(request, sandbox)
        if what == "revoke":
            return _revoke(request, sandbox)
        if what == "introspect" and request.method == "POST":
            return _json(_introspect(request, sandbox))
        if what == "userinfo":
            return _userinfo(request, sandbox)
    except OAuthError as error:
        return _json({"error": error.error, "error_description": error.description}, error.status)
    return Response("salesforce: the sandbox has no such OAuth endpoint\n", 501)


def _json(value: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(value), status, headers=headers, content_type="application/json;charset=UTF-8")


def _client(request: Request, sandbox: Sandbox, *, secret_needed: bool) -> Any:
    basic = request.authorization
    client_id = request.values.get("client_id") or (basic.username if basic is not None else None)
    secret = request.values.get("client_secret") or (basic.password if basic is not None else None)
    row = sandbox.store.one("SELECT * FROM sf_client WHERE id = ?", (client_id or "",))
    if row is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    # a wrong secret is never accepted; a missing one only where the app does not ask for it
    wrong = not hmac.compare_digest(str(secret or "").encode(), str(row["secret"]).encode())
    if wrong and (secret or secret_needed):
        raise OAuthError("invalid_client", "invalid client credentials")
    return row


def _org(sandbox: Sandbox, key: str) -> orgs.Org:
    org = orgs.find_org(sandbox.store, key)
    if org is None:
        raise OAuthError("inactive_org", "this org does not exist")
    return org


def _active(sandbox: Sandbox, org: orgs.Org, user_id: str | None) -> orgs.User:
    user = orgs.find_user(sandbox.store, org, user_id) if user_id else None
    if user is None:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    if not sandbox.store.scalar(f"SELECT IsActive FROM {org.table('User')} WHERE Id = ?", (user.id,)):
        raise OAuthError("inactive_user", "user is inactive")
    return user


def _user_by_name(sandbox: Sandbox, name: str) -> tuple[orgs.Org, orgs.User]:
    for org in orgs.all_orgs(sandbox.store):
        user = orgs.find_user(sandbox.store, org, name)
        if user is not None:
            return org, user
    raise OAuthError("invalid_grant", "user hasn't approved this consumer")


def base_of(request: Request) -> str:
    return f"{request.host_url.rstrip('/')}/salesforce"


def _token(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    grant = request.form.get("grant_type", "")
    if grant == "client_credentials":
        client = _client(request, sandbox, secret_needed=True)
        org = _org(sandbox, client["org"])
        return _issue(request, sandbox, org, _active(sandbox, org, client["run_as"]), client["id"], "api")
    if grant == _JWT_GRANT:
        return _jwt(request, sandbox)
    if grant == "authorization_code":
        return _code(request, sandbox)
    if grant == "refresh_token":
        return _refresh(request, sandbox)
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def _jwt(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    assertion = request.form.get("assertion", "")
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        client = sandbox.store.one("SELECT * FROM sf_client WHERE id = ?", (claims.get("iss", ""),))
        if client is None or not client["public_key"]:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        # the times are compared with the sandbox's own clock below
        claims = jwt.decode(
            assertion,
            client["public_key"],
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
        expires = int(claims["exp"])  # some clients send it as text
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    audience = claims.get("aud")
    allowed = {*AUDIENCES, base_of(request), request.host_url.rstrip("/")}
    if not allowed & set(audience if isinstance(audience, list) else [str(audience).rstrip("/")]):
        raise OAuthError("invalid_grant", "audience is invalid")
    now = sandbox.clock.now().timestamp()
    if not now - 180 < expires <= now + 330:
        raise OAuthError("invalid_grant", "expired authorization code" if expires <= now else "invalid assertion")
    org, user = _user_by_name(sandbox, str(claims.get("sub", "")))
    return _issue(request, sandbox, org, _active(sandbox, org, user.id), client["id"], "api")


def _code(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    client = _client(request, sandbox, secret_needed=True)
    code = request.form.get("code", "")
    with sandbox.store.transaction() as connection:
        row = sandbox.store.one("SELECT * FROM sf_token WHERE token = ? AND kind = 'code'", (code,))
        connection.execute("DELETE FROM sf_token WHERE token = ? AND kind = 'code'", (code,))
    if row is None or row["client"] != client["id"]:
        raise OAuthError("invalid_grant", "invalid authorization code")
    if row["used_at"] < sandbox.clock.now().timestamp() - CODE_SECONDS:
        raise OAuthError("invalid_grant", "expired authorization code")
    more = json.loads(row["more"])
    if more["redirect_uri"] != request.form.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if not proves(more["challenge"], request.form.get("code_verifier", "")):
        raise OAuthError("invalid_grant", "invalid code verifier")
    org = _org(sandbox, row["org"])
    user = _active(sandbox, org, row["user"])
    scope = more["scope"]
    answer = _issue(request, sandbox, org, user, client["id"], scope)
    if {"refresh_token", "offline_access", "full"} & set(scope.split()):
        answer["refresh_token"] = _refresh_token(sandbox, org, user, client["id"], scope)
    return answer


def _refresh(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    client = _client(request, sandbox, secret_needed=False)
    token = request.form.get("refresh_token", "")
    with sandbox.store.transaction() as connection:
        row = sandbox.store.one("SELECT * FROM sf_token WHERE token = ? AND kind = 'refresh'", (token,))
        if row is None or row["client"] != client["id"]:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        org = _org(sandbox, row["org"])
        user = _active(sandbox, org, row["user"])
        scope = json.loads(row["more"])["scope"]
        answer = _issue(request, sandbox, org, user, client["id"], scope)
        if org.settings.refresh_rotation:
            # the old one is dead from now on: whoever comes second with it has lost the race
            connection.execute("DELETE FROM sf_token WHERE token = ?", (token,))
            answer["refresh_token"] = _refresh_token(sandbox, org, user, client["id"], scope)
    return answer


def _remember(sandbox: Sandbox, token: str, kind: str, org: orgs.Org, user: orgs.User, client: str, more: Any) -> None:
    sandbox.store.run(
        "INSERT INTO sf_token VALUES(?, ?, ?, ?, ?, ?, ?)",
        (token, kind, org.key, user.id, client, sandbox.clock.now().timestamp(), json.dumps(more)),
    )


def _refresh_token(sandbox: Sandbox, org: orgs.Org, user: orgs.User, client: str, scope: str) -> str:
    token = "5Aep861" + secrets.token_urlsafe(48)
    with sandbox.store.transaction() as connection:
        _remember(sandbox, token, "refresh", org, user, client, {"scope": scope})
        connection.execute(
            "DELETE FROM sf_token WHERE kind = 'refresh' AND org = ? AND user = ? AND client = ? AND token NOT IN "
            "(SELECT token FROM sf_token WHERE kind = 'refresh' AND org = ? AND user = ? AND client = ? "
            "ORDER BY rowid DESC LIMIT ?)",
            (org.key, user.id, client, org.key, user.id, client, MOST_REFRESH_TOKENS),
        )
    return token


def _issue(
    request: Request, sandbox: Sandbox, org: orgs.Org, user: orgs.User, client: str, scope: str
) -> dict[str, Any]:
    token = f"{org.id[:15]}!{secrets.token_urlsafe(72)}"
    _remember(sandbox, token, "access", org, user, client, {"scope": scope})
    base = base_of(request)
    identity = f"{base}/id/{org.id}/{user.id}"
    issued = str(int(sandbox.clock.now().timestamp() * 1000))
    signature = base64.b64encode(hmac.digest(client.encode(), (identity + issued).encode(), "sha256")).decode()
    return {
        "access_token": token,
        "signature": signature,
        "scope": scope,
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }


def _authorize(request: Request, sandbox: Sandbox) -> Response:
    """Nobody is asked: `login_hint` names the user who agrees. Without it the page offers the users to choose from."""
    args = request.args
    client = sandbox.store.one("SELECT * FROM sf_client WHERE id = ?", (args.get("client_id", ""),))
    if client is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    redirect = args.get("redirect_uri", "")
    allowed = json.loads(client["redirects"])
    if not redirect or (allowed and redirect not in allowed):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    told = {"state": args["state"]} if "state" in args else {}
    challenge = args.get("code_challenge", "")
    if client["pkce"] and not challenge:
        return back(redirect, {"error": "invalid_request", "error_description": "missing code challenge", **told})
    if args.get("deny"):
        return back(redirect, {"error": "access_denied", "error_description": "end-user denied authorization", **told})
    if args.get("response_type") != "code" or (challenge and args.get("code_challenge_method") != "S256"):
        return back(redirect, {"error": "unsupported_response_type", **told})
    hint = args.get("login_hint")
    if not hint:
        return _choose(request, sandbox)
    org, user = _user_by_name(sandbox, hint)
    code = "aPrx" + secrets.token_urlsafe(40)
    scope = args.get("scope", "api refresh_token")
    _remember(
        sandbox,
        code,
        "code",
        org,
        user,
        client["id"],
        {"redirect_uri": redirect, "challenge": challenge, "scope": scope},
    )
    return back(redirect, {"code": code, **told})


def _choose(request: Request, sandbox: Sandbox) -> Response:
    people = [
        str(row[0])
        for org in orgs.all_orgs(sandbox.store)
        for row in sandbox.store.all(f"SELECT Username FROM {org.table('User')} WHERE IsActive = 1 ORDER BY Username")
    ]
    return choice(request, people)


def session(request: Request, sandbox: Sandbox) -> tuple[orgs.Org, orgs.User] | None:
    """Whose access token this is; None when it is missing, unknown or has not been used for too long."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return session_of(token.strip(), sandbox) if kind.lower() in ("bearer", "oauth") else None


def session_of(token: str, sandbox: Sandbox) -> tuple[orgs.Org, orgs.User] | None:
    """As `session`, by the token itself."""
    row = sandbox.store.one("SELECT * FROM sf_token WHERE token = ? AND kind = 'access'", (token,))
    org = orgs.find_org(sandbox.store, row["org"]) if row is not None else None
    if row is None or org is None:
        return None
    now = sandbox.clock.now().timestamp()
    if row["used_at"] < now - org.settings.session_seconds:
        return None
    if row["used_at"] < now - 60:
        # used sessions live on; once a minute is often enough to note it
        sandbox.store.run("UPDATE sf_token SET used_at = ? WHERE token = ?", (now, row["token"]))
    user = orgs.find_user(sandbox.store, org, row["user"])
    return None if user is None else (org, user)


def _revoke(request: Request, sandbox: Sandbox) -> Response:
    token = request.values.get("token", "")
    with sandbox.store.transaction() as connection:
        row = sandbox.store.one("SELECT * FROM sf_token WHERE token = ?", (token,))
        if row is None:
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        connection.execute("DELETE FROM sf_token WHERE token = ?", (token,))
        if row["kind"] == "refresh":
            connection.execute(
                "DELETE FROM sf_token WHERE org = ? AND user = ? AND client = ? AND kind = 'access'",
                (row["org"], row["user"], row["client"]),
            )
    return Response("", 200)


def _introspect(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    client = _client(request, sandbox, secret_needed=True)
    row = sandbox.store.one(
        "SELECT * FROM sf_token WHERE token = ? AND kind <> 'code'", (request.form.get("token", ""),)
    )
    if row is None:
        return {"active": False}
    org = _org(sandbox, row["org"])
    user = orgs.find_user(sandbox.store, org, row["user"])
    return {
        "active": True,
        "scope": json.loads(row["more"])["scope"],
        "client_id": client["id"],
        "username": user.username if user else "",
        "sub": f"{base_of(request)}/id/{org.id}/{row['user']}",
        "token_type": "access_token" if row["kind"] == "access" else "refresh_token",
    }


def _userinfo(request: Request, sandbox: Sandbox) -> Response:
    found = session(request, sandbox)
    if found is None:
        return Response("Bad_OAuth_Token", 403, content_type="text/html;charset=UTF-8")
    org, user = found
    base = base_of(request)
    row = sandbox.store.one(f"SELECT * FROM {org.table('User')} WHERE Id = ?", (user.id,))
    shown = dict(row) if row is not None else {}
    return _json(
        {
            "sub": f"{base}/id/{org.id}/{user.id}",
            "user_id": user.id,
            "organization_id": org.id,
            "preferred_username": user.username,
            "name": shown.get("Name"),
            "email": shown.get("Email"),
            "email_verified": True,
            "given_name": shown.get("FirstName"),
            "family_name": shown.get("LastName"),
            "zoneinfo": user.zone,
            "user_type": "STANDARD",
            "active": bool(shown.get("IsActive")),
            "language": shown.get("LanguageLocaleKey"),
            "locale": shown.get("LocaleSidKey"),
            "urls": {
                "rest": f"{base}/services/data/v{{version}}/",
                "query": f"{base}/services/data/v{{version}}/query/",
            },
        }
    )
