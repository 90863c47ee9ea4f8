"""Connection checks, shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync_tasks.cli.shell import say, table


def show_checks(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """What was tried, and below it each finding with its code, what it means, and what to do."""
    table(title, ("Check", "", "Detail"), [(row["check"], _mark(row), row["detail"]) for row in rows])
    for row in rows:
        if row["code"]:
            say(f"{row['code']} ({row['check']}): {row['wrong']}", "" if row["ok"] else "red")
            say(f"  {row['advice']}")


def _mark(row: dict[str, Any]) -> str:
    if not row["ok"]:
        return "WRONG"
    return "note" if row["code"] else "ok"
