"""A user of Salesforce lets us in: the web server flow with PKCE."""

from __future__ import annotations

from connectors.consents import Grant, code_form, page, refresh_token
from connectors.salesforce.auth import ask, token_of
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.session import plain_session

_SCOPES = "api refresh_token openid"


class SalesforceConsent:
    def __init__(self, config: SalesforceConfig, hint: str) -> None:
        self._config = config
        self._hint = hint

    def page(self, redirect: str, state: str, challenge: str) -> str:
        return page(
            self._config.authorize_url, client_id=self._config.client_id, redirect_uri=redirect, scope=_SCOPES,
            state=state, code_challenge=challenge, login_hint=self._hint, prompt="login consent",
        )  # fmt: skip

    def redeem(self, code: str, redirect: str, verifier: str) -> Grant:
        config = self._config
        form = {**code_form(code, redirect, verifier), "client_id": config.client_id}
        if config.client_secret:
            form["client_secret"] = config.client_secret
        with plain_session(config) as http:
            body = ask(config, http, form)
        return Grant(refresh_token(body), frozenset({token_of(body, "").user_id[:15]}))
