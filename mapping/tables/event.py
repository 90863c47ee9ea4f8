"""The calendar item and the Salesforce Event, row by row."""

from __future__ import annotations

from datetime import date, datetime

from mapping.model import fields
from mapping.model.item import MISSING, Fields, ItemKind, Span, Value
from mapping.model.lens import coarser, minutes_span, plain_text, reminder_at, truncated
from mapping.model.moment import DAY_MINUTES, day_of, midnight, span_days, span_minutes
from mapping.model.table import TEXT, WORD, Columns, Direction, Field, Form, Table

_SPAN_COLUMNS = ("IsAllDayEvent", "StartDateTime", "ActivityDate", "DurationInMinutes")

SHOW_AS = coarser(
    "show_as",
    {
        "free": "Free",
        "working_elsewhere": "Free",
        "busy": "Busy",
        "tentative": "Busy",
        "no_data": "Busy",
        "oof": "OutOfOffice",
    },
    {"Free": "free", "Busy": "busy", "OutOfOffice": "oof"},
)


def _read_span(columns: Columns, row: Fields) -> Value:
    all_day, start, day, minutes = (row.get(column, MISSING) for column in columns)
    length = minutes if isinstance(minutes, int) else 0
    if all_day is True:
        first = day if isinstance(day, date) else start
        return span_days(day_of(first), length // DAY_MINUTES) if isinstance(first, date) else MISSING
    if not isinstance(start, datetime) or not isinstance(minutes, int):
        return MISSING
    return span_minutes(start, length)


def _write_span(columns: Columns, view: Value) -> Fields:
    if not isinstance(view, Span):
        raise ValueError("span: not a span")
    all_day, start, day, minutes = columns
    if isinstance(view.start, datetime):
        return {all_day: False, start: view.start, minutes: view.minutes}
    # The end is told as a length: whether an all-day EndDateTime is the last day or the one after is disputed.
    return {all_day: True, start: midnight(view.start), day: view.start, minutes: view.days * DAY_MINUTES}


def _read_reminder(columns: Columns, row: Fields) -> Value:
    is_set, at = (row.get(column, MISSING) for column in columns)
    if is_set is MISSING:
        return MISSING
    return at if is_set is True else None


def _write_reminder(columns: Columns, view: Value) -> Fields:
    is_set, at = columns
    return {is_set: view is not None, at: view}


def reminder_minutes(crm: Fields) -> int | None:
    """Minutes from the reminder of a Salesforce event to its start; None when there is none."""
    span, at = _read_span(_SPAN_COLUMNS, crm), _read_reminder(("IsReminderSet", "ReminderDateTime"), crm)
    if not isinstance(span, Span) or not isinstance(at, datetime):
        return None
    start = span.start if isinstance(span.start, datetime) else midnight(span.start)
    return max(int((start - at).total_seconds() // 60), 0)


SPAN = Form("span", _read_span, _write_span)
REMINDER = Form("reminder", _read_reminder, _write_reminder)

# Privacy has no row: a private item that a user marks is saved for everybody to see (PRV-2).
EVENT = Table(
    ItemKind.EVENT,
    "Event",
    (
        Field(fields.SUBJECT, ("Subject",), truncated(255), TEXT),
        Field(fields.LOCATION, ("Location",), truncated(255), TEXT),
        Field(
            fields.SPAN,
            _SPAN_COLUMNS,
            minutes_span(),
            SPAN,
        ),
        Field(fields.SHOW_AS, ("ShowAs",), SHOW_AS, WORD),
        # Salesforce switches a reminder off once it has fired; that is no edit, so reminders only go up (FLD-3).
        Field(
            fields.REMINDER,
            ("IsReminderSet", "ReminderDateTime"),
            reminder_at(),
            REMINDER,
            Direction.UP,
            needs=(fields.SPAN,),
        ),
        # Notes taken in the CRM must never reach the guests of a meeting (DSC-2).
        Field(fields.BODY, ("Description",), plain_text(32_000), TEXT, Direction.UP_ONCE),
    ),
)
