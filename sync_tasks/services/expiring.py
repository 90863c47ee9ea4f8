"""Telling people of credentials before they end: whoever can renew one hears of it two weeks ahead, and then once a
day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sync_tasks.bootstrap import App
from sync_tasks.services.standing import GATHER

AHEAD = timedelta(days=14)
CAUSES: Mapping[str, str] = {
    "mailbox": "MAILBOX.PERMANENT.CREDENTIAL_ENDS", "crm": "SALESFORCE.PERMANENT.CREDENTIAL_ENDS",
}  # fmt: skip


def warn(app: App) -> None:
    """See to it that of each credential that ends soon those are told who can renew it: of a user's own he himself, of
    others the administrators; and no longer of those that were renewed. Done again, it changes nothing."""
    now = app.clock()
    with app.store.writing() as unit:
        ending = {
            (org_id, user_id, CAUSES[side]) for org_id, user_id, side in unit.accounts.connections_ending(now + AHEAD)
        }
        told = {
            (notice.org_id, notice.user_id, notice.cause): notice.id
            for notice in unit.notifications.about(CAUSES.values())
        }
        for org_id, user_id, cause in ending - set(told):
            unit.notifications.open(org_id, user_id, cause, now, now + GATHER)
        unit.notifications.close_each([number for what, number in told.items() if what not in ending], now)
