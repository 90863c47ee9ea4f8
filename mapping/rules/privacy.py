"""Private events: what Salesforce may see of them.

A private record cannot hang on people or business records there, so a placeholder has neither links nor guests.
"""

from __future__ import annotations

from mapping.model import fields
from mapping.model.item import Item, Value
from mapping.rules.decision import is_private

PLACEHOLDER = "Private"
MARK = "privacy"  # the row of the baseline that remembers how much is shown
SHOWN_AGAIN = "shown"  # it was hidden once and is private no more
OPEN = "open"  # saved for everybody to see, by hand (PRV-2) or by setting (PRV-3)

# What is written besides the rows of the table, and what of it may not stay.
HIDDEN: dict[str, Value] = {"IsPrivate": True, "Description": None, "WhoId": None, "WhatId": None}
SHOWN: dict[str, Value] = {"IsPrivate": False}
HIDDEN_ROWS = (fields.SUBJECT, fields.LOCATION)


def hidden(item: Item) -> Item:
    """The item with its times and nothing else (PRV-4)."""
    return item.with_fields({fields.SUBJECT: PLACEHOLDER, fields.LOCATION: "", fields.BODY: "", fields.ATTENDEES: ()})


def hides(item: Item, mode: str, remembered: str | None) -> bool:
    """May only the time of the item be seen? `mode`: the setting `private_mode`; `remembered`: what the baseline says
    of a saved item, None for one that is about to be saved. What was saved open stays open; what became private since
    is hidden (PRV-6)."""
    if not is_private(item):
        return False
    return mode == "placeholder" if remembered is None else remembered != OPEN
