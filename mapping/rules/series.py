"""Which occurrences of a series are ours, and what each of them looks like as an item of its own.

The master is decided on like any other item; its occurrences follow it. An occurrence is named by where it starts by
the rule, so a moved one stays the same occurrence and a cancelled one is missing by name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

from mapping.model import fields
from mapping.model.item import Item, Original, Series, Span
from mapping.model.moment import day_of, midnight
from mapping.model.series import occurrence_id, split_id
from mapping.recurrence.expand import Occurrence, is_endless, moment_of, next_after, originals, span_of
from mapping.rules.settings import Effective

MARK = "series"  # in the baseline of a master's pair: in which mode the series was saved
MASTER, SINGLE = "master", ""
PARTS = frozenset({"occurrence", "exception"})

# What makes an occurrence another one than it was; marks, keys and dates of change are the master's.
CONTENT = (
    fields.SUBJECT, fields.LOCATION, fields.SPAN, fields.SHOW_AS, fields.REMINDER, fields.SENSITIVITY,
    fields.ATTENDEES, fields.ORGANIZER, fields.MY_RESPONSE, fields.IS_CANCELLED,
)  # fmt: skip


def is_master(item: Item) -> bool:
    return item.text(fields.RECURRENCE) == MASTER


def is_part(item: Item) -> bool:
    """Is it a single occurrence of a series, as planned or changed?"""
    return item.text(fields.RECURRENCE) in PARTS


def series_of(item: Item) -> Series | None:
    value = item.get(fields.SERIES)
    return value if isinstance(value, Series) else None


def original_of(item_id: str) -> Original | None:
    """Where the occurrence with this id starts by its rule; None for what is no occurrence."""
    return split_id(item_id)[1]


def window(settings: Effective, now: datetime) -> tuple[datetime, datetime]:
    """Occurrences that end after the first moment and start before the second stand in Salesforce."""
    ahead = settings.int("recurrence.future_days")
    return now - timedelta(days=settings.int("scope.past_days")), midnight(day_of(now) + timedelta(days=ahead + 1))


def as_occurrence(master: Item, occurrence: Occurrence) -> Item:
    """The occurrence as the master describes it."""
    ref = replace(master.ref, id=occurrence_id(master.ref.id, occurrence.original))
    own = {name: value for name, value in master.fields.items() if name not in (fields.SERIES, fields.KEY)}
    own |= {fields.SPAN: occurrence.span, fields.RECURRENCE: "occurrence", fields.ORIGINAL: occurrence.original}
    return Item(ref, "", own)


def stand_in(series: Series, after: datetime) -> Span:
    """The one occurrence by whose dates the series is judged: the first that ends after the moment, else the last.
    Raises ValueError for a rule or zone that makes no sense."""
    gone = {*series.cancelled, *(each.original for each in series.moved)}
    length = moment_of(series.first.end) - moment_of(series.first.start)
    coming = [each.span for each in series.moved if moment_of(each.span.end) > after]
    following = (
        o for o in originals(series, after - length) if o not in gone and moment_of(span_of(series, o).end) > after
    )
    coming += [span_of(series, original) for original in islice(following, 1)]
    if coming:
        return min(coming, key=lambda span: moment_of(span.start))
    return max(_spans(series), key=lambda span: moment_of(span.start), default=series.first)


def ends_at(series: Series) -> datetime | None:
    """When the last occurrence is over; None for an endless series."""
    if is_endless(series):
        return None
    return max((moment_of(span.end) for span in _spans(series)), default=moment_of(series.first.end))


def next_entry(series: Series, settings: Effective, now: datetime) -> date | None:
    """The day on which the next occurrence comes into the window; None when all that will ever come are inside."""
    _, before = window(settings, now)
    moved = [moment_of(each.span.start) for each in series.moved if moment_of(each.span.start) >= before]
    following = next_after(series, before - timedelta(microseconds=1))
    starts = [*moved, *([] if following is None else [moment_of(following)])]
    if not starts:
        return None
    return day_of(min(starts)) - timedelta(days=settings.int("recurrence.future_days"))


def yields(series: Series, wanted: Collection[Original]) -> frozenset[Original]:
    """Those of the original starts that the rule still yields, cancelled ones included."""
    if not wanted:
        return frozenset()
    moments = [moment_of(each) for each in wanted]
    found = originals(series, min(moments), max(moments) + timedelta(seconds=1))
    return frozenset(found) & frozenset(wanted)


def _spans(series: Series) -> list[Span]:
    """All occurrences of a series that ends."""
    gone = {*series.cancelled, *(each.original for each in series.moved)}
    return [
        *(span_of(series, original) for original in originals(series) if original not in gone),
        *(each.span for each in series.moved if each.original not in series.cancelled),
    ]
