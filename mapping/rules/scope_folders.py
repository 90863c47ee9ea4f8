"""Which tasks and contacts are ours: those in the managed folder, and those marked elsewhere, which then move there.

From Salesforce come the user's own, as the settings ask for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mapping.model import fields
from mapping.model.item import ELSEWHERE, Item, ItemKind
from mapping.model.moment import day_of
from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Me, Outcome, PairFacts, is_marked, is_private
from mapping.rules.settings import Effective

HOMES = {ItemKind.TASK: "synced_tasks", ItemKind.CONTACT: "synced_contacts"}
FINISHED = "Completed"
OUTSIDE = "outside"  # the role of a pair whose record never was among those that are shown to the user
SAVED = {ItemKind.TASK: "TSK-1", ItemKind.CONTACT: "CON-5"}


def _skip(reason: Reason, rule: str, **detail: str) -> Decision:
    return Decision(Outcome.SKIP, reason, rule, detail)


def from_mailbox(item: Item, pair: PairFacts | None, settings: Effective) -> Decision:
    """Is this task or contact ours?"""
    kind = item.ref.kind
    at_home = item.ref.container == HOMES[kind]
    if pair is not None and pair.saved_before and not pair.unsynced:
        decided = _saved(item, pair, settings, at_home)
        return refused(item, settings) or decided if decided.outcome is Outcome.MIRROR else decided
    # A released item that still lies where it was let go is not marked by lying there.
    dropped = at_home and not (pair is not None and pair.unsynced and pair.folder == item.ref.container)
    if not dropped and not is_marked(item):
        return _skip(Reason.NOT_MARKED, "TSK-2" if kind is ItemKind.TASK else "CON-4")
    if kind is ItemKind.CONTACT and not item.text(fields.SURNAME).strip():
        return _skip(Reason.NO_SURNAME, "CON-12")
    return refused(item, settings) or Decision(
        Outcome.MIRROR, Reason.MARKED, "TSK-1" if kind is ItemKind.TASK else "CON-3"
    )


def refused(item: Item, settings: Effective) -> Decision | None:
    """Tasks of which the mailbox, or somebody who set it so, keeps us away. What was saved before stays as it is."""
    if item.ref.kind is not ItemKind.TASK:
        return None
    if item.flag(fields.IS_RECURRING) and not settings.bool("tasks.recurring"):
        return _skip(Reason.RECURRING_TASK, "TSK-11")
    if is_private(item) and not settings.bool("tasks.private"):
        return _skip(Reason.PRIVATE_TASK, "PRV-7")
    return None


def _saved(item: Item, pair: PairFacts, settings: Effective, at_home: bool) -> Decision:
    kind = item.ref.kind
    if item.ref.container == ELSEWHERE or (not at_home and pair.folder == HOMES[kind]):
        return Decision(Outcome.RELEASE, Reason.MOVED_OUT, "TSK-8" if kind is ItemKind.TASK else "CON-8")
    if pair.kind_letter == "B" and not settings.bool(f"{kind.value}s.down"):
        return Decision(Outcome.RELEASE, Reason.DOWN_OFF, "TSK-4" if kind is ItemKind.TASK else "CON-10")
    return Decision(Outcome.MIRROR, Reason.LINKED, SAVED[kind])


def task_from_crm(item: Item, pair: PairFacts | None, me: Me, settings: Effective, now: datetime) -> Decision:
    """Is this Salesforce task to be shown in the mailbox? Open ones are, and what was finished a short while ago."""
    if item.text("TaskSubtype") in ("Email", "ListEmail"):
        return _skip(Reason.EMAIL_TASK, "TSK-3'")
    if item.flag("IsRecurrence"):
        return _skip(Reason.SERIES_TASK, "TSK-10")
    mine = _is_mine(item, me)
    if pair is not None and pair.saved_before and not pair.unsynced:
        return _known(mine, Decision(Outcome.MIRROR, Reason.LINKED, SAVED[ItemKind.TASK]), "TSK-12")
    if not mine:
        return _skip(Reason.NOT_MINE, "TSK-3")
    if pair is not None and pair.unsynced:
        return _skip(Reason.UNSYNCED, "DEL-7")
    if not settings.bool("tasks.down"):
        return _skip(Reason.DOWN_OFF, "TSK-4")
    days = settings.int("tasks.past_days")
    if item.text("Status") == FINISHED and _last_touched(item) < day_of(now) - timedelta(days=days):
        return _skip(Reason.FINISHED_LONG_AGO, "TSK-3", days=str(days))
    return Decision(Outcome.MIRROR, Reason.FROM_SALESFORCE, "TSK-3")


def contact_from_crm(item: Item, pair: PairFacts | None, me: Me, settings: Effective) -> Decision:
    """Is this Salesforce contact to be shown in the mailbox?"""
    inside = settings.text("contacts.scope") != "mine" or _is_mine(item, me)
    if pair is not None and pair.saved_before and not pair.unsynced:
        # what was born in the mailbox is there because the user put it there, and not because a list shows it
        listed = not item.flag("Left") or pair.kind_letter == "A"
        return _known(inside and listed, Decision(Outcome.MIRROR, Reason.LINKED, "CON-6"), "CON-10")
    if not inside or item.flag("Left"):
        return _skip(Reason.NOT_MINE, "CON-2")
    if pair is not None and pair.unsynced:
        return _skip(Reason.UNSYNCED, "DEL-7")
    if not settings.bool("contacts.down"):
        return _skip(Reason.DOWN_OFF, "CON-10")
    return Decision(Outcome.MIRROR, Reason.FROM_SALESFORCE, "CON-1")


def _known(inside: bool, stays: Decision, rule: str) -> Decision:
    return stays if inside else Decision(Outcome.RELEASE, Reason.LEFT_SCOPE, rule)


def lies_outside(record: Item, me: Me, settings: Effective) -> bool:
    """Is this contact, which an item of the mailbox adopts, somebody else's where only the user's own are shown?"""
    return settings.text("contacts.scope") == "mine" and not _is_mine(record, me)


def _is_mine(item: Item, me: Me) -> bool:
    owner = item.text("OwnerId")
    return not owner or not me.user_id or owner[:15] == me.user_id[:15]


def _last_touched(item: Item) -> date:
    found = [value for name in ("ActivityDate", "LastModifiedDate") if isinstance(value := item.get(name), date)]
    return max((day_of(each) for each in found), default=date.max)
