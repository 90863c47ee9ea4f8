"""The task of a mailbox and the Salesforce Task, row by row."""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import ItemKind
from mapping.model.lens import coarser, plain_text, truncated
from mapping.model.table import ONE, TEXT, WORD, Direction, Field, Table, Winner
from mapping.tables.event import REMINDER

STATUS = coarser(
    "status",
    {
        "not_started": "Not Started",
        "in_progress": "In Progress",
        "completed": "Completed",
        "waiting": "Waiting on someone else",
        "deferred": "Deferred",
    },
    {
        "Not Started": "not_started",
        "In Progress": "in_progress",
        "Completed": "completed",
        "Waiting on someone else": "waiting",
        "Deferred": "deferred",
    },
)
PRIORITY = coarser(
    "priority",
    {"low": "Low", "normal": "Normal", "high": "High"},
    {"Low": "low", "Normal": "normal", "High": "high"},
)

TASK = Table(
    ItemKind.TASK,
    "Task",
    (
        Field(fields.SUBJECT, ("Subject",), truncated(255), TEXT, winner=Winner.NEWEST),
        Field(fields.DUE, ("ActivityDate",), form=ONE, winner=Winner.NEWEST),
        Field(fields.STATUS, ("Status",), STATUS, WORD, winner=Winner.NEWEST),
        Field(fields.IMPORTANCE, ("Priority",), PRIORITY, WORD, winner=Winner.NEWEST),
        # As for events: Salesforce switches a reminder off once it has fired, which is no edit (FLD-3).
        Field(fields.REMINDER_AT, ("IsReminderSet", "ReminderDateTime"), form=REMINDER, direction=Direction.UP),
        Field(fields.BODY, ("Description",), plain_text(32_000), TEXT, winner=Winner.NEWEST),
    ),
)
