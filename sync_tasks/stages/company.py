"""The user of a run among the colleagues of his organization.

A company has many addresses and most runs find nothing to do, so they are read when a rule first asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from connectors.protocols import OrgShape
from mapping.rules.addresses import AddressBook, address_book
from mapping.rules.decision import Me
from mapping.rules.roles import Colleague, sync_addresses
from mapping.rules.settings import Effective
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Store


@dataclass(frozen=True)
class Company:
    """What is asked for once stays as it was then."""

    user: UserView
    settings: Effective
    shape: OrgShape
    free_domains: frozenset[str]
    store: Store
    clock: Callable[[], datetime]
    disposable_domains: frozenset[str] = frozenset()

    @cached_property
    def colleagues(self) -> tuple[Colleague, ...]:
        """The other users of the organization."""
        with self.store.reading() as unit:
            return unit.accounts.colleagues(self.user.org_id, self.user.id)

    @cached_property
    def by_address(self) -> Mapping[str, Colleague]:
        """Colleagues by each of their addresses."""
        return {address: each for each in self.colleagues for address in each.addresses}

    @cached_property
    def primary(self) -> Mapping[str, str]:
        """The chief address of a colleague by each of his addresses."""
        return {address: each.address for address, each in self.by_address.items()}

    @cached_property
    def me(self) -> Me:
        return Me(
            addresses=frozenset({self.user.address, *self.user.aliases}), activated_at=self.user.activated_at,
            user_id=self.user.crm_user_id, sync_users=sync_addresses(self.colleagues, self.clock()),
            series_zones=_series_zones(self.shape),
        )  # fmt: skip

    @cached_property
    def book(self) -> AddressBook:
        return address_book(
            self.settings, self.me.addresses, self.free_domains, self.by_address, self.disposable_domains
        )


def _series_zones(shape: OrgShape) -> frozenset[str]:
    """The zones that the org offers for recurring events; none where it has no Classic series."""
    if not shape.can_create("Event", "IsRecurrence"):
        return frozenset()
    zones = shape.objects["Event"].get("RecurrenceTimeZoneSidKey", {}).get("values")
    return frozenset(map(str, zones)) if isinstance(zones, list | tuple) else frozenset()
