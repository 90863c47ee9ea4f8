"""Which records of other Salesforce objects are shown in the calendar, and that their items stay as the record says."""

from __future__ import annotations

from datetime import datetime

from mapping.model.item import MISSING, Item
from mapping.model.reasons import Reason
from mapping.rules import series
from mapping.rules.decision import Decision, Me, Outcome, PairFacts
from mapping.rules.settings import Effective
from mapping.rules.windows import left_window, outside_window
from mapping.tables.shown import MINE, ShownObject, span_of

LEFT = "Left"  # virtual column: the record is no longer on the list that is shown


def record_from_crm(
    item: Item, shown: ShownObject | None, pair: PairFacts | None, me: Me, settings: Effective, now: datetime
) -> Decision:
    """Is this record to be shown? What left and comes back is shown again; what somebody refused to lose is not.
    `shown`: how its object is shown, None when it is not."""
    saved = pair is not None and pair.saved_before and not pair.unsynced
    if pair is not None and pair.refused:
        return _skip(Reason.HOLD_REJECTED, "TOP-4")
    if shown is None:
        return _gone(Reason.DOWN_OFF, "SCP-16", saved=saved)
    if item.flag(LEFT) or not _is_mine(item, shown, me):
        return _gone(Reason.LEFT_SCOPE, "OBJ-2", saved=saved)
    span = span_of(shown, item.fields)
    if span is None:
        return _gone(Reason.LEFT_SCOPE if saved else Reason.NO_DATE, "OBJ-2", saved=saved)
    if saved:
        return left_window(span, pair, settings, now) or Decision(Outcome.MIRROR, Reason.LINKED, "OBJ-1")
    return outside_window(span, settings, now) or Decision(Outcome.MIRROR, Reason.RECORD_SHOWN, "OBJ-1")


def record_from_mailbox(item: Item, pair: PairFacts | None, *, is_shown: bool) -> Decision:
    """What becomes of the item of a record: whatever was done to it, the record says how it is to be. `is_shown`: are
    the records of its object?"""
    if pair is not None and pair.unsynced:  # the record is not shown any more, or somebody refused to lose the item
        return _skip(Reason.HOLD_REJECTED, "TOP-4") if pair.refused else _skip(Reason.LEFT_SCOPE, "OBJ-2")
    if not is_shown:
        return Decision(Outcome.RELEASE, Reason.DOWN_OFF, "SCP-16")
    if series.is_master(item):
        return _skip(Reason.RECORD_REPEATED, "OBJ-1")
    return Decision(Outcome.MIRROR, Reason.LINKED, "OBJ-1")


def _skip(reason: Reason, rule: str) -> Decision:
    return Decision(Outcome.SKIP, reason, rule)


def _gone(reason: Reason, rule: str, *, saved: bool) -> Decision:
    """A record that is not to be shown: its item goes, if there is one."""
    return Decision(Outcome.RELEASE if saved else Outcome.SKIP, reason, rule)


def _is_mine(item: Item, shown: ShownObject, me: Me) -> bool:
    owner = item.get(shown.owner) if shown.scope == MINE else MISSING
    return owner is MISSING or not me.user_id or str(owner or "")[:15] == me.user_id[:15]
