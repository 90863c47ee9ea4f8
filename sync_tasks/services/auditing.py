"""Drift: finding what no feed told, and having the next run look at it.

An audit is a run that reads and compares and writes nothing. Healing puts what it found among the items that the next
run reads anyway; that run makes a plan of it like any other, with the guards before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mapping.model.item import Side
from mapping.model.reasons import Reason
from sync_tasks.bootstrap import App
from sync_tasks.services import scheduling
from sync_tasks.state.records import AUDIT, DecisionView, RunView, UserView

HEALED = frozenset({Reason.DRIFT_MISSING.value, Reason.DRIFT_DIFFERENT.value, Reason.DRIFT_FOREIGN.value})


@dataclass(frozen=True, slots=True)
class Audited:
    run: RunView
    found: tuple[DecisionView, ...]


def audit(app: App, user: UserView) -> Audited:
    """Compare all pairs of a user. Raises BusyError when a run is open."""
    run = scheduling.run_here(app, user.id, trigger=AUDIT)
    with app.store.reading() as unit:
        return Audited(run, tuple(unit.trail.of_run(run.id)))


def look_again(app: App, user: UserView, found: tuple[DecisionView, ...], *, by: str) -> int:
    """Have the next run look at what was found, as far as a run can mend it; returns at how many pairs. Doubled and
    orphaned items, and records that are gone from Salesforce, need a person: nothing is deleted for an audit's sake."""
    mended = [each for each in found if each.reason in HEALED and each.side == Side.MAILBOX]
    now = app.clock()
    with app.store.writing() as unit:
        pairs = unit.pairs.by_key(user.id, {each.key for each in mended})
        for pair in pairs.values():
            unit.trail.retry_later(
                user.id, side=Side.MAILBOX.value, kind=pair.kind, ref=pair.mailbox_id, container=pair.folder,
                reason=Reason.DRIFT_DIFFERENT.value, not_before=now, attempts=0, run_id=0,
            )  # fmt: skip
        unit.accounts.audit(now, by, "user.heal", user.address, pairs=len(pairs))
    return len(pairs)
