"""What settings and users make of the record of a message, beyond what the table writes.

| written by | what |
|---|---|
| the table | subject, people, dates, text |
| `email.direction_*` | whether it was received or sent |
| `defaults.email` | values that every record gets |
| `email.category_columns` | what a category of the message says |
| the user's choice | values that he gave for this very message |

What stands lower prevails.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from mapping.model import fields
from mapping.model.item import Item, Value
from mapping.rules import category_columns, marks
from mapping.rules.columns import Facts, Fitted, to_write
from mapping.rules.cropping import crop_html, crop_text
from mapping.rules.decision import categories
from mapping.rules.settings import Effective

EMAIL_MESSAGE, TASK = "EmailMessage", "Task"

_SUBJECTS = {EMAIL_MESSAGE: 4_000, TASK: 255}


def record_object(settings: Effective, objects: Container[str]) -> str:
    """EmailMessage where the org has Enhanced Email (and the setting does not say otherwise), else Task."""
    wanted = settings.text("email.record")
    return EMAIL_MESSAGE if EMAIL_MESSAGE in objects and wanted in ("auto", "emailmessage") else TASK


def told(item: Item, settings: Effective, *, whole: bool = False) -> Item:
    """The message with as much of its text as may be written. `whole`: its thread is saved message by message, where
    cropping could lose what no other record holds."""
    if settings.bool("email.without_body"):
        return item.with_fields({fields.BODY: "", fields.HTML: ""})
    if whole or not settings.bool("email.crop"):
        return item
    return item.with_fields(
        {fields.BODY: crop_text(item.text(fields.BODY)), fields.HTML: crop_html(item.text(fields.HTML))}
    )


def added(
    item: Item, subject: Value, target: str, settings: Effective, facts: Facts, *, incoming: bool,
    chosen: Mapping[str, str] | None = None,
) -> Fitted:  # fmt: skip
    """The values beyond those of the table, and what of them the org does not take. `subject`: what the table makes it.
    `chosen`: texts by column that the user gave."""
    entries = [*_direction(settings, incoming), *settings.list("defaults.email")]
    own = [each for each in categories(item) if not marks.is_ours(each)]
    entries += category_columns.entries(own, settings.mappings("email.category_columns"))
    entries += [f"{column}={value}" for column, value in (chosen or {}).items()]
    fitted = to_write(entries, facts, "createable")
    begun = _begun(subject, target, settings, incoming)
    return Fitted({**begun, **fitted.values}, fitted.unfit)


def typed(chosen: Mapping[str, str], facts: Facts, may: str) -> dict[str, Value]:
    """The values that a user gave, as far as the org takes them. `may`: "createable" or "updateable"."""
    return to_write([f"{column}={value}" for column, value in chosen.items()], facts, may).values


def named_columns(settings: Effective) -> dict[str, Sequence[str]]:
    """By setting, the entries that name columns of a message's record."""
    rows = settings.mappings("email.category_columns")
    return {
        "email.direction_column": _direction(settings, True) + _direction(settings, False),
        "defaults.email": settings.list("defaults.email"),
        "email.category_columns": [f"{row['column']}={row['value']}" for row in rows],
    }


def unfit(settings: Effective, shape: Mapping[str, Facts]) -> dict[str, tuple[str, ...]]:
    """By setting, what of the columns and values that it names does not fit the org."""
    facts = shape.get(record_object(settings, shape), {})
    found = {name: to_write(listed, facts, "createable").unfit for name, listed in named_columns(settings).items()}
    return {name: texts for name, texts in found.items() if texts}


def _direction(settings: Effective, incoming: bool) -> list[str]:
    column = settings.text("email.direction_column")
    label = settings.text("email.inbound_label" if incoming else "email.outbound_label")
    return [f"{column}={label}"] if column else []


def _begun(subject: Value, target: str, settings: Effective, incoming: bool) -> dict[str, Value]:
    if not settings.bool("email.direction_in_subject"):
        return {}
    said = subject if isinstance(subject, str) else ""
    return {"Subject": f"{'In' if incoming else 'Out'}: {said}"[: _SUBJECTS[target]].rstrip()}
