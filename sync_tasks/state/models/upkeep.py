"""The tables of what is looked after besides runs: vendors that are down, and people who are to be told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class BreakerRow(Base):
    """How an organization gets along with a vendor; see `mapping.rules.outage`. No row: all is well."""

    __tablename__ = "breaker"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    vendor: Mapped[str] = mapped_column(String(20), primary_key=True)
    faults: Mapped[list[Any]] = mapped_column(default=list)  # [user, moment of his last fault]
    opened_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    looking: Mapped[int | None]  # the user who tries now
    looks: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(String(64), default="")


class Notification(Base):
    """What somebody is to be told by mail, once at the beginning and then once a day until it is mended."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_due", "closed_at", "due_at"),
        Index("uq_notification_one_open", "org_id", "whom", "cause", unique=True,
              sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    whom: Mapped[str] = mapped_column(String(24))  # user:ID, or `admins`
    cause: Mapped[str] = mapped_column(String(64))  # a code of the error catalogue
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=0)  # mails sent of it
    sent_at: Mapped[datetime | None]
    taken_until: Mapped[datetime | None]  # somebody is sending it
    closed_at: Mapped[datetime | None]
