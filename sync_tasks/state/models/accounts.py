"""Organizations, users, how they are connected, and what is set for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class Organization(Base):
    __tablename__ = "organization"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # cached describes: field facts, no content; large, so read only when it is asked for
    shape: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    shape_at: Mapped[datetime | None]


class User(Base):
    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("org_id", "address"),
        Index("ix_app_user_due", "next_sync_at", "lease_until"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320), index=True)
    crm_user_id: Mapped[str] = mapped_column(String(18), default="")
    aliases: Mapped[list[Any]] = mapped_column(default=list)
    shard: Mapped[int] = mapped_column(default=0)
    activated_at: Mapped[datetime]
    initialized_at: Mapped[datetime | None]  # since when the mailbox holds something of ours
    # why it does not run: by the user, by an admin, because it is being deleted, by the engine
    paused_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    leaving_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_code: Mapped[str] = mapped_column(String(64), default="")
    suspended_attempts: Mapped[int] = mapped_column(default=0)  # tries in vain since
    probe_at: Mapped[datetime | None]  # when a suspended user is tried again; None: only once somebody did something
    failures: Mapped[int] = mapped_column(default=0)
    held_at: Mapped[datetime | None]  # since when its plans wait for a person; see `Hold`
    # when it runs
    next_sync_at: Mapped[datetime]
    last_started_at: Mapped[datetime | None]
    force_pending: Mapped[bool] = mapped_column(default=False)
    # who may write for it: the lease, with its fencing token
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]


# of a user and the organization it is joined to: nobody keeps it from running
UNHINDERED = (
    Organization.enabled, Organization.paused_at.is_(None), User.paused_at.is_(None), User.disabled_at.is_(None),
    User.leaving_at.is_(None),
)  # fmt: skip
# and the engine does not either
MAY_RUN = (*UNHINDERED, User.suspended_at.is_(None))


class Connection(Base):
    __tablename__ = "connection"
    __table_args__ = (UniqueConstraint("org_id", "user_id", "side"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    side: Mapped[str] = mapped_column(String(8))
    vendor: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # endpoint, access type, folder ids: nothing secret


class Credential(Base):
    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("connection_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime | None]


class RefreshClaim(Base):
    """Who asks the vendor for the next token of a credential: one at a time, and what the others wait for."""

    __tablename__ = "refresh_claim"
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(36))
    until: Mapped[datetime]


class ConsentRow(Base):
    """A person who was sent to a vendor's page, and is expected back once. See `sync_tasks.services.consent`."""

    __tablename__ = "consent"
    state: Mapped[str] = mapped_column(String(64), primary_key=True)  # digest of what travels with the person
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    vendor: Mapped[str] = mapped_column(String(20))
    browser: Mapped[str] = mapped_column(String(64))  # digest of what only that browser, or that console, holds
    sealed: Mapped[bytes]  # what the answer is redeemed with
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KeptSecret(Base):
    """Secrets of the installation itself, under its keys."""

    __tablename__ = "kept_secret"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes]


class OrgMapping(Base):
    """What an organization changed of a mapping table; see `mapping.tables.adjust`."""

    __tablename__ = "mapping"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    rows: Mapped[list[Any]] = mapped_column(default=list)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120), default="")


class AdminAudit(Base):
    __tablename__ = "admin_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(320))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
