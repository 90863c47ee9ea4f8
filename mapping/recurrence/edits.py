"""A series with a part of it changed, and what tells two states of a series apart.

All of it raises ValueError for a rule without sense, or for a zone that nobody knows.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice

from mapping.model.item import Moved, Original, Series, Span
from mapping.recurrence.expand import day_of, is_skipped, moment_of, originals, rule_of, span_of, with_rule
from mapping.recurrence.patterns import LAST, ORDINALS, Kind, Pattern, pattern_of, rule_for
from mapping.recurrence.rules import Rule

_WEEK = 7
_MOMENT = timedelta.resolution


class Difference(StrEnum):
    NONE = "none"
    EXCEPTIONS = "exceptions"  # single occurrences were cancelled, moved or put back
    MASTER = "master"  # the rule, the first occurrence or the zone is another


def difference(old: Series, new: Series) -> Difference:
    """What tells the two apart. Rules that repeat alike are the same, however they are written."""
    if (old.first, old.zone, rule_of(old)) != (new.first, new.zone, rule_of(new)):
        return Difference.MASTER
    same = (old.cancelled, old.moved) == (new.cancelled, new.moved)
    return Difference.NONE if same else Difference.EXCEPTIONS


def with_cancelled(series: Series, original: Original) -> Series:
    """The series without that occurrence."""
    moved = (each for each in series.moved if each.original != original)
    return _with_exceptions(series, {*series.cancelled, original}, moved)


def with_standing(series: Series, original: Original) -> Series:
    """The series with that occurrence where its rule has it."""
    moved = (each for each in series.moved if each.original != original)
    return _with_exceptions(series, {*series.cancelled} - {original}, moved)


def with_moved(series: Series, moved: Moved) -> Series:
    """The series with that occurrence as it is now, even if it was cancelled before."""
    others = (each for each in series.moved if each.original != moved.original)
    return _with_exceptions(series, {*series.cancelled} - {moved.original}, [*others, moved])


def ended_before(series: Series, moment: datetime) -> Series | None:
    """The series with nothing left that starts at the moment or later; None when nothing at all is left. An occurrence
    that was moved over the moment is cancelled. One that was moved from behind it to before it goes too, because the
    rule no longer yields it."""
    starts = tuple(originals(series, before=moment))
    over = {each.original for each in series.moved if moment_of(each.span.start) >= moment}
    cancelled = {each for each in {*series.cancelled, *over} if moment_of(each) < moment}
    if not set(starts) - cancelled:
        return None
    goes_on = next(originals(series, moment), None) is not None
    ended = _ending(series, starts[-1]) if goes_on else series
    moved = (each for each in series.moved if moment_of(each.original) < moment and each.original not in over)
    return _with_exceptions(ended, cancelled, moved)


def begun_at(series: Series, moment: datetime) -> Series | None:
    """The series without the occurrences that start before the moment by the rule; None when no others are left. When
    the first of these starts at a time that the clocks skip, the one before it stays as a cancelled one."""
    rule = rule_of(series)
    later = originals(series, moment)
    first = next(later, None)
    if first is None:
        return None
    if first == series.first.start:
        return series
    # An uncounted rule goes on as it is; a counted one is told where it ends.
    ended = series if rule.count is None else _ending(series, _last(later, first))
    cancelled = {each for each in series.cancelled if moment_of(each) >= moment}
    if is_skipped(series, first):
        first = _last(originals(series, before=moment), first)
        cancelled.add(first)
    begun = with_rule(replace(ended, first=span_of(series, first)), rule_of(ended))
    return _with_exceptions(begun, cancelled, (each for each in series.moved if moment_of(each.original) >= moment))


def shifted(series: Series, first: Span) -> Series:
    """The whole series moved with its first occurrence: to another day, another time or another length. It has as many
    occurrences as before; those that were cancelled or moved still are, and a moved one stays where it is. Raises
    ValueError also for a rule that cannot follow to another day, and between timed and all-day."""
    if first.all_day != series.all_day:
        raise ValueError("a timed series stays timed")
    rule = rule_of(series)
    days = day_of(series, series.first.start), day_of(series, first.start)
    new = with_rule(replace(series, first=first), replace(_following(rule, *days), count=rule.count))
    if rule.until is not None:
        many = sum(1 for _ in originals(series))
        new = _ending(new, _last(islice(originals(new), many), first.start))
    exceptions = {*series.cancelled, *(each.original for each in series.moved)}
    behind = max(map(moment_of, exceptions), default=moment_of(series.first.start)) + _MOMENT
    names = dict(zip(originals(series, before=behind), originals(new), strict=False))
    moved = (replace(each, original=names.get(each.original, each.original)) for each in series.moved)
    return _with_exceptions(new, (names.get(each, each) for each in series.cancelled), moved)


def _with_exceptions(series: Series, cancelled: Iterable[Original], moved: Iterable[Moved]) -> Series:
    return replace(
        series,
        cancelled=tuple(sorted(set(cancelled), key=moment_of)),
        moved=tuple(sorted(moved, key=lambda each: moment_of(each.original))),
    )


def _ending(series: Series, last: Original) -> Series:
    """The series with that occurrence as its last."""
    return with_rule(series, replace(rule_of(series), count=None, until=day_of(series, last)))


def _last(starts: Iterable[Original], otherwise: Original) -> Original:
    return max(starts, key=moment_of, default=otherwise)


def _following(rule: Rule, old: date, new: date) -> Rule:
    """The rule, without its end, for a series whose first occurrence went from one day to another."""
    if old == new:
        return replace(rule, count=None, until=None)
    pattern = pattern_of(rule)
    if pattern is None:
        raise ValueError("the rule is bound to its days")
    return rule_for(_moved(pattern, old, new))


def _moved(pattern: Pattern, old: date, new: date) -> Pattern:
    month = new.month if pattern.month else 0
    match pattern.kind:
        case Kind.DAILY:
            return pattern
        case Kind.WEEKLY:
            days = (new - old).days
            turned = frozenset((day + days) % _WEEK for day in pattern.days)
            return replace(pattern, days=turned, week_start=(pattern.week_start + days) % _WEEK)
        case Kind.MONTHLY | Kind.YEARLY:
            return replace(pattern, day=new.day, month=month)
        case Kind.MONTHLY_NTH | Kind.YEARLY_NTH:
            if len(pattern.days) > 1:
                raise ValueError("the rule is bound to its days")
            return replace(pattern, days=frozenset({new.weekday()}), ordinal=_ordinal(pattern, new), month=month)


def _ordinal(pattern: Pattern, day: date) -> int:
    """Which one of its month a weekday is; the last of the month stays the last if it can."""
    in_last_week = day.day + _WEEK > calendar.monthrange(day.year, day.month)[1]
    number = (day.day - 1) // _WEEK + 1
    return LAST if number not in ORDINALS or (pattern.ordinal == LAST and in_last_week) else number
