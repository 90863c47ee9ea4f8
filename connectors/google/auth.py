"""Tokens, and the sessions that carry them.

google-auth signs and refreshes. What it lacks is done here: a token is used by all mailboxes that this process opens
for the user, TLS has a floor, and no call waits for two minutes.
"""

from __future__ import annotations

import ssl
import threading
from collections import OrderedDict
from typing import Any

import requests
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import credentials as consent
from google.oauth2 import service_account

from connectors.google.config import TOKEN_URL, GoogleConfig
from connectors.tls import TlsFloor

REFRESHES = 1  # after a 401
KEPT = 256  # sessions that a process holds at once


class Sessions:
    """One session for each user, with its token and its connections; the one that was used last stays longest."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[Any, ...], AuthorizedSession] = OrderedDict()

    def of(self, config: GoogleConfig) -> AuthorizedSession:
        """Sends nothing. Raises ValueError when the key file of a service account is none."""
        who = _identity(config)
        with self._lock:
            session = self._held.pop(who, None) or open_session(config)
            self._held[who] = session
            while len(self._held) > self._most:
                _, old = self._held.popitem(last=False)
                old.close()
        return session

    def forget(self, config: GoogleConfig) -> None:
        """Have the next use ask for a new token."""
        with self._lock:
            session = self._held.pop(_identity(config), None)
        if session is not None:
            session.close()

    def drop(self) -> None:
        """Close all of them. A worker does so right after the fork: a socket that two processes share mixes answers."""
        with self._lock:
            for session in self._held.values():
                session.close()
            self._held.clear()


sessions = Sessions()


def open_session(config: GoogleConfig) -> AuthorizedSession:
    plain = plain_session(config.tls_floor)
    session = AuthorizedSession(_credentials(config), max_refresh_attempts=REFRESHES, auth_request=Request(plain))
    _guard(session, config.tls_floor)
    return session


def plain_session(tls_floor: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> requests.Session:
    """A session that shows no token."""
    session = requests.Session()
    _guard(session, tls_floor)
    return session


def _guard(session: requests.Session, tls_floor: ssl.TLSVersion) -> None:
    session.mount("https://", TlsFloor(tls_floor))
    session.auth = _as_it_is


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from asking .netrc, whose password would take the place of the token."""
    return request


def _credentials(config: GoogleConfig) -> Credentials:
    scopes = list(config.scopes)
    if config.account:
        info = {**config.account, **({"token_uri": config.token_url} if config.token_url else {})}
        account = service_account.Credentials.from_service_account_info(info, scopes=scopes)
        acting: Credentials = account.with_subject(config.address)
        return acting
    return consent.Credentials(
        None, refresh_token=config.refresh_token, token_uri=config.token_url or TOKEN_URL, client_id=config.client_id,
        client_secret=config.client_secret, scopes=scopes,
    )  # fmt: skip


def _identity(config: GoogleConfig) -> tuple[Any, ...]:
    account = tuple(config.account.get(name) for name in ("client_email", "private_key_id", "token_uri"))
    consent_given = (config.refresh_token, config.client_id, config.client_secret)
    return (config.address, account, consent_given, config.token_url, config.scopes, config.tls_floor)
