"""How a mailbox is opened over EWS: no probing, no waiting inside the library, no content in logs.

exchangelib would otherwise ask the server for its version and log-in method, sleep on throttling, and write whole
requests to its loggers. Retrying and pacing are the application's business, so every failure surfaces at once.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import exchangelib.protocol
import requests
import requests.adapters
from exchangelib import DELEGATE, IMPERSONATION, UTC, Account, Build, Configuration, Credentials, EWSTimeZone, Version
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.transport import BASIC, NTLM
from exchangelib.util import is_xml

from connectors.calls import OnCall
from connectors.exchange.faults import AnsweredError

DEFAULT_BUILD = "15.2.2562.17"  # Exchange Server SE, RTM
CONNECT_SECONDS = 10.0
READ_SECONDS = 100.0


class Access(StrEnum):
    """Under whose name the mailbox is opened."""

    IMPERSONATION = "impersonation"  # a service account that may act as the user
    DELEGATE = "delegate"  # an account to which the user granted access
    SELF = "self"  # the user's own account


class Auth(StrEnum):
    BASIC = "basic"
    NTLM = "ntlm"


@dataclass(frozen=True, slots=True)
class ExchangeConfig:
    """Everything needed to open one mailbox. `folder_ids` is what `folders()` told earlier. `time_zone` (IANA or
    Windows name) is the mailbox owner's: all-day events are written as midnight to midnight there."""

    endpoint: str
    username: str
    password: str = field(repr=False)
    address: str
    access: Access = Access.IMPERSONATION
    auth: Auth = Auth.BASIC
    build: str = DEFAULT_BUILD
    time_zone: str = "UTC"
    folder_ids: Mapping[str, str] = field(default_factory=dict)
    max_connections: int = 1


class TLSFloor(requests.adapters.HTTPAdapter):
    """Nothing older than TLS 1.2; the machine's own certificate authorities count, as on-premises servers need."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, "ssl_context": _tls()})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": _tls()})


@cache
def _tls() -> ssl.SSLContext:
    """One context for all connections: reading the machine's certificates takes longer than an idle run."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class AtOnce(FailFast):  # type: ignore[misc]
    """Lets SOAP through and turns every other HTTP answer into its status. exchangelib's own policy would put the
    server's text into the exception, lose the status, and ignore Retry-After."""

    def raise_response_errors(self, response: requests.Response) -> None:
        if response.status_code == 200 or (response.status_code == 500 and is_xml(response.content)):
            return
        raise AnsweredError(response.status_code, _retry_after(response))


def _retry_after(response: requests.Response) -> timedelta | None:
    """Exchange sends whole seconds; the date form of the header is not used by it."""
    value = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(value)) if value.isdigit() else None


class MailboxAccount(Account):  # type: ignore[misc]
    """An account that reports each EWS call, by operation name, just before it is sent. `zone`: its owner's."""

    on_call: OnCall
    zone: EWSTimeZone | None


def open_account(config: ExchangeConfig, on_call: OnCall, zone: EWSTimeZone | None = None) -> MailboxAccount:
    """An account for the mailbox; sends nothing. Accounts of one endpoint and user share their connections.

    Raises ValueError when the build is not four numbers."""
    credentials = Credentials(config.username, config.password)
    settings = Configuration(
        service_endpoint=config.endpoint,
        credentials=credentials,
        auth_type={Auth.BASIC: BASIC, Auth.NTLM: NTLM}[config.auth],
        version=Version(build=_build(config.build)),
        retry_policy=AtOnce(),
        max_connections=config.max_connections,
    )
    account = MailboxAccount(
        config.address,
        config=settings,
        autodiscover=False,
        access_type=IMPERSONATION if config.access is Access.IMPERSONATION else DELEGATE,
        default_timezone=UTC,
        locale="en_US",
    )
    account.on_call = on_call
    account.zone = zone
    return account


def close() -> None:
    """Drop all connections of this process. Call it in a worker right after the fork: a socket that two processes share
    mixes their answers."""
    exchangelib.protocol.close_connections()


def _build(text: str) -> Build:
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        raise ValueError("an Exchange build is four numbers, like 15.2.2562.17")
    return Build(*(int(part) for part in parts))


class _Never(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return False


def _silence() -> None:
    """Below WARNING exchangelib logs values that it cannot convert; `exchangelib.util` logs the Authorization header
    and, even at ERROR, whole requests."""
    logging.getLogger("exchangelib").setLevel(logging.WARNING)
    for name in ("exchangelib.util", "exchangelib.util.xml"):
        logging.getLogger(name).addFilter(_Never())


_silence()
BaseProtocol.HTTP_ADAPTER_CLS = TLSFloor
BaseProtocol.USERAGENT = "inbox-sync"
BaseProtocol.TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)
