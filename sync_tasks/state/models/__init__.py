"""The tables. Content of mails and calendars stands in `staged_item.sealed` and `operation.sealed` only, sealed with
a key of the run that is thrown away when the run ends; all else is ids, moments, codes and keyed fingerprints."""

from __future__ import annotations

from sync_tasks.state.models.access import WebGrant, WebLink, WebSession, WebToken, WebTry
from sync_tasks.state.models.accounts import (
    MAY_RUN,
    UNHINDERED,
    AdminAudit,
    Connection,
    ConsentRow,
    Credential,
    KeptSecret,
    Organization,
    OrgMapping,
    RefreshClaim,
    User,
)
from sync_tasks.state.models.base import Base
from sync_tasks.state.models.configuration import (
    PresetRow,
    ProfileMember,
    ProfileRow,
    RolloutRow,
    SettingChange,
    SettingValue,
)
from sync_tasks.state.models.journal import BeforeImage, JournalRow
from sync_tasks.state.models.org_feeds import OrgFeed, OrgFeedReader
from sync_tasks.state.models.outcomes import (
    ConflictRow,
    DecisionRow,
    Hold,
    IntentRow,
    Issue,
    ItemRetry,
    MailFiles,
    Unresolved,
)
from sync_tasks.state.models.pairs import SEEN_NEXT, Linking, Pair, Thread, ThreadFollower, ThreadKey, ThreadLink
from sync_tasks.state.models.pushes import PushSubscription
from sync_tasks.state.models.runs import Claim, Cursor, OperationRow, RunStage, StagedItem, SyncRun
from sync_tasks.state.models.upkeep import BreakerRow, Notification

__all__ = [
    "MAY_RUN",
    "SEEN_NEXT",
    "UNHINDERED",
    "AdminAudit",
    "Base",
    "BeforeImage",
    "BreakerRow",
    "Claim",
    "ConflictRow",
    "Connection",
    "ConsentRow",
    "Credential",
    "Cursor",
    "DecisionRow",
    "Hold",
    "IntentRow",
    "Issue",
    "ItemRetry",
    "JournalRow",
    "KeptSecret",
    "Linking",
    "MailFiles",
    "Notification",
    "OperationRow",
    "OrgFeed",
    "OrgFeedReader",
    "OrgMapping",
    "Organization",
    "Pair",
    "PresetRow",
    "ProfileMember",
    "ProfileRow",
    "PushSubscription",
    "RefreshClaim",
    "RolloutRow",
    "RunStage",
    "SettingChange",
    "SettingValue",
    "StagedItem",
    "SyncRun",
    "Thread",
    "ThreadFollower",
    "ThreadKey",
    "ThreadLink",
    "Unresolved",
    "User",
    "WebGrant",
    "WebLink",
    "WebSession",
    "WebToken",
    "WebTry",
]
