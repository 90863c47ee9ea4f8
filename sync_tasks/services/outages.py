"""Vendors that are down, for a whole organization: noticing it, putting its users off, looking whether they are back.

State is in SQL, so all workers and schedulers share it. Each step is a transaction of its own, because users and
breakers must not be locked in two orders.
"""

from __future__ import annotations

import logging
from datetime import datetime

from connectors.registry import CRMS
from mapping.rules import outage
from mapping.rules.errors import MAILBOX, SALESFORCE, Known
from mapping.rules.outage import Breaker
from sync_tasks.bootstrap import App
from sync_tasks.services.standing import GATHER
from sync_tasks.state.breakers import SPREAD
from sync_tasks.state.records import UserView

log = logging.getLogger(__name__)

UNASKED = (".THROTTLED", ".BUDGET")  # perhaps the vendor was not even called


def met(app: App, user: UserView, vendor: str, known: Known) -> datetime | None:
    """A run of the user failed so. Returns until when to put him off, when it is the vendor and not him."""
    now = app.clock()
    with app.store.reading() as unit:
        looked = [name for name, breaker in unit.breakers.of(user.org_id).items() if breaker.looking == user.id]
    for name in looked:
        if name != vendor or known.code.endswith(UNASKED):
            with app.store.writing() as unit:  # it says nothing about this vendor: somebody else looks soon
                unit.breakers.change(user.org_id, name, lambda was: outage.unsure(was, now))
        elif not known.outage:
            through(app, user, (name,), now)
    if not (vendor and known.outage):
        return None
    with app.store.writing() as unit:
        users = unit.breakers.users(user.org_id, outage.USERS)
        before, after = unit.breakers.change(
            user.org_id, vendor, lambda was: outage.fault(was, user.id, known.code, now, users=users)
        )
        if after.is_open and not before.is_open:
            log.warning("outage_began", extra={"organization": user.org_id, "vendor": vendor, "code": known.code})
            unit.notifications.open(user.org_id, None, cause(vendor), now, now + GATHER)
    return outage.next_look(after, now) if after.is_open else None


def got_through(app: App, user: UserView, began: datetime) -> None:
    """A run of the user that began then has ended well, so it got through to both of his vendors."""
    with app.store.reading() as unit:
        vendors = unit.accounts.vendors(user.org_id, user.id)
    through(app, user, tuple(vendors.values()), began)


def through(app: App, user: UserView, vendors: tuple[str, ...], began: datetime) -> None:
    """A run of the user that began then got through to these vendors: whichever of them was down is back."""
    with app.store.writing() as unit:
        for vendor in unit.breakers.close(user.org_id, vendors, began):
            log.info("outage_ended", extra={"organization": user.org_id, "vendor": vendor})
            unit.notifications.close(user.org_id, None, app.clock(), cause(vendor))


def hold_back(app: App) -> int:
    """Where a vendor is down: let one user look when it is time, and put off all others that are due; returns how many
    those are. To be done before users are claimed."""
    now, put_off = app.clock(), 0
    with app.store.reading() as unit:
        down = unit.breakers.open()
    looked = [
        (org_id, vendor, _sent(app, org_id, vendor, breaker, now) if outage.may_look(breaker, now) else breaker)
        for org_id, vendor, breaker in down
    ]
    # whoever looks for one vendor must not be put off for another one that is down, too
    lookers = {breaker.looking for _, _, breaker in looked if breaker.looking is not None}
    for org_id, vendor, breaker in looked:
        with app.store.writing() as unit:
            put_off += unit.breakers.put_off(org_id, vendor, now, outage.next_look(breaker, now), lookers)
    return put_off


def _sent(app: App, org_id: int, vendor: str, breaker: Breaker, now: datetime) -> Breaker:
    """The breaker after somebody was sent to look, by us or by another scheduler. Those who were put off come back one
    after the other: whoever does so first would look each time, and he may be the one in trouble."""
    with app.store.writing() as unit:
        who = unit.breakers.first_due(org_id, vendor, now + SPREAD)
        if who is None:
            return breaker
        looking = outage.look(breaker, who, now)
        if unit.breakers.send_to_look(org_id, vendor, breaker, looking):
            return looking
        return unit.breakers.of(org_id).get(vendor, looking)


def cause(vendor: str) -> str:
    """By which code people are told of it."""
    return f"{SALESFORCE if vendor in CRMS else MAILBOX}.TRANSIENT.OUTAGE"
