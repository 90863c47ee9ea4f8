"""Names of occurrences: where one *originally* starts never changes, however often it is moved."""

from __future__ import annotations

from datetime import UTC, datetime

from mapping.model.item import Original

SEPARATOR = "#"


def stamp(original: Original) -> str:
    """The original start as part of an id or a key: `20261124T090000Z`, or `20261124` for all-day."""
    if isinstance(original, datetime):
        return original.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return original.strftime("%Y%m%d")


def read_stamp(text: str) -> Original:
    """The inverse of `stamp`. Raises ValueError."""
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def occurrence_id(master: str, original: Original) -> str:
    """The id under which every mailbox connector takes a single occurrence of the series `master`."""
    return f"{master}{SEPARATOR}{stamp(original)}"


def split_id(item_id: str) -> tuple[str, Original | None]:
    """The master's id and the original start; (id, None) for what is no occurrence."""
    master, found, text = item_id.partition(SEPARATOR)
    return (master, read_stamp(text)) if found else (item_id, None)
