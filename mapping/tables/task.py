"""The task of a mailbox and the Salesforce Task, row by row."""

from __future__ import annotations

from dataclasses import replace

from mapping.model import fields
from mapping.model.item import ItemKind, Value
from mapping.model.lens import Lens, coarser, keeping, plain_text, truncated
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
OPEN, DONE = "Not Started", "Completed"


def _open_or_done(view: Value) -> Value:
    return DONE if STATUS.norm(view) == DONE else OPEN


# In a mailbox that knows open and done only, all open states are the same, and none of them is ever reset (TSK-9).
DONE_OR_OPEN = Lens(
    "done_or_open",
    lambda value: _open_or_done(STATUS.get(value)),
    keeping(lambda value: _open_or_done(STATUS.get(value)), lambda view: STATUS.put(view, None)),
    _open_or_done,
    frozenset({OPEN, DONE}),
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


def without_states(table: Table) -> Table:
    """The table for a mailbox that keeps no more of a task's state than whether it is done."""
    rows = (replace(row, lens=DONE_OR_OPEN) if row.lens is STATUS else row for row in table.fields)
    return replace(table, fields=tuple(rows))
