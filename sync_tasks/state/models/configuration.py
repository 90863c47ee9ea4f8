"""Presets, profiles, the values that are set for them, for organizations and for users, and how those came about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base
from sync_tasks.state.types import Json


class PresetRow(Base):
    """A preset of an organization's own; those that come with the product are in `mapping.rules.presets`."""

    __tablename__ = "preset"
    __table_args__ = (UniqueConstraint("org_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(300), default="")


class ProfileRow(Base):
    """A group of users for whom the same is set."""

    __tablename__ = "profile"
    __table_args__ = (UniqueConstraint("org_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(300), default="")
    preset: Mapped[str] = mapped_column(String(80), default="")  # its name: one that is shipped, or the organization's


class ProfileMember(Base):
    """A user's profile; he has one at the most."""

    __tablename__ = "profile_member"
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)


class SettingValue(Base):
    """A value of an organization, or, where one of the three is given, of a preset, a profile or a user of it."""

    __tablename__ = "setting_value"
    __table_args__ = (
        UniqueConstraint("org_id", "user_id", "name"),
        Index("ix_setting_value_preset", "preset_id", "name", unique=True),
        Index("ix_setting_value_profile", "profile_id", "name", unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("preset.id", ondelete="CASCADE"))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any] = mapped_column(Json)
    locked: Mapped[bool] = mapped_column(default=False, server_default=false())


class SettingChange(Base):
    """A value that was set or taken back. NULL: not set."""

    __tablename__ = "setting_change"
    __table_args__ = (Index("ix_setting_change_org", "org_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("preset.id", ondelete="CASCADE"), index=True)
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    before: Mapped[Any | None] = mapped_column(Json)
    after: Mapped[Any | None] = mapped_column(Json)
    was_locked: Mapped[bool]
    locked: Mapped[bool]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))
    step: Mapped[str] = mapped_column(String(60), default="", server_default="")  # of a roll-out: whom it reached


class RolloutRow(Base):
    """A change of an organization's or a profile's values that a part of the users has so far."""

    __tablename__ = "rollout"
    __table_args__ = (Index("ix_rollout_org", "org_id", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    settings: Mapped[dict[str, Any]]
    locked: Mapped[bool]
    percent: Mapped[int]
    chosen: Mapped[list[Any]]  # ids of users who have it besides the share
    state: Mapped[str] = mapped_column(String(8))  # RolloutState
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(120))
    stepped_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(120), default="")
    why: Mapped[str] = mapped_column(String(300), default="")
