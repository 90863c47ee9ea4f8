"""Changing where users stand, and seeing to it that whoever can mend something is told of it, and no longer than it is
broken. What the changes mean is in `mapping.rules.standing`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mapping.rules import standing
from mapping.rules.errors import SCOPES
from mapping.rules.standing import BY_HAND, Standing
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

CONSOLE = "console"  # who acts, in the audit trail, when nobody has signed in
GATHER = timedelta(minutes=5)  # before administrators are told of something, so that one mail names all it has struck


def move(unit: Unit, user: UserView, change: Callable[[Standing], Standing], now: datetime) -> Standing:
    """Change where the user stands; open and close what people are told of it."""
    before, after = unit.accounts.restand(user.id, change)
    if after.code != before.code:
        _retell(unit, user, before.code, after.code, now)
    return after


def _retell(unit: Unit, user: UserView, before: str, after: str, now: datetime) -> None:
    if before:
        unit.notifications.close(user.org_id, user.id, now)
        if not unit.accounts.is_suspended_for(user.org_id, before):
            unit.notifications.close(user.org_id, None, now, before)
    if not after or after == BY_HAND:
        return
    unit.notifications.open(user.org_id, None, after, now, now + GATHER)
    if _may_mend(unit, user, after):
        unit.notifications.open(user.org_id, user.id, after, now, now)


def _may_mend(unit: Unit, user: UserView, code: str) -> bool:
    """Is it about a connection of the user's own? What the organization shares only its administrators can mend."""
    sides = [side for side, scope in SCOPES.items() if code.startswith(f"{scope}.")]
    return any(unit.accounts.has_own_credentials(user.org_id, user.id, side) for side in sides)


def renewed(unit: Unit, org_id: int, user_id: int | None, side: str, now: datetime) -> list[str]:
    """A connection of the organization, or of one user, was made anew: whoever was suspended because of it is tried at
    once. Returns their addresses."""
    scope, lifted = SCOPES[side], list[str]()
    for user in unit.accounts.users(org_id):
        if user.suspended_at is None or user_id not in (None, user.id):
            continue
        if move(unit, user, lambda was: standing.renewed(was, scope), now).suspended_at is None:
            unit.accounts.set_user(user.id, next_sync_at=now)
            lifted.append(user.address)
    return lifted
