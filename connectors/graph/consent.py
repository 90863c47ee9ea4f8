"""A user of Microsoft 365 lets us in to the own mailbox: authorization code with PKCE, delegated permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from connectors.consents import Grant, code_form, page, refresh_token
from connectors.errors import ConnectorError, Scope
from connectors.graph.config import GraphConfig
from connectors.graph.faults import of_transport, refused, sign_in_refused
from connectors.graph.line import client
from connectors.graph.tokens import CONSENT_LIVES, proof
from mapping.model.people import normalise


class GraphConsent:
    """`now`: by which clock the consent ends."""

    def __init__(self, config: GraphConfig, now: Callable[[], datetime]) -> None:
        self._config = config
        self._now = now

    def page(self, redirect: str, state: str, challenge: str) -> str:
        config = self._config
        return page(
            config.authorize_url, client_id=config.client_id, redirect_uri=redirect, state=state,
            scope=f"{config.scope} offline_access", code_challenge=challenge, login_hint=config.address,
            prompt="select_account",
        )  # fmt: skip

    def redeem(self, code: str, redirect: str, verifier: str) -> Grant:
        config = self._config
        form = {
            **code_form(code, redirect, verifier), "client_id": config.client_id,
            "scope": f"{config.scope} offline_access", **proof(config, self._now()),
        }  # fmt: skip
        body = self._sent("POST", config.token_url, data=form)
        bearer = {"Authorization": f"Bearer {body.get('access_token')}"}
        me = self._sent("GET", f"{config.root}/me?$select=mail,userPrincipalName,proxyAddresses", headers=bearer)
        named = (me.get("mail"), me.get("userPrincipalName"), *(me.get("proxyAddresses") or ()))
        whose = frozenset(normalise(str(each).rpartition(":")[2]) for each in named if each)
        return Grant(refresh_token(body), whose - {""}, self._now() + CONSENT_LIVES)

    def _sent(self, method: str, url: str, **given: Any) -> Any:
        try:
            answer = client(self._config.tls).request(method, url, **given)
            body: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            failure: ConnectorError = of_transport(error)
        else:
            if answer.is_success and isinstance(body, dict):
                return body
            at_login = url == self._config.token_url
            failure = (
                sign_in_refused(answer.status_code, body)
                if at_login
                else refused(answer.status_code, body, answer.headers, Scope.CONNECTION)
            )
        raise failure
