"""The description of a new event: the body once, and who else was invited when no invitee list is kept."""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import Attendee, Item, Role
from mapping.rules.kinds import organizer_of


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
