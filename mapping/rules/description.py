"""The text of an item: copied once to a new event, and never flattened in the mailbox."""

from __future__ import annotations

from collections.abc import Iterable

from mapping.model import fields
from mapping.model.item import Attendee, Item, Role
from mapping.model.table import Direction, Table
from mapping.rules.kinds import organizer_of
from mapping.tables.adjust import adjust


def keep_formatting(table: Table, item: Item) -> Table:
    """A text with formatting takes no edits of the plain text in Salesforce: they would flatten it (FLD-5)."""
    row = table.row(fields.BODY)
    if row is None or row.direction is not Direction.BOTH or not item.text(fields.HTML):
        return table
    return adjust(table, [{"name": row.name, "direction": Direction.UP.value}])


# Edits of these rows in Salesforce carry the description along, where `description.carried` says so.
_CARRIERS = frozenset({fields.SUBJECT, fields.SPAN})


def carried(ours: Item, theirs: Item, changed: Iterable[str]) -> str | None:
    """The description that goes into the item together with what was edited in Salesforce (DSC-3), or None: nothing of
    the kind was edited, the description is not known, or the text of the item has formatting to lose (FLD-5)."""
    text = theirs.get("Description")
    if not _CARRIERS.intersection(changed) or not isinstance(text, str) or ours.text(fields.HTML):
        return None
    return None if text.strip() == ours.text(fields.BODY).strip() else text


def first_description(item: Item, *, organizer_is_me: bool) -> str:
    """The text that is saved with a new event. In somebody else's meeting the guests stand at its top (DSC-5)."""
    body = item.text(fields.BODY).strip()
    if organizer_is_me or not organizer_of(item):
        return body
    return f"{reference_block(item)}\n\n{body}".strip()


def reference_block(item: Item) -> str:
    """Organizer, guests and the number of the event."""
    guests = item.get(fields.ATTENDEES)
    people = [each for each in guests if isinstance(each, Attendee)] if isinstance(guests, tuple) else []
    lines = {
        "From": organizer_of(item),
        "To": "; ".join(each.address for each in people if each.role is Role.REQUIRED),
        "CC": "; ".join(each.address for each in people if each.role is Role.OPTIONAL),
        "Event reference": item.text(fields.UID),
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
