"""What the store keeps of presets, profiles and the history of settings, and what goes with what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mapping.rules.presets import SHIPPED
from mapping.rules.settings import Layer
from sync_tasks.services import configuring, profiles
from sync_tasks.state.configuration import Configuration, Scope
from sync_tasks.state.engine import open_engine
from sync_tasks.state.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Office:
    """An organization with a user, in a profile that starts from a preset of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as unit:
            self.org = unit.accounts.add_org("acme", NOW)
            self.ann = unit.accounts.add_user(self.org, "ann@acme.example", NOW, crm_user_id="", shards=1,
                                              next_sync_at=NOW)  # fmt: skip
            self.preset = unit.configuration.add_preset(self.org, "Ours", "")
            self.profile = unit.configuration.add_profile(self.org, "Sales", "", "Ours")
            unit.configuration.assign([self.ann], self.profile.id)
        self.scopes = {
            "organization": Scope(self.org), "preset": Scope(self.org, "preset", self.preset.id),
            "profile": Scope(self.org, "profile", self.profile.id), "user": Scope(self.org, "user", self.ann),
        }  # fmt: skip

    def set_everywhere(self) -> None:
        with self.store.writing() as unit:
            for number, scope in enumerate(self.scopes.values()):
                configuring.put(unit, scope, "scope.past_days", number, at=NOW, by="test")


@pytest.fixture
def office(migrated_url: str) -> Office:
    return Office(Store(open_engine(migrated_url, pooled=False)))


@pytest.mark.rule("TOP-16")
def test_the_layers_of_a_user_come_from_the_weakest_to_the_strongest(office: Office) -> None:
    office.set_everywhere()
    with office.store.reading() as unit:
        assert unit.accounts.settings(office.org, office.ann) == [
            Layer(level, {"scope.past_days": number}) for number, level in enumerate(office.scopes)
        ]
        assert unit.accounts.settings(office.org, None) == [Layer("organization", {"scope.past_days": 0})]
    with office.store.writing() as unit:
        unit.configuration.set_profile(office.profile.id, text="", preset="read-only")
        layers = unit.accounts.settings(office.org, office.ann)
        assert layers[1] == Layer("preset", SHIPPED["read-only"].values)
        unit.configuration.set_profile(office.profile.id, text="", preset="one that is gone")
        assert [layer.name for layer in unit.accounts.settings(office.org, office.ann)] == [
            "organization", "profile", "user",
        ]  # fmt: skip


def test_values_and_history_go_with_whom_they_are_of_and_nobody_else(office: Office) -> None:
    office.set_everywhere()

    def left(configuration: Configuration) -> set[str]:
        return {change.scope.level for change in configuration.changes(office.org)}

    with office.store.writing() as unit:
        unit.configuration.drop_profile(office.profile.id)
        assert left(unit.configuration) == {"organization", "preset", "user"}
        assert unit.configuration.profile_of(office.ann) is None
        unit.configuration.drop_preset(office.preset.id)
        assert left(unit.configuration) == {"organization", "user"}
        unit.accounts.drop_user(office.ann)
        assert left(unit.configuration) == {"organization"}
        assert unit.configuration.values(office.scopes["user"]).values == {}
        assert unit.configuration.values(Scope(office.org)).values == {"scope.past_days": 0}


@pytest.mark.rule("TOP-16")
def test_two_who_set_the_same_at_the_same_moment_leave_one_value_and_a_history_that_fits(office: Office) -> None:
    def put(value: int) -> None:
        with office.store.writing() as unit:
            configuring.put(unit, Scope(office.org), "scope.past_days", value, at=NOW, by=f"setter {value}")

    with ThreadPoolExecutor(4) as several:
        list(several.map(put, range(1, 9)))

    with office.store.reading() as unit:
        changes = unit.configuration.changes(office.org)[::-1]
        assert [change.before for change in changes] == [None, *(change.after for change in changes[:-1])]
        assert unit.configuration.values(Scope(office.org)).values == {"scope.past_days": changes[-1].after}
        assert len(changes) == 8


def test_users_of_another_organization_are_refused_a_profile(office: Office) -> None:
    with office.store.writing() as unit:
        other = unit.accounts.add_org("other", NOW)
        ben = unit.accounts.add_user(other, "ben@other.example", NOW, crm_user_id="", shards=1, next_sync_at=NOW)
        with pytest.raises(configuring.SettingRefusedError, match=r"ben@other\.example is not of the organization"):
            profiles.assign(unit, [unit.accounts.user(ben)], office.profile, at=NOW, by="test")
        assert unit.configuration.profile_of(ben) is None
