"""Does what happened in the calendar, or to the marks of a mail, ask for a run at once? The first rule decides that
answers.

Most of what a calendar tells is nobody's wish: it is our own write coming back, or an item that is not ours. The rules
that need not know the item come first, so that it is read only when it may matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mapping.model import fields
from mapping.model.item import Item, ItemKind, Span
from mapping.model.notice import Happened, Notice
from mapping.model.reasons import Reason
from mapping.rules import marks
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.kinds import is_meeting
from mapping.rules.settings import MAILBOX, Effective

SWITCHES = {
    Happened.ADDED: "instant.on_add",
    Happened.CHANGED: "instant.on_update",
    Happened.REMOVED: "instant.on_delete",
}
MEETINGS = frozenset("CDE")  # the kinds of pairs that stand for meetings
WANTED = frozenset({Outcome.MIRROR, Outcome.CANDIDATE, Outcome.JOIN, Outcome.UNSYNC})


@dataclass(frozen=True, slots=True)
class Seen:
    """A notice with what is known of its item. `own`: our own write came back. `undone`: a run would take it back.
    `item`: as it stands now, None when it is gone. `decision`: what a run would decide about it."""

    notice: Notice
    pair: PairFacts | None = None
    own: bool = False
    undone: bool = False
    item: Item | None = None
    decision: Decision | None = None

    @property
    def linked(self) -> bool:
        return self.pair is not None and self.pair.saved_before and not self.pair.unsynced


@dataclass(frozen=True, slots=True)
class Wish:
    asks: bool
    reason: Reason
    rule: str


_Rule = Callable[[Seen, Effective], Wish | None]


def _no(reason: Reason, rule: str) -> Wish:
    return Wish(False, reason, rule)


# --- what can be told without the item


def _is_off(seen: Seen, settings: Effective) -> Wish | None:
    if settings.explain("instant.enabled").layer == MAILBOX:
        return _no(Reason.INSTANT_UNABLE, "INS-7")
    on = settings.bool("instant.enabled") and settings.bool(SWITCHES[seen.notice.what])
    return None if on else _no(Reason.INSTANT_OFF, "INS-1")


def _is_no_event(seen: Seen, settings: Effective) -> Wish | None:
    kind = seen.notice.ref.kind
    wanted = kind is ItemKind.EVENT or (kind is ItemKind.EMAIL and settings.bool("instant.emails"))
    return None if wanted else _no(Reason.INSTANT_EVENTS_ONLY, "INS-2")


def _is_our_own(seen: Seen, _settings: Effective) -> Wish | None:
    return _no(Reason.OWN_WRITE, "INS-10") if seen.own else None


def _is_undone(seen: Seen, _settings: Effective) -> Wish | None:
    """What is taken back is not taken back at once."""
    return _no(Reason.EDIT_UNDONE, "ONE-3") if seen.undone else None


def _was_removed(seen: Seen, settings: Effective) -> Wish | None:
    return _gone(seen, settings) if seen.notice.what is Happened.REMOVED else None


def _gone(seen: Seen, settings: Effective) -> Wish:
    if seen.notice.ref.kind is ItemKind.EMAIL:
        return _no(Reason.NOT_MARKED, "INS-6")  # its record stays, so nothing waits for anybody
    if not seen.linked or seen.pair is None:
        return _no(Reason.NOTHING_SAVED, "INS-6")
    if settings.text("instant.kinds") == "meeting" and seen.pair.kind_letter not in MEETINGS:
        return _no(Reason.INSTANT_MEETINGS_ONLY, "INS-3")
    return Wish(True, Reason.DELETED_IN_MAILBOX, "INS-2")


# --- what the item tells


def _has_vanished(seen: Seen, settings: Effective) -> Wish | None:
    return _gone(seen, settings) if seen.item is None else None


def _is_mail(seen: Seen, _settings: Effective) -> Wish | None:
    """A mail that was just marked, or one that is saved already and whose marks were changed."""
    assert seen.item is not None
    if seen.notice.ref.kind is not ItemKind.EMAIL or seen.linked:
        return None
    borne = seen.item.get(fields.CATEGORIES)
    marked = isinstance(borne, tuple) and marks.is_marked(map(str, borne))
    return Wish(True, Reason.MARKED, "INS-6") if marked else _no(Reason.NOT_MARKED, "INS-6")


def _is_no_meeting(seen: Seen, settings: Effective) -> Wish | None:
    assert seen.item is not None
    if seen.notice.ref.kind is not ItemKind.EVENT:
        return None
    if settings.text("instant.kinds") == "all":
        return None
    was_one = seen.linked and seen.pair is not None and seen.pair.kind_letter in MEETINGS
    span = seen.item.get(fields.SPAN)
    all_day = isinstance(span, Span) and span.all_day
    return None if (was_one or is_meeting(seen.item)) and not all_day else _no(Reason.INSTANT_MEETINGS_ONLY, "INS-3")


def _is_saved(seen: Seen, _settings: Effective) -> Wish | None:
    return Wish(True, Reason.LINKED, "INS-6") if seen.linked else None


def _is_to_be_saved(seen: Seen, _settings: Effective) -> Wish | None:
    if seen.decision is None:
        return _no(Reason.NOTHING_SAVED, "INS-6")
    return Wish(seen.decision.outcome in WANTED, seen.decision.reason, "INS-6")


_UNREAD: tuple[_Rule, ...] = (_is_off, _is_no_event, _is_our_own, _is_undone, _was_removed)
_READ: tuple[_Rule, ...] = (_has_vanished, _is_mail, _is_no_meeting, _is_saved, _is_to_be_saved)


def judge_unread(seen: Seen, settings: Effective) -> Wish | None:
    """The answer, as far as it does not depend on the item; None when the item must be looked at."""
    return next((wish for rule in _UNREAD if (wish := rule(seen, settings)) is not None), None)


def judge(seen: Seen, settings: Effective) -> Wish:
    return next(wish for rule in (*_UNREAD, *_READ) if (wish := rule(seen, settings)) is not None)
