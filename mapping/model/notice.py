"""What a vendor hints at between two runs: something happened to an item. It is a hint, never data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mapping.model.item import ItemRef


class Happened(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Notice:
    """`version`: that of the item after what happened, '' where the vendor does not tell it."""

    ref: ItemRef
    what: Happened
    version: str = ""
