"""Which of the five kinds of event a pair is: the kind decides who writes it and what a deletion means."""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import Item, Person, Side
from mapping.rules.decision import Me

INVITEES = "Invitees"  # virtual column of a CRM event: its attendees


def letter(item: Item, born: Side, me: Me) -> str:
    """'A' appointment born in the mailbox, 'B' born in Salesforce, 'C' my meeting, 'D' an outsider's, 'E' a colleague's
    who synchronizes it himself. Takes an item of either side."""
    if not is_meeting(item):
        return "A" if born is Side.MAILBOX else "B"
    organizer = organizer_of(item)
    if not organizer or organizer in me.addresses:
        return "C"
    return "E" if organizer in me.sync_users else "D"


def is_meeting(item: Item) -> bool:
    return item.flag(fields.IS_MEETING) or bool(item.get(INVITEES)) or bool(item.get(fields.ATTENDEES))


def organizer_of(item: Item) -> str:
    """The organizer's address, empty when nobody is named."""
    organizer = item.get(fields.ORGANIZER)
    return organizer.address if isinstance(organizer, Person) else ""
