"""Organizations whose calls of the day run short: routine runs wait, people's requests go on; and how it all stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mapping.rules.budget import LOOK_AGAIN, TRUSTED, Day
from sync_tasks.bootstrap import App
from sync_tasks.metering.governor import Purpose, sources
from sync_tasks.metering.pacing import Stand
from sync_tasks.services.standing import GATHER
from sync_tasks.state.overview import Reach
from sync_tasks.state.records import OrgView, UserView

log = logging.getLogger(__name__)

CRM = "salesforce"
CAUSE = "SALESFORCE.TRANSIENT.BUDGET"


# --- for the scheduler


def hold_back(app: App) -> int:
    """Where only the reserve of a day is left, or nothing: put off everybody who is due and did not ask for a run;
    returns how many those are. One of them may look whether that is still so. To be done before users are claimed."""
    now, put_off = app.clock(), 0
    with app.store.reading() as unit:
        told = unit.notifications.open_for(CAUSE)
        org_ids = unit.accounts.connected_to(CRM)
    for org_id in org_ids:
        day = app.governor.day(org_id)
        if day.is_short:
            put_off += _put_off(app, org_id, day, now)
        if day.is_short != (org_id in told):
            _tell(app, org_id, now, short=day.is_short)
    return put_off


def _put_off(app: App, org_id: int, day: Day, now: datetime) -> int:
    besides: set[int] = set()
    if day.may_look(now) and app.governor.days.first_to_look(org_id, int(LOOK_AGAIN.total_seconds())):
        with app.store.reading() as unit:
            who = unit.breakers.first_due(org_id, CRM, now)
        besides = set() if who is None else {who}
    with app.store.writing() as unit:
        return unit.breakers.put_off(org_id, CRM, now, day.again(now), besides, asked=False)


def _tell(app: App, org_id: int, now: datetime, *, short: bool) -> None:
    log.info("budget_short" if short else "budget_back", extra={"organization": org_id})
    with app.store.writing() as unit:
        if short:
            unit.notifications.open(org_id, None, CAUSE, now, now + GATHER)
        else:
            unit.notifications.close(org_id, None, now, CAUSE)


def is_short(app: App, org_id: int) -> bool:
    """Do the routine runs of this organization wait for calls?"""
    return app.governor.day(org_id).is_short


# --- for people


def left(app: App) -> dict[int, int]:
    """How many calls are left of the day, by organization; without those of which nobody knows."""
    with app.store.reading() as unit:
        org_ids = unit.accounts.connected_to(CRM)
    found = {org_id: app.governor.day(org_id).left for org_id in org_ids}
    return {org_id: count for org_id, count in found.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Told:
    """One budget. `what` it is about. `left` of `total`, None where nobody knows; `used` by us. `resets_at`: when it is
    whole again, or, of a day, when the first calls come back."""

    what: str
    used: int
    left: int | None
    total: int | None
    kept: int
    resets_at: datetime | None
    short: bool
    org_id: int | None = None
    others: int | None = None  # calls of the day that were not ours

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "org_id"}


def facts(app: App, reach: Reach, user: UserView | None = None) -> list[Told]:
    """The budgets of the organizations within reach and of their applications; with a user, of his mailbox too."""
    with app.store.reading() as unit:
        orgs = [
            org for org in unit.accounts.orgs()
            if (reach.everybody or org.id in reach.org_ids) and (user is None or org.id == user.org_id)
        ]  # fmt: skip
        connections = {org.id: unit.accounts.shared_connections(org.id) for org in orgs}
    found: dict[str, Told] = {}
    for org in orgs:
        for vendor, given in connections[org.id].items():
            if vendor == CRM:
                found |= {f"day:{org.id}": _day(app, org)}
            for source in sources(app.settings, vendor, given, Purpose(org.id, user.id if user else None)):
                if ":mailbox:" not in source.name or user is not None:
                    found[source.name] = _bucket(_named(source.name, org, user), app.governor.pacer.stand(source))
    return list(found.values())


def _day(app: App, org: OrgView) -> Told:
    day, now = app.governor.day(org.id), app.clock()
    fresh = day.told_at is not None and now - day.told_at <= TRUSTED
    others = max(0, day.used - day.spent) if day.used is not None and fresh else None
    return Told(
        f"calls of the day to Salesforce of {org.name}", day.spent, day.left, day.total, day.kept, day.resets_at(now),
        day.is_short, org.id, others,
    )  # fmt: skip


def _bucket(what: str, stand: Stand) -> Told:
    used = stand.capacity - stand.left
    return Told(what, used, stand.left, stand.capacity, 0, stand.resets_at if used else None, stand.left == 0)


_NAMES: Mapping[str, str] = {
    "mailbox": "calls a minute to the mailbox of {user}",
    "application": "calls a minute of the Graph application {id}",
    "project": "calls a minute of the Google project {id}",
    "organization": "calls a minute to Salesforce of {org}",
}


def _named(source: str, org: OrgView, user: UserView | None) -> str:
    _, kind, known_as = source.split(":", 2)
    return _NAMES[kind].format(id=known_as, org=org.name, user=user.address if user else "")
