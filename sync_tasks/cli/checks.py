"""Connection checks as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.errors import ConnectorError
from connectors.protocols import Endpoint
from sync_tasks.cli.shell import table


def check_rows(endpoint: Endpoint) -> list[dict[str, Any]]:
    """What the endpoint's own check finds; a check that breaks off is a finding too."""
    rows: list[dict[str, Any]] = []
    try:
        rows.extend(row(check.name, check.ok, check.detail, check.advice) for check in endpoint.check())
    except ConnectorError as error:
        rows.append(row("connection", False, str(error), "See the detail; then run this again."))
    return rows


def row(name: str, ok: bool, detail: str = "", advice: str = "") -> dict[str, Any]:
    return {"check": name, "ok": ok, "detail": detail, "advice": advice}


def show_checks(title: str, rows: Sequence[dict[str, Any]]) -> None:
    columns = ("Check", "", "Detail", "What to do")
    table(title, columns, [(r["check"], "ok" if r["ok"] else "WRONG", r["detail"], r["advice"]) for r in rows])
