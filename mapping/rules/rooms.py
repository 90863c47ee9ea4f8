"""Rooms of a meeting: their names as its place, and the one that Salesforce knows as an invitation. They only go up."""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import Attendee, Item, Role

PREFIX = "023"  # of the ids of Salesforce calendars, which is what rooms are there
MARK = "room"  # in the baseline: the room that we have booked


def rooms_of(item: Item) -> tuple[str, ...]:
    """The names of the rooms, or their addresses where they have none."""
    people = item.get(fields.ATTENDEES)
    listed = people if isinstance(people, tuple) else ()
    return tuple(
        each.name or each.address for each in listed if isinstance(each, Attendee) and each.role is Role.RESOURCE
    )


def only_room(item: Item) -> str:
    """The name of the room when there is exactly one: several cannot be told which is the place of the meeting."""
    rooms = rooms_of(item)
    return rooms[0] if len(rooms) == 1 else ""


def place(item: Item) -> str:
    """The rooms, and what else the user wrote; a text that names them all already stays as it is."""
    text = item.text(fields.LOCATION)
    missing = [name for name in rooms_of(item) if name.casefold() not in text.casefold()]
    return "; ".join(filter(None, (*missing, text)))
