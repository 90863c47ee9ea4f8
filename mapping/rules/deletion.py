"""What becomes of a pair when one side goes: the kind of the item against what happened, as literal tables.

Kinds of events: A appointment born in the mailbox, B appointment born in Salesforce, C meeting that the user organizes,
D meeting of an outside organizer, E meeting of a colleague who synchronizes it himself.
Tasks and contacts are A (born in the mailbox) or B (born in Salesforce).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mapping.merge.edits import Edits
from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.settings import Effective


class Trigger(StrEnum):
    MAILBOX_DELETED = "mailbox_deleted"
    UNSYNC_MARK = "unsync_mark"
    WINDOW = "window"
    CRM_DELETED = "crm_deleted"
    CATEGORY_REMOVED = "category_removed"
    DEACTIVATED = "deactivated"
    TAKEN_BACK = "taken_back"  # the same, and Salesforce is to give back what the mailbox put there
    BOTH_DELETED = "both_deleted"
    MOVED_OUT = "moved_out"  # to a folder that is not mirrored
    SWITCHED_OFF = "switched_off"  # Salesforce's own are no longer to be shown
    FOLDER_GONE = "folder_gone"  # the managed folder itself was removed: that deletes nothing
    LEFT_SCOPE = "left_scope"  # the record is somebody else's now, or left the chosen list
    CONDITION = "condition"  # a column of the record has a value that `deletion.unsync_when` names
    TAKEN_OVER = "taken_over"  # the organizer's own run writes the record from now on
    OCCURRENCE_GONE = "occurrence_gone"  # one occurrence of a series was cancelled
    SERIES_CHANGED = "series_changed"  # the rule of the series no longer yields this occurrence, which lay ahead
    SERIES_OVER = "series_over"  # the same, but it lies in the past and stays as it was


class Fate(StrEnum):
    DELETE_CRM = "delete_crm"
    DELETE_MAILBOX = "delete_mailbox"
    RELEASE = "release"  # the pair is dropped, our marks are taken off, both copies stay
    RESTORE_MARK = "restore_mark"
    DECLINE = "decline"  # only this user's attendance ends in Salesforce
    DROP = "drop"  # nothing is left but the pair
    RESTORE_ITEM = "restore_item"  # the mailbox copy is made again from the record
    RESTORE_RECORD = "restore_record"  # the record is made again from the mailbox copy
    CANCEL = "cancel"  # the record says that it is cancelled, and stays
    KEEP = "keep"  # as RELEASE, and a person has to hear of it


_DEL_CRM, _DEL_BOX, _FREE = Fate.DELETE_CRM, Fate.DELETE_MAILBOX, Fate.RELEASE
_MARK, _DECLINE, _DROP, _AGAIN = Fate.RESTORE_MARK, Fate.DECLINE, Fate.DROP, Fate.RESTORE_ITEM

# trigger                      A         B         C         D         E          rule
_TABLE: dict[Trigger, tuple[tuple[Fate, Fate, Fate, Fate, Fate], str]] = {
    Trigger.CATEGORY_REMOVED: ((_MARK, _MARK, _MARK, _MARK, _MARK), "MRK-6"),
    Trigger.MAILBOX_DELETED: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "DEL-1"),
    Trigger.UNSYNC_MARK: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "DEL-8"),
    Trigger.WINDOW: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-3"),
    Trigger.CRM_DELETED: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-2"),
    Trigger.DEACTIVATED: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "DEL-3"),
    Trigger.TAKEN_BACK: ((_DEL_CRM, _DEL_BOX, _DEL_CRM, _DEL_CRM, _FREE), "TOP-24"),
    Trigger.BOTH_DELETED: ((_DROP, _DROP, _DROP, _DROP, _DROP), "DEL-1"),
    Trigger.MOVED_OUT: ((_FREE, _FREE, _FREE, _FREE, _FREE), "DEL-4"),
    Trigger.SWITCHED_OFF: ((_FREE, _DEL_BOX, _FREE, _FREE, _FREE), "SCP-16"),
    Trigger.LEFT_SCOPE: ((_FREE, _FREE, _FREE, _FREE, _FREE), "ROL-9"),
    Trigger.FOLDER_GONE: ((_FREE, _FREE, _FREE, _FREE, _FREE), "MRK-2"),
    Trigger.CONDITION: ((_DEL_BOX, _DEL_BOX, _DEL_BOX, _DEL_BOX, _FREE), "DEL-3"),
    Trigger.TAKEN_OVER: ((_FREE, _FREE, _FREE, _FREE, _FREE), "ROL-7"),
    Trigger.OCCURRENCE_GONE: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "REC-13"),
    Trigger.SERIES_CHANGED: ((_DEL_CRM, _DEL_CRM, _DEL_CRM, _DEL_CRM, _DECLINE), "REC-10"),
    Trigger.SERIES_OVER: ((_FREE, _FREE, _FREE, _FREE, _FREE), "REC-10"),
}

# trigger                      A         B         rule for tasks, rule for contacts
_PLAIN: dict[Trigger, tuple[tuple[Fate, Fate], str, str]] = {
    Trigger.CATEGORY_REMOVED: ((_MARK, _MARK), "MRK-3", "MRK-3"),
    Trigger.MAILBOX_DELETED: ((_DEL_CRM, _DEL_CRM), "TSK-5", "CON-8"),
    Trigger.UNSYNC_MARK: ((_FREE, _FREE), "TSK-8", "CON-8"),
    Trigger.WINDOW: ((_FREE, _FREE), "TSK-4", "CON-10"),
    Trigger.CRM_DELETED: ((_DEL_BOX, _DEL_BOX), "TSK-7", "CON-7"),
    Trigger.DEACTIVATED: ((_FREE, _DEL_BOX), "LIF-6", "LIF-6"),
    Trigger.TAKEN_BACK: ((_FREE, _DEL_BOX), "TOP-24", "TOP-24"),
    Trigger.BOTH_DELETED: ((_DROP, _DROP), "TSK-5", "CON-7"),
    Trigger.MOVED_OUT: ((_FREE, _FREE), "TSK-8", "CON-8"),
    Trigger.SWITCHED_OFF: ((_FREE, _DEL_BOX), "TSK-4", "CON-10"),
    Trigger.LEFT_SCOPE: ((_FREE, _DEL_BOX), "TSK-12", "CON-10"),
    Trigger.FOLDER_GONE: ((_AGAIN, _AGAIN), "MRK-2", "MRK-2"),
}

# Records that are only shown: what happens to the item is undone, what happens to the record takes the item away.
_SHOWN: dict[Trigger, tuple[Fate, str]] = {
    Trigger.CATEGORY_REMOVED: (_MARK, "OBJ-1"),
    Trigger.MAILBOX_DELETED: (_AGAIN, "OBJ-1"),
    Trigger.MOVED_OUT: (_AGAIN, "OBJ-1"),
    Trigger.WINDOW: (_DEL_BOX, "DEL-3"),
    Trigger.CRM_DELETED: (_DEL_BOX, "OBJ-2"),
    Trigger.LEFT_SCOPE: (_DEL_BOX, "OBJ-2"),
    Trigger.SWITCHED_OFF: (_DEL_BOX, "SCP-16"),
    Trigger.DEACTIVATED: (_DEL_BOX, "DEL-3"),
    Trigger.TAKEN_BACK: (_DEL_BOX, "TOP-24"),
    Trigger.BOTH_DELETED: (_DROP, "OBJ-2"),
}

_LETTERS = "ABCDE"
_DELETIONS = frozenset({Trigger.MAILBOX_DELETED, Trigger.CRM_DELETED})

REASONS: dict[Trigger, Reason] = {
    Trigger.MAILBOX_DELETED: Reason.DELETED_IN_MAILBOX,
    Trigger.UNSYNC_MARK: Reason.UNSYNC_MARKED,
    Trigger.WINDOW: Reason.SLID_OUT,
    Trigger.CRM_DELETED: Reason.DELETED_IN_CRM,
    Trigger.CATEGORY_REMOVED: Reason.MARK_RESTORED,
    Trigger.DEACTIVATED: Reason.DEACTIVATED,
    Trigger.TAKEN_BACK: Reason.TAKEN_BACK,
    Trigger.BOTH_DELETED: Reason.DELETED_ON_BOTH_SIDES,
    Trigger.MOVED_OUT: Reason.MOVED_OUT,
    Trigger.SWITCHED_OFF: Reason.DOWN_OFF,
    Trigger.LEFT_SCOPE: Reason.LEFT_SCOPE,
    Trigger.FOLDER_GONE: Reason.FOLDER_GONE,
    Trigger.CONDITION: Reason.CONDITION_MET,
    Trigger.TAKEN_OVER: Reason.TAKEN_OVER,
    Trigger.OCCURRENCE_GONE: Reason.OCCURRENCE_CANCELLED,
    Trigger.SERIES_CHANGED: Reason.SERIES_CHANGED,
    Trigger.SERIES_OVER: Reason.SERIES_OVER,
}


def trigger_of(reason: Reason) -> Trigger:
    """What happened to an item that a decision released, told by the reason it gave."""
    return next((trigger for trigger, each in REASONS.items() if each is reason), Trigger.WINDOW)


# How far deletions in Salesforce reach beyond the table (`deletion.events`): (letter, side of birth) pairs.
_REACH: dict[str, frozenset[tuple[str, Side]]] = {
    "off": frozenset(),
    "own": frozenset({("C", Side.CRM)}),
    "all": frozenset({("A", Side.MAILBOX), ("C", Side.CRM), ("C", Side.MAILBOX)}),
}


# In a one-way mode a deletion on the side that may change nothing is undone (`events.way`).
_UNDONE: dict[tuple[str, Trigger], tuple[Fate, str]] = {
    ("up", Trigger.CRM_DELETED): (Fate.RESTORE_RECORD, "ONE-2"),
    ("down", Trigger.MAILBOX_DELETED): (Fate.RESTORE_ITEM, "ONE-3"),
    ("down", Trigger.CRM_DELETED): (Fate.DELETE_MAILBOX, "ONE-3"),
}


def fate(
    letter: str, trigger: Trigger, strategy: str, *, born: Side = Side.MAILBOX, way: str = "two_way"
) -> tuple[Fate, str]:
    """What happens to the pair, and the rule that says so. `strategy` is the setting `deletion.events`, `way` the
    setting `events.way`."""
    if (way, trigger) in _UNDONE and letter != "E":
        return _UNDONE[way, trigger]
    fates, rule = _TABLE[trigger]
    if trigger is Trigger.CRM_DELETED and (letter, born) in _REACH[strategy]:
        return Fate.DELETE_MAILBOX, rule
    found = fates[_LETTERS.index(letter)]
    return found, "DEL-6" if found is Fate.DECLINE else rule


@dataclass(frozen=True, slots=True)
class Stake:
    """What a deletion would destroy. `outsiders`: guests from outside would see the meeting go. `read_only`: the record
    is archived. `edits`: what somebody changed in the record since both sides agreed."""

    outsiders: bool = False
    read_only: bool = False
    edits: Edits = field(default_factory=Edits)


def spared(
    found: Fate, rule: str, trigger: Trigger, stake: Stake, settings: Effective
) -> tuple[Fate, str, Reason | None]:
    """What becomes of a deletion that would destroy something: fate, rule, and the reason if it is another one."""
    if found is Fate.DELETE_MAILBOX:
        asked = trigger is not Trigger.CONDITION or settings.bool("deletion.own_meetings")
        return (found, rule, None) if asked or not stake.outsiders else (Fate.RELEASE, "DEL-10", Reason.GUESTS_OUTSIDE)
    if found is not Fate.DELETE_CRM:
        return found, rule, None
    if stake.read_only:
        return Fate.RELEASE, "SCP-21", Reason.ARCHIVED
    if trigger is Trigger.MAILBOX_DELETED and stake.edits:
        winner = settings.text("conflict.event")
        if winner == "salesforce":
            return Fate.RESTORE_ITEM, "DEL-5", None
        if winner == "manual" or stake.edits.outside:
            return Fate.KEEP, "DEL-5", Reason.EDITED_IN_CRM
    if trigger is Trigger.MAILBOX_DELETED and settings.list("deletion.cancel_instead"):
        return Fate.CANCEL, rule, Reason.CANCELLED_IN_CRM
    return found, rule, None


def plain_fate(kind: ItemKind, letter: str, trigger: Trigger, settings: Effective) -> tuple[Fate, str]:
    """As `fate`, for tasks and contacts. What may not be removed comes back, if it is shown in the mailbox at all."""
    plural = f"{kind.value}s"
    if trigger is Trigger.MOVED_OUT and settings.text(f"{plural}.move_out") == "delete":
        trigger = Trigger.MAILBOX_DELETED
    if kind is ItemKind.TASK and trigger in _DELETIONS and not settings.bool("tasks.deletions"):
        return Fate.RELEASE, "TSK-11"
    fates, for_task, for_contact = _PLAIN[trigger]
    rule = for_task if kind is ItemKind.TASK else for_contact
    if trigger is Trigger.MAILBOX_DELETED and settings.bool(f"{plural}.forbid_remove"):
        kept = "TSK-6" if kind is ItemKind.TASK else "CON-9"
        return (Fate.RESTORE_ITEM if settings.bool(f"{plural}.down") else Fate.RELEASE), kept
    return fates["AB".index(letter)], rule


def shown_fate(trigger: Trigger) -> tuple[Fate, str]:
    """As `fate`, for records of other objects, which the calendar only shows."""
    return _SHOWN[trigger]
