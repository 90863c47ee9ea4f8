"""Everything that decides whether an item is ours, under one name."""

from __future__ import annotations

from mapping.rules.decision import Decision, Me, Outcome, PairFacts
from mapping.rules.scope_emails import confirm_email, email
from mapping.rules.scope_events import confirm_event, event_from_crm, event_from_mailbox

__all__ = [
    "Decision",
    "Me",
    "Outcome",
    "PairFacts",
    "confirm_email",
    "confirm_event",
    "email",
    "event_from_crm",
    "event_from_mailbox",
]
