"""What became of items: decided, failed, waiting for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class DecisionRow(Base):
    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_item", "user_id", "ref"),
        Index("ix_decision_key", "user_id", "key"),
        Index("ix_decision_run", "run_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(12))
    side: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    ref: Mapped[str] = mapped_column(String(512))
    key: Mapped[str] = mapped_column(String(80), default="")
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Issue(Base):
    __tablename__ = "issue"
    __table_args__ = (
        Index("ix_issue_open", "user_id", "closed_at"),
        UniqueConstraint("user_id", "side", "kind", "ref", "code"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("sync_run.id", ondelete="SET NULL"))
    side: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    ref: Mapped[str] = mapped_column(String(512))
    key: Mapped[str] = mapped_column(String(80), default="")
    code: Mapped[str] = mapped_column(String(80))
    fields: Mapped[list[Any]] = mapped_column(default=list)
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]


class ItemRetry(Base):
    __tablename__ = "item_retry"
    __table_args__ = (Index("ix_item_retry_due", "user_id", "not_before"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[str] = mapped_column(String(8), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)  # one record may be mirrored and shown, too
    ref: Mapped[str] = mapped_column(String(512), primary_key=True)
    container: Mapped[str] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    run_id: Mapped[int] = mapped_column(default=0)  # the run that put it here last
    reason: Mapped[str] = mapped_column(String(80), default="")
    not_before: Mapped[datetime | None]  # None: quarantined, no longer tried by itself


class MailFiles(Base):
    """Who of the organization saves the attachments of a mail, and which of them he has not saved yet."""

    __tablename__ = "mail_files"
    __table_args__ = (Index("ix_mail_files_due", "user_id", "not_before"),)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)  # of the pair
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    left: Mapped[list[Any]] = mapped_column(default=list)  # their places in the mail
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]  # None: all are saved, or the rest was given up


class Hold(Base):
    """A plan that waits for a person. It names the changes in question by ids that do not change from run to run."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "user_id", "closed_at"),
        Index("uq_hold_one_waiting", "user_id", "guard", "undoes", unique=True,
              sqlite_where=text("decided_at IS NULL"), postgresql_where=text("decided_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("sync_run.id", ondelete="SET NULL"))  # whose plan it was
    guard: Mapped[str] = mapped_column(String(20))
    undoes: Mapped[int] = mapped_column(default=0)  # the run that the plan would take back
    lines: Mapped[list[Any]] = mapped_column(default=list)  # the numbers: count and limits by side and kind
    changes: Mapped[list[Any]] = mapped_column(default=list)  # ids of operations, keys of pairs that are only let go
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(String(10), default="")  # HoldDecision
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    closed_at: Mapped[datetime | None]  # the decision has taken effect


class ConflictRow(Base):
    """A field edited on both sides, of which a person is to say whose value stays."""

    __tablename__ = "conflict"
    __table_args__ = (
        Index("uq_conflict_one_open", "user_id", "key", "field", unique=True, sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))
    field: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes | None]  # both values, under a key of the installation; gone when it is closed
    baseline: Mapped[str] = mapped_column(String(64), default="")  # the mark of what both sides agreed on last
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    resolution: Mapped[str] = mapped_column(String(10), default="")  # Side: whose value stays
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str] = mapped_column(String(120), default="")
    closed_at: Mapped[datetime | None]


class Unresolved(Base):
    """Somebody on a user's items whom Salesforce does not know, and for whom no record was made."""

    __tablename__ = "unresolved"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        Index("ix_unresolved_look", "user_id", "closed_at", "look_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))  # keyed fingerprint of the address
    domain: Mapped[str] = mapped_column(String(64))  # keyed fingerprint of its domain
    sealed: Mapped[bytes | None]  # address and display name, under a key of the installation; gone when it is closed
    state: Mapped[str] = mapped_column(String(10))  # UnresolvedState
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    items: Mapped[list[Any]] = mapped_column(default=list)  # where he was seen: kind, id and folder, the latest last
    met: Mapped[bool] = mapped_column(default=False)  # the user has written to him
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    look_at: Mapped[datetime | None]  # when it is asked again whether Salesforce knows him
    wish: Mapped[str] = mapped_column(String(20), default="")  # what a person decided: a `Wish`
    account_id: Mapped[str] = mapped_column(String(18), default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    closed_at: Mapped[datetime | None]


class IntentRow(Base):
    """What a user chose for one message: the records it hangs on and values of its record. It is carried out by the
    run that meets the message."""

    __tablename__ = "intent"
    __table_args__ = (Index("ix_intent_open", "user_id", "closed_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    # which message: the pair key of its Message-ID, or the id of the item in the mailbox
    key: Mapped[str] = mapped_column(String(80), default="")
    item: Mapped[str] = mapped_column(String(512), default="")
    who: Mapped[list[Any]] = mapped_column(default=list)
    what: Mapped[str] = mapped_column(String(18), default="")
    thread: Mapped[bool] = mapped_column(default=False)  # the later messages of the thread go the same way
    sealed: Mapped[bytes | None]  # values by column, under a key of the installation; gone when it is closed
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(120), default="")
    expires_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(10), default="")  # IntentOutcome
    closed_at: Mapped[datetime | None]
