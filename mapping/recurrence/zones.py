"""One zone and its names: what Windows, the IANA and Salesforce call it, and how far two zones agree.

Unicode's table tells which names Windows and the IANA give to a zone. Which zones Salesforce knows is told by the
organization itself, as the values that it allows for `RecurrenceTimeZoneSidKey`; whether one of them is the zone that
is meant is told by the clocks. All this matters to series that Salesforce repeats by itself, and to nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from tzlocal.windows_tz import tz_win, win_tz

from mapping.recurrence.expand import zone_of

_UTC = frozenset({"", "UTC", "Etc/UTC", "GMT", "Etc/GMT"})
_DAY, _QUARTER = timedelta(days=1), timedelta(minutes=15)


class Grade(StrEnum):
    """How far the clocks of two zones agree during a period."""

    IDENTICAL = "identical"  # always
    SIMILAR = "similar"  # they show the same offsets, but are moved at other moments
    COMPLIANT = "compliant"  # sometimes
    DIFFERENT = "different"  # never


def iana_of(windows: str) -> str | None:
    """The IANA name of a zone of Windows; None for a name that only its sender knows (`Customized Time Zone`)."""
    return win_tz.get(windows)


def windows_of(iana: str) -> str | None:
    """The Windows name of a zone; None when Windows has none."""
    return "UTC" if iana in _UTC else tz_win.get(iana)


def grade(one: str, other: str, since: datetime, until: datetime) -> Grade:
    """Compare two zones by their IANA names. Raises ValueError for a name that nobody knows."""
    seen = set(_offsets(one, other, since, until))
    same = {here == there for here, there in seen}
    if same == {True}:
        return Grade.IDENTICAL
    if {here for here, _ in seen} == {there for _, there in seen}:
        return Grade.SIMILAR
    return Grade.COMPLIANT if True in same else Grade.DIFFERENT


def salesforce_key(zone: str, keys: Collection[str], since: datetime, until: datetime) -> str | None:
    """Which of Salesforce's zones is the one with the IANA name `zone` during the period; None when none is. The zone
    itself is preferred, then one that Windows takes for the same."""
    if zone in keys:
        return zone
    named = windows_of(zone)
    candidates = sorted(keys, key=lambda key: (windows_of(key) != named, key))
    return next((key for key in candidates if _agree(zone, key, since, until)), None)


def _agree(zone: str, key: str, since: datetime, until: datetime) -> bool:
    try:
        zone_of(key)
    except ValueError:
        return False  # Salesforce may know zones that are newer than our data
    return all(here == there for here, there in _offsets(zone, key, since, until))


def _offsets(one: str, other: str, since: datetime, until: datetime) -> Iterator[tuple[timedelta | None, ...]]:
    """What both clocks show, day by day, and by the quarter of an hour on days when one of them is moved."""
    zones = zone_of(one), zone_of(other)

    def at(moment: datetime) -> tuple[timedelta | None, ...]:
        return tuple(moment.astimezone(zone).utcoffset() for zone in zones)

    day, shown = since, at(since)
    yield shown
    while day < until:
        end = min(day + _DAY, until)
        if at(end) != shown:
            yield from (at(day + _QUARTER * step) for step in range(1, (end - day) // _QUARTER + 1))
            shown = at(end)
            yield shown
        day = end
