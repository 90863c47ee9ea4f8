"""The tables of the journal: what stood where a run has written, so that it can be put back for a while.

All of a run's images are sealed with one key. When their time is over the key is thrown away with them, so that copies
of the database tell nothing of them either."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class JournalRow(Base):
    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_expires", "expires_at"),)
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    key: Mapped[bytes | None]  # wrapped; gone when its time is over
    expires_at: Mapped[datetime]


class BeforeImage(Base):
    """What one operation found where it wrote, and what it wrote there."""

    __tablename__ = "before_image"
    run_id: Mapped[int] = mapped_column(ForeignKey("journal.run_id", ondelete="CASCADE"), primary_key=True)
    op_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    sealed: Mapped[bytes]
    version: Mapped[str] = mapped_column(String(200), default="")  # of the item once it was written
    made: Mapped[bool] = mapped_column(default=False)  # a create made something, and did not find it there
    undone_at: Mapped[datetime | None]
