"""What every vendor's consent has in common: a person is sent to a page, comes back with a code, and the code becomes a
refresh token. The proof that the two belong together (PKCE) is made by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from connectors.errors import ConnectorError, Fault


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted. `whose`: the account, by every name it has: normalised addresses, or the 15 characters
    that are the id of a Salesforce user. `ends`: when it must have been used or renewed, None when nobody tells."""

    refresh: str = field(repr=False)
    whose: frozenset[str]
    ends: datetime | None = None


class ConsentFlow(Protocol):
    """Authorization code with PKCE, at one vendor."""

    def page(self, redirect: str, state: str, challenge: str) -> str:
        """The address of the page on which the person agrees."""
        ...

    def redeem(self, code: str, redirect: str, verifier: str) -> Grant:
        """What was granted. Raises ConnectorError."""
        ...


def page(url: str, **query: str) -> str:
    return f"{url}?{urlencode({'response_type': 'code', 'code_challenge_method': 'S256', **query})}"


def code_form(code: str, redirect: str, verifier: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}


def refresh_token(body: Mapping[str, Any]) -> str:
    """The refresh token of an answer. Raises AUTH_REVOKED when it holds none, so that it would be good for an hour."""
    found = str(body.get("refresh_token") or "")
    if not found:
        raise ConnectorError(Fault.AUTH_REVOKED, "the vendor gave no refresh token: the app must be allowed one")
    return found
