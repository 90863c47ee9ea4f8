"""A series as the columns with which a Lightning series is created. Salesforce gives it no id, and never lets its rule
be changed, so it is written once and not read."""

from __future__ import annotations

from datetime import datetime, timedelta

from mapping.model.item import Fields, Series
from mapping.recurrence.edits import begun_at
from mapping.recurrence.expand import moment_of, originals, rule_of, with_rule
from mapping.recurrence.patterns import ORDINALS
from mapping.recurrence.refusals import NOT_EXPRESSIBLE, ZONE_UNKNOWN, Refusal, of_length
from mapping.recurrence.rules import Frequency, Rule
from mapping.recurrence.zones import salesforce_key

MOST = 999  # occurrences that COUNT may ask for
INTERVALS = {Frequency.DAILY: 999, Frequency.WEEKLY: 99, Frequency.MONTHLY: 99, Frequency.YEARLY: 1}

_PREFIX = "RRULE:"
_LOOK_AHEAD = timedelta(days=5 * 366)  # how long the clocks of an endless series must agree


def columns(series: Series, since: datetime, zone: str) -> Fields | Refusal | None:
    """The series from the first occurrence on that starts at `since` or later; None when there is none. `zone`: the one
    in which Salesforce repeats what it is given, that of the user who writes. Raises ValueError for a rule without
    sense."""
    if refusal := of_length(series.first):
        return refusal
    begun = begun_at(series, since)
    if begun is None:
        return None
    rule = rule_of(begun)
    if not _is_allowed(rule):
        return NOT_EXPRESSIBLE
    start = moment_of(begun.first.start)
    last = max(map(moment_of, originals(begun, before=start + _LOOK_AHEAD)))
    if salesforce_key(series.zone, {zone}, start, last) is None:
        return ZONE_UNKNOWN
    return {
        "IsAllDayEvent": False,
        "StartDateTime": start,
        "DurationInMinutes": begun.first.minutes,
        "Recurrence2PatternText": _PREFIX + with_rule(begun, rule).rule,
    }


def _is_allowed(rule: Rule) -> bool:
    """Whether the rule keeps to the part of RFC 5545 that Salesforce takes. What does fits into the 512 characters of
    the column, too."""
    numbers = {day.ordinal for day in rule.by_day} - {0} | set(rule.by_set_pos)
    foreign = rule.by_week or rule.by_year_day
    short = rule.interval <= INTERVALS[rule.frequency] and (rule.count or 0) <= MOST
    return short and not foreign and numbers <= set(ORDINALS)
