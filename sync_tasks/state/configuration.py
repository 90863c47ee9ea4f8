"""Values of settings by whose they are, presets, profiles and who is in them, and the history of all changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from mapping.rules.presets import SHIPPED
from mapping.rules.settings import Layer
from sync_tasks.state.models import (
    Organization,
    PresetRow,
    ProfileMember,
    ProfileRow,
    SettingChange,
    SettingValue,
    User,
)
from sync_tasks.state.rollouts import Rollouts

OWNERS = ("preset", "profile", "user")  # levels below the organization; of each a column names whose a row is


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose values. `id`: of the preset, profile or user; None for the organization's own."""

    org_id: int
    level: str = "organization"
    id: int | None = None


@dataclass(frozen=True, slots=True)
class PresetView:
    """`id`: None for one that comes with the product."""

    id: int | None
    org_id: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ProfileView:
    """`preset`: its name, '' for none."""

    id: int
    org_id: int
    name: str
    text: str
    preset: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """`before`, `after`: as they are kept; None: not set."""

    id: int
    scope: Scope
    name: str
    before: Any
    after: Any
    was_locked: bool
    locked: bool
    at: datetime
    by: str
    step: str = ""  # of a roll-out: whom it reached; '' for what held for everybody


class Configuration:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- values

    def values(self, scope: Scope) -> Layer:
        """What is set there, and what of it is locked."""
        return self._values_of([scope])[0]

    def _values_of(self, scopes: Sequence[Scope]) -> list[Layer]:
        where = or_(*(and_(*_at(SettingValue, scope)) for scope in scopes))
        rows = self._session.scalars(select(SettingValue).where(where)).all()
        return [_layer(scope.level, [row for row in rows if _scope(row) == scope]) for scope in scopes]

    def put(self, scope: Scope, name: str, value: Any, *, locked: bool = False) -> None:
        """Set or, with None, take back a value."""
        where = (*_at(SettingValue, scope), SettingValue.name == name)
        self._session.execute(delete(SettingValue).where(*where))
        if value is not None:
            self._session.add(SettingValue(**_named(scope), name=name, value=value, locked=locked))
            self._session.flush()

    def one_after_the_other(self, org_id: int) -> None:
        """Have whoever else changes settings of the organization wait until this transaction is over."""
        self._session.execute(select(Organization.id).where(Organization.id == org_id).with_for_update(key_share=True))

    def layers(self, org_id: int, user_id: int | None) -> list[Layer]:
        """The layers that apply to a user, or (None) to the organization, weakest first."""
        profile = None if user_id is None else self.profile_of(user_id)
        own = [] if user_id is None else [Scope(org_id, "user", user_id)]
        if profile is None:
            layers = self._values_of([Scope(org_id), *own])
        else:
            layers = self._stacked(org_id, profile.preset, [Scope(org_id, "profile", profile.id), *own])
        if user_id is None:
            return layers
        return Rollouts(self._session).applied(layers, org_id, user_id, None if profile is None else profile.id)

    def profile_layers(self, profile: ProfileView) -> list[Layer]:
        """The layers that apply to users of a profile who have set nothing themselves."""
        return self._stacked(profile.org_id, profile.preset, [Scope(profile.org_id, "profile", profile.id)])

    def preset_layers(self, preset: PresetView) -> list[Layer]:
        """The organization's layer and, over it, that of a preset."""
        return self._stacked(preset.org_id, preset.name, [])

    def _stacked(self, org_id: int, preset_name: str, above: Sequence[Scope]) -> list[Layer]:
        """With the preset of that name between the organization and `above`; one that is gone, or '', says nothing."""
        preset = self.preset(org_id, preset_name) if preset_name else None
        if preset is not None and preset.id is not None:
            return self._values_of([Scope(org_id), Scope(org_id, "preset", preset.id), *above])
        shipped = [] if preset is None else [Layer("preset", SHIPPED[preset.name].values)]
        first, *rest = self._values_of([Scope(org_id), *above])
        return [first, *shipped, *rest]

    # --- presets

    def presets(self, org_id: int) -> list[PresetView]:
        """Those that come with the product, then the organization's own by name."""
        rows = self._session.scalars(select(PresetRow).where(PresetRow.org_id == org_id).order_by(PresetRow.name))
        shipped = [PresetView(None, org_id, each.name, each.text) for each in SHIPPED.values()]
        return [*shipped, *map(_preset, rows)]

    def preset(self, org_id: int, name: str) -> PresetView | None:
        if name in SHIPPED:
            return PresetView(None, org_id, name, SHIPPED[name].text)
        row = self._session.scalars(select(PresetRow).where(PresetRow.org_id == org_id, PresetRow.name == name)).first()
        return None if row is None else _preset(row)

    def preset_numbered(self, preset_id: int) -> PresetView | None:
        row = self._session.get(PresetRow, preset_id)
        return None if row is None else _preset(row)

    def preset_values(self, preset: PresetView) -> Layer:
        if preset.id is None:
            return Layer("preset", SHIPPED[preset.name].values)
        return self.values(Scope(preset.org_id, "preset", preset.id))

    def add_preset(self, org_id: int, name: str, text: str) -> PresetView:
        row = PresetRow(org_id=org_id, name=name, text=text)
        self._session.add(row)
        self._session.flush()
        return _preset(row)

    def drop_preset(self, preset_id: int) -> None:
        self._session.execute(delete(PresetRow).where(PresetRow.id == preset_id))

    # --- profiles

    def profiles(self, org_id: int) -> list[ProfileView]:
        rows = self._session.scalars(select(ProfileRow).where(ProfileRow.org_id == org_id).order_by(ProfileRow.name))
        return [_profile(row) for row in rows]

    def profile(self, org_id: int, name: str) -> ProfileView | None:
        return next((each for each in self.profiles(org_id) if each.name == name), None)

    def profile_numbered(self, profile_id: int) -> ProfileView | None:
        row = self._session.get(ProfileRow, profile_id)
        return None if row is None else _profile(row)

    def profile_of(self, user_id: int) -> ProfileView | None:
        query = (
            select(ProfileRow)
            .join(ProfileMember, ProfileMember.profile_id == ProfileRow.id)
            .where(ProfileMember.user_id == user_id)
        )
        row = self._session.scalars(query).first()
        return None if row is None else _profile(row)

    def add_profile(self, org_id: int, name: str, text: str, preset: str) -> ProfileView:
        row = ProfileRow(org_id=org_id, name=name, text=text, preset=preset)
        self._session.add(row)
        self._session.flush()
        return _profile(row)

    def set_profile(self, profile_id: int, *, text: str, preset: str) -> None:
        row = self._session.get_one(ProfileRow, profile_id)
        row.text, row.preset = text, preset
        self._session.flush()

    def drop_profile(self, profile_id: int) -> None:
        self._session.execute(delete(ProfileRow).where(ProfileRow.id == profile_id))

    # --- who is in which profile

    def members(self, profile_id: int) -> list[int]:
        query = select(ProfileMember.user_id).join(User, User.id == ProfileMember.user_id).order_by(User.address)
        return list(self._session.scalars(query.where(ProfileMember.profile_id == profile_id)))

    def counts(self, org_id: int) -> dict[int, int]:
        """How many users are in each profile of the organization that has any."""
        query = (
            select(ProfileMember.profile_id, func.count())
            .join(ProfileRow, ProfileRow.id == ProfileMember.profile_id)
            .where(ProfileRow.org_id == org_id)
            .group_by(ProfileMember.profile_id)
        )
        return dict(self._session.execute(query).tuples().all())

    def assign(self, user_ids: Collection[int], profile_id: int | None) -> None:
        """Put users into a profile, or (None) into none."""
        self._session.execute(delete(ProfileMember).where(ProfileMember.user_id.in_(user_ids)))
        if profile_id is not None:
            self._session.add_all(ProfileMember(user_id=each, profile_id=profile_id) for each in user_ids)
        self._session.flush()

    # --- history

    def note(
        self, scope: Scope, name: str, *, before: Any, after: Any, was_locked: bool, locked: bool, at: datetime,
        by: str, step: str = "",
    ) -> None:  # fmt: skip
        self._session.add(SettingChange(
            **_named(scope), name=name, before=before, after=after, was_locked=was_locked, locked=locked, at=at, by=by,
            step=step,
        ))  # fmt: skip
        self._session.flush()

    def change(self, number: int) -> ChangeView | None:
        row = self._session.get(SettingChange, number)
        return None if row is None else _change(row)

    def changes(
        self, org_id: int, scope: Scope | None = None, *, name: str = "", before: int | None = None, limit: int = 100
    ) -> list[ChangeView]:  # fmt: skip
        """The changes of an organization and all that is in it, or of one scope, newest first."""
        where = [SettingChange.org_id == org_id] if scope is None else _at(SettingChange, scope)
        where += [SettingChange.name == name] if name else []
        where += [SettingChange.id < before] if before is not None else []
        query = select(SettingChange).where(*where).order_by(SettingChange.id.desc()).limit(limit)
        return [_change(row) for row in self._session.scalars(query)]


def _named(scope: Scope) -> dict[str, int | None]:
    """The columns that say whose a row is."""
    return {"org_id": scope.org_id} | {
        f"{level}_id": scope.id if level == scope.level else None for level in OWNERS
    }  # fmt: skip


def _at(table: type[SettingValue] | type[SettingChange], scope: Scope) -> list[ColumnElement[bool]]:
    columns: Mapping[str, Any] = {name: getattr(table, name) for name in _named(scope)}
    return [columns[name].is_(None) if value is None else columns[name] == value
            for name, value in _named(scope).items()]  # fmt: skip


def _layer(level: str, rows: Collection[SettingValue]) -> Layer:
    return Layer(level, {row.name: row.value for row in rows}, frozenset(row.name for row in rows if row.locked))


def _preset(row: PresetRow) -> PresetView:
    return PresetView(row.id, row.org_id, row.name, row.text)


def _profile(row: ProfileRow) -> ProfileView:
    return ProfileView(row.id, row.org_id, row.name, row.text, row.preset)


def _scope(row: SettingValue | SettingChange) -> Scope:
    found = ((level, getattr(row, f"{level}_id")) for level in OWNERS)
    return next((Scope(row.org_id, level, number) for level, number in found if number is not None), Scope(row.org_id))


def _change(row: SettingChange) -> ChangeView:
    return ChangeView(
        row.id, _scope(row), row.name, row.before, row.after, row.was_locked, row.locked, row.at, row.by, row.step,
    )  # fmt: skip
