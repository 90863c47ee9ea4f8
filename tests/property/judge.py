"""When a series takes place according to somebody else: it is told as iCalendar to `recurring-ical-events`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from mapping.model.item import Original, Series, Span
from mapping.recurrence.expand import moment_of

# The judge lets an occurrence last longer or shorter when the clocks are moved meanwhile, so it is asked for starts
# only, and for more than the window.
_MARGIN = timedelta(days=3)


def judged(series: Series, after: datetime, before: datetime) -> list[Span]:
    """What takes place between the two moments, in order."""
    length = moment_of(series.first.end) - moment_of(series.first.start)
    found = recurring_ical_events.of(_calendar(series)).between(after - _MARGIN, before + _MARGIN)
    moved = [Span(_plain(each["DTSTART"].dt), _plain(each["DTEND"].dt)) for each in found if "moved" in each]
    # Where a zone left out a day, two days of the rule are one moment, and one occurrence.
    starts = {_plain(each["DTSTART"].dt) for each in found if "moved" not in each}
    inside = (each for each in (*moved, *(Span(s, s + length) for s in starts)) if _touches(each, after, before))
    return sorted(inside, key=lambda each: (moment_of(each.start), moment_of(each.end)))


def _touches(span: Span, after: datetime, before: datetime) -> bool:
    start, end = moment_of(span.start), moment_of(span.end)
    return start < before and (end > after or start >= after)


def _plain(moment: Original) -> Original:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def _calendar(series: Series) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    master = _event(_told(series, series.first.start), _told(series, series.first.end))
    master.add("rrule", icalendar.vRecur.from_ical(series.rule))
    for original in series.cancelled:
        master.add("exdate", _told(series, original))
    calendar.add_component(master)
    for moved in series.moved:
        event = _event(moved.span.start, moved.span.end)
        event.add("recurrence-id", _told(series, moved.original))
        event["moved"] = "yes"
        calendar.add_component(event)
    return calendar


def _event(start: Original, end: Original) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", "series")
    event.add("dtstart", start)
    event.add("dtend", end)
    return event


def _told(series: Series, original: Original) -> Original:
    """On the clock of the series, as calendars tell it."""
    return original.astimezone(ZoneInfo(series.zone)) if isinstance(original, datetime) else original
