"""The tables. Content of mails and calendars stands in `staged_item.sealed` and `operation.sealed` only, sealed with
a key of the run that is thrown away when the run ends; all else is ids, moments, codes and keyed fingerprints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from sync_tasks.state.types import Json, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json, bytes: LargeBinary}  # noqa: RUF012


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


class SettingValue(Base):
    __tablename__ = "setting_value"
    __table_args__ = (UniqueConstraint("org_id", "user_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any] = mapped_column(Json)


class Cursor(Base):
    __tablename__ = "cursor"
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)
    pending: Mapped[str | None] = mapped_column(Text)  # read by the open run, committed as the last thing it does


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
        Index("uq_hold_one_waiting", "user_id", "guard", unique=True, sqlite_where=text("decided_at IS NULL"),
              postgresql_where=text("decided_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("sync_run.id", ondelete="SET NULL"))  # whose plan it was
    guard: Mapped[str] = mapped_column(String(20))
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


class OrgMapping(Base):
    """What an organization changed of a mapping table; see `mapping.tables.adjust`."""

    __tablename__ = "mapping"
    org_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    rows: Mapped[list[Any]] = mapped_column(default=list)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120), default="")


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


class AdminAudit(Base):
    __tablename__ = "admin_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(320))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
