"""Where a person opens an item: addresses in Salesforce and in the web clients of the mailboxes, made without asking
anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from mapping.model.item import ItemKind, Side
from sync_tasks.bootstrap import App
from sync_tasks.state.records import UserView

_LOG_IN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})  # they show no records
_OUTLOOK = {ItemKind.EMAIL.value: "mail", ItemKind.EVENT.value: "calendar"}


class Places:
    """Addresses for the items of one user."""

    def __init__(self, app: App, user: UserView) -> None:
        with app.store.reading() as unit:
            self._mailbox = unit.accounts.connection(user.org_id, user.id, "mailbox")
            self._crm = unit.accounts.connection(user.org_id, user.id, "crm")
        self._address = user.address

    def of(self, side: str, kind: str, ref: str) -> str:
        """'' where no address can be told."""
        if side == Side.CRM.value:
            return salesforce(self._crm[2], ref) if self._crm else ""
        if self._mailbox is None:
            return ""
        _, vendor, facts = self._mailbox
        return mailbox(vendor, facts, self._address, kind, ref)


def salesforce(facts: Mapping[str, Any], ref: str) -> str:
    """The record's page, if the connection names the organization's own host."""
    host = urlsplit(str(facts.get("base_url") or facts.get("login_url") or ""))
    if not host.netloc or host.netloc in _LOG_IN_HOSTS or not ref.isalnum():
        return ""
    return f"{host.scheme}://{host.netloc}/{ref}"


def mailbox(vendor: str, facts: Mapping[str, Any], address: str, kind: str, ref: str) -> str:
    """The item in Outlook on the web or in Gmail; other kinds have no address of their own there."""
    if vendor == "google":
        return f"https://mail.google.com/mail/u/{quote(address)}/#all/{quote(ref)}" if kind == "email" else ""
    if kind not in _OUTLOOK or not ref:
        return ""
    host = "outlook.office.com" if vendor == "graph" else urlsplit(str(facts.get("endpoint", ""))).netloc
    scheme = "https" if vendor == "graph" else urlsplit(str(facts.get("endpoint", ""))).scheme
    model = "ReadMessageItem" if kind == "email" else "ICalendarItemDetailsViewModelFactory"
    return f"{scheme}://{host}/owa/?ItemID={quote(ref, safe='')}&exvsurl=1&viewmodel={model}" if host else ""
