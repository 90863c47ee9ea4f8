"""One meeting, several users: who writes the one record that stands for it.

The organizer does, if he synchronizes. Else whoever saved it first leads, until the organizer's own run takes it over.
Everybody else who has a copy takes part: his copy has a pair, but writes nothing except his own answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LEADER, GUEST = "leader", "guest"
PATIENCE = timedelta(hours=24)  # how long a suspended organizer is waited for


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user of the same organization. `suspended_at`: since when the engine does not run for him. `address`: the chief
    one of his addresses. `crm_user_id`: who he is in Salesforce."""

    user_id: int
    addresses: frozenset[str]
    enabled: bool
    suspended_at: datetime | None = None
    address: str = ""
    crm_user_id: str = ""


@dataclass(frozen=True, slots=True)
class Leader:
    """The colleague whose pair writes the record of a meeting, and where that record is."""

    user_id: int
    addresses: frozenset[str] = frozenset()
    crm_id: str = ""
    crm_object: str = ""


def synchronizes(colleague: Colleague, now: datetime) -> bool:
    """Will his own run save what he organizes? A short suspension does not change that (ROL-2, ROL-3)."""
    if colleague.enabled:
        return True
    return colleague.suspended_at is not None and now - colleague.suspended_at <= PATIENCE


def choose(leaders: Iterable[Leader], organizer: str) -> Leader | None:
    """Who leads when several pairs claim to: the organizer, else the user who came first."""
    ranked = sorted(leaders, key=lambda each: (organizer not in each.addresses, each.user_id))
    return ranked[0] if ranked else None


def leads_by_right(leader: Leader | None, organizer: str) -> bool:
    """Is the leader the organizer himself?"""
    return leader is not None and bool(organizer) and organizer in leader.addresses


def sync_addresses(colleagues: Collection[Colleague], now: datetime) -> frozenset[str]:
    """All addresses of colleagues whose own runs save what they organize."""
    return frozenset(a for each in colleagues if synchronizes(each, now) for a in each.addresses)
