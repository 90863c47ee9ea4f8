"""A person's answers: they are noted with who gave them, and the user's next run, which acts on them, comes soon."""

from __future__ import annotations

from mapping.model.codec import loads
from mapping.model.item import Side, Value
from mapping.model.reasons import Reason
from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.stages.disputes import context_of
from sync_tasks.state.records import ConflictView, HoldDecision

_VERBS = {HoldDecision.APPROVED: "approve", HoldDecision.REJECTED: "reject"}


def decide(app: App, hold_id: int, decision: HoldDecision, *, by: str) -> bool:
    """Approve or reject a hold; False when it is already decided or over."""
    now = app.clock()
    with app.store.writing() as unit:
        hold = unit.holds.get(hold_id)
        if hold is None or not unit.holds.decide(hold_id, decision, now, by):
            return False
        unit.accounts.audit(
            now, by, f"hold.{_VERBS[decision]}", hold.user, hold=hold_id, guard=hold.guard, changes=len(hold.changes)
        )
        user = unit.accounts.find_user(hold.user)
    if user is not None:
        scheduling.force(app, user.id)
    return True


def resolve(app: App, conflict_id: int, side: Side, *, by: str) -> bool:
    """Say whose value stays; False when the conflict is over. No feed will report the item, so it is put among those
    that are looked at again."""
    now = app.clock()
    with app.store.writing() as unit:
        conflict = unit.conflicts.get(conflict_id)
        if conflict is None or not unit.conflicts.resolve(conflict_id, side.value, now, by):
            return False
        unit.accounts.audit(
            now, by, "conflict.resolve", conflict.user, conflict=conflict_id, field=conflict.field, side=side.value
        )
        pair = unit.pairs.by_key(conflict.user_id, [conflict.key]).get(conflict.key)
        if pair is not None:
            unit.trail.retry_later(
                conflict.user_id, side=Side.MAILBOX.value, kind=pair.kind, ref=pair.mailbox_id, container=pair.folder,
                reason=Reason.CONFLICT_RESOLVED.value, not_before=now, attempts=0, run_id=0,
            )  # fmt: skip
    scheduling.force(app, conflict.user_id)
    return True


def both_values(app: App, conflict: ConflictView, *, by: str) -> dict[Side, Value] | None:
    """What stands on either side, as it was last seen; None when the conflict is over. Looking is noted. Raises
    VaultError when the key that sealed it is not there any more."""
    with app.store.writing() as unit:
        sealed = unit.conflicts.sealed(conflict.id)
        if sealed is None:
            return None
        unit.accounts.audit(app.clock(), by, "conflict.show", conflict.user, conflict=conflict.id, field=conflict.field)
    box = app.vault.kept_box(conflict.user_id)
    values = loads(box.open(sealed, context_of(conflict.key, conflict.field)))
    return {side: values[side.value] for side in Side}
