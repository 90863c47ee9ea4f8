"""Answering a hold: the decision is noted with who took it, and the user's next run, which acts on it, comes soon."""

from __future__ import annotations

from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.state.records import HoldDecision


def decide(app: App, hold_id: int, decision: HoldDecision, *, by: str) -> bool:
    """Approve or reject; False when the hold is already decided or over."""
    with app.store.writing() as unit:
        hold = unit.holds.get(hold_id)
        if hold is None or not unit.holds.decide(hold_id, decision, app.clock(), by):
            return False
        unit.accounts.audit(
            app.clock(), by, f"hold.{_VERBS[decision]}", hold.user, hold=hold_id, guard=hold.guard,
            changes=len(hold.changes),
        )  # fmt: skip
        user = unit.accounts.find_user(hold.user)
    if user is not None:
        scheduling.force(app, user.id)
    return True


_VERBS = {HoldDecision.APPROVED: "approve", HoldDecision.REJECTED: "reject"}
