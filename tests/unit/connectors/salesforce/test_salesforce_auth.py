"""Tokens: three flows, a cache between processes, one renewal at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import ConnectorError, Fault
from connectors.salesforce.auth import Token, Tokens
from connectors.salesforce.config import SalesforceConfig


class TokenHost:
    """Stands in for the HTTP session: answers every post by a function of the form."""

    def __init__(self, answer: Callable[[dict[str, str]], tuple[int, Any]]) -> None:
        self.answer = answer
        self.forms: list[dict[str, str]] = []
        self.auths: list[object] = []

    def post(self, url: str, *, data: dict[str, str], auth: object, **_more: object) -> requests.Response:
        assert url == "https://acme.my.salesforce.com/services/oauth2/token"
        self.forms.append(data)
        self.auths.append(auth)
        status, body = self.answer(data)
        response = requests.Response()
        response.status_code = status
        response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return response


class Cache(dict[str, Token]):
    def alone(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, key: str, token: Token) -> None:
        self[key] = token


def _config(**more: Any) -> SalesforceConfig:
    return SalesforceConfig(client_id="client", login_url="https://acme.my.salesforce.com/", **more)


def _counting() -> Callable[[dict[str, str]], tuple[int, Any]]:
    numbers = iter(range(1, 100))

    def answer(form: dict[str, str]) -> tuple[int, Any]:
        number = next(numbers)
        identity = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"
        body = {"access_token": f"t{number}", "instance_url": "https://acme", "id": identity}
        if form["grant_type"] == "refresh_token":
            body["refresh_token"] = f"r{number}"
        return 200, body

    return answer


def _tokens(config: SalesforceConfig, host: TokenHost, cache: Cache | None = None) -> Tokens:
    return Tokens(config, host, cache)  # type: ignore[arg-type]


def test_client_credentials_prove_themselves_in_the_header() -> None:
    host = TokenHost(_counting())
    token = _tokens(_config(client_secret="s"), host).current()
    assert host.forms == [{"grant_type": "client_credentials"}]
    assert host.auths == [("client", "s")]
    assert (token.user_id, token.org_id) == ("005000000000001AAA", "00D000000000001AAA")


def test_an_assertion_is_signed_short_lived_and_meant_for_the_log_in_host() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    host = TokenHost(_counting())
    _tokens(_config(private_key=pem, username="ann@acme.example"), host).current()
    claims = jwt.decode(
        host.forms[0]["assertion"], key.public_key(), algorithms=["RS256"], audience="https://login.salesforce.com"
    )
    assert (claims["iss"], claims["sub"]) == ("client", "ann@acme.example")


def test_a_key_that_is_none_asks_for_a_person() -> None:
    with pytest.raises(ConnectorError) as caught:
        _tokens(_config(private_key="x", username="u"), TokenHost(_counting())).current()
    assert caught.value.fault is Fault.AUTH_REVOKED


def test_a_rotated_refresh_token_is_kept_before_it_is_used_and_replaces_the_old_one() -> None:
    host, cache = TokenHost(_counting()), Cache()
    tokens = _tokens(_config(refresh_token="r0"), host, cache)
    first = tokens.current()
    assert cache[tokens.key].refresh == "r1"
    tokens.renew(first)
    assert [form["refresh_token"] for form in host.forms] == ["r0", "r1"]


def test_without_rotation_the_refresh_token_stays() -> None:
    host = TokenHost(lambda form: (200, {"access_token": "t", "instance_url": "https://acme"}))
    tokens = _tokens(_config(refresh_token="r0"), host)
    tokens.renew(tokens.current())
    assert [form["refresh_token"] for form in host.forms] == ["r0", "r0"]


def test_a_token_from_the_cache_costs_no_call() -> None:
    host, cache = TokenHost(_counting()), Cache()
    cache.put(_tokens(_config(), host).key, Token("kept", "https://acme"))
    assert _tokens(_config(), host, cache).current().access == "kept"
    assert host.forms == []


def test_a_token_that_another_process_renewed_is_taken_over() -> None:
    host, cache = TokenHost(_counting()), Cache()
    tokens = _tokens(_config(), host, cache)
    old = tokens.current()
    cache.put(tokens.key, Token("other", "https://acme"))
    assert tokens.renew(old).access == "other"
    assert len(host.forms) == 1


def test_losing_the_race_for_a_rotated_token_is_no_revocation() -> None:
    cache = Cache()
    tokens: Tokens

    def used_up(form: dict[str, str]) -> tuple[int, Any]:
        # The other process got there first: it has put its token when ours is refused.
        cache.put(tokens.key, Token("winner", "https://acme", refresh="r9"))
        return 400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}

    tokens = _tokens(_config(refresh_token="r0"), TokenHost(used_up), cache)
    assert tokens.renew(Token("old", "https://acme")).access == "winner"


def test_many_threads_with_one_rejected_token_renew_it_once() -> None:
    started = threading.Barrier(8)
    host, cache = TokenHost(_counting()), Cache()
    rejected = _tokens(_config(), host, cache).current()
    got: list[str] = []

    def work() -> None:
        mine = _tokens(_config(), host, cache)
        started.wait()
        got.append(mine.renew(rejected).access)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["t2"] * 8
    assert len(host.forms) == 2


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}, Fault.AUTH_REVOKED),
        (400, {"error": "invalid_client"}, Fault.AUTH_REVOKED),
        (400, {"error": "invalid_app_access"}, Fault.FORBIDDEN),
        (400, {"error": "rate_limit_exceeded"}, Fault.THROTTLED),
        (400, {"error": "unknown_error", "error_description": "retry your request"}, Fault.UNAVAILABLE),
        (503, b"<html>", Fault.UNAVAILABLE),
        (200, b"<html>", Fault.UNAVAILABLE),
        (200, {"token_type": "Bearer"}, Fault.UNAVAILABLE),
        (200, [], Fault.UNAVAILABLE),
    ],
)
def test_a_refused_log_in_says_what_kind_of_trouble_it_is(status: int, body: Any, fault: Fault) -> None:
    with pytest.raises(ConnectorError) as caught:
        _tokens(_config(), TokenHost(lambda form: (status, body))).current()
    assert caught.value.fault is fault


def test_a_token_never_shows_its_secrets() -> None:
    assert "sec" not in repr(Token("sec1", "https://acme", "id", "sec2"))


def test_the_cache_key_tells_connections_apart_without_telling_secrets() -> None:
    host = TokenHost(_counting())
    secrets = ["", "first-secret", "second-secret"]
    keys = {_tokens(_config(refresh_token=secret), host).key for secret in secrets}
    assert len(keys) == 3
    assert not any("secret" in key for key in keys)
