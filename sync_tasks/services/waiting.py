"""What waits for a person, as values: holds, conflicts, and people whom Salesforce does not know."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from mapping.model.item import MISSING, Attendee, Person, Span, Value
from mapping.model.reasons import sentence
from mapping.rules.guards import REASONS, Guard
from sync_tasks.bootstrap import App
from sync_tasks.services import strangers
from sync_tasks.services.run_facts import general, operation
from sync_tasks.state.records import ConflictView, HoldView, UnresolvedView
from sync_tasks.state.store import Unit


def hold_row(hold: HoldView) -> dict[str, Any]:
    """A hold, with its sentence and how many items it is about."""
    count = sum(line["count"] for line in hold.lines)
    limit = min((line["most"] for line in hold.lines), default=0)
    return {
        "id": hold.id, "user": hold.user, "run": hold.run_id, "guard": hold.guard, "items": count,
        "sentence": sentence(REASONS[Guard(hold.guard)], count=str(count), limit=str(limit)),
        "opened_at": hold.opened_at, "seen_at": hold.seen_at, "decision": hold.decision,
        "decided_at": hold.decided_at, "decided_by": hold.decided_by, "closed_at": hold.closed_at,
    }  # fmt: skip


def hold_changes(unit: Unit, hold: HoldView) -> list[dict[str, Any]]:
    """What waits, as the run planned it that opened the hold; as long as that is still kept."""
    run = hold.run_id
    if run is None:
        return []
    planned = [operation(op) for op in unit.plans.all(run) if op.op_id in hold.changes]
    named = {each["id"] for each in planned}
    let_go = {
        d.key: {"act": "release", "side": d.side, "kind": d.kind, "item": d.ref, "reason": d.reason,
                "sentence": general(d.reason), "key": d.key}
        for d in reversed(unit.trail.of_run(run))
        if d.key in hold.changes - named and d.reason != REASONS[Guard(hold.guard)]
    }  # fmt: skip
    return [*planned, *let_go.values()]


def conflict_row(conflict: ConflictView) -> dict[str, Any]:
    """A conflict without its values, and without fingerprints, which tell nobody anything."""
    hidden = ("user_id", "baseline")
    return {each.name: getattr(conflict, each.name) for each in fields(conflict) if each.name not in hidden}


def plain(value: Value) -> str:
    """A value as people read it."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        case Span(start=start, end=end):
            return f"{plain(start)} to {plain(end)}"
        case date():
            return value.isoformat()
        case Person(address=address, name=name) | Attendee(address=address, name=name):
            return f"{name} <{address}>" if name else address
        case tuple():
            return ", ".join(map(plain, value))
        case _:
            return "" if value is MISSING else str(value)


def stranger_row(app: App, row: UnresolvedView) -> dict[str, Any]:
    """Somebody unresolved. Whoever shows the address to a person notes it with `strangers.looked`."""
    person = strangers.who(app, row)
    return {
        "id": row.id, "user": row.user, "address": person.address if person else "",
        "name": person.name if person else "", "state": row.state, "reasons": row.reasons,
        "sentence": " ".join(map(general, row.reasons)), "met": row.met,
        "items": [{"kind": kind, "item": ref, "folder": folder} for kind, ref, folder in row.items],
        "first_seen": row.first_seen, "last_seen": row.last_seen, "wish": row.wish, "account": row.account_id,
        "decided_at": row.decided_at, "decided_by": row.decided_by, "closed_at": row.closed_at,
    }  # fmt: skip
