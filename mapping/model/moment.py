"""Instants, days and spans: minute precision for what is timed, dates for what lasts whole days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from mapping.model.item import Span

DAY_MINUTES = 24 * 60


def minute(moment: datetime) -> datetime:
    """The instant in UTC, cut to the minute."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def midnight(day: date) -> datetime:
    """Where Salesforce puts a day on its time line. Not a conversion: all-day values have no zone."""
    return datetime.combine(day, time(), UTC)


def day_of(moment: datetime | date) -> date:
    """The UTC day of an instant; a day is itself."""
    return moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment


def span_days(first: date, days: int) -> Span:
    """The all-day span of so many days (at least one)."""
    return Span(first, first + timedelta(days=max(days, 1)))


def span_minutes(start: datetime, minutes: int) -> Span:
    """The timed span of so many minutes."""
    begin = minute(start)
    return Span(begin, begin + timedelta(minutes=max(minutes, 0)))


def tidy(span: Span) -> Span:
    """The span with minute precision in UTC, or with at least one day; it never ends before it starts."""
    if isinstance(span.start, datetime) and isinstance(span.end, datetime):
        start = minute(span.start)
        return Span(start, max(minute(span.end), start))
    if isinstance(span.start, datetime) or isinstance(span.end, datetime):
        raise ValueError("a span is either timed or made of days")
    return span_days(span.start, span.days)


def length_minutes(span: Span) -> int:
    """How long a span lasts, whole days counted as 24 hours."""
    return span.days * DAY_MINUTES if span.all_day else span.minutes
