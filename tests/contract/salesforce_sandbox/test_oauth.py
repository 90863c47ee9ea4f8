"""Tokens: the flows, and how they fail."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.contract.salesforce_sandbox.sandbox_org import Org

TOKEN = "/salesforce/services/oauth2/token"
BACK = "https://app.example/back"


def _post(org: Org, **form: str) -> tuple[int, dict[str, Any]]:
    response = org.client.post(TOKEN, data={"client_id": "inbox-sync", "client_secret": "sandbox-secret", **form})
    return response.status_code, response.get_json()


def _code(org: Org, verifier: str = "v" * 50, **more: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    args = {
        "response_type": "code", "client_id": "inbox-sync", "redirect_uri": BACK, "scope": "api refresh_token",
        "state": "s1", "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256", "login_hint": "integration@acme.example", **more,
    }  # fmt: skip
    response = org.client.get(f"/salesforce/services/oauth2/authorize?{urlencode(args)}")
    assert response.status_code == 302
    back = parse_qs(urlsplit(response.headers["Location"]).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


def _connect(org: Org) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "v" * 50}
    status, answer = _post(org, code=_code(org), **form)
    assert status == 200, answer
    return answer


def test_client_credentials_take_basic_authentication_and_tell_no_lifetime(org: Org) -> None:
    basic = base64.b64encode(b"inbox-sync:sandbox-secret").decode()
    headers = {"Authorization": f"Basic {basic}"}
    response = org.client.post(TOKEN, data={"grant_type": "client_credentials"}, headers=headers)
    answer = response.get_json()
    assert response.status_code == 200
    assert "expires_in" not in answer
    assert answer["instance_url"] == "http://localhost/salesforce"
    assert answer["issued_at"].isdigit()
    assert _post(org, grant_type="client_credentials", client_secret="wrong")[1]["error"] == "invalid_client"
    assert _post(org, grant_type="client_credentials", client_id="who")[1]["error"] == "invalid_client_id"
    assert _post(org, grant_type="password")[1]["error"] == "unsupported_grant_type"


def test_a_code_is_good_once_and_with_its_verifier_only(org: Org) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK}
    code = _code(org)
    assert _post(org, code=code, code_verifier="other", **form)[1]["error"] == "invalid_grant"
    assert _post(org, code=code, code_verifier="v" * 50, **form)[1]["error"] == "invalid_grant"
    late = _code(org)
    org.sandbox.clock.advance(1000)
    assert _post(org, code=late, code_verifier="v" * 50, **form)[0] == 400


def test_without_a_hint_the_page_offers_the_users(org: Org) -> None:
    args = {"response_type": "code", "client_id": "inbox-sync", "redirect_uri": BACK}
    page = org.client.get(f"/salesforce/services/oauth2/authorize?{urlencode(args)}")
    assert "integration@acme.example" in page.get_data(as_text=True)


def test_a_refresh_keeps_its_token_unless_rotation_is_on(org: Org) -> None:
    old = _connect(org)["refresh_token"]
    status, answer = _post(org, grant_type="refresh_token", refresh_token=old)
    assert (status, "refresh_token" in answer) == (200, False)
    org.settings(refresh_rotation=True)
    new = _post(org, grant_type="refresh_token", refresh_token=old)[1]["refresh_token"]
    status, answer = _post(org, grant_type="refresh_token", refresh_token=old)
    assert (status, answer) == (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"})
    assert _post(org, grant_type="refresh_token", refresh_token=new)[0] == 200


def test_the_sixth_refresh_token_of_a_user_kills_the_first(org: Org) -> None:
    tokens = [_connect(org)["refresh_token"] for _ in range(6)]
    answers = [_post(org, grant_type="refresh_token", refresh_token=token)[0] for token in tokens]
    assert answers == [400, 200, 200, 200, 200, 200]


@pytest.mark.parametrize("text", [False, True])
def test_a_signed_assertion_opens_a_session(text: bool, org: Org) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    org.control("salesforce/orgs", {"key": "acme", "client_id": "jwt-app", "public_key": public.decode()})
    expires = int(org.sandbox.clock.now().timestamp()) + 180
    claims: dict[str, Any] = {
        "iss": "jwt-app", "sub": "integration@acme.example", "aud": "https://login.salesforce.com",
        "exp": str(expires) if text else expires,
    }  # fmt: skip

    def ask(**changes: Any) -> tuple[int, dict[str, Any]]:
        assertion = jwt.api_jws.encode(
            json.dumps({**claims, **changes}).encode(), private, algorithm="RS256", headers={"typ": "JWT"}
        )
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        response = org.client.post(TOKEN, data=form)
        return response.status_code, response.get_json()

    status, answer = ask()
    assert status == 200, answer
    assert "refresh_token" not in answer
    assert ask(aud="https://example.com")[1]["error_description"] == "audience is invalid"
    assert ask(sub="nobody@acme.example")[1]["error_description"] == "user hasn't approved this consumer"
    assert ask(exp=expires - 3600)[1]["error"] == "invalid_grant"
    assert ask(iss="other")[1]["error"] == "invalid_client_id"


def test_a_session_lives_while_it_is_used_and_dies_when_left_alone(org: Org) -> None:
    for _ in range(3):
        org.sandbox.clock.advance(5000)
        assert org.call("GET", "limits")[0] == 200
    org.sandbox.clock.advance(8000)
    status, body = org.call("GET", "limits")
    assert (status, body) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def test_a_revoked_refresh_token_takes_its_sessions_along(org: Org) -> None:
    answer = _connect(org)
    org.token = answer["access_token"]
    assert org.call("GET", "limits")[0] == 200
    org.client.post("/salesforce/services/oauth2/revoke", data={"token": answer["refresh_token"]})
    assert org.call("GET", "limits")[0] == 401


def test_userinfo_and_introspection_name_the_user(org: Org) -> None:
    info = org.call("GET", "/salesforce/services/oauth2/userinfo")[1]
    assert info["preferred_username"] == "integration@acme.example"
    form = {"client_id": "inbox-sync", "client_secret": "sandbox-secret", "token": org.token}
    found = org.client.post("/salesforce/services/oauth2/introspect", data=form).get_json()
    assert (found["active"], found["username"]) == (True, "integration@acme.example")


def test_two_orgs_do_not_see_each_other(org: Org) -> None:
    org.create("Lead", LastName="acme's", Company="x")
    made = org.control("salesforce/orgs", {"key": "globex"})
    form = {"grant_type": "client_credentials", "client_id": made["client_id"]}
    org.token = _post(org, **form)[1]["access_token"]
    assert org.query("SELECT Id FROM Lead") == []
    info = org.call("GET", "/salesforce/services/oauth2/userinfo")[1]
    assert info["organization_id"] == made["id"]
