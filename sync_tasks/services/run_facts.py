"""What a run planned and did, as values that the console, the pages and the REST interface tell alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mapping.model.reasons import SENTENCES, Reason, sentence
from mapping.rules.outcomes import ending
from sync_tasks.bootstrap import App
from sync_tasks.state.records import (
    AUDIT,
    PARTING,
    PARTING_PREVIEW,
    PREVIEW,
    TAKING,
    TAKING_PREVIEW,
    UNDO,
    UNDO_PREVIEW,
    OpState,
    OpView,
    RunView,
)

SIDES = {"mailbox": "Mailbox", "crm": "Salesforce"}
_DONE_AS = {
    "create": "created", "update": "changed", "delete": "deleted", "mark": "marked", "relate": "linked",
    "unrelate": "unlinked", "move": "moved", "attach": "attached",
}  # fmt: skip
TRIGGERS: Mapping[str, str] = {  # why a run began, as people say it; another word stays as it is
    "schedule": "on schedule", "force": "asked for", "manual": "by hand", PREVIEW: "preview",
    PARTING: "to let go", PARTING_PREVIEW: "preview of letting go", TAKING: "to take back", UNDO: "undo",
    TAKING_PREVIEW: "preview of taking back", UNDO_PREVIEW: "preview of an undo", AUDIT: "comparison of both sides",
}  # fmt: skip
LEFT_ALONE = frozenset({"skip", "wait"})


def summary(app: App, run: RunView) -> dict[str, Any]:
    """Counts by side and object, and what was left alone with the reason."""
    with app.store.reading() as unit:
        address = unit.accounts.user(run.user_id).address
        tally = unit.plans.tally(run.id)
        reasons = unit.trail.reasons(run.id)
    sides: dict[str, dict[str, Counter[str]]] = {side: {} for side in SIDES}
    for (side, act, target, state), count in tally.items():
        sides[side].setdefault(target, Counter())[_outcome(act, state)] += count
    skipped = [
        {"side": side, "kind": kind, "outcome": outcome, "reason": reason, "count": count, "sentence": general(reason)}
        for (side, kind, outcome, reason), count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        if outcome in LEFT_ALONE
    ]
    return {
        "run": run.id, "user": address, "trigger": run.trigger, "state": run.state, "stage": run.stage,
        "started_at": run.started_at, "finished_at": run.finished_at, "error_code": run.error_code,
        "error_text": run.error_text, "recovered": run.recovered,
        "sides": {side: {target: dict(counts) for target, counts in sorted(of.items())} for side, of in sides.items()},
        "skipped": skipped,
    }  # fmt: skip


def _outcome(act: str, state: str) -> str:
    if state == OpState.DONE:
        return _DONE_AS.get(act, act)
    if state in (OpState.WAITING, OpState.LEFT):
        return state
    return "failed" if state in (OpState.FAILED, OpState.SKIPPED) else "planned"


def general(reason: str) -> str:
    """The sentence of a reason for several items at once: what differs among them is left out."""
    text = SENTENCES.get(_reason(reason) or Reason.LINKED, "") if _reason(reason) else reason
    return re.sub(r"\{\w+\}", "…", text)


def specific(reason: str, detail: Mapping[str, str]) -> str:
    """The sentence of a reason for one item."""
    known = _reason(reason)
    return reason if known is None else sentence(known, **detail)


def _reason(name: str) -> Reason | None:
    return Reason(name) if name in Reason._value2member_map_ else None


def operation(op: OpView) -> dict[str, Any]:
    """An operation as JSON values."""
    return {
        "position": op.position, "act": op.act, "side": op.side, "kind": op.kind, "target": op.target,
        "item": op.ref, "fields": op.fields, "state": op.state, "result": op.result_id, "error": op.error_code,
        "mails": op.mails, "rule": op.rule, "reason": op.reason, "sentence": general(op.reason), "key": op.pair_key,
        "id": op.op_id,
    }  # fmt: skip


def run_row(run: RunView, address: str, troubled: int) -> dict[str, Any]:
    """A run in one line: how it ended, how long it took. `troubled`: items that it left to somebody."""
    how = ending(run.state, run.error_code, troubled)
    took = None if run.finished_at is None else round((run.finished_at - run.started_at).total_seconds(), 1)
    return {
        "run": run.id, "user": address, "trigger": run.trigger, "state": run.state, "stage": run.stage,
        "started_at": run.started_at, "finished_at": run.finished_at, "seconds": took, "counts": dict(run.counts),
        "recovered": run.recovered, "error_code": run.error_code, "error_text": run.error_text,
        "outcome": how.code, "ended": how.text, "issues": troubled,
    }  # fmt: skip
