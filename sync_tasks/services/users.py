"""A user as values."""

from __future__ import annotations

from typing import Any

from sync_tasks.state.records import UserView


def described(user: UserView) -> dict[str, Any]:
    """A user as JSON values; nothing about leases."""
    names = (
        "id", "address", "org_name", "status", "crm_user_id", "aliases", "shard", "activated_at", "next_sync_at",
        "last_started_at", "force_pending", "failures", "held_at", "paused_at", "disabled_at", "suspended_at",
        "suspended_code",
    )  # fmt: skip
    more = {"state": user.effective.state, "initialized_at": user.standing.initialized_at}
    return {name: getattr(user, name) for name in names} | more | {"probe_at": user.standing.probe_at}
