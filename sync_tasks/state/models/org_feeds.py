"""What one look a minute has told of a whole organization, and which users that concerns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class OrgFeed(Base):
    """How far an organization has been read for all its users. Rounds count the calls that went well."""

    __tablename__ = "org_feed"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="")  # FeedState
    round: Mapped[int] = mapped_column(default=0)
    account: Mapped[str] = mapped_column(String(64), default="")  # whose eyes it sees with: a digest
    # by object: [the round since which nothing was missed, its topics, its list views and what they are about]
    since: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cursors: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)  # by object; large
    read_at: Mapped[datetime | None]  # when the last round began
    good_until: Mapped[datetime | None]  # so long users may rely on it
    next_at: Mapped[datetime] = mapped_column(index=True)
    token: Mapped[int] = mapped_column(default=0)  # who reads it now; whoever has an older one writes nothing
    failures: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str] = mapped_column(String(80), default="")
    moved: Mapped[int] = mapped_column(default=0)  # records of the last round
    calls: Mapped[int] = mapped_column(default=0)  # of this day, in UTC
    calls_on: Mapped[str] = mapped_column(String(10), default="")


class OrgFeedReader(Base):
    """What a user listens to, since a poll of his own told nothing, and the last round that concerned him."""

    __tablename__ = "org_feed_reader"
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    topics: Mapped[list[Any]] = mapped_column(default=list)
    touched: Mapped[int] = mapped_column(default=0)
