"""A message and the completed Task that stands for it where an org has no Enhanced Email."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from mapping.model import fields
from mapping.model.item import Item, ItemKind, Person, Value
from mapping.model.lens import clipped, identity, truncated
from mapping.model.moment import day_of
from mapping.model.table import ONE, TEXT, Direction, Field, Table
from mapping.tables.email_message import filled, mail_facts, mail_instant

COMMENTS = "comments"
DAY = "day"

_UP = Direction.UP_ONCE

EMAIL_TASK = Table(
    ItemKind.EMAIL,
    "Task",
    (
        Field(fields.SUBJECT, ("Subject",), truncated(255), TEXT, _UP),
        Field(COMMENTS, ("Description",), clipped(32_000), TEXT, _UP),
        Field(DAY, ("ActivityDate",), identity(), ONE, _UP),
    ),
    fixed={"Status": "Completed", "Priority": "Normal", "TaskSubtype": "Email"},
)


def email_task(
    item: Item,
    *,
    me_addresses: Collection[str],
    key_field: str = "",
    key: str = "",
    message_id_field: str = "",
    thread_field: str = "",
    table: Table = EMAIL_TASK,
) -> dict[str, Value]:
    """The columns of the Task that a message becomes; empty ones are left out."""
    facts = mail_facts(item, me_addresses)
    at = mail_instant(item, me_addresses)
    facts[COMMENTS] = comments(item, at)
    if at is not None:
        facts[DAY] = day_of(at)
    columns = filled(table.project(facts))
    named = {
        key_field: key,
        message_id_field: item.text(fields.MESSAGE_ID),
        thread_field: item.text(fields.CONVERSATION),
    }
    return {**columns, **{name: value for name, value in named.items() if name and value}}


def comments(item: Item, at: datetime | None) -> str:
    """Who wrote to whom and when, an empty line, then the text."""
    sender = item.get(fields.FROM)
    lines = {
        "From": _shown(sender if isinstance(sender, Person) else None),
        "To": _list(item.get(fields.TO)),
        "Cc": _list(item.get(fields.CC)),
        "Date": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "",
    }
    head = "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
    body = item.text(fields.BODY).replace("\r\n", "\n").strip()
    return f"{head}\n\n{body}".strip()


def _list(people: Value) -> str:
    found = people if isinstance(people, tuple) else ()
    return "; ".join(_shown(person) for person in found if isinstance(person, Person))


def _shown(person: Person | None) -> str:
    if person is None:
        return ""
    return f"{person.name} <{person.address}>" if person.name else person.address
