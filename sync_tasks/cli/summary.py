"""What a run did, counted per side, for people and for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mapping.model.reasons import SENTENCES, Reason, sentence
from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import say, shown, table
from sync_tasks.state.records import OpState, OpView, RunState, RunView

SIDES = {"mailbox": "Mailbox", "crm": "Salesforce"}
_DONE_AS = {
    "create": "created", "update": "changed", "delete": "deleted", "mark": "marked", "relate": "linked",
    "unrelate": "unlinked", "move": "moved", "attach": "attached",
}  # fmt: skip
COUNTED = (
    "created",
    "changed",
    "deleted",
    "marked",
    "linked",
    "unlinked",
    "moved",
    "attached",
    "failed",
    "waiting",
    "planned",
)
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
    if state == OpState.WAITING:
        return "waiting"
    return "failed" if state in (OpState.FAILED, OpState.SKIPPED) else "planned"


def show_summary(told: Mapping[str, Any]) -> None:
    """The counts of a run as a table, then what was left alone and why."""
    error = f": {told['error_code']}, {told['error_text']}" if told["error_code"] else ""
    style = {RunState.DONE: "bold", RunState.HELD: "yellow"}.get(told["state"], "red")
    say(f"Run {told['run']} of {told['user']} ({told['trigger']}): {told['state']}{error}", style)
    rows = [
        (SIDES[side], target, ", ".join(f"{counts[name]} {name}" for name in COUNTED if counts.get(name)))
        for side, targets in told["sides"].items()
        for target, counts in targets.items()
    ]
    table("", ("Side", "Object", "Operations"), rows)
    if told["state"] == RunState.HELD:
        say("nothing of this plan was written; `inbox-sync holds` shows what waits, and for whom to decide", style)
    elif not rows:
        say("nothing was written on either side")
    table(
        "Left alone", ("Items", "Side", "Kind", "Why"),
        [(row["count"], SIDES.get(row["side"], row["side"]), row["kind"], row["sentence"]) for row in told["skipped"]],
    )  # fmt: skip


def show_calls(counts: Mapping[str, int]) -> None:
    table("Vendor calls", ("Operation", "Calls"), sorted(counts.items()))


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


def show_operations(title: str, operations: list[dict[str, Any]]) -> None:
    rows = [
        (
            o["position"],
            o["act"],
            SIDES.get(o["side"], o["side"]),
            o["target"],
            shown(o["fields"]),
            _state(o),
            o["sentence"],
        )
        for o in operations
    ]
    table(title, ("#", "Act", "Side", "Object", "Fields", "Outcome", "Why"), rows)


def _state(told: Mapping[str, Any]) -> str:
    return f"{told['state']}: {told['error']}" if told["error"] else str(told["state"])
