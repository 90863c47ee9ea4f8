"""Everything that decides whether an item is ours, under one name."""

from __future__ import annotations

from dataclasses import replace

from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Me, Outcome, PairFacts
from mapping.rules.email_modes import Standing, creating
from mapping.rules.scope_emails import FORCED, UNLINKED, Asked, confirm_email, email
from mapping.rules.scope_events import confirm_event, event_from_crm, event_from_mailbox, part_from_mailbox
from mapping.rules.scope_folders import contact_from_crm, from_mailbox, task_from_crm
from mapping.rules.scope_records import record_from_crm, record_from_mailbox
from mapping.rules.settings import Effective
from mapping.rules.windows import slid_out

__all__ = [
    "FORCED",
    "UNLINKED",
    "Asked",
    "Decision",
    "Me",
    "Outcome",
    "PairFacts",
    "Reason",
    "Standing",
    "by_mode",
    "confirm_email",
    "confirm_event",
    "contact_from_crm",
    "email",
    "event_from_crm",
    "event_from_mailbox",
    "from_mailbox",
    "makes_people",
    "may_create",
    "not_linkable",
    "part_from_mailbox",
    "record_from_crm",
    "record_from_mailbox",
    "slid_out",
    "task_from_crm",
]

# What a person asked for and did not get is an issue; what was merely automatic is only explained.
_ASKED_FOR = {Reason.NO_ACCOUNT: Reason.NO_ACCOUNT_MARKED, Reason.NO_PERSON: Reason.NO_PERSON_MARKED}


def may_create(decision: Decision | None) -> bool:
    """May records be made for unknown people on this item? Only when it is saved for the first time."""
    if decision is None or decision.reason in (Reason.LINKED, Reason.RELINKED, Reason.IN_THREAD):
        return False  # who joins a thread later is not looked for, so not made either (THR-4)
    return decision.outcome in (Outcome.CANDIDATE, Outcome.MIRROR, Outcome.SHARE)


def makes_people(settings: Effective) -> bool:
    """Are records made for unknown people at all?"""
    return settings.bool("resolve.smart") or settings.text("resolve.kind") != "off"


def by_mode(decision: Decision | None, settings: Effective) -> Effective:
    """The settings by which people are made for an item: some modes of saving e-mail automatically make them too."""
    automatic = decision is not None and decision.rule == "WAY-5"
    return creating(settings) if automatic else settings


def not_linkable(decision: Decision, why: Reason) -> Decision:
    """A message that was to be shared turned out to hang on nothing (LNK-22)."""
    reason = _ASKED_FOR.get(why, why) if decision.rule in FORCED else why
    return replace(decision, outcome=Outcome.SKIP, reason=reason, rule="LNK-22", detail={})
