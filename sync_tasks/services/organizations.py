"""Organizations as a whole: whether their users run, and how they are switched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sync_tasks.state.records import OrgView
from sync_tasks.state.store import Unit


class OrgSwitch(StrEnum):
    """A pause is for a while and a disablement until further notice; they do not know of each other, nor of those of
    single users."""

    PAUSE = "pause"
    RESUME = "resume"
    DISABLE = "disable"
    ENABLE = "enable"


_EFFECTS: Mapping[OrgSwitch, Callable[[OrgView, datetime], Mapping[str, Any]]] = {
    OrgSwitch.PAUSE: lambda org, now: {"paused_at": org.paused_at or now},
    OrgSwitch.RESUME: lambda _, __: {"paused_at": None},
    OrgSwitch.DISABLE: lambda _, __: {"enabled": False},
    OrgSwitch.ENABLE: lambda _, __: {"enabled": True},
}


def switch(unit: Unit, org: OrgView, to: OrgSwitch, *, at: datetime, by: str) -> OrgView:
    """Turn a switch; done twice it changes nothing the second time. Returns the organization as it is then."""
    unit.accounts.set_org(org.id, **_EFFECTS[to](org, at))
    unit.accounts.audit(at, by, f"org.{to}", org.name)
    return next(each for each in unit.accounts.orgs() if each.id == org.id)


def state(org: OrgView) -> str:
    """In one word."""
    return "disabled" if not org.enabled else "enabled" if org.paused_at is None else "paused"
