"""Which settings have the word on a decision about a message, so that whoever asks why knows what to change."""

from __future__ import annotations

from mapping.model.reasons import Reason
from mapping.rules.settings import Effective, SettingValue

_BLOCKED = ("blocklist.user", "blocklist.org", "blocklist.free_mail")

BEHIND: dict[Reason, tuple[str, ...]] = {
    Reason.AUTOSAVE_OFF: ("autosave.emails",),
    Reason.OTHER_DIRECTION: ("autosave.email_direction",),
    Reason.BEFORE_ACTIVATION: ("autosave.first_email_days",),
    Reason.PRIVATE: ("mail.skip_private",),
    Reason.ALL_INTERNAL: ("domains.internal",),
    Reason.ALL_BLOCKED: _BLOCKED,
    Reason.NO_PERSON: ("autosave.email_mode",),
    Reason.NO_PERSON_MARKED: ("resolve.kind", "autosave.unlinked_emails"),
    Reason.NO_ACCOUNT: ("link.require_account",),
    Reason.NO_ACCOUNT_MARKED: ("link.require_account",),
    Reason.PERSON_FOUND: ("autosave.email_mode",),
    Reason.PERSON_CREATED: ("resolve.kind",),
    Reason.RECORD_NAMED: ("link.urls",),
    Reason.ACCOUNT_KNOWN: ("link.domain_accounts",),
    Reason.IN_THREAD: ("threads.enabled",),
    Reason.AUTOSAVED_UNLINKED: ("autosave.unlinked_emails",),
    Reason.BLOCKED_KNOWN: ("autosave.count_blocked",),
    Reason.COPIED_FOR_CHOICE: ("clones.relinked",),
    Reason.RECORD_DELETED: ("email.resave_deleted",),
}


def settings_behind(reason: Reason, settings: Effective) -> tuple[str, ...]:
    """The settings that decided, each with its value and the layer that says so: `autosave.emails = no (default)`. Of a
    list only its length is told: it may name people."""
    return tuple(said(name, settings) for name in BEHIND.get(reason, ()))


def said(name: str, settings: Effective) -> str:
    """A setting, its value, and who says so."""
    found = settings.explain(name)
    return f"{name} = {_shown(found.value)} ({found.layer})"


def _shown(value: SettingValue) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} entries" if value else "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
