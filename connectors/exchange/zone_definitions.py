"""Zones that bear no name, or one that only the sender knew: the answer tells how their clocks go.

Invitations of other programs arrive with such zones (`Id=""`, `Customized Time Zone`). Of the zones that have a name,
the one is meant whose clocks go alike in the year in question.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from exchangelib import EWSTimeZone
from exchangelib.properties import RecurringDateTransition, RecurringDayTransition, TimeZoneDefinition

_NOON = time(12)
_ALWAYS = date.min


def zone_defined(element: Any, year: int, home: EWSTimeZone | None) -> EWSTimeZone | None:
    """The zone that an element like StartTimeZone defines; None when it defines none, or none that has a name. Many
    zones have the same clocks: `home` is preferred to the others, then UTC."""
    try:
        # exchangelib empties what it has read
        told = _told(TimeZoneDefinition.from_xml(elem=deepcopy(element), account=None), year)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return next((zone for zone in _candidates(home) if _shown(zone, year) == told), None)


def _candidates(home: EWSTimeZone | None) -> Iterator[EWSTimeZone]:
    if home is not None:
        yield home
    yield EWSTimeZone("UTC")
    yield from (EWSTimeZone.from_ms_id(name) for name in EWSTimeZone.MS_TO_IANA_MAP)


@lru_cache(maxsize=1024)
def _shown(zone: EWSTimeZone, year: int) -> tuple[timedelta | None, ...]:
    """How far a zone is ahead of UTC at noon, day by day."""
    return tuple(datetime.combine(day, _NOON, zone).utcoffset() for day in _days(year))


def _told(definition: TimeZoneDefinition, year: int) -> tuple[timedelta, ...]:
    """The same for a zone that is only defined. Raises what comes of a definition with gaps."""
    ahead = {period.id: -period.bias for period in definition.periods}
    changes = sorted((_day(change, year), ahead[change.to]) for change in _changes(definition, year))
    # before the first change of a year the last one of the year before holds
    return tuple(
        next((offset for since, offset in reversed(changes) if since <= day), changes[-1][1]) for day in _days(year)
    )


def _changes(definition: TimeZoneDefinition, year: int) -> list[Any]:
    """The changes of the clocks in that year."""
    groups = {group.id: group.transitions for group in definition.transitions_groups}
    since = [(getattr(each, "date", None) or _ALWAYS, each.to) for each in definition.transitions]
    found: list[Any] = groups[max(begin for begin in since if begin[0].year <= year)[1]]
    return found


def _day(change: Any, year: int) -> date:
    match change:
        case RecurringDateTransition():
            return date(year, change.month, change.day)
        case RecurringDayTransition():
            begins, length = calendar.monthrange(year, change.month)
            days = [day for day in range(1, length + 1) if (begins + day - 1) % 7 == change.day_of_week - 1]
            # exchangelib tells the last one of a month as its fifth
            return date(year, change.month, days[min(change.occurrence, len(days)) - 1])
    return _ALWAYS


def _days(year: int) -> Iterator[date]:
    return (date(year, 1, 1) + timedelta(days=number) for number in range(365))
