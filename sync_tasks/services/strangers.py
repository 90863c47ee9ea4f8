"""A person's word on people whom Salesforce does not know: noted with who gave it, and carried out by the next run."""

from __future__ import annotations

import json

from connectors.protocols import Detail
from mapping.model.item import Item, ItemKind, ItemRef, Person, Side
from mapping.model.people import domain_of
from mapping.model.reasons import Reason
from mapping.rules.addresses import entry
from mapping.rules.resolving import Wanted, Wish
from sync_tasks.bootstrap import App
from sync_tasks.services import configuring, scheduling
from sync_tasks.stages.unresolved import context_of
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import UnresolvedState, UnresolvedView
from sync_tasks.state.store import Unit
from sync_tasks.state.unresolved import Place

LISTS = {"user": "blocklist.user", "organization": "blocklist.org"}


class UnknownAccountError(Exception):
    """Salesforce has no such account, or does not show it."""


def who(app: App, row: UnresolvedView) -> Person | None:
    """The person behind an entry; None once it is settled. Raises VaultError when the key that sealed it is gone."""
    if row.sealed is None:
        return None
    return Person(**json.loads(app.vault.kept_box(row.user_id).open(row.sealed, context_of(row.name))))


def looked(app: App, action: str, subject: str, *, by: str, **detail: object) -> None:
    """Note that somebody read addresses of the list."""
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, f"unresolved.{action}", subject, **detail)


def decide(app: App, number: int, wanted: Wanted, *, by: str) -> bool:
    """Say what is to be made of somebody; False when it is settled already. The items on which he was seen are looked
    at again. Raises UnknownAccountError."""
    with app.store.reading() as unit:
        row = unit.unresolved.get(number)
        user = unit.accounts.user(row.user_id) if row is not None else None
    if row is None or user is None or row.closed_at is not None:
        return False
    if wanted.wish is Wish.CONTACT:
        ref = ItemRef(Side.CRM, ItemKind.CONTACT, wanted.account_id, "Account")
        crm = app.crm_of(user.org_id, user.id, user.org_name)
        if not isinstance(crm.read([ref], Detail.HEAD).get(ref), Item):
            raise UnknownAccountError(wanted.account_id)
    now = app.clock()
    with app.store.writing() as unit:
        if not unit.unresolved.decide(number, wanted.wish.value, wanted.account_id, now, by):
            return False
        unit.accounts.audit(now, by, "unresolved.decide", user.address, entry=number, wish=wanted.wish.value)
        _look_again(app, unit, user.id, row.items)
    scheduling.force(app, user.id)
    return True


def ignore(app: App, number: int, *, whole_domain: bool, level: str, by: str) -> str:
    """Put somebody, or everybody of his mail domain, on the block list of the user or of the organization; returns
    what was put there, '' when it is settled already. Raises SettingRefusedError when the list is locked."""
    now = app.clock()
    with app.store.writing() as unit:
        row = unit.unresolved.get(number)
        person = who(app, row) if row is not None else None
        if row is None or person is None:
            return ""
        user = unit.accounts.user(row.user_id)
        blocked = entry(domain_of(person.address) if whole_domain else person.address)
        scope = configuring.of_user(user) if level == "user" else Scope(user.org_id)
        listed = configuring.held(unit, scope).list(LISTS[level])
        if blocked not in listed:
            configuring.put(unit, scope, LISTS[level], [*listed, blocked], at=now, by=by)
        unit.unresolved.close(user.id, [row.name], UnresolvedState.IGNORED, now)
        unit.accounts.audit(now, by, "unresolved.ignore", user.address, entry=number, level=level, domain=whole_domain)
    return blocked


def _look_again(app: App, unit: Unit, user_id: int, places: tuple[Place, ...]) -> None:
    for kind, ref, folder in places:
        unit.trail.retry_later(
            user_id, side=Side.MAILBOX.value, kind=kind, ref=ref, container=folder,
            reason=Reason.PERSON_CREATED.value, not_before=app.clock(), attempts=0, run_id=0,
        )  # fmt: skip
