"""What becomes of a pair when one side goes: the kind of the item against what happened, as one literal table.

Kinds: A appointment born in the mailbox, B appointment born in Salesforce, C meeting that the user organizes,
D meeting of an outside organizer, E meeting of a colleague who synchronizes it himself.
"""

from __future__ import annotations

from enum import StrEnum

from mapping.model.item import Side
from mapping.model.reasons import Reason


class Trigger(StrEnum):
    MAILBOX_DELETED = "mailbox_deleted"
    UNSYNC_MARK = "unsync_mark"
    WINDOW = "window"
    CRM_DELETED = "crm_deleted"
    CATEGORY_REMOVED = "category_removed"
    DEACTIVATED = "deactivated"
    BOTH_DELETED = "both_deleted"


class Fate(StrEnum):
    DELETE_CRM = "delete_crm"
    DELETE_MAILBOX = "delete_mailbox"
    RELEASE = "release"  # the pair is dropped, our marks are taken off, both copies stay
    RESTORE_MARK = "restore_mark"
    DECLINE = "decline"  # only this user's attendance ends in Salesforce
    DROP = "drop"  # nothing is left but the pair


_DEL_CRM, _DEL_BOX, _FREE = Fate.DELETE_CRM, Fate.DELETE_MAILBOX, Fate.RELEASE
_MARK, _DECLINE, _DROP = Fate.RESTORE_MARK, Fate.DECLINE, Fate.DROP

# trigger                      A         B         C         D         E          rule
_TABLE: dict[Trigger, tuple[tuple[Fate, Fate, Fate, Fate, Fate], str]] = {
    Trigger.CATEGORY_REMOVED: ((_MARK, _MARK, _MARK, _MARK, _MARK), "MRK-6"),
    Trigger.MAILBOX_DELETED: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "DEL-1"),
    Trigger.UNSYNC_MARK: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "DEL-8"),
    Trigger.WINDOW: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-3"),
    Trigger.CRM_DELETED: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-2"),
    Trigger.DEACTIVATED: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-3"),
    Trigger.BOTH_DELETED: ((_DROP, _DROP, _DROP, _DROP, _DROP), "DEL-1"),
}

_LETTERS = "ABCDE"

REASONS: dict[Trigger, Reason] = {
    Trigger.MAILBOX_DELETED: Reason.DELETED_IN_MAILBOX,
    Trigger.UNSYNC_MARK: Reason.UNSYNC_MARKED,
    Trigger.WINDOW: Reason.SLID_OUT,
    Trigger.CRM_DELETED: Reason.DELETED_IN_CRM,
    Trigger.CATEGORY_REMOVED: Reason.MARK_RESTORED,
    Trigger.DEACTIVATED: Reason.DEACTIVATED,
    Trigger.BOTH_DELETED: Reason.DELETED_ON_BOTH_SIDES,
}

# How far deletions in Salesforce reach beyond the table (`deletion.events`): (letter, side of birth) pairs.
_REACH: dict[str, frozenset[tuple[str, Side]]] = {
    "off": frozenset(),
    "own": frozenset({("C", Side.CRM)}),
    "all": frozenset({("A", Side.MAILBOX), ("C", Side.CRM), ("C", Side.MAILBOX)}),
}


def fate(letter: str, trigger: Trigger, strategy: str, *, born: Side = Side.MAILBOX) -> tuple[Fate, str]:
    """What happens to the pair, and the rule that says so. `strategy` is the setting `deletion.events`."""
    fates, rule = _TABLE[trigger]
    if trigger is Trigger.CRM_DELETED and (letter, born) in _REACH[strategy]:
        return Fate.DELETE_MAILBOX, rule
    found = fates[_LETTERS.index(letter)]
    return found, "DEL-6" if found is Fate.DECLINE else rule
