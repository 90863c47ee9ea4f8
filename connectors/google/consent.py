"""A user of Google lets us in: authorization code with PKCE, for as long as nobody takes it back."""

from __future__ import annotations

from typing import Any

import jwt
import requests
from google.auth.exceptions import RefreshError

from connectors.consents import Grant, code_form, page, refresh_token
from connectors.errors import ConnectorError, Fault
from connectors.google.config import AUTH_URL, TOKEN_URL, GoogleConfig
from connectors.google.faults import FAILURES, fault_of_error
from connectors.tls import TlsFloor
from mapping.model.people import normalise

_WHO = "openid email"
_TIMEOUT = (10.0, 30.0)


class GoogleConsent:
    def __init__(self, config: GoogleConfig) -> None:
        self._config = config

    def page(self, redirect: str, state: str, challenge: str) -> str:
        config = self._config
        return page(
            config.auth_url or AUTH_URL, client_id=config.client_id, redirect_uri=redirect, state=state,
            scope=f"{_WHO} {' '.join(config.scopes)}", code_challenge=challenge, login_hint=config.address,
            access_type="offline", prompt="consent", include_granted_scopes="false",
        )  # fmt: skip

    def redeem(self, code: str, redirect: str, verifier: str) -> Grant:
        config = self._config
        form = {**code_form(code, redirect, verifier), "client_id": config.client_id,
                "client_secret": config.client_secret}  # fmt: skip
        body = self._sent(form)
        lacking = set(config.scopes) - set(str(body.get("scope", "")).split())
        if lacking:
            raise ConnectorError(
                Fault.FORBIDDEN, "not all boxes were ticked: calendar, mail, tasks and contacts are needed",
                "insufficientPermissions",
            )  # fmt: skip
        return Grant(refresh_token(body), frozenset({_email(str(body.get("id_token", "")))}))

    def _sent(self, form: dict[str, str]) -> Any:
        with requests.Session() as http:
            http.mount("https://", TlsFloor(self._config.tls_floor))
            try:
                answer = http.post(
                    self._config.token_url or TOKEN_URL, data=form, timeout=_TIMEOUT, allow_redirects=False
                )
                body = answer.json()
            except FAILURES as error:
                failure = fault_of_error(error)
            else:
                if answer.ok and isinstance(body, dict):
                    return body
                failure = fault_of_error(RefreshError("refused", body if isinstance(body, dict) else {}))
        raise failure


def _email(id_token: str) -> str:
    """Whose consent it is. The token came straight from Google, over TLS, so its signature would prove nothing more."""
    try:
        claims = jwt.decode(id_token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return normalise(str(claims.get("email", ""))) if claims.get("email_verified") else ""
