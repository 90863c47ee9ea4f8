"""What a run did, counted per side, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync_tasks.cli.shell import say, shown, table
from sync_tasks.services.run_facts import SIDES
from sync_tasks.state.records import RunState

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
