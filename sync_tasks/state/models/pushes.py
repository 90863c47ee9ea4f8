"""Agreements with vendors that they tell us what happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class PushSubscription(Base):
    """How it was agreed with a vendor that it tells us what happens to a user's calendar or mail. Written before the
    vendor is asked, so whoever is killed in between leaves a row that is looked after."""

    __tablename__ = "push_subscription"
    __table_args__ = (
        UniqueConstraint("user_id", "feed"),
        Index("ix_push_subscription_told", "kind", "vendor_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    feed: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10), default="")
    state: Mapped[str] = mapped_column(String(10))  # PushState
    vendor_id: Mapped[str] = mapped_column(String(512), default="")
    resource: Mapped[str] = mapped_column(String(512), default="")
    address: Mapped[str] = mapped_column(String(64), unique=True)  # hash of the secret, as it stands in an address
    sealed: Mapped[bytes]  # the secret, under a key of the installation
    recent: Mapped[list[Any]] = mapped_column(default=list)  # marks of what was told last, the newest at the end
    expires_at: Mapped[datetime | None]
    tend_at: Mapped[datetime] = mapped_column(index=True)  # when somebody looks after it
    heard_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]  # when the mailbox was last asked what had happened
    look_at: Mapped[datetime | None] = mapped_column(index=True)  # and when it is to be asked next
    failures: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str] = mapped_column(String(80), default="")
