"""The dates that count: since when, how far back, how far ahead."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mapping.model.item import Span
from mapping.model.moment import day_of, midnight
from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Me, Outcome, PairFacts
from mapping.rules.settings import Effective


def before(created: object, me: Me, rule: str) -> Decision | None:
    """Is the item older than the user's synchronization?"""
    if isinstance(created, datetime) and created < me.activated_at:
        return Decision(Outcome.SKIP, Reason.BEFORE_ACTIVATION, rule)
    return None


def outside_window(span: Span | None, settings: Effective, now: datetime) -> Decision | None:
    """Is the item too far back, or still too far ahead, to be saved automatically?"""
    past, ahead = settings.int("autosave.past_days"), settings.int("autosave.future_days")
    today, start = day_of(now), _start(span, now)
    if start < today - timedelta(days=past):
        return Decision(Outcome.SKIP, Reason.PAST_WINDOW, "SCP-7", {"days": str(past)})
    if start > today + timedelta(days=ahead):
        eligible = (start - timedelta(days=ahead)).isoformat()
        return Decision(Outcome.WAIT, Reason.AHEAD_OF_WINDOW, "SCP-8", {"days": str(ahead), "eligible_on": eligible})
    return None


def left_window(span: Span | None, pair: PairFacts | None, settings: Effective, now: datetime) -> Decision | None:
    """Is a saved item outside the dates that are kept the same?"""
    if span is None or (pair is not None and pair.pinned):
        return None
    past, ahead = settings.int("scope.past_days"), settings.optional_int("scope.future_days")
    end = span.end if isinstance(span.end, datetime) else midnight(span.end)
    too_far = ahead is not None and day_of(span.start) > day_of(now) + timedelta(days=ahead)
    return slid_out() if too_far or end < now - timedelta(days=past) else None


def slid_out() -> Decision:
    """The dates that are kept the same have moved on, or the event has."""
    return Decision(Outcome.RELEASE, Reason.SLID_OUT, "DEL-3")


def _start(span: Span | None, now: datetime) -> date:
    return day_of(span.start if span else now)
