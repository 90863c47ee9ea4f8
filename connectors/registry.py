"""Vendors by name. Their libraries are heavy, so each is imported only when somebody is connected to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from connectors.calls import OnCall
from connectors.consents import ConsentFlow
from connectors.protocols import Can, Crm, Mailbox, OrgShape
from mapping.model.findings import Finding

if TYPE_CHECKING:
    from connectors.google.config import GoogleConfig
    from connectors.graph.config import GraphConfig
    from connectors.salesforce.config import SalesforceConfig

MAILBOXES = ("exchange", "graph", "google")
CRMS = ("salesforce",)
ACCESSES = ("self", "delegate", "impersonation")  # under whose name a mailbox on an Exchange server is opened
CONSENTS = ("salesforce", "graph", "google")  # where users let us in on a page of the vendor's

# what a connection of each vendor must be told, and which of it is secret
FACTS = {
    "exchange": ("endpoint", "username", "access", "auth", "build", "time_zone"),
    "graph": ("tenant", "client_id", "cloud", "login_url", "graph_url", "tls", "time_zone"),
    "google": (
        "client_id", "services", "mark_colour", "error_colour", "mail_days", "topic", "tls", "time_zone",
        "token_url", "auth_url", "base_url", "calendar_url", "gmail_url", "tasks_url", "people_url", "drive_url",
    ),
    "salesforce": ("login_url", "base_url", "client_id", "username"),
}  # fmt: skip
SECRETS = {
    "exchange": ("password",),
    "graph": ("client_secret", "certificate", "refresh_token"),
    "google": ("service_account", "refresh_token", "client_secret"),
    "salesforce": ("client_secret", "private_key", "refresh_token"),
}

# of these what proves the application; users who let it in share it with their organization
SHARED = ("client_secret", "certificate")

# where a vendor can be asked for the time: the facts that say where it is, or where it is for everybody
_CLOCKS = {
    "exchange": (("endpoint",), ""),
    "graph": (("login_url",), "https://login.microsoftonline.com"),
    "google": (("token_url", "base_url"), "https://oauth2.googleapis.com/token"),
    "salesforce": (("login_url",), "https://login.salesforce.com"),
}


def clock_at(vendor: str, facts: Mapping[str, Any]) -> str:
    """An address of the vendor that answers to anybody."""
    names, everybody = _CLOCKS[vendor]
    return str(next((facts[name] for name in names if facts.get(name)), everybody))


def ends(secrets: Mapping[str, str]) -> dict[str, datetime]:
    """When those of the secrets end that tell it themselves."""
    from connectors.graph.tokens import certificate_ends

    moment = certificate_ends(secrets.get("certificate", ""))
    return {} if moment is None else {"certificate": moment}


def words(vendor: str) -> Mapping[str, Finding]:
    """What a vendor's words of refusal say of a set-up."""
    found: Mapping[str, Finding] = importlib.import_module(f"connectors.{vendor}.checks").WORDS
    return found


def abilities(vendor: str) -> frozenset[Can]:
    """What the mailboxes of a vendor are able to do."""
    module = importlib.import_module(f"connectors.{vendor}.mailbox")
    found: frozenset[Can] = getattr(module, f"{vendor.title()}Mailbox").can
    return found


class SecretBox(Protocol):
    """Where a connector's tokens outlive the process; the application keeps them encrypted."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        """`ends`: until when the refresh token is good that the connection has, when that was put off by this."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """While the block runs nobody else, in whatever process, asks for the next token of that name. Whoever had to
        wait looks first whether there is a new one."""


def open_mailbox(
    vendor: str, address: str, facts: Mapping[str, Any], secrets: Mapping[str, str], *, box: SecretBox,
    on_call: OnCall, now: Callable[[], datetime],
) -> Mailbox:  # fmt: skip
    """A mailbox of this vendor; nothing is sent before it is used. Raises ValueError for an unknown vendor."""
    if vendor == "exchange":
        return _exchange(address, facts, secrets, on_call)
    if vendor == "graph":
        return _graph(address, facts, secrets, box, on_call, now)
    if vendor == "google":
        return _google(address, facts, secrets, on_call)
    raise ValueError(f"there is no mailbox vendor {vendor!r}; known: {', '.join(MAILBOXES)}")


def _exchange(address: str, facts: Mapping[str, Any], secrets: Mapping[str, str], on_call: OnCall) -> Mailbox:
    from connectors.exchange.mailbox import ExchangeMailbox
    from connectors.exchange.session import Access, Auth, ExchangeConfig
    from connectors.exchange.zones import zone_named

    given = {name: facts[name] for name in ("build", "time_zone") if facts.get(name)}
    own = facts.get("own_zone", "")
    if own and zone_named(own) is not None:
        given["time_zone"] = own  # the user's, rather than the one that stands for everybody
    config = ExchangeConfig(
        endpoint=facts["endpoint"], username=facts["username"], password=secrets.get("password", ""), address=address,
        access=Access(facts.get("access") or Access.IMPERSONATION), auth=Auth(facts.get("auth") or Auth.BASIC),
        folder_ids=facts.get("folders", {}), **given,
    )  # fmt: skip
    return ExchangeMailbox(config, on_call)


def _graph(
    address: str, facts: Mapping[str, Any], secrets: Mapping[str, str], box: SecretBox,
    on_call: OnCall, now: Callable[[], datetime],
) -> Mailbox:  # fmt: skip
    from connectors.graph.mailbox import GraphMailbox

    return GraphMailbox(_graph_config(address, facts, secrets), box, on_call, now)


def _graph_config(address: str, facts: Mapping[str, Any], secrets: Mapping[str, str]) -> GraphConfig:
    from connectors.graph.config import GraphConfig
    from connectors.graph.times import known_zone

    given = {name: facts[name] for name in ("cloud", "login_url", "graph_url", "tls", "time_zone") if facts.get(name)}
    given |= {name: value for name, value in secrets.items() if name in SECRETS["graph"]}
    own = facts.get("own_zone", "")
    if own and known_zone(own) is not None:
        given["time_zone"] = own
    return GraphConfig(
        tenant=facts["tenant"], client_id=facts["client_id"], address=address,
        folder_ids=facts.get("folders", {}), **given,
    )  # fmt: skip


def _google(address: str, facts: Mapping[str, Any], secrets: Mapping[str, str], on_call: OnCall) -> Mailbox:
    from connectors.google.mailbox import GoogleMailbox

    return GoogleMailbox(_google_config(address, facts, secrets), on_call)


def _google_config(address: str, facts: Mapping[str, Any], secrets: Mapping[str, str]) -> GoogleConfig:
    """`service_account` is the whole key file; `services` names those in use, parted by commas; without it all are but
    Drive."""
    import json
    import ssl

    from connectors.google.config import ROOTS, GoogleConfig, Service, roots_under

    plain = ("client_id", "mark_colour", "error_colour", "topic", "token_url", "auth_url")
    given: dict[str, Any] = {name: facts[name] for name in plain if facts.get(name)}
    given |= {name: secrets[name] for name in ("refresh_token", "client_secret") if secrets.get(name)}
    if facts.get("services"):
        given["services"] = frozenset(Service(name.strip()) for name in str(facts["services"]).split(","))
    if facts.get("tls") == "1.2":
        given["tls_floor"] = ssl.TLSVersion.TLSv1_2
    if facts.get("mail_days"):
        given["mail_days"] = int(facts["mail_days"])
    roots = roots_under(facts["base_url"]) if facts.get("base_url") else dict(ROOTS)
    roots |= {service: facts[f"{service}_url"] for service in Service if facts.get(f"{service}_url")}
    return GoogleConfig(
        address, json.loads(secrets.get("service_account") or "{}"), roots=roots, folder_ids=facts.get("folders", {}),
        time_zone=facts.get("own_zone") or facts.get("time_zone") or "UTC", **given,
    )  # fmt: skip


def open_crm(
    vendor: str, facts: Mapping[str, Any], secrets: Mapping[str, str], *, version: str, key_field: str,
    shape: OrgShape | None, box: SecretBox, on_call: OnCall, now: Callable[[], datetime],
    columns: Mapping[str, tuple[str, ...]] | None = None,
) -> Crm:  # fmt: skip
    """A CRM of this vendor; nothing is sent before it is used. `columns`: what to read besides the usual columns, by
    object. Raises ValueError for an unknown vendor."""
    if vendor != "salesforce":
        raise ValueError(f"there is no CRM vendor {vendor!r}; known: {', '.join(CRMS)}")
    import json

    from connectors.salesforce.auth import Token
    from connectors.salesforce.crm import SalesforceCrm

    class Kept:
        def get(self, key: str) -> Token | None:
            text = box.get(key)
            return None if text is None else Token(**json.loads(text))

        def put(self, key: str, token: Token) -> None:
            box.put(key, json.dumps(asdict(token)))

        def alone(self, key: str) -> AbstractContextManager[None]:
            return box.alone(key)

    config = _salesforce_config(
        facts, secrets, version=version, key_field=key_field, on_call=on_call, columns=columns or {}
    )
    return SalesforceCrm.connect(config, Kept(), shape=shape, now=now)


def _salesforce_config(facts: Mapping[str, Any], secrets: Mapping[str, str], **more: Any) -> SalesforceConfig:
    from connectors.salesforce.config import SalesforceConfig

    given: dict[str, Any] = {name: facts[name] for name in ("login_url", "base_url", "username") if facts.get(name)}
    given |= {name: value for name, value in secrets.items() if name in SECRETS["salesforce"]}
    return SalesforceConfig(client_id=facts["client_id"], **given, **more)


def consent(
    vendor: str, address: str, facts: Mapping[str, Any], secrets: Mapping[str, str], now: Callable[[], datetime]
) -> ConsentFlow:
    """The way in which a user of this vendor lets us in; nothing is sent before it is used. `address`: whom the pages
    suggest. Raises ValueError where nobody is asked for a consent, LookupError for a fact that is missing."""
    if vendor == "salesforce":
        from connectors.salesforce.consent import SalesforceConsent

        return SalesforceConsent(_salesforce_config(facts, secrets), address)
    if vendor == "graph":
        from connectors.graph.consent import GraphConsent

        return GraphConsent(_graph_config(address, facts, secrets), now)
    if vendor == "google":
        from connectors.google.consent import GoogleConsent

        return GoogleConsent(_google_config(address, facts, secrets))
    raise ValueError(f"nobody consents at {vendor!r}; known: {', '.join(CONSENTS)}")
