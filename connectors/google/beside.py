"""What Google has no field for is kept beside: in private properties of an event, or in client data of a contact.

Nobody but us reads them, and they go where the item goes. The names are the same at both services.
"""

from __future__ import annotations

from collections.abc import Mapping

KEY = "inboxSyncKey"
CATEGORIES = "inboxSyncCategories"
SHOW_AS = "inboxSyncShowAs"
SENSITIVITY = "inboxSyncSensitivity"
COLOUR = "inboxSyncColour"  # which colour the event had before ours
DEFAULT_COLOUR = "-"  # it had none of its own

_LONGEST = 1024


def split(kept: str) -> tuple[str, ...]:
    """Categories as they are kept: one a line."""
    return tuple(line for line in kept.split("\n") if line)


def joined(categories: tuple[str, ...]) -> str:
    """Raises ValueError when they are more than fit."""
    text = "\n".join(categories)
    if len(text.encode()) > _LONGEST:
        raise ValueError("more categories than fit")
    return text


def private(event: Mapping[str, object]) -> Mapping[str, str]:
    """The private properties of an event."""
    found = event.get("extendedProperties")
    kept = found.get("private") if isinstance(found, dict) else None
    return kept if isinstance(kept, dict) else {}
