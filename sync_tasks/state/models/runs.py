"""Runs, the stages they have done, and what they hold while they are open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from sync_tasks.state.models.base import Base


class Cursor(Base):
    __tablename__ = "cursor"
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)
    pending: Mapped[str | None] = mapped_column(Text)  # read by the open run, committed as the last thing it does


class SyncRun(Base):
    __tablename__ = "sync_run"
    __table_args__ = (
        Index("ix_sync_run_open", "state", "touched_at"),
        # two open runs of one user cannot even be written
        Index("uq_sync_run_one_open", "user_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    trigger: Mapped[str] = mapped_column(String(12))
    undoes: Mapped[int] = mapped_column(default=0)  # the run that this one takes back
    asked: Mapped[bool] = mapped_column(default=True)  # a person asked for it, rather than the schedule or a vendor
    patient: Mapped[bool] = mapped_column(default=False)  # it lets the runs of other organizations go first
    state: Mapped[str] = mapped_column(String(10))  # RunState
    token: Mapped[int]
    stage: Mapped[str] = mapped_column(String(12), default="")  # the last stage that is done
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]  # last sign of life
    working: Mapped[str] = mapped_column(String(36), default="")  # which delivery is at work now
    finished_at: Mapped[datetime | None]
    run_key: Mapped[bytes | None]  # wrapped; gone when the run ends, and with it all that it sealed
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    recovered: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str] = mapped_column(String(64), default="")
    error_text: Mapped[str] = mapped_column(String(400), default="")


class RunStage(Base):
    __tablename__ = "run_stage"
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(12), primary_key=True)
    finished_at: Mapped[datetime]
    seconds: Mapped[float]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class StagedItem(Base):
    __tablename__ = "staged_item"
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True)
    slot: Mapped[str] = mapped_column(String(560), primary_key=True)
    sealed: Mapped[bytes]


class OperationRow(Base):
    __tablename__ = "operation"
    __table_args__ = (Index("ix_operation_state", "run_id", "state", "step"),)
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True)
    op_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    position: Mapped[int]
    act: Mapped[str] = mapped_column(String(10))
    side: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(80))
    step: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(60))
    pair_key: Mapped[str] = mapped_column(String(80), default="")
    ref: Mapped[str] = mapped_column(String(512), default="")
    fields: Mapped[list[Any]] = mapped_column(default=list)  # names of what it writes, never values
    requires: Mapped[list[Any]] = mapped_column(default=list)
    mails: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10))  # OpState
    result_id: Mapped[str] = mapped_column(String(512), default="")
    error_code: Mapped[str] = mapped_column(String(80), default="")
    sealed: Mapped[bytes | None]  # the values; gone when the run ends


class Claim(Base):
    """Which run makes, or made, the record of a person or company; see `Claims`."""

    __tablename__ = "claim"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)  # keyed fingerprint of an address or a domain
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(8))  # ClaimState
    at: Mapped[datetime]
    crm_object: Mapped[str] = mapped_column(String(80), default="")
    crm_id: Mapped[str] = mapped_column(String(18), default="")
