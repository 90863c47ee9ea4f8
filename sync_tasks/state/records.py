"""What the state hands out: plain frozen values, detached from any session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mapping.model.item import Side
from mapping.rules.standing import Around, Effective, Standing, effective

# why a run was started, where that makes a difference
PREVIEW, PARTING, PARTING_PREVIEW = "preview", "parting", "parting.look"
TAKING, TAKING_PREVIEW = "taking", "taking.look"  # parting, and taking back what was saved
UNDO, UNDO_PREVIEW = "undo", "undo.look"
AUDIT = "audit"  # it compares, and writes nothing
# the counts of a run that tell of a side that it was not read to the end
UNREAD = {Side.MAILBOX: "unread.mailbox", Side.CRM: "unread.crm"}
BEHIND = "behind.crm"  # so many seconds before the run Salesforce was looked at, where that was done for all users
UNSENT = "mails_prevented"  # the count of a run: mails to attendees that it kept from being sent
LOOKING = (PREVIEW, PARTING_PREVIEW, TAKING_PREVIEW, UNDO_PREVIEW, AUDIT)  # runs that only look


class RunState(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"  # it planned more than goes without a person, and wrote nothing; see `HoldView`


class HoldDecision(StrEnum):
    APPROVED = "approved"  # the next run does it
    REJECTED = "rejected"  # the next run lets the pairs go instead: both copies stay
    VANISHED = "vanished"  # nobody had to decide: later plans no longer asked for it


class PairState(StrEnum):
    PENDING = "pending"  # written before the remote create; its outcome is not known yet
    LIVE = "live"
    RELEASED = "released"  # both copies stay, we no longer mirror them
    UNSYNCED = "unsynced"  # the user asked to take it out of Salesforce: never auto-saved again
    GONE = "gone"  # the tombstone of something deleted, so that its echo is known


class OpState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"  # handed to the vendor; until an outcome is written it may or may not have happened
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # what it needed failed
    LEFT = "left"  # the vendor does not let it be; what needs it goes on without
    WAITING = "waiting"  # another run is making the same: the next one looks what came of that


class ClaimState(StrEnum):
    OPEN = "open"  # a run is about to make the record, or was when it ended
    MADE = "made"
    DOUBT = "doubt"  # its run ended without saying whether it was made


class ClaimAnswer(StrEnum):
    YOURS = "yours"
    TAKEN = "taken"  # another run makes it, or may have: look again with the next run
    MADE = "made"  # another run has made it since we looked


class PushState(StrEnum):
    OFF = "off"  # nobody wants it, or it cannot be had
    PENDING = "pending"  # the vendor is being asked
    LIVE = "live"
    FAILING = "failing"  # the vendor refused the last time


class UnresolvedState(StrEnum):
    WAITS = "waits"  # until Salesforce knows him, or the next item tells more of him
    HELD = "held"  # until a person decides
    DECIDED = "decided"  # the next run makes what was asked for
    MADE = "made"
    RESOLVED = "resolved"  # Salesforce knows him now
    IGNORED = "ignored"  # put on a block list
    EXPIRED = "expired"  # nothing happened for too long


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run and the fencing token under which somebody may work on it. `patient`: it lets those of others go first."""

    id: int
    user_id: int
    token: int
    shard: int = 0
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """How many runs of an organization nobody has begun, and how many of those let others go first."""

    waiting: int = 0
    patient: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that was opened because its user was due at a moment."""

    ref: RunRef
    org_id: int
    due: datetime


@dataclass(frozen=True, slots=True)
class RunView:
    id: int
    user_id: int
    token: int
    trigger: str
    state: str
    stage: str
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    recovered: int
    error_code: str
    error_text: str
    undoes: int = 0  # the run that this one takes back
    asked: bool = True  # a person asked for it
    begun: bool = True  # a worker has taken it

    @property
    def is_preview(self) -> bool:
        return self.trigger in LOOKING

    @property
    def is_parting(self) -> bool:
        return self.trigger in (PARTING, PARTING_PREVIEW, TAKING, TAKING_PREVIEW)

    @property
    def is_taking_back(self) -> bool:
        return self.trigger in (TAKING, TAKING_PREVIEW)


@dataclass(frozen=True, slots=True)
class OrgView:
    id: int
    name: str
    enabled: bool
    created_at: datetime
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserView:
    id: int
    org_id: int
    org_name: str
    address: str
    crm_user_id: str
    aliases: tuple[str, ...]
    shard: int
    activated_at: datetime
    standing: Standing
    around: Around
    held_at: datetime | None
    next_sync_at: datetime
    last_started_at: datetime | None
    force_pending: bool
    lease_token: int
    lease_until: datetime | None

    @property
    def effective(self) -> Effective:
        """The state that holds, with its reason, as far as it can be told without looking at runs."""
        return effective(self.standing, self.around, began=self.last_started_at is not None)

    @property
    def status(self) -> str:
        """The effective state in words: what keeps it from running, or `enabled`."""
        return self.effective.text

    @property
    def paused_at(self) -> datetime | None:
        return self.standing.paused_at

    @property
    def disabled_at(self) -> datetime | None:
        return self.standing.disabled_at

    @property
    def suspended_at(self) -> datetime | None:
        return self.standing.suspended_at

    @property
    def suspended_code(self) -> str:
        return self.standing.code

    @property
    def failures(self) -> int:
        return self.standing.failures

    @property
    def org_enabled(self) -> bool:
        return self.around.org_enabled


@dataclass(frozen=True, slots=True)
class PairView:
    key: str
    kind: str
    born: str
    letter: str
    state: str
    reason: str
    mailbox_id: str
    mailbox_version: str
    folder: str
    crm_object: str
    crm_id: str
    crm_version: str
    crm_seen: str
    marks: Mapping[str, str]
    people: frozenset[str]
    ends_at: datetime | None
    pinned: bool
    mailbox_seen: str
    series: str
    role: str


@dataclass(frozen=True, slots=True)
class OpView:
    op_id: str
    position: int
    act: str
    side: str
    kind: str
    target: str
    step: str
    rule: str
    reason: str
    pair_key: str
    ref: str
    fields: tuple[str, ...]
    requires: tuple[str, ...]
    mails: int
    state: str
    result_id: str
    error_code: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    run_id: int
    at: datetime
    stage: str
    side: str
    kind: str
    ref: str
    key: str
    outcome: str
    reason: str
    rule: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IssueView:
    user: str
    side: str
    kind: str
    ref: str
    key: str
    code: str
    fields: tuple[str, ...]
    opened_at: datetime
    seen_at: datetime
    times: int
    quarantined: bool


@dataclass(frozen=True, slots=True)
class HoldView:
    """A plan that waits, or waited, for a person. `lines`: the numbers, by side and kind. `changes`: ids of operations
    and keys of pairs. `closed_at`: when the decision had taken effect."""

    id: int
    user: str
    run_id: int | None
    guard: str
    lines: tuple[Mapping[str, Any], ...]
    changes: frozenset[str]
    opened_at: datetime
    seen_at: datetime
    decision: str
    decided_at: datetime | None
    decided_by: str
    closed_at: datetime | None
    undoes: int = 0  # the run that the plan would take back


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A field edited on both sides, of which a person is, or was, to say whose value stays. `resolution`: the side, or
    empty. `closed_at`: the two agree again, or are no longer kept the same."""

    id: int
    user_id: int
    user: str
    key: str
    kind: str
    field: str
    baseline: str
    opened_at: datetime
    seen_at: datetime
    resolution: str
    resolved_at: datetime | None
    resolved_by: str
    closed_at: datetime | None


class IntentOutcome(StrEnum):
    SAVED = "saved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class IntentView:
    """What a user chose for one message. `key`: the pair key of its Message-ID, `item`: its id in the mailbox; one of
    them is empty. `thread`: the later messages of its thread go the same way. `outcome`: IntentOutcome, or empty."""

    id: int
    user_id: int
    user: str
    key: str
    item: str
    who: tuple[str, ...]
    what: str
    thread: bool
    made_at: datetime
    made_by: str
    expires_at: datetime
    outcome: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnresolvedView:
    """Somebody whom Salesforce does not know. `name`: keyed fingerprint of the address, which stands, with the display
    name, in `sealed`. `items`: kind, id and folder of where he was seen. `met`: the user has written to him."""

    id: int
    user_id: int
    user: str
    name: str
    sealed: bytes | None
    state: str
    reasons: tuple[str, ...]
    items: tuple[tuple[str, str, str], ...]
    met: bool
    first_seen: datetime
    last_seen: datetime
    wish: str
    account_id: str
    decided_at: datetime | None
    decided_by: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RetryView:
    side: str
    kind: str
    ref: str
    container: str
    attempts: int
    run_id: int
    reason: str
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class PushView:
    """How a user is listened for. `kind`: by which way the vendor tells, '' before it was asked for the first time.
    `sealed`: the secret that the vendor shows, `address`: its hash. `recent`: marks of what it told last."""

    id: int
    user_id: int
    user: str
    shard: int
    feed: str
    kind: str
    state: str
    vendor_id: str
    resource: str
    address: str
    sealed: bytes = field(repr=False)
    recent: tuple[str, ...]
    expires_at: datetime | None
    tend_at: datetime
    heard_at: datetime | None
    looked_at: datetime | None
    look_at: datetime | None
    failures: int
    error_code: str
