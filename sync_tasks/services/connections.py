"""How both sides of a user, and of an organization, are connected: where, with whose leave, whether it works, and what
ends soon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mapping.model.item import Side
from mapping.rules.errors import CATALOGUE, SCOPES
from mapping.rules.outage import Breaker
from sync_tasks.bootstrap import App
from sync_tasks.services.examining import ending
from sync_tasks.state.records import OrgView, UserView

NAMES: Mapping[Side, str] = {Side.MAILBOX: "mailbox", Side.CRM: "Salesforce"}


def of_user(app: App, user: UserView) -> list[dict[str, Any]]:
    """Both connections as JSON values. `state`: `missing`, `down` (the vendor, for everybody), `failing` (for this
    user), `untried`, or `ok` when the last look was well. `own`: he has let us in himself. `read_to`: up to when that
    side was read to the end."""
    with app.store.reading() as unit:
        read = dict(zip((Side.MAILBOX, Side.CRM), unit.accounts.readings(user.id), strict=True))
        breakers = unit.breakers.of(user.org_id)
        last = next(iter(unit.runs.recent(user.id, 1)), None)
    code = user.suspended_code or (last.error_code if last is not None and user.failures else "")
    return [_side(app, user.org_id, user.id, side, code, read[side], breakers) for side in Side]


def of_org(app: App, org: OrgView) -> list[dict[str, Any]]:
    """The connections that an organization has for all its users. Each is `missing`, `down` or `connected`:
    whether it works is known of users."""
    with app.store.reading() as unit:
        breakers = unit.breakers.of(org.id)
    return [_side(app, org.id, None, side, "", None, breakers) for side in Side]


def _side(
    app: App, org_id: int, user_id: int | None, side: Side, code: str, read_to: datetime | None,
    breakers: Mapping[str, Breaker],
) -> dict[str, Any]:  # fmt: skip
    with app.store.reading() as unit:
        found = unit.accounts.connection(org_id, user_id, side.value)
        shared = unit.accounts.connection(org_id, None, side.value)
    told: dict[str, Any] = {
        "side": side.value, "name": NAMES[side], "vendor": found[1] if found is not None else "",
        "own": found is not None and user_id is not None and (shared is None or shared[0] != found[0]),
        "state": "missing", "error": "", "read_to": read_to, "ending": [],
    }  # fmt: skip
    if found is None:
        return told
    down = breakers.get(found[1])
    told["ending"] = [{"name": name, "ends": ends} for name, ends in ending(app, org_id, user_id, side.value)]
    if down is not None and down.opened_at is not None:
        return told | {"state": "down", "error": down.code}
    if code in CATALOGUE and code.split(".")[0] == SCOPES[side.value]:
        return told | {"state": "failing", "error": code}
    if user_id is None:
        return told | {"state": "connected"}
    return told | {"state": "ok" if read_to is not None else "untried"}
