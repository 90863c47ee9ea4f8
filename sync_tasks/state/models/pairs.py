"""What is known to be the same on both sides, and which people and conversations belong to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base

# what a run has looked at and not yet ended; an index is used only for the very words it was made with
SEEN_NEXT = "crm_seen_next != '' OR mailbox_seen_next != ''"


class Pair(Base):
    __tablename__ = "pair"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_pair_mailbox", "user_id", "mailbox_id"),
        Index("ix_pair_crm", "user_id", "crm_id"),
        Index("ix_pair_ends", "user_id", "kind", "state", "ends_at"),
        Index("ix_pair_org_key", "org_id", "key"),
        Index("ix_pair_org_crm", "org_id", "crm_id"),
        Index("ix_pair_series", "user_id", "series"),
        # a run asks for these each time, and they are few among thousands
        Index("ix_pair_unseen", "user_id", sqlite_where=text("unseen IS 1"), postgresql_where=text("unseen IS true")),
        Index("ix_pair_seen_next", "user_id", sqlite_where=text(SEEN_NEXT), postgresql_where=text(SEEN_NEXT)),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(80))
    born: Mapped[str] = mapped_column(String(8))
    letter: Mapped[str] = mapped_column(String(1), default="")
    role: Mapped[str] = mapped_column(String(10), default="")  # in a meeting that several users share: leader or guest
    state: Mapped[str] = mapped_column(String(10))  # PairState
    reason: Mapped[str] = mapped_column(String(60), default="")
    # a mailbox id of Exchange is some 150 case-sensitive characters
    mailbox_id: Mapped[str] = mapped_column(String(512), default="")
    mailbox_version: Mapped[str] = mapped_column(String(200), default="")
    mailbox_seen: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of the item last looked at
    mailbox_seen_next: Mapped[str] = mapped_column(String(64), default="")  # takes its place when the run ends well
    folder: Mapped[str] = mapped_column(String(20), default="")
    series: Mapped[str] = mapped_column(String(512), default="")  # of an occurrence: the mailbox id of its master
    crm_object: Mapped[str] = mapped_column(String(80), default="")
    crm_id: Mapped[str] = mapped_column(String(18), default="")
    crm_version: Mapped[str] = mapped_column(String(40), default="")
    crm_seen: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of the row last looked at
    crm_seen_next: Mapped[str] = mapped_column(String(64), default="")  # takes its place when the run ends well
    marks: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the baseline: field -> keyed fingerprint
    people: Mapped[list[Any]] = mapped_column(default=list)  # fingerprints of the attendees both sides agreed on
    unseen: Mapped[bool] = mapped_column(default=False)  # created by us and not yet told by the mailbox's own feed
    ends_at: Mapped[datetime | None]  # for the window rules
    pinned: Mapped[bool] = mapped_column(default=False)  # marked by hand outside the window: does not slide out
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Linking(Base):
    """To what an item was linked in a run, and what else came into question: ids, scores and codes."""

    __tablename__ = "linking"
    __table_args__ = (Index("ix_linking_item", "user_id", "ref"), Index("ix_linking_key", "user_id", "key"))
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True)
    ref: Mapped[str] = mapped_column(String(512), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(80), default="")
    candidates: Mapped[list[Any]] = mapped_column(default=list)
    steps: Mapped[list[Any]] = mapped_column(default=list)
    further: Mapped[list[Any]] = mapped_column(default=list)  # ids of records that it is about besides the one linked


class Thread(Base):
    """Messages that answer each other, as all users of an organization see them together."""

    __tablename__ = "thread"
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), index=True)
    begun_at: Mapped[datetime]


class ThreadKey(Base):
    """By what a message of a thread is known: a Message-ID in it, or the conversation of one mailbox; both hashed."""

    __tablename__ = "thread_key"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)


class ThreadLink(Base):
    """A person or record that a thread is linked to, or the mark of an address on it, and by whose message it came."""

    __tablename__ = "thread_link"
    __table_args__ = (UniqueConstraint("thread_id", "part", "value", "user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    part: Mapped[str] = mapped_column(String(8))  # person, business or address
    value: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    by_hand: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]


class ThreadFollower(Base):
    """A user who wants all messages of a thread saved. `key`: the pair key of the message whose category asks for it;
    '' when something else does."""

    __tablename__ = "thread_follower"
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), default="")
    sealed: Mapped[bytes | None]  # values of columns that every later record gets, under a key of the installation
    since: Mapped[datetime]
