"""The tables of the web process: who may do what, and by which session, link or token somebody is known. Of what is
secret only a hash is kept, so that whoever reads the store can log in nowhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class WebGrant(Base):
    """That an address administers an organization, or, without one, the whole installation."""

    __tablename__ = "web_grant"
    __table_args__ = (Index("ix_web_grant_address", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(120), default="")


class WebLink(Base):
    """A log-in that works once. `address`: as whom; empty for the local administrator."""

    __tablename__ = "web_link"
    secret: Mapped[str] = mapped_column(String(64), primary_key=True)  # its SHA-256
    address: Mapped[str] = mapped_column(String(320), default="")
    expires_at: Mapped[datetime]


class WebSession(Base):
    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_expires_at", "expires_at"),)
    secret: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), default="")
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class WebToken(Base):
    """A token of the REST interface, which acts as its owner does."""

    __tablename__ = "web_token"
    __table_args__ = (Index("ix_web_token_address", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(320), default="")
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class WebTry(Base):
    """Failed tries to log in, by where they came from (hashed)."""

    __tablename__ = "web_try"
    origin: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
