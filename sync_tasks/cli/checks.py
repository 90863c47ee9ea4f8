"""Connection checks as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.protocols import Check
from mapping.model.findings import FINDINGS
from sync_tasks.cli.shell import say, table


def rows_of(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """As JSON values. `code` and `wrong`: what was found, in a word and in a sentence."""
    return [
        {
            "check": check.name, "ok": check.ok, "detail": check.detail, "code": check.finding or "",
            "wrong": FINDINGS[check.finding].wrong if check.finding else "", "advice": check.advice,
        }
        for check in checks
    ]  # fmt: skip


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
